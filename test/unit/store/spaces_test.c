// SPDX-License-Identifier: Apache-2.0
//
// Contract of workspaces, their members, and the developers of their flows.

#include "sharing_kit.h"

static void a_workspace_is_made_found_and_deleted(void) {
    struct kit *kit = kit_new();
    int64_t database = sharing_database(kit);
    struct change *change = sharing_space_change(&kit->admin, "warehouse", database);
    change->space->prod_database_id = database;
    change->space->description = g_strdup("nightly loads");
    g_free(change->space->dw_db_type);
    change->space->dw_db_type = g_strdup("SQLite");
    int64_t space = kit_apply(kit, change);
    kit_refuse(kit, sharing_space_change(&kit->admin, "warehouse", database), FAULT_NAME_EXISTED,
               "\"warehouse\"");
    struct space_row *row = NULL;
    g_assert_true(
        store_space_find(store_as_reader(kit->store), &kit->admin, "warehouse", &row, NULL));
    g_assert_cmpint(row->id, ==, space);
    g_assert_cmpint(row->creator_id, ==, kit->admin.user_id);
    g_assert_cmpstr(row->fields.dw_db_type, ==, "sqlite");
    g_assert_cmpstr(row->fields.config, ==, "{}");
    g_assert_cmpint(row->fields.prod_database_id, ==, database);
    space_row_free(row);
    g_assert_true(
        store_space_find(store_as_reader(kit->store), &kit->admin, "Warehouse", &row, NULL));
    g_assert_null(row);
    g_assert_true(
        store_space_find(store_as_reader(kit->store), &kit->stranger, "warehouse", &row, NULL));
    g_assert_null(row);
    change = change_new(CHANGE_SPACE_DELETE, &kit->admin);
    change->space_id = space;
    kit_apply(kit, change);
    change = change_new(CHANGE_SPACE_DELETE, &kit->admin);
    change->space_id = space;
    kit_refuse(kit, change, FAULT_SPACE_NOT_EXIST, "no workspace");
    kit_apply(kit, sharing_space_change(&kit->admin, "warehouse", database));
    kit_free(kit);
}

static void what_a_workspace_is_made_of_is_checked(void) {
    struct kit *kit = kit_new();
    int64_t database = sharing_database(kit);
    static const struct {
        const char *engine;
        const char *config;
        int mode;
        enum fault kind;
        const char *text;
    } rows[] = {
        { "14", "{}", 0, FAULT_INVALID_VALUE, "Mode 0" },
        { "15", "{}", 1, FAULT_INVALID_VALUE, "DwDbType" },
        { "", "{}", 1, FAULT_INVALID_VALUE, "DwDbType" },
        { "18", "", 1, FAULT_MISSING_FIELD, "SpaceConfig" },
        { "18", "{", 1, FAULT_INVALID_FIELD, "not JSON" },
        { "18", "[]", 1, FAULT_INVALID_FIELD, "JSON object" },
        { "18", "{\"skipPublishApprove\":1}", 1, FAULT_INVALID_FIELD,
          "must be true or false and is 1" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct change *change = sharing_space_change(&kit->admin, "warehouse", database);
        g_free(change->space->dw_db_type);
        g_free(change->space->config);
        change->space->dw_db_type = g_strdup(rows[i].engine);
        change->space->config = g_strdup(rows[i].config);
        change->space->mode = rows[i].mode;
        kit_refuse(kit, change, rows[i].kind, rows[i].text);
    }
    kit_refuse(kit, sharing_space_change(&kit->admin, "warehouse", database + 1),
               FAULT_DATABASE_NOT_EXIST, "no database");
    kit_refuse(kit, sharing_space_change(&kit->stranger, "warehouse", database),
               FAULT_DATABASE_NOT_EXIST, "no database");
    kit_refuse(kit, sharing_space_change(&kit->user, "warehouse", database), FAULT_NO_PERMISSION,
               "DBAs and administrators");
    struct change *change = sharing_space_change(&kit->admin, "warehouse", database);
    g_free(change->space->config);
    change->space->config = g_strdup("{\"skipManualRunCheck\":true, \"own\":[1]}");
    kit_apply(kit, change);
    kit_free(kit);
}

static void only_members_see_a_workspace(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    struct caller dba = sharing_person(kit, "dba", ROLE_DBA);
    struct caller member = sharing_person(kit, "member", ROLE_USER);
    struct store_reader *reader = store_as_reader(kit->store);
    unsigned roles = 0;
    g_assert_false(store_space_open(reader, &member, space, &roles, NULL));
    kit_apply(kit, sharing_member(&dba, space, 0, member.user_id, SPACE_MEMBER));
    g_assert_true(store_space_open(reader, &member, space, &roles, NULL));
    g_assert_cmpuint(roles, ==, SPACE_MEMBER);
    g_assert_true(store_space_open(reader, &dba, space, &roles, NULL));
    g_assert_cmpuint(roles, ==, SPACE_ADMIN);
    g_autoptr(GError) foreign = NULL;
    g_autoptr(GError) unknown = NULL;
    g_assert_false(store_space_open(reader, &kit->stranger, space, &roles, &foreign));
    g_assert_false(store_space_open(reader, &kit->stranger, space + 1, &roles, &unknown));
    g_assert_true(fault_is(foreign, FAULT_SPACE_NOT_EXIST));
    g_assert_true(fault_is(unknown, FAULT_SPACE_NOT_EXIST));
    GPtrArray *list = NULL;
    g_assert_false(store_scenario_list(reader, &kit->user, space, &list, NULL));
    g_assert_true(store_scenario_list(reader, &member, space, &list, NULL));
    g_ptr_array_unref(list);
    kit_free(kit);
}

static void members_are_changed_by_those_above_them(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    struct caller chief = sharing_person(kit, "chief", ROLE_USER);
    struct caller member = sharing_person(kit, "member", ROLE_USER);
    struct caller other = sharing_person(kit, "other", ROLE_USER);
    unsigned roles = 0;
    kit_apply(kit, sharing_member(&kit->admin, space, 0, chief.user_id, SPACE_ADMIN));
    kit_apply(kit, sharing_member(&chief, space, 0, member.user_id, SPACE_MEMBER));
    kit_refuse(kit, sharing_member(&member, space, 0, other.user_id, SPACE_MEMBER),
               FAULT_NO_PERMISSION, "may not change the members");
    kit_refuse(kit, sharing_member(&other, space, 0, other.user_id, SPACE_MEMBER),
               FAULT_SPACE_NOT_EXIST, "no workspace");
    kit_refuse(kit, sharing_member(&kit->stranger, space, 0, other.user_id, SPACE_MEMBER),
               FAULT_SPACE_NOT_EXIST, "no workspace");
    kit_refuse(kit, sharing_member(&chief, space, 0, member.user_id, SPACE_ADMIN),
               FAULT_NO_PERMISSION, "appoint");
    kit_refuse(kit, sharing_dismissal(&chief, space, 0, chief.user_id), FAULT_NO_PERMISSION,
               "dismiss");
    kit_refuse(kit, sharing_member(&chief, space, 0, 987654, SPACE_MEMBER), FAULT_USER_NOT_EXIST,
               "no user");
    // Roles are added to, and go together.
    kit_apply(kit, sharing_member(&kit->admin, space, 0, member.user_id, SPACE_ADMIN));
    g_assert_true(store_space_open(store_as_reader(kit->store), &member, space, &roles, NULL));
    g_assert_cmpuint(roles, ==, SPACE_ADMIN | SPACE_MEMBER);
    kit_apply(kit, sharing_dismissal(&kit->admin, space, 0, member.user_id));
    kit_apply(kit, sharing_dismissal(&chief, space, 0, member.user_id));
    g_assert_false(store_space_open(store_as_reader(kit->store), &member, space, &roles, NULL));
    kit_free(kit);
}

static void roles_fit_their_object(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    int64_t flow = kit_apply(kit, sharing_flow_change(&kit->admin, "inside", space, 0));
    int64_t outside = kit_flow(kit, "outside");
    struct caller person = sharing_person(kit, "person", ROLE_USER);
    const struct caller *admin = &kit->admin;
    kit_refuse(kit, sharing_member(admin, space, 0, person.user_id, SPACE_DEVELOPER),
               FAULT_INVALID_VALUE, "ADMIN or MEMBER");
    kit_refuse(kit, sharing_member(admin, space, 0, person.user_id, 0), FAULT_INVALID_VALUE,
               "ADMIN or MEMBER");
    kit_refuse(kit, sharing_member(admin, 0, flow, person.user_id, SPACE_MEMBER),
               FAULT_INVALID_VALUE, "DEVELOPER");
    kit_refuse(kit, sharing_member(admin, 0, flow, person.user_id, SPACE_DEVELOPER),
               FAULT_INVALID_VALUE, "no member");
    kit_refuse(kit, sharing_member(admin, 0, outside, person.user_id, SPACE_DEVELOPER),
               FAULT_INVALID_VALUE, "no workspace");
    kit_refuse(kit, sharing_member(&kit->stranger, 0, flow, person.user_id, SPACE_DEVELOPER),
               FAULT_FLOW_NOT_EXIST, "no task flow");
    struct change *nobody = sharing_change(CHANGE_MEMBERS_REMOVE, admin, 0);
    nobody->space_id = space;
    kit_refuse(kit, nobody, FAULT_INVALID_FIELD, "names nobody");
    struct change *crowd = sharing_member(admin, space, 0, person.user_id, SPACE_MEMBER);
    g_array_set_size(crowd->members, 1001);
    kit_refuse(kit, crowd, FAULT_INVALID_FIELD, "at most 1000");
    kit_free(kit);
}

static void a_member_who_leaves_develops_nothing_there(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    struct caller person = sharing_person(kit, "person", ROLE_USER);
    struct flow_row *row = NULL;
    int64_t flow = kit_apply(kit, sharing_flow_change(&kit->admin, "inside", space, 0));
    kit_apply(kit, sharing_member(&kit->admin, space, 0, person.user_id, SPACE_MEMBER));
    kit_apply(kit, sharing_member(&kit->admin, 0, flow, person.user_id, SPACE_DEVELOPER));
    g_assert_true(
        store_flow_get(store_as_reader(kit->store), &person, flow, ACCESS_EDIT, &row, NULL));
    flow_row_free(row);
    kit_apply(kit, sharing_dismissal(&kit->admin, space, 0, person.user_id));
    kit_apply(kit, sharing_member(&kit->admin, space, 0, person.user_id, SPACE_MEMBER));
    g_assert_false(
        store_flow_get(store_as_reader(kit->store), &person, flow, ACCESS_EDIT, &row, NULL));
    // The developer alone can be taken off again.
    kit_apply(kit, sharing_member(&kit->admin, 0, flow, person.user_id, SPACE_DEVELOPER));
    kit_apply(kit, sharing_dismissal(&kit->admin, 0, flow, person.user_id));
    g_assert_false(
        store_flow_get(store_as_reader(kit->store), &person, flow, ACCESS_OPERATE, &row, NULL));
    kit_free(kit);
}

static void an_owner_stays_a_member(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    struct caller owner = sharing_person(kit, "owner", ROLE_USER);
    struct caller next = sharing_person(kit, "next", ROLE_USER);
    kit_apply(kit, sharing_member(&kit->admin, space, 0, owner.user_id, SPACE_MEMBER));
    int64_t flow = kit_apply(kit, sharing_flow_change(&owner, "inside", space, 0));
    int64_t outside = kit_flow(kit, "outside");
    kit_refuse(kit, sharing_dismissal(&kit->admin, space, 0, owner.user_id), FAULT_INVALID_VALUE,
               "ChangeLhDagOwner");
    kit_refuse(kit, sharing_dismissal(&kit->admin, 0, flow, owner.user_id), FAULT_INVALID_VALUE,
               "owns task flow");
    static const enum change_kind kinds[] = { CHANGE_SPACE_FLOW_OWNER, CHANGE_FLOW_OWNER };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct change *change = sharing_change(kinds[i], &owner, flow);
        change->user_id = next.user_id;
        kit_refuse(kit, change, FAULT_INVALID_VALUE, "no member");
    }
    struct change *change = sharing_change(CHANGE_SPACE_FLOW_OWNER, &kit->admin, outside);
    change->user_id = next.user_id;
    kit_refuse(kit, change, FAULT_INVALID_VALUE, "UpdateTaskFlowOwner");
    kit_apply(kit, sharing_member(&kit->admin, space, 0, next.user_id, SPACE_MEMBER));
    change = sharing_change(CHANGE_SPACE_FLOW_OWNER, &owner, flow);
    change->user_id = next.user_id;
    kit_apply(kit, change);
    kit_apply(kit, sharing_dismissal(&kit->admin, space, 0, owner.user_id));
    g_assert_cmpuint(sharing_seen(kit, &owner), ==, 0);
    g_assert_cmpuint(sharing_seen(kit, &next), ==, 1);
    kit_free(kit);
}

static void a_workspace_with_flows_is_not_deleted(void) {
    struct kit *kit = kit_new();
    int64_t space = sharing_space(kit, "warehouse");
    struct caller chief = sharing_person(kit, "chief", ROLE_USER);
    int64_t scenario = kit_apply(kit, sharing_scenario_change(&kit->admin, "loads", space));
    kit_apply(kit, sharing_member(&kit->admin, space, 0, chief.user_id, SPACE_ADMIN));
    int64_t flow = kit_apply(kit, sharing_flow_change(&chief, "inside", space, scenario));
    struct change *change = change_new(CHANGE_SPACE_DELETE, &kit->admin);
    change->space_id = space;
    kit_refuse(kit, change, FAULT_SPACE_NOT_EMPTY, "1 task flows");
    change = change_new(CHANGE_SPACE_DELETE, &chief);
    change->space_id = space;
    kit_refuse(kit, change, FAULT_NO_PERMISSION, "DBAs and administrators");
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_DELETE, flow));
    change = change_new(CHANGE_SPACE_DELETE, &kit->admin);
    change->space_id = space;
    kit_apply(kit, change);
    change = sharing_change(CHANGE_SCENARIO_DELETE, &kit->admin, 0);
    change->scenario_id = scenario;
    kit_refuse(kit, change, FAULT_SCENARIO_NOT_EXIST, "no business scenario");
    kit_free(kit);
}

static guint flows_of(struct kit *kit, const struct caller *caller, int64_t space,
                      int64_t user_id) {
    g_autoptr(GError) error = NULL;
    GPtrArray *flows = NULL;
    (void)store_space_flow_list(store_as_reader(kit->store), caller, space, user_id, &flows,
                                &error);
    g_assert_no_error(error);
    guint count = flows->len;
    g_ptr_array_unref(flows);
    return count;
}

static void a_workspaces_flows_are_listed_also_by_user(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    int64_t space = sharing_space(kit, "warehouse");
    struct caller member = sharing_person(kit, "member", ROLE_USER);
    GPtrArray *flows = NULL;
    kit_apply(kit, sharing_member(&kit->admin, space, 0, member.user_id, SPACE_MEMBER));
    kit_flow(kit, "outside");
    kit_apply(kit, sharing_flow_change(&kit->admin, "one", space, 0));
    int64_t helped = kit_apply(kit, sharing_flow_change(&kit->admin, "two", space, 0));
    kit_apply(kit, sharing_flow_change(&member, "three", space, 0));
    kit_apply(kit,
              sharing_users(kit_change(kit, CHANGE_FLOW_COOPERATORS, helped), &member.user_id, 1));
    g_assert_cmpuint(flows_of(kit, &member, space, 0), ==, 3);
    g_assert_cmpuint(flows_of(kit, &member, space, member.user_id), ==, 2);
    g_assert_cmpuint(flows_of(kit, &kit->admin, space, member.user_id), ==, 2);
    g_assert_cmpuint(flows_of(kit, &kit->admin, space, kit->admin.user_id), ==, 2);
    g_assert_false(store_space_flow_list(store_as_reader(kit->store), &member, space,
                                         kit->admin.user_id, &flows, &error));
    g_assert_true(fault_is(error, FAULT_NO_PERMISSION));
    g_clear_error(&error);
    g_assert_false(store_space_flow_list(store_as_reader(kit->store), &kit->admin, space, 987654,
                                         &flows, &error));
    g_assert_true(fault_is(error, FAULT_USER_NOT_EXIST));
    g_assert_cmpint(store_reader_scan_steps(store_as_reader(kit->store)), ==, 0);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spaces/a_workspace_is_made_found_and_deleted",
                    a_workspace_is_made_found_and_deleted);
    g_test_add_func("/spaces/what_a_workspace_is_made_of_is_checked",
                    what_a_workspace_is_made_of_is_checked);
    g_test_add_func("/spaces/only_members_see_a_workspace", only_members_see_a_workspace);
    g_test_add_func("/spaces/members_are_changed_by_those_above_them",
                    members_are_changed_by_those_above_them);
    g_test_add_func("/spaces/roles_fit_their_object", roles_fit_their_object);
    g_test_add_func("/spaces/a_member_who_leaves_develops_nothing_there",
                    a_member_who_leaves_develops_nothing_there);
    g_test_add_func("/spaces/an_owner_stays_a_member", an_owner_stays_a_member);
    g_test_add_func("/spaces/a_workspace_with_flows_is_not_deleted",
                    a_workspace_with_flows_is_not_deleted);
    g_test_add_func("/spaces/a_workspaces_flows_are_listed_also_by_user",
                    a_workspaces_flows_are_listed_also_by_user);
    return g_test_run();
}
