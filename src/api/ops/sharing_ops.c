// SPDX-License-Identifier: Apache-2.0
//
// sharing_ops: owners and stakeholders (operations.md §2.3).
#include "api/ops/operation_handlers.h"

#include <string.h>

#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "store/sharing.h"

enum { ID_DIGITS_MAX = 16 }; // ids stay below 2^53

bool op_update_task_flow_owner(struct call *call, json_t *reply, GError **error) {
    int64_t user_id = 0;
    if (!args_text_id(call->args, "NewOwnerId", &user_id, error)) {
        return false;
    }
    struct change *change = call_change(call, CHANGE_FLOW_OWNER);
    change->flow_id = call_id(call, "DagId");
    change->user_id = user_id;
    return call_commit_revised(call, change, reply, error);
}

bool op_change_lh_dag_owner(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_SPACE_FLOW_OWNER);
    change->flow_id = call_id(call, "DagId");
    change->user_id = call_id(call, "OwnerUserId");
    return call_commit_revised(call, change, reply, error);
}

bool op_list_task_flow_cooperators(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) cooperators = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_cooperator_list(reader, call->caller, call_id(call, "DagId"), &cooperators, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "CooperatorList", "Cooperator");
    for (guint i = 0; i < cooperators->len; i++) {
        const struct cooperator_row *cooperator = g_ptr_array_index(cooperators, i);
        json_t *item = reply_item(list);
        reply_id_text(item, "UserId", cooperator->user_id);
        reply_text(item, "LoginName", cooperator->login_name);
        reply_text(item, "NickName", cooperator->nick_name);
        reply_text(item, "Email", cooperator->email);
    }
    return call_reply_revision(call, reply, REVISION_PEOPLE, call_id(call, "DagId"), error);
}

// The ids as numbers: they come as texts, whichever of the two a client sent.
static bool cooperator_ids(const struct call *call, GArray **ret_ids, GError **error) {
    const json_t *list = args_json(call->args, "CooperatorIds");
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        guint64 id = 0;
        if (text == NULL || strlen(text) > ID_DIGITS_MAX ||
            !g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &id, NULL)) {
            fault_set_field(error, FAULT_INVALID_FIELD, "CooperatorIds",
                            "\"%s\" is no user id; ids are decimal digits",
                            text != NULL ? text : "");
            return false;
        }
        int64_t user_id = (int64_t)id;
        g_array_append_val(ids, user_id);
    }
    *ret_ids = g_steal_pointer(&ids);
    return true;
}

bool op_update_task_flow_cooperators(struct call *call, json_t *reply, GError **error) {
    GArray *ids = NULL;
    if (!cooperator_ids(call, &ids, error)) {
        return false;
    }
    struct change *change = call_change(call, CHANGE_FLOW_COOPERATORS);
    change->flow_id = call_id(call, "DagId");
    change->user_ids = ids;
    return call_commit_revised(call, change, reply, error);
}
