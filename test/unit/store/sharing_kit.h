// SPDX-License-Identifier: Apache-2.0
//
// What the tests of scenarios, owners, workspaces and flow lists add to the store's kit: real users, and changes by one of them.
#pragma once

#include "kit.h"
#include "store/databases.h"
#include "store/persons.h"
#include "store/scenarios.h"
#include "store/sharing.h"
#include "store/spaces.h"

// A user of the administrator's tenant with these roles, as a caller.
KIT_FN struct caller sharing_person(struct kit *kit, const char *uid, unsigned roles) {
    struct change *change = kit_change(kit, CHANGE_PERSON_REGISTER, 0);
    change->person = g_new(struct person_fields, 1);
    *change->person = (struct person_fields){ .uid = g_strdup(uid),
                                              .name = g_strdup(uid),
                                              .roles = roles,
                                              .max_execute_count = -1,
                                              .max_result_count = -1 };
    struct caller caller = { .tenant_id = kit->admin.tenant_id,
                             .user_id = kit_apply(kit, change),
                             .roles = roles };
    (void)g_strlcpy(caller.name, uid, sizeof caller.name);
    return caller;
}

// A change of a person's state: CHANGE_PERSON_DISABLE, _ENABLE or _DELETE.
KIT_FN void sharing_state(struct kit *kit, enum change_kind kind, const char *uid) {
    struct change *change = kit_change(kit, kind, 0);
    change->name = g_strdup(uid);
    kit_apply(kit, change);
}

KIT_FN struct change *sharing_change(enum change_kind kind, const struct caller *caller,
                                     int64_t flow_id) {
    struct change *change = change_new(kind, caller);
    change->flow_id = flow_id;
    return change;
}

// A flow in a place: 0 and 0 are the tenant itself and the default scenario.
KIT_FN struct change *sharing_flow_change(const struct caller *caller, const char *name,
                                          int64_t space_id, int64_t scenario_id) {
    struct change *change = change_new(CHANGE_FLOW_CREATE, caller);
    change->name = g_strdup(name);
    change->space_id = space_id;
    change->scenario_id = scenario_id;
    return change;
}

KIT_FN struct change *sharing_scenario_change(const struct caller *caller, const char *name,
                                              int64_t space_id) {
    struct change *change = change_new(CHANGE_SCENARIO_CREATE, caller);
    change->name = g_strdup(name);
    change->space_id = space_id;
    return change;
}

KIT_FN struct change *sharing_users(struct change *change, const int64_t *user_ids, guint count) {
    change->user_ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_vals(change->user_ids, user_ids, count);
    return change;
}

// One user's roles in a workspace, or on a flow.
KIT_FN struct change *sharing_member(const struct caller *caller, int64_t space_id, int64_t flow_id,
                                     int64_t user_id, unsigned roles) {
    struct change *change = sharing_change(CHANGE_MEMBERS_ADD, caller, flow_id);
    struct member_fields member = { .user_id = user_id, .roles = roles };
    change->space_id = space_id;
    change->members = g_array_new(FALSE, FALSE, sizeof(struct member_fields));
    g_array_append_val(change->members, member);
    return change;
}

KIT_FN struct change *sharing_dismissal(const struct caller *caller, int64_t space_id,
                                        int64_t flow_id, int64_t user_id) {
    struct change *change = sharing_change(CHANGE_MEMBERS_REMOVE, caller, flow_id);
    change->space_id = space_id;
    return sharing_users(change, &user_id, 1);
}

// A registered SQLite file; its one database.
KIT_FN int64_t sharing_database(struct kit *kit) {
    static const struct source_fields fields = {
        .kind = (char *)"sqlite",
        .source = (char *)"PUBLIC_OWN",
        .network = (char *)"VPC",
        .environment = (char *)"dev",
        .host = (char *)"/var/tmp/none.db",
        .user = (char *)"nobody",
        .password = (char *)"secret",
        .alias = (char *)"none",
        .safe_rule = (char *)"free",
        .extra = (char *)"{}",
    };
    g_autoptr(GError) error = NULL;
    GPtrArray *databases = NULL;
    int64_t total = 0;
    struct change *change = kit_change(kit, CHANGE_SOURCE_REGISTER, 0);
    change->source = g_new(struct source_fields, 1);
    *change->source = fields;
    change->source->dba_uid = g_ascii_strtoll(kit->admin.uid, NULL, 10);
    change->source->query_timeout_s = 60;
    change->source->export_timeout_s = 60;
    char **const texts[] = { &change->source->kind,      &change->source->source,
                             &change->source->network,   &change->source->environment,
                             &change->source->host,      &change->source->user,
                             &change->source->password,  &change->source->alias,
                             &change->source->safe_rule, &change->source->extra };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        *texts[i] = g_strdup(*texts[i]);
    }
    int64_t source_id = kit_apply(kit, change);
    (void)store_database_list(store_as_reader(kit->store), &kit->admin, source_id, NULL, 1, 10,
                              &databases, &total, &error);
    g_assert_no_error(error);
    g_assert_cmpint(total, ==, 1);
    int64_t id = ((struct database_row *)databases->pdata[0])->id;
    g_ptr_array_unref(databases);
    return id;
}

KIT_FN struct change *sharing_space_change(const struct caller *caller, const char *name,
                                           int64_t database_id) {
    struct change *change = change_new(CHANGE_SPACE_CREATE, caller);
    change->space = g_new(struct space_fields, 1);
    *change->space = (struct space_fields){ .name = g_strdup(name),
                                            .mode = SPACE_MODE_STANDARD,
                                            .dw_db_type = g_strdup("14"),
                                            .dev_database_id = database_id,
                                            .config = g_strdup("{}") };
    return change;
}

KIT_FN int64_t sharing_space(struct kit *kit, const char *name) {
    return kit_apply(kit, sharing_space_change(&kit->admin, name, sharing_database(kit)));
}

// How many flows the caller's list has.
KIT_FN guint sharing_seen(struct kit *kit, const struct caller *caller) {
    g_autoptr(GError) error = NULL;
    GPtrArray *flows = NULL;
    (void)store_flow_list(store_as_reader(kit->store), caller, &flows, &error);
    g_assert_no_error(error);
    guint count = flows->len;
    g_ptr_array_unref(flows);
    return count;
}
