// SPDX-License-Identifier: Apache-2.0
//
// Contract of scenarios, owners and cooperators: who stands how to a flow, and what follows from it.

#include "sharing_kit.h"

static void the_strongest_relation_counts(void) {
    struct kit *kit = kit_new();
    struct caller owner = sharing_person(kit, "owner", ROLE_USER);
    struct caller helper = sharing_person(kit, "helper", ROLE_USER);
    struct caller developer = sharing_person(kit, "developer", ROLE_USER);
    struct caller member = sharing_person(kit, "member", ROLE_USER);
    struct caller chief = sharing_person(kit, "chief", ROLE_USER);
    struct caller other = sharing_person(kit, "other", ROLE_USER);
    int64_t space = sharing_space(kit, "warehouse");
    const struct caller *inside[] = { &owner, &developer, &member };
    for (size_t i = 0; i < G_N_ELEMENTS(inside); i++) {
        kit_apply(kit, sharing_member(&kit->admin, space, 0, inside[i]->user_id, SPACE_MEMBER));
    }
    kit_apply(kit, sharing_member(&kit->admin, space, 0, chief.user_id, SPACE_ADMIN));
    int64_t flow = kit_apply(kit, sharing_flow_change(&owner, "nightly", space, 0));
    // The developer helps as well, the chief and the owner do everything: the strongest relation must come out.
    int64_t helpers[] = { helper.user_id, developer.user_id, chief.user_id, owner.user_id };
    kit_apply(kit, sharing_users(sharing_change(CHANGE_FLOW_COOPERATORS, &owner, flow), helpers,
                                 G_N_ELEMENTS(helpers)));
    kit_apply(kit, sharing_member(&chief, 0, flow, developer.user_id, SPACE_DEVELOPER));
    const struct {
        const struct caller *caller;
        enum access_relation relation;
        guint seen;
    } rows[] = {
        { &owner, RELATION_OWNER, 1 },         { &helper, RELATION_COOPERATOR, 1 },
        { &developer, RELATION_DEVELOPER, 1 }, { &member, RELATION_SPACE_MEMBER, 1 },
        { &chief, RELATION_SPACE_ADMIN, 1 },   { &other, RELATION_OTHER, 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct flow_row *row = NULL;
        bool is_seen = store_flow_get(store_as_reader(kit->store), rows[i].caller, flow,
                                      ACCESS_VIEW, &row, NULL);
        g_assert_cmpint(is_seen, ==, rows[i].seen);
        if (is_seen) {
            g_assert_cmpint(row->relation, ==, rows[i].relation);
            g_assert_cmpint(row->space_id, ==, space);
        }
        flow_row_free(row);
        g_assert_cmpuint(sharing_seen(kit, rows[i].caller), ==, rows[i].seen);
    }
    g_assert_cmpint(store_reader_scan_steps(store_as_reader(kit->store)), ==, 0);
    kit_free(kit);
}

static void scenarios_are_made_renamed_listed_and_deleted(void) {
    struct kit *kit = kit_new();
    struct caller maker = sharing_person(kit, "maker", ROLE_USER);
    int64_t first = kit_apply(kit, sharing_scenario_change(&maker, "loads", 0));
    int64_t second = kit_apply(kit, sharing_scenario_change(&kit->admin, "reports", 0));
    kit_refuse(kit, sharing_scenario_change(&maker, "loads", 0), FAULT_NAME_EXISTED, "\"loads\"");
    struct change *change = sharing_change(CHANGE_SCENARIO_UPDATE, &maker, 0);
    change->scenario_id = first;
    change->name = g_strdup("loads");
    change->description = g_strdup("by night");
    kit_apply(kit, change);
    change = sharing_change(CHANGE_SCENARIO_UPDATE, &maker, 0);
    change->scenario_id = first;
    change->name = g_strdup("reports");
    kit_refuse(kit, change, FAULT_NAME_EXISTED, "\"reports\"");
    GPtrArray *list = NULL;
    g_assert_true(store_scenario_list(store_as_reader(kit->store), &kit->user, 0, &list, NULL));
    g_assert_cmpuint(list->len, ==, 2);
    const struct scenario_row *row = list->pdata[0];
    g_assert_cmpint(row->id, ==, first);
    g_assert_cmpstr(row->description, ==, "by night");
    g_assert_cmpint(row->creator_id, ==, maker.user_id);
    g_ptr_array_unref(list);
    int64_t flow = kit_apply(kit, sharing_flow_change(&maker, "a", 0, first));
    change = sharing_change(CHANGE_SCENARIO_DELETE, &maker, 0);
    change->scenario_id = first;
    kit_refuse(kit, change, FAULT_SCENARIO_NOT_EMPTY, "holds 1 task flows");
    change = sharing_change(CHANGE_FLOW_MOVE, &maker, flow);
    change->scenario_id = second;
    kit_apply(kit, change);
    change = sharing_change(CHANGE_SCENARIO_DELETE, &maker, 0);
    change->scenario_id = first;
    kit_apply(kit, change);
    // A deleted flow holds nothing.
    kit_apply(kit, sharing_change(CHANGE_FLOW_DELETE, &maker, flow));
    change = sharing_change(CHANGE_SCENARIO_DELETE, &kit->admin, 0);
    change->scenario_id = second;
    kit_apply(kit, change);
    kit_free(kit);
}

static void a_scenario_is_changed_by_its_creator_a_dba_or_an_administrator(void) {
    struct kit *kit = kit_new();
    struct caller maker = sharing_person(kit, "maker", ROLE_USER);
    struct caller other = sharing_person(kit, "other", ROLE_USER | ROLE_SECURITY_ADMIN);
    struct caller dba = sharing_person(kit, "dba", ROLE_DBA);
    int64_t scenario = kit_apply(kit, sharing_scenario_change(&maker, "loads", 0));
    const struct caller *callers[] = { &maker, &dba, &kit->admin };
    for (int kind = CHANGE_SCENARIO_UPDATE; kind <= CHANGE_SCENARIO_DELETE; kind++) {
        struct change *change = sharing_change((enum change_kind)kind, &other, 0);
        change->scenario_id = scenario;
        change->name = g_strdup("new");
        kit_refuse(kit, change, FAULT_NO_PERMISSION, "other may not");
        change = sharing_change((enum change_kind)kind, &kit->stranger, 0);
        change->scenario_id = scenario;
        change->name = g_strdup("new");
        kit_refuse(kit, change, FAULT_SCENARIO_NOT_EXIST, "no business scenario");
        change = sharing_change((enum change_kind)kind, &kit->admin, 0);
        change->name = g_strdup("new");
        kit_refuse(kit, change, FAULT_INVALID_VALUE, "default scenario");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
        struct change *change = sharing_change(CHANGE_SCENARIO_UPDATE, callers[i], 0);
        change->scenario_id = scenario;
        change->name = g_strdup(callers[i]->name);
        kit_apply(kit, change);
    }
    kit_free(kit);
}

static void a_tenant_has_at_most_two_hundred_scenarios(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    for (int i = 0; i < SCENARIOS_PER_TENANT_MAX; i++) {
        g_autofree char *name = g_strdup_printf("scenario %d", i);
        kit_apply(kit, sharing_scenario_change(&kit->admin, name, i % 2 == 0 ? 0 : space));
    }
    kit_refuse(kit, sharing_scenario_change(&kit->admin, "one more", 0), FAULT_LIMIT_EXCEEDED,
               "at most 200");
    kit_apply(kit, sharing_scenario_change(&kit->stranger, "another tenant's", 0));
    kit_free(kit);
}

static void a_flow_moves_within_its_own_place_only(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    struct caller member = sharing_person(kit, "member", ROLE_USER);
    kit_apply(kit, sharing_member(&kit->admin, space, 0, member.user_id, SPACE_MEMBER));
    int64_t outside = kit_apply(kit, sharing_scenario_change(&member, "loads", 0));
    int64_t inside = kit_apply(kit, sharing_scenario_change(&member, "loads", space));
    kit_refuse(kit, sharing_flow_change(&member, "x", space, outside), FAULT_SCENARIO_NOT_EXIST,
               "in this place");
    kit_refuse(kit, sharing_flow_change(&member, "x", 0, inside), FAULT_SCENARIO_NOT_EXIST,
               "in this place");
    kit_refuse(kit, sharing_flow_change(&kit->user, "x", space, 0), FAULT_SPACE_NOT_EXIST,
               "no workspace");
    int64_t flow = kit_apply(kit, sharing_flow_change(&member, "x", space, inside));
    struct flow_row *row = kit_get_flow(kit, flow);
    g_assert_cmpint(row->space_id, ==, space);
    g_assert_cmpint(row->scenario_id, ==, inside);
    flow_row_free(row);
    struct change *change = sharing_change(CHANGE_FLOW_MOVE, &member, flow);
    change->scenario_id = outside;
    kit_refuse(kit, change, FAULT_SCENARIO_NOT_EXIST, "in this place");
    change = sharing_change(CHANGE_FLOW_MOVE, &kit->user, flow);
    kit_refuse(kit, change, FAULT_NO_PERMISSION, "may not edit");
    change = sharing_change(CHANGE_FLOW_MOVE, &member, flow);
    change->scenario_id = -3;
    kit_apply(kit, change);
    row = kit_get_flow(kit, flow);
    g_assert_cmpint(row->scenario_id, ==, 0);
    flow_row_free(row);
    kit_free(kit);
}

// The owner's name in the newest published version.
static char *published_owner(struct kit *kit, int64_t flow) {
    GPtrArray *versions = NULL;
    int64_t total = 0;
    g_assert_true(store_version_list(store_as_reader(kit->store), &kit->admin, flow, 1, 1,
                                     &versions, &total, NULL));
    char *name = g_strdup(((struct version_row *)versions->pdata[0])->owner_name);
    g_ptr_array_unref(versions);
    return name;
}

static void a_new_owner_has_the_rights_at_once_and_the_runs_from_the_next_version(void) {
    struct kit *kit = kit_new();
    struct caller first = sharing_person(kit, "first", ROLE_USER);
    struct caller second = sharing_person(kit, "second", ROLE_USER);
    struct flow_row *row = NULL;
    int64_t flow = kit_apply(kit, sharing_flow_change(&first, "nightly", 0, 0));
    kit_node(kit, flow, "a");
    kit_apply(kit, sharing_change(CHANGE_FLOW_PUBLISH, &first, flow));
    struct change *change = sharing_change(CHANGE_FLOW_OWNER, &first, flow);
    change->user_id = second.user_id;
    kit_apply(kit, change);
    g_assert_false(
        store_flow_get(store_as_reader(kit->store), &first, flow, ACCESS_VIEW, &row, NULL));
    g_assert_true(store_flow_get(store_as_reader(kit->store), &second, flow, ACCESS_CHANGE_OWNER,
                                 &row, NULL));
    g_assert_cmpint(row->owner_id, ==, second.user_id);
    g_assert_cmpint(row->creator_id, ==, first.user_id);
    flow_row_free(row);
    g_autofree char *before = published_owner(kit, flow);
    g_assert_cmpstr(before, ==, "first");
    kit_apply(kit, sharing_change(CHANGE_FLOW_PUBLISH, &second, flow));
    g_autofree char *published = published_owner(kit, flow);
    g_assert_cmpstr(published, ==, "second");
    kit_free(kit);
}

static void only_users_who_can_work_are_named(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    struct caller away = sharing_person(kit, "away", ROLE_USER);
    struct caller gone = sharing_person(kit, "gone", ROLE_USER);
    sharing_state(kit, CHANGE_PERSON_DISABLE, "away");
    sharing_state(kit, CHANGE_PERSON_DELETE, "gone");
    const struct {
        int64_t user_id;
        enum fault kind;
    } rows[] = {
        { away.user_id, FAULT_USER_STATE },
        { gone.user_id, FAULT_USER_NOT_EXIST },
        { 987654, FAULT_USER_NOT_EXIST },
        { 0, FAULT_USER_NOT_EXIST },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct change *change = kit_change(kit, CHANGE_FLOW_OWNER, flow);
        change->user_id = rows[i].user_id;
        kit_refuse(kit, change, rows[i].kind, "user");
        int64_t ids[] = { kit->admin.user_id, rows[i].user_id };
        kit_refuse(
            kit,
            sharing_users(kit_change(kit, CHANGE_FLOW_COOPERATORS, flow), ids, G_N_ELEMENTS(ids)),
            rows[i].kind, "user");
    }
    struct change *change = kit_change(kit, CHANGE_FLOW_OWNER, flow);
    change->caller = kit->stranger;
    change->user_id = kit->admin.user_id;
    kit_refuse(kit, change, FAULT_FLOW_NOT_EXIST, "no task flow");
    kit_free(kit);
}

static void cooperators_are_replaced_as_a_whole(void) {
    struct kit *kit = kit_new();
    struct caller one = sharing_person(kit, "one", ROLE_USER);
    struct caller two = sharing_person(kit, "two", ROLE_USER);
    int64_t flow = kit_flow(kit, "nightly");
    GPtrArray *list = NULL;
    int64_t both[] = { two.user_id, one.user_id, two.user_id };
    kit_apply(kit, sharing_users(kit_change(kit, CHANGE_FLOW_COOPERATORS, flow), both, 3));
    g_assert_true(store_cooperator_list(store_as_reader(kit->store), &one, flow, &list, NULL));
    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpint(((struct cooperator_row *)list->pdata[0])->user_id, ==, one.user_id);
    g_assert_cmpstr(((struct cooperator_row *)list->pdata[0])->login_name, ==, "one");
    g_ptr_array_unref(list);
    // A cooperator may look and run, but neither edit nor name others.
    kit_refuse(kit, sharing_users(sharing_change(CHANGE_FLOW_COOPERATORS, &one, flow), both, 1),
               FAULT_NO_PERMISSION, "one may not edit");
    struct change *change = sharing_change(CHANGE_FLOW_OWNER, &one, flow);
    change->user_id = one.user_id;
    kit_refuse(kit, change, FAULT_NO_PERMISSION, "change the owner");
    kit_apply(kit, sharing_users(kit_change(kit, CHANGE_FLOW_COOPERATORS, flow), both, 1));
    g_assert_cmpuint(sharing_seen(kit, &one), ==, 0);
    g_assert_cmpuint(sharing_seen(kit, &two), ==, 1);
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_COOPERATORS, flow));
    g_assert_cmpuint(sharing_seen(kit, &two), ==, 0);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sharing/the_strongest_relation_counts", the_strongest_relation_counts);
    g_test_add_func("/sharing/scenarios_are_made_renamed_listed_and_deleted",
                    scenarios_are_made_renamed_listed_and_deleted);
    g_test_add_func("/sharing/a_scenario_is_changed_by_its_creator_a_dba_or_an_administrator",
                    a_scenario_is_changed_by_its_creator_a_dba_or_an_administrator);
    g_test_add_func("/sharing/a_tenant_has_at_most_two_hundred_scenarios",
                    a_tenant_has_at_most_two_hundred_scenarios);
    g_test_add_func("/sharing/a_flow_moves_within_its_own_place_only",
                    a_flow_moves_within_its_own_place_only);
    g_test_add_func(
        "/sharing/a_new_owner_has_the_rights_at_once_and_the_runs_from_the_next_version",
        a_new_owner_has_the_rights_at_once_and_the_runs_from_the_next_version);
    g_test_add_func("/sharing/only_users_who_can_work_are_named",
                    only_users_who_can_work_are_named);
    g_test_add_func("/sharing/cooperators_are_replaced_as_a_whole",
                    cooperators_are_replaced_as_a_whole);
    return g_test_run();
}
