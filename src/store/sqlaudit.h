// SPDX-License-Identifier: Apache-2.0
//
// sqlaudit: the log of executed SQL (operations.md §5): statements of ExecuteScript and of SQL nodes.
//
// CHANGE_SQL_AUDIT is what an ExecuteScript leaves: `document`, a JSON array of {"database","state","sql","type","affected","elapsed","returned"
// and "remark" or none}, is logged for `user_id` and counted against its day `number` (days since 1970 where the server's zone is);
// `content`, the reply, comes back as the result's text, for the client token.
#pragma once

#include "store/store.h"

enum { SQLAUDIT_SQL_MAX = 16384 }; // bytes of a statement that are kept

// operations.md §1.10
enum sql_exec_state {
    SQL_EXEC_CANCEL = -2,
    SQL_EXEC_FAIL = -1,
    SQL_EXEC_NOT = 0,
    SQL_EXEC_SUCCESS = 1,
    SQL_EXEC_RUNNING = 2
};

struct sqlaudit_entry {
    int64_t at_ms;
    int64_t tenant_id;
    int64_t user_id;
    int64_t database_id;
    enum sql_exec_state state;
    const char *sql;
    const char *type; // "SELECT", "INSERT", "CREATE_TABLE", …
    int64_t affected;
    int64_t elapsed_ms;
    const char *remark; // error text, or NULL
};
bool store_sqlaudit_add(struct store *store, const struct sqlaudit_entry *entry, GError **error);

struct sqlaudit_row {
    int64_t id;
    int64_t at_ms;
    int64_t user_id;
    char *user_name;
    int64_t database_id;
    char *schema;
    int64_t source_id;
    char *source_name;
    enum sql_exec_state state;
    char *sql;
    char *type;
    int64_t affected;
    int64_t elapsed_ms;
    char *remark;
};
void sqlaudit_row_free(struct sqlaudit_row *row);

struct sqlaudit_filter {
    int64_t from_ms;
    int64_t until_ms; // exclusive
    int page_number;
    int page_size;
    bool has_state;
    enum sql_exec_state state;
    const char *user_name; // NULL: any, as the others
    const char *type;
    const char *search; // a part of the schema's or the instance's name, ignoring case
};
// Newest first.
bool store_sqlaudit_list(struct store_reader *reader, const struct caller *caller,
                         const struct sqlaudit_filter *filter, GPtrArray **ret_rows,
                         int64_t *ret_total, GError **error);

// May the user run more SQL on this day? FAULT_LIMIT_EXCEEDED when the statements or rows of the day are used up.
bool store_sqlaudit_check_use(struct store_reader *reader, const struct caller *caller, int64_t day,
                              GError **error);
