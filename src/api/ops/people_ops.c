// SPDX-License-Identifier: Apache-2.0
//
// people_ops: the tenants of the caller (operations.md §3.1).
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "store/people.h"

OWNED_DEFINE(tenant_row)

static void reply_tenant(json_t *item, const struct tenant_row *tenant) {
    reply_id(item, "Tid", tenant->id);
    reply_text(item, "TenantName", tenant->name);
    reply_text(item, "Status", tenant->is_active ? "ACTIVE" : "IN_ACTIVE");
}

// With a Tid: that tenant, if it is the caller's.
bool op_get_user_active_tenant(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(tenant_row) tenant = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_tenant_get(reader, call->caller, args_int_or(call->args, "Tid", 0), &tenant,
                          error)) {
        return false;
    }
    reply_tenant(reply_object(reply, "Tenant"), tenant);
    return true;
}

// TenantList is one of the three flat lists.
bool op_list_user_tenants(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) tenants = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_tenant_list(reader, call->caller, &tenants, error)) {
        return false;
    }
    json_t *list = reply_array(reply, "TenantList");
    for (guint i = 0; i < tenants->len; i++) {
        reply_tenant(reply_item(list), g_ptr_array_index(tenants, i));
    }
    return true;
}
