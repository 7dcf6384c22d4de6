// SPDX-License-Identifier: Apache-2.0
//
// policy_ops: policies of users and session keys (docs/extensions.md).
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "api/wire/sign.h"
#include "base/fault.h"
#include "store/policies.h"
#include "store/sessions.h"

// An empty Policy removes it, so the table can not ask for the parameter: it takes an empty mandatory text for a missing one.
bool op_put_user_policy(struct call *call, json_t *reply, GError **error) {
    int64_t user_id = 0;
    const char *document = args_text(call->args, "Policy");
    if (!args_text_id(call->args, "UserId", &user_id, error)) {
        return false;
    }
    if (document == NULL) {
        fault_set_field(error, FAULT_MISSING_FIELD, "Policy",
                        "Policy is the document; an empty text removes the user's policy");
        return false;
    }
    struct change *change = call_change(call, CHANGE_POLICY_PUT);
    change->user_id = user_id;
    change->document = g_strdup(document);
    return call_commit_revised(call, change, reply, error);
}

bool op_get_user_policy(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    int64_t user_id = 0;
    g_autofree char *document = NULL;
    if (!args_text_id(call->args, "UserId", &user_id, error) ||
        !call_reader(call, &reader, error) ||
        !store_policy_get(reader, call->caller, user_id, &user_id, &document, error)) {
        return false;
    }
    reply_id_text(reply, "UserId", user_id);
    reply_text(reply, "Policy", document);
    return call_reply_revision(call, reply, REVISION_POLICY, user_id, error);
}

bool op_create_session_key(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_SESSION_CREATE);
    change->number = args_int_or(call->args, "DurationSeconds", SESSION_SECONDS_DEFAULT);
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    char expiration[21];
    sign_time_format(result.id, expiration);
    reply_text(reply, "AccessKeyId", result.text[0]);
    reply_text(reply, "AccessKeySecret", result.text[1]);
    reply_text(reply, "SecurityToken", result.text[2]);
    reply_text(reply, "Expiration", expiration);
    change_result_done(&result);
    return true;
}
