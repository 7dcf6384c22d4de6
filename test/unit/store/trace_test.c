// SPDX-License-Identifier: Apache-2.0
//
// Contract of what the operation log says of changes: every kind names its object, and words are those of core/model.

#include "kit.h"
#include "store/keys.h"
#include "store/payload.h"
#include "store/persons.h"

// Applies the change and compares its note.
static int64_t note_is(struct kit *kit, struct change *change, const char *expected) {
    int64_t id = kit_apply(kit, change);
    g_assert_cmpstr(store_change_note(kit->store), ==, expected);
    return id;
}

static void note_begins(struct kit *kit, struct change *change, const char *expected) {
    (void)kit_apply(kit, change);
    const char *note = store_change_note(kit->store);
    g_assert_nonnull(note);
    g_test_message("%s", note);
    g_assert_true(g_str_has_prefix(note, expected));
}

static struct change *person(struct kit *kit, enum change_kind kind, unsigned roles) {
    struct change *change = change_new(kind, &kit->admin);
    change->person = g_new0(struct person_fields, 1);
    change->person->uid = g_strdup("17");
    change->person->roles = roles;
    change->person->max_execute_count = -1;
    change->person->max_result_count = -1;
    return change;
}

static struct change *named(struct kit *kit, enum change_kind kind, const char *name) {
    struct change *change = change_new(kind, &kit->admin);
    change->name = g_strdup(name);
    return change;
}

static void a_user_from_the_first_role_to_the_last_day(void) {
    struct kit *kit = kit_new();
    struct change *change = person(kit, CHANGE_PERSON_REGISTER, ROLE_USER | ROLE_DBA);
    change->person->name = g_strdup("Ada \"the first\"");
    int64_t id = kit_apply(kit, change);
    g_autofree char *head = g_strdup_printf("user %" G_GINT64_FORMAT " 17", id);
    g_autofree char *made = g_strconcat(
        head,
        " made: nick \"Ada \\\"the first\\\"\"; roles USER,DBA; state NORMAL; executions a "
        "day 2000; rows a day 100000",
        NULL);
    g_assert_cmpstr(store_change_note(kit->store), ==, made);

    change = person(kit, CHANGE_PERSON_UPDATE, ROLE_STRUCT_READ_ONLY);
    change->person->name = g_strdup("ada");
    change->person->mobile = g_strdup("123");
    change->person->max_execute_count = 5;
    g_autofree char *updated = g_strconcat(
        head,
        ": nick \"Ada \\\"the first\\\"\" → ada; roles USER,DBA → STRUCT_READ_ONLY; mobile "
        "\"\" → 123; executions a day 2000 → 5",
        NULL);
    (void)note_is(kit, change, updated);

    g_autofree char *nothing = g_strconcat(head, ": nothing changed", NULL);
    (void)note_is(kit, named(kit, CHANGE_PERSON_ENABLE, "17"), nothing);
    g_autofree char *disabled = g_strconcat(head, ": state NORMAL → DISABLE", NULL);
    (void)note_is(kit, named(kit, CHANGE_PERSON_DISABLE, "17"), disabled);
    g_autofree char *deleted = g_strconcat(head, ": state DISABLE → DELETE", NULL);
    (void)note_is(kit, named(kit, CHANGE_PERSON_DELETE, "17"), deleted);
    kit_free(kit);
}

static void every_role_has_the_word_of_the_wire(void) {
    struct kit *kit = kit_new();
    (void)kit_apply(kit, person(kit, CHANGE_PERSON_REGISTER, ROLE_USER));
    for (int number = 2; number <= USER_ROLE_COUNT; number++) {
        g_autofree char *expected =
            g_strdup_printf("roles %s → %s", user_role_word(number - 1), user_role_word(number));
        (void)kit_apply(kit, person(kit, CHANGE_PERSON_UPDATE, 1U << (number - 1)));
        g_assert_nonnull(strstr(store_change_note(kit->store), expected));
    }
    kit_free(kit);
}

static void a_flow_and_what_is_in_it(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t one = kit_node(kit, flow, "one");
    int64_t two = kit_node(kit, flow, "two");
    g_autofree char *head = g_strdup_printf("task flow %" G_GINT64_FORMAT, flow);
    struct change *change = kit_change(kit, CHANGE_EDGES_ADD, flow);
    kit_add_edge(change, 0, one, two);
    g_autofree char *edge = g_strdup_printf("%" G_GINT64_FORMAT ">%" G_GINT64_FORMAT, one, two);
    g_autofree char *added = g_strconcat(head, " nightly: edges +", edge, NULL);
    (void)note_is(kit, change, added);

    change = kit_change(kit, CHANGE_FLOW_RENAME, flow);
    change->name = g_strdup("daily");
    g_autofree char *renamed = g_strconcat(head, " daily: name nightly → daily", NULL);
    (void)note_is(kit, change, renamed);
    kit_free(kit);
}

static void content_tells_its_size_and_never_itself(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t node = kit_node(kit, flow, "one");
    struct change *change = change_new(CHANGE_NODE_CONTENT, &kit->admin);
    change->node_id = node;
    change->content = g_strdup("{\"script\":\"curl --secret hidden\"}");
    g_autofree char *expected =
        g_strdup_printf("task %" G_GINT64_FORMAT " one: content %zu → %zu bytes", node,
                        strlen(KIT_SCRIPT), strlen(change->content));
    (void)note_is(kit, change, expected);
    change = change_new(CHANGE_NODE_CONTENT, &kit->admin);
    change->node_id = node;
    change->content = g_strdup("{\"script\":\"curl --secret HIDDEN\"}");
    g_autofree char *same =
        g_strdup_printf("task %" G_GINT64_FORMAT " one: content changed (%zu bytes)", node,
                        strlen(change->content));
    (void)note_is(kit, change, same);
    change = change_new(CHANGE_NODE_DELETE, &kit->admin);
    change->node_id = node;
    g_autofree char *removed =
        g_strdup_printf("task %" G_GINT64_FORMAT " one removed: name one; of task flow ", node);
    note_begins(kit, change, removed);
    g_assert_nonnull(
        strstr(store_change_note(kit->store), "; kind AZKABAN_COMMAND_REMOTE; content "));
    kit_free(kit);
}

static void a_key_names_its_user_and_keeps_its_secret(void) {
    struct kit *kit = kit_new();
    int64_t id = kit_apply(kit, person(kit, CHANGE_PERSON_REGISTER, ROLE_USER));
    struct change *change = change_new(CHANGE_KEY_CREATE, &kit->admin);
    change->user_id = id;
    struct change_result result = { 0 };
    kit_begin(kit);
    g_assert_true(store_change(kit->store, change, KIT_NOW_MS, &result, NULL));
    kit_commit(kit);
    change_free(change);
    g_autofree char *made = g_strdup_printf(
        "access key %s 17 made: user %" G_GINT64_FORMAT "; status Active", result.text[0], id);
    g_assert_cmpstr(store_change_note(kit->store), ==, made);
    g_assert_null(strstr(store_change_note(kit->store), result.text[1]));
    g_autofree char *off =
        g_strdup_printf("access key %s 17: status Active → Inactive", result.text[0]);
    (void)note_is(kit, named(kit, CHANGE_KEY_UPDATE, result.text[0]), off);
    change_result_done(&result);
    kit_free(kit);
}

static void a_long_list_tells_its_difference(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t hub = kit_node(kit, flow, "hub");
    struct change *change = kit_change(kit, CHANGE_EDGES_ADD, flow);
    for (int i = 0; i < 30; i++) {
        g_autofree char *name = g_strdup_printf("leaf %d", i);
        kit_add_edge(change, 0, hub, kit_node(kit, flow, name));
    }
    (void)kit_apply(kit, change);
    g_assert_nonnull(strstr(store_change_note(kit->store), " +10 more"));
    g_assert_null(strstr(store_change_note(kit->store), "-"));
    change = kit_change(kit, CHANGE_EDGES_REPLACE, flow);
    change->edges = g_array_new(FALSE, FALSE, sizeof(struct edge_row));
    (void)kit_apply(kit, change);
    g_assert_nonnull(strstr(store_change_note(kit->store), " -10 more"));
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/a_user_from_the_first_role_to_the_last_day",
                    a_user_from_the_first_role_to_the_last_day);
    g_test_add_func("/trace/every_role_has_the_word_of_the_wire",
                    every_role_has_the_word_of_the_wire);
    g_test_add_func("/trace/a_flow_and_what_is_in_it", a_flow_and_what_is_in_it);
    g_test_add_func("/trace/content_tells_its_size_and_never_itself",
                    content_tells_its_size_and_never_itself);
    g_test_add_func("/trace/a_key_names_its_user_and_keeps_its_secret",
                    a_key_names_its_user_and_keeps_its_secret);
    g_test_add_func("/trace/a_long_list_tells_its_difference", a_long_list_tells_its_difference);
    return g_test_run();
}
