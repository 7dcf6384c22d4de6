// SPDX-License-Identifier: Apache-2.0
//
// database_ops: databases, tables and columns from the stored metadata (operations.md §4.2).
#include "api/database_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler database_ops[] = {
    { "GetDatabase", refuse },      { "SearchDatabase", refuse },
    { "ListTables", refuse },       { "ListTableColumns", refuse },
    { "ListColumns", refuse },      { "SyncDatabaseMeta", refuse },
    { "SyncInstanceMeta", refuse }, { NULL, NULL },
};
