// SPDX-License-Identifier: Apache-2.0
//
// services: the ways from a handler into store and engine. Nothing about single operations.
#include "api/services.h"

#include "base/fault.h"

enum { PAGE_SIZE_DEFAULT = 20, PAGE_SIZE_MAX = 100 };

bool call_check_tenant(const struct call *call, GError **error) {
    g_assert(call->caller != NULL);
    if (operation_param(call->operation, "Tid") == NULL) {
        return true;
    }
    int64_t tenant_id = args_int_or(call->args, "Tid", call->caller->tenant_id);
    if (tenant_id == call->caller->tenant_id) {
        return true;
    }
    fault_set_field(error, FAULT_TENANT_NOT_EXIST, "Tid",
                    "tenant %" G_GINT64_FORMAT
                    " does not exist or is not yours; leave Tid out to use your own",
                    tenant_id);
    return false;
}

bool call_borrow(const struct call *call, struct reader_loan *ret_loan, GError **error) {
    return call_check_tenant(call, error) &&
           reader_borrow(call_services(call)->readers, ret_loan, error);
}

struct change *call_change(const struct call *call, enum change_kind kind) {
    return change_new(kind, call->caller);
}

bool call_commit(const struct call *call, struct change *change, struct change_result *ret_result,
                 GError **error) {
    g_assert(change != NULL);
    if (!call_check_tenant(call, error)) {
        change_free(change);
        return false;
    }
    return engine_change(call_services(call)->engine, change, ret_result, error);
}

bool call_commit_plain(const struct call *call, struct change *change, GError **error) {
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    g_clear_pointer(&result.ids, g_array_unref);
    return true;
}

bool call_act(const struct call *call, enum run_event_kind action, int64_t version_id,
              GError **error) {
    g_assert(version_id >= 0);
    return call_check_tenant(call, error) &&
           engine_run_action(call_services(call)->engine, call->caller, action,
                             call_id(call, "DagId"), call_id(call, "DagInstanceId"), version_id,
                             error);
}

int64_t call_id(const struct call *call, const char *name) {
    int64_t id = 0;
    bool is_given = args_int(call->args, name, &id);
    g_assert(is_given);
    return id;
}

bool call_page(const struct call *call, const char *page_name, int *ret_page, int *ret_size,
               GError **error) {
    int64_t page = args_int_or(call->args, page_name, 1);
    int64_t size = args_int_or(call->args, "PageSize", PAGE_SIZE_DEFAULT);
    if (page < 1 || page > G_MAXINT) {
        fault_set_field(error, FAULT_INVALID_FIELD, page_name,
                        "%s %" G_GINT64_FORMAT ": pages count from 1", page_name, page);
        return false;
    }
    if (size < 1 || size > PAGE_SIZE_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "PageSize",
                        "PageSize %" G_GINT64_FORMAT ": a page has 1 to %d entries", size,
                        PAGE_SIZE_MAX);
        return false;
    }
    *ret_page = (int)page;
    *ret_size = (int)size;
    return true;
}
