// SPDX-License-Identifier: Apache-2.0
//
// space_ops: workspaces, their members and their flows (operations.md §3.3, §2.1).
#include "api/ops/operation_handlers.h"

#include <string.h>

#include "api/ops/flow_reply.h"
#include "api/services.h"
#include "api/ops/unread.h"
#include "store/scenarios.h"
#include "store/spaces.h"

OWNED_DEFINE(space_row)

enum { OBJECT_SPACE = 0, OBJECT_FLOW = 1, MS_PER_S = 1000 };

static const struct {
    const char *word;
    enum space_role role;
} roles[] = {
    { "ADMIN", SPACE_ADMIN },
    { "MEMBER", SPACE_MEMBER },
    { "DEVELOPER", SPACE_DEVELOPER },
};

bool op_create_lake_house_space(struct call *call, json_t *reply, GError **error) {
    int64_t mode = 0;
    int64_t dev_database_id = 0;
    int64_t prod_database_id = 0;
    if (!args_text_id(call->args, "Mode", &mode, error) ||
        !args_text_id(call->args, "DevDbId", &dev_database_id, error) ||
        !args_text_id(call->args, "ProdDbId", &prod_database_id, error)) {
        return false;
    }
    struct change *change = call_change(call, CHANGE_SPACE_CREATE);
    change->space = g_new(struct space_fields, 1);
    *change->space = (struct space_fields){
        .name = g_strdup(args_text(call->args, "SpaceName")),
        .description = g_strdup(args_text(call->args, "Description")),
        .mode = (int)mode,
        .dw_db_type = g_strdup(args_text(call->args, "DwDbType")),
        .dev_database_id = dev_database_id,
        .prod_database_id = prod_database_id,
        .config = g_strdup(args_text(call->args, "SpaceConfig")),
    };
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_number(reply, "SpaceId", result.id);
    call_warn_keys(call, KEYS_SPACE, "SpaceConfig");
    return true;
}

// Nothing found is a success without the workspace (proposed:).
bool op_get_lh_space_by_name(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(space_row) space = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_space_find(reader, call->caller, args_text(call->args, "SpaceName"), &space,
                          error)) {
        return false;
    }
    if (space == NULL) {
        return true;
    }
    json_t *found = reply_object(reply, "LakehouseSpace");
    reply_id(found, "Id", space->id);
    reply_id_text(found, "TenantId", space->tenant_id);
    reply_id_text(found, "CreatorId", space->creator_id);
    reply_text(found, "SpaceName", space->fields.name);
    reply_text(found, "Description", space->fields.description);
    reply_number(found, "Mode", space->fields.mode);
    reply_text(found, "DwDbType", space->fields.dw_db_type);
    reply_id(found, "DevDbId", space->fields.dev_database_id);
    reply_id(found, "ProdDbId", space->fields.prod_database_id);
    reply_text(found, "SpaceConfig", space->fields.config);
    reply_bool(found, "IsDeleted", false);
    return true;
}

bool op_delete_lake_house_space(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_SPACE_DELETE);
    change->space_id = call_id(call, "SpaceId");
    return call_commit_plain(call, change, error);
}

// The object of a change of members. An id of 0 names nothing, neither a workspace nor a flow.
static struct change *member_change(const struct call *call, enum change_kind kind) {
    struct change *change = call_change(call, kind);
    int64_t object_id = call_id(call, "ObjectId");
    if (call_id(call, "ObjectType") == OBJECT_FLOW) {
        change->flow_id = object_id != 0 ? object_id : -1;
    } else {
        change->space_id = object_id;
    }
    return change;
}

static struct member_fields read_member(const json_t *item) {
    struct member_fields member = {
        .user_id = json_integer_value(json_object_get(item, "UserId")),
    };
    const json_t *list = json_object_get(item, "Roles");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        for (size_t role = 0; word != NULL && role < G_N_ELEMENTS(roles); role++) {
            if (strcmp(word, roles[role].word) == 0) {
                member.roles |= roles[role].role;
            }
        }
    }
    return member;
}

bool op_add_lh_members(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    const json_t *list = args_json(call->args, "Members");
    struct change *change = member_change(call, CHANGE_MEMBERS_ADD);
    change->members = g_array_new(FALSE, FALSE, sizeof(struct member_fields));
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct member_fields member = read_member(json_array_get(list, i));
        g_array_append_val(change->members, member);
    }
    return call_commit_plain(call, change, error);
}

bool op_delete_lh_members(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    const json_t *list = args_json(call->args, "MemberIds");
    struct change *change = member_change(call, CHANGE_MEMBERS_REMOVE);
    change->user_ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t user_id = json_integer_value(json_array_get(list, i));
        g_array_append_val(change->user_ids, user_id);
    }
    return call_commit_plain(call, change, error);
}

static void reply_space_flow(json_t *item, const struct caller *caller,
                             const struct flow_row *flow) {
    reply_flow(item, flow);
    reply_bool(item, "CanEdit", access_allows(caller->roles, flow->relation, ACCESS_EDIT));
    reply_id_text(item, "DagOwnerId", flow->owner_id);
    reply_number(item, "ScenarioId", flow->scenario_id);
    reply_id(item, "SpaceId", flow->space_id);
    reply_bool(item, "IsDeleted", false);
    if (flow->latest_run_state >= 0) {
        // A 32-bit number: seconds (proposed:).
        reply_number(item, "LatestInstanceTime", flow->latest_run_ms / MS_PER_S);
    }
}

// The flows of one scenario into `dags`; how many there are.
static guint reply_flows_of(json_t *dags, const struct caller *caller, const GPtrArray *flows,
                            int64_t scenario_id) {
    guint count = 0;
    for (guint i = 0; i < flows->len; i++) {
        const struct flow_row *flow = g_ptr_array_index(flows, i);
        if (flow->scenario_id == scenario_id) {
            reply_space_flow(reply_item(dags), caller, flow);
            count++;
        }
    }
    return count;
}

// A scenario concerns a user who made it or has a flow in it (proposed:); user_id 0: everybody.
static void reply_scenario(json_t *list, const struct caller *caller,
                           const struct scenario_row *scenario, const GPtrArray *flows,
                           int64_t user_id) {
    json_t *item = json_object();
    json_t *dags = reply_list(item, "DagList", "Dag");
    guint count = reply_flows_of(dags, caller, flows, scenario->id);
    if (user_id != 0 && count == 0 && scenario->creator_id != user_id) {
        json_decref(item);
        return;
    }
    json_t *head = reply_object(item, "Scenario");
    reply_id(head, "Id", scenario->id);
    reply_text(head, "ScenarioName", scenario->name);
    reply_text(head, "Description", scenario->description);
    reply_id_text(head, "CreatorId", scenario->creator_id);
    json_array_append_new(list, item);
}

bool op_list_lh_task_flow_and_scenario(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) flows = NULL;
    g_autoptr(GPtrArray) scenarios = NULL;
    int64_t space_id = call_id(call, "SpaceId");
    int64_t user_id = args_int_or(call->args, "UserId", 0);
    if (!call_reader(call, &reader, error) ||
        !store_space_flow_list(reader, call->caller, space_id, user_id, &flows, error) ||
        !store_scenario_list(reader, call->caller, space_id, &scenarios, error)) {
        return false;
    }
    (void)reply_flows_of(reply_list(reply, "RawDAGList", "Dag"), call->caller, flows, 0);
    json_t *list = reply_list(reply, "ScenarioDAGList", "ScenarioDAG");
    for (guint i = 0; i < scenarios->len; i++) {
        reply_scenario(list, call->caller, g_ptr_array_index(scenarios, i), flows, user_id);
    }
    return true;
}
