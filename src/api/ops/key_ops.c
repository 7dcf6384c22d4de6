// SPDX-License-Identifier: Apache-2.0
//
// key_ops: access keys and tenants (docs/extensions.md). A secret is in one reply only: that of the call that made it.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "store/keys.h"

#include <string.h>

static const char STATUS_ACTIVE[] = "Active";
static const char STATUS_INACTIVE[] = "Inactive";

bool op_create_access_key(struct call *call, json_t *reply, GError **error) {
    int64_t user_id = 0;
    if (!args_text_id(call->args, "UserId", &user_id, error)) {
        return false;
    }
    if (user_id < 1) {
        fault_set_field(error, FAULT_INVALID_FIELD, "UserId", "UserId is a number from 1");
        return false;
    }
    struct change *change = call_change(call, CHANGE_KEY_CREATE);
    change->user_id = user_id;
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_id_text(reply, "UserId", user_id);
    reply_text(reply, "AccessKeyId", result.text[0]);
    reply_text(reply, "AccessKeySecret", result.text[1]);
    change_result_done(&result);
    return true;
}

bool op_list_access_keys(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) keys = NULL;
    int64_t user_id = 0;
    if (!args_text_id(call->args, "UserId", &user_id, error) ||
        !call_reader(call, &reader, error) ||
        !store_access_key_list(reader, call->caller, user_id, &keys, error)) {
        return false;
    }
    const char *zone = call_services(call)->zone;
    json_t *list = reply_list(reply, "AccessKeyList", "AccessKey");
    for (guint i = 0; i < keys->len; i++) {
        const struct access_key_row *key = g_ptr_array_index(keys, i);
        json_t *item = reply_item(list);
        reply_id_text(item, "UserId", key->user_id);
        reply_text(item, "AccessKeyId", key->id);
        reply_text(item, "Status", key->is_active ? STATUS_ACTIVE : STATUS_INACTIVE);
        reply_time(item, "CreateTime", zone, key->created_ms);
        reply_time(item, "LastUsedTime", zone, key->last_used_ms);
        reply_text(item, "TimeZoneId", zone);
    }
    return true;
}

// The key that a call is about. AccessKeyId is the signer's own in every request of the older signature, so it names another one or nothing: a
// call that leaves UserAccessKeyId out never acts on the key it was signed with.
static bool read_key_id(const struct call *call, char **ret_key_id, GError **error) {
    const char *named = args_text(call->args, "UserAccessKeyId");
    const char *other = args_text(call->args, "AccessKeyId");
    bool has_named = named != NULL && named[0] != 0;
    bool has_other = other != NULL && strcmp(other, call->access_key_id) != 0;
    if (has_named && has_other && strcmp(named, other) != 0) {
        fault_set_field(error, FAULT_INVALID_FIELD, "AccessKeyId",
                        "UserAccessKeyId and AccessKeyId name different keys");
        return false;
    }
    if (!has_named && !has_other) {
        fault_set_field(error, FAULT_MISSING_FIELD, "UserAccessKeyId",
                        "UserAccessKeyId names the key; AccessKeyId is that of the signature");
        return false;
    }
    *ret_key_id = g_strdup(has_named ? named : other);
    return true;
}

bool op_update_access_key(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    char *key_id = NULL;
    if (!read_key_id(call, &key_id, error)) {
        return false;
    }
    struct change *change = call_change(call, CHANGE_KEY_UPDATE);
    change->name = key_id;
    change->flag = strcmp(args_text(call->args, "Status"), STATUS_ACTIVE) == 0;
    return call_commit_plain(call, change, error);
}

bool op_delete_access_key(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    char *key_id = NULL;
    if (!read_key_id(call, &key_id, error)) {
        return false;
    }
    struct change *change = call_change(call, CHANGE_KEY_DELETE);
    change->name = key_id;
    return call_commit_plain(call, change, error);
}

bool op_create_tenant(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_TENANT_CREATE);
    change->name = g_strdup(args_text(call->args, "TenantName"));
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_id(reply, "Tid", result.id);
    reply_text(reply, "AccessKeyId", result.text[0]);
    reply_text(reply, "AccessKeySecret", result.text[1]);
    reply_text(reply, "AdminUid", result.text[2]);
    change_result_done(&result);
    return true;
}
