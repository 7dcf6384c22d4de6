// SPDX-License-Identifier: Apache-2.0
//
// New tenants with their first administrator. Only the server's first administrator makes them (docs/extensions.md).

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/founding.h"
#include "store/key_seal.h"

enum { TENANT_NAME_MAX = 128 }; // characters

static const char FIND_NAME[] = "SELECT id FROM tenant WHERE name = ?1";

static bool check_caller(const struct caller *caller, GError **error) {
    if (!access_permits(caller, CLASS_OPERATOR)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not make tenants; %s may", caller->name,
                  access_class_text(CLASS_OPERATOR));
        return false;
    }
    if (caller->is_temporary) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "a session key can not make a tenant, which has a permanent key");
        return false;
    }
    return true;
}

bool change_tenant_create(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    int64_t holder = 0;
    if (!check_caller(&change->caller, error) ||
        !check_name(change->name, "TenantName", TENANT_NAME_MAX, error) ||
        !query_int(store->reader.sql, FIND_NAME, VALUES(TEXT(change->name)), 0, &holder, error)) {
        return false;
    }
    if (holder != 0) {
        fault_set_field(error, FAULT_NAME_EXISTED, "TenantName",
                        "a tenant named \"%s\" exists already", change->name);
        return false;
    }
    g_auto(GStrv) key = key_make();
    struct founding founding = { .tenant_name = change->name, .key_id = key[0], .secret = key[1] };
    founding_number(store, &founding);
    bool is_good = founding_insert(store, &founding, now_ms, error);
    result->id = founding.tenant_id;
    result->second_id = founding.person_id;
    result->text = g_new0(char *, 4);
    result->text[0] = g_steal_pointer(&key[0]);
    result->text[1] = g_steal_pointer(&key[1]);
    result->text[2] = g_steal_pointer(&founding.uid);
    return is_good; // on failure store_change wipes the result
}
