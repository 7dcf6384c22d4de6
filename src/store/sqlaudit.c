// SPDX-License-Identifier: Apache-2.0
//
// Executed SQL.

#include "store/sqlaudit.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_sql_audit(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "sql_audit");
    return false;
}
