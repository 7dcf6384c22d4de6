// SPDX-License-Identifier: Apache-2.0
#include "api/ops/unread.h"

#include "core/json_cost.h"
#include "core/plan.h"

#include <jansson.h>
#include <string.h>

void call_warn(const struct call *call, const struct remarks *remarks) {
    static const char *const codes[] = {
        [REMARK_KEY] = WARNING_KEY, [REMARK_EXECUTOR] = WARNING_EXECUTOR
    };
    guint kept = remarks->list != NULL ? remarks->list->len : 0;
    for (guint i = 0; i < kept; i++) {
        const struct remark *remark = g_ptr_array_index(remarks->list, i);
        warnings_add(call->warnings, codes[remark->kind], remark->name, remark->message);
    }
    warnings_count(call->warnings, remarks->count - kept);
}

void call_warn_keys(const struct call *call, enum keys_document document, const char *param) {
    const char *text = args_text(call->args, param);
    bool is_readable = text != NULL && json_cost_is_fair(text, strlen(text)); // else it is refused
    json_auto_t *root = is_readable ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    if (json_is_object(root)) {
        struct remarks remarks = { 0 };
        keys_unknown(document, root, param, &remarks);
        call_warn(call, &remarks);
        remarks_done(&remarks);
    }
}

void call_warn_content(const struct call *call, enum node_kind kind) {
    enum keys_document document = KEYS_DOCUMENT_COUNT;
    if (keys_of_content(kind, &document)) {
        call_warn_keys(call, document, "NodeContent");
    }
}

void call_warn_kind(const struct call *call, enum node_kind kind, const char *node_name) {
    struct remarks remarks = { 0 };
    plan_remark_kind(kind, node_name, &remarks);
    call_warn(call, &remarks);
    remarks_done(&remarks);
}
