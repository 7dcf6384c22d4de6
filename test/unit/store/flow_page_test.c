// SPDX-License-Identifier: Apache-2.0
//
// Contract of the paged flow list: how conditions combine, what each caller sees, and that no list walks what it does not show.

#include "sharing_kit.h"

static const struct flow_filter any = { .page_index = 1, .page_size = 100, .scenario_id = -1 };

// The names on the page, newest first, joined by blanks; the total must be as given.
static char *page(struct kit *kit, const struct caller *caller, struct flow_filter filter,
                  int64_t total) {
    g_autoptr(GError) error = NULL;
    GPtrArray *flows = NULL;
    int64_t found = 0;
    (void)store_flow_page(store_as_reader(kit->store), caller, &filter, &flows, &found, &error);
    g_assert_no_error(error);
    g_assert_cmpint(found, ==, total);
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < flows->len; i++) {
        const struct flow_row *flow = flows->pdata[i];
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", flow->name);
    }
    g_ptr_array_unref(flows);
    return g_string_free(names, FALSE);
}

static void expect(struct kit *kit, const struct caller *caller, struct flow_filter filter,
                   int64_t total, const char *names) {
    g_autofree char *found = page(kit, caller, filter, total);
    g_assert_cmpstr(found, ==, names);
}

static void conditions_are_met_together(void) {
    struct kit *kit = kit_new();
    int64_t scenario = kit_apply(kit, sharing_scenario_change(&kit->admin, "loads", 0));
    int64_t a = kit_flow(kit, "load-A");
    int64_t b = kit_apply(kit, sharing_flow_change(&kit->admin, "Load_B", 0, scenario));
    int64_t c = kit_apply(kit, sharing_flow_change(&kit->admin, "report%C", 0, scenario));
    int64_t gone = kit_apply(kit, sharing_flow_change(&kit->admin, "load-gone", 0, scenario));
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_DELETE, gone));
    struct flow_filter filter = any;
    expect(kit, &kit->admin, filter, 3, "report%C Load_B load-A");
    filter.search = "lOAD";
    expect(kit, &kit->admin, filter, 2, "Load_B load-A");
    filter.scenario_id = scenario;
    expect(kit, &kit->admin, filter, 1, "Load_B");
    filter.scenario_id = 0;
    expect(kit, &kit->admin, filter, 1, "load-A");
    filter = any;
    filter.search = "%";
    expect(kit, &kit->admin, filter, 1, "report%C");
    filter.search = "";
    expect(kit, &kit->admin, filter, 3, "report%C Load_B load-A");
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t wanted[] = { a, c, gone, a, 987654, b };
    g_array_append_vals(ids, wanted, G_N_ELEMENTS(wanted));
    filter.search = NULL;
    filter.ids = ids;
    expect(kit, &kit->admin, filter, 3, "report%C Load_B load-A");
    filter.search = "load";
    expect(kit, &kit->admin, filter, 2, "Load_B load-A");
    filter.scenario_id = scenario;
    expect(kit, &kit->admin, filter, 1, "Load_B");
    kit_free(kit);
}

static void pages_are_cut_newest_first(void) {
    struct kit *kit = kit_new();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    static const char *const names[] = { "a", "b", "c", "d", "e" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        int64_t id = kit_flow(kit, names[i]);
        g_array_append_val(ids, id);
    }
    struct flow_filter filter = any;
    filter.page_size = 2;
    expect(kit, &kit->admin, filter, 5, "e d");
    filter.page_index = 3;
    expect(kit, &kit->admin, filter, 5, "a");
    filter.page_index = 4;
    expect(kit, &kit->admin, filter, 5, "");
    filter.ids = ids;
    filter.page_index = 2;
    expect(kit, &kit->admin, filter, 5, "c b");
    kit_free(kit);
}

static void everybody_sees_what_is_theirs(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    struct caller person = sharing_person(kit, "person", ROLE_USER);
    struct caller other = sharing_person(kit, "other", ROLE_USER);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    kit_apply(kit, sharing_member(&kit->admin, space, 0, person.user_id, SPACE_MEMBER));
    int64_t made[] = {
        kit_apply(kit, sharing_flow_change(&person, "own", 0, 0)),
        kit_apply(kit, sharing_flow_change(&kit->admin, "helped", 0, 0)),
        kit_apply(kit, sharing_flow_change(&kit->admin, "inside", space, 0)),
        kit_apply(kit, sharing_flow_change(&person, "own-inside", space, 0)),
        kit_apply(kit, sharing_flow_change(&kit->admin, "hidden", 0, 0)),
    };
    g_array_append_vals(ids, made, G_N_ELEMENTS(made));
    kit_apply(kit,
              sharing_users(kit_change(kit, CHANGE_FLOW_COOPERATORS, made[1]), &person.user_id, 1));
    struct flow_filter filter = any;
    struct flow_filter named = any;
    named.ids = ids;
    expect(kit, &person, filter, 4, "own-inside inside helped own");
    expect(kit, &person, named, 4, "own-inside inside helped own");
    expect(kit, &other, filter, 0, "");
    expect(kit, &other, named, 0, "");
    expect(kit, &kit->stranger, filter, 0, "");
    expect(kit, &kit->stranger, named, 0, "");
    expect(kit, &kit->admin, filter, 5, "hidden own-inside inside helped own");
    filter.search = "OWN";
    filter.page_size = 1;
    expect(kit, &person, filter, 2, "own-inside");
    filter.scenario_id = 4711;
    expect(kit, &person, filter, 0, "");
    kit_free(kit);
}

static void fill_tenant(struct kit *kit, const struct caller *caller, int count) {
    kit_begin(kit);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("flow %d of %d", i, (int)caller->tenant_id);
        struct change *change = sharing_flow_change(caller, name, 0, 0);
        struct change_result result = { 0 };
        g_assert_true(store_change(kit->store, change, KIT_NOW_MS, &result, NULL));
        change_free(change);
    }
    kit_commit(kit);
}

static int64_t time_page(struct store_reader *reader, const struct caller *caller,
                         struct flow_filter filter, int64_t total, guint rows) {
    g_autoptr(GError) error = NULL;
    GPtrArray *flows = NULL;
    int64_t found = 0;
    int64_t began_us = g_get_monotonic_time();
    (void)store_flow_page(reader, caller, &filter, &flows, &found, &error);
    int64_t took_us = g_get_monotonic_time() - began_us;
    g_assert_no_error(error);
    g_assert_cmpint(found, ==, total);
    g_assert_cmpuint(flows->len, ==, rows);
    g_ptr_array_unref(flows);
    return took_us;
}

static void five_thousand_flows_are_listed_quickly_and_by_index(void) {
    enum { COUNT = FLOWS_PER_TENANT_MAX - 1, OTHER_COUNT = 500, LIMIT_US = 250000 };
    struct kit *kit = kit_new();
    struct caller person = sharing_person(kit, "person", ROLE_USER);
    int64_t own = kit_apply(kit, sharing_flow_change(&person, "own", 0, 0));
    g_assert_cmpint(own, >, 0);
    fill_tenant(kit, &kit->admin, COUNT);
    fill_tenant(kit, &kit->stranger, OTHER_COUNT);
    kit_refuse(kit, sharing_flow_change(&kit->admin, "one more", 0, 0), FAULT_LIMIT_EXCEEDED,
               "at most 5000");
    struct store_reader *reader = NULL;
    g_assert_true(store_reader_open(kit->dir, &reader, NULL));
    struct flow_filter filter = any;
    struct {
        const char *what;
        int64_t took_us;
    } rows[5];
    rows[0].what = "first page";
    rows[0].took_us = time_page(reader, &kit->admin, filter, COUNT + 1, 100);
    filter.page_index = 50;
    rows[1].what = "last page";
    rows[1].took_us = time_page(reader, &kit->admin, filter, COUNT + 1, 100);
    filter = any;
    filter.search = "77";
    filter.page_size = 10;
    rows[2].what = "search";
    rows[2].took_us = time_page(reader, &kit->admin, filter, 95, 10);
    filter = any;
    filter.scenario_id = 0;
    rows[3].what = "scenario";
    rows[3].took_us = time_page(reader, &kit->admin, filter, COUNT + 1, 100);
    rows[4].what = "own";
    rows[4].took_us = time_page(reader, &person, any, 1, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s: %" G_GINT64_FORMAT " us", rows[i].what, rows[i].took_us);
        g_assert_cmpint(rows[i].took_us, <, LIMIT_US);
    }
    g_assert_cmpint(store_reader_scan_steps(reader), ==, 0);
    store_reader_close(reader);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow_page/conditions_are_met_together", conditions_are_met_together);
    g_test_add_func("/flow_page/pages_are_cut_newest_first", pages_are_cut_newest_first);
    g_test_add_func("/flow_page/everybody_sees_what_is_theirs", everybody_sees_what_is_theirs);
    g_test_add_func("/flow_page/five_thousand_flows_are_listed_quickly_and_by_index",
                    five_thousand_flows_are_listed_quickly_and_by_index);
    return g_test_run();
}
