// SPDX-License-Identifier: Apache-2.0
//
// driver: what a database driver gives to sql.c. Private to this folder.
//
// A driver's connection and statement begin with the two structures below; sql.c fills in and owns their fields, the driver owns the
// rest. Contracts are those of the functions of the same name in sql.h.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/types.h"

struct sql_driver {
    const char *name;
    const char *begin_text; // starts a transaction that may write
    const char *check_text; // a query whose single row "ok" means a sound database
    const char *probe_text; // a query that touches the database; its first value is the version

    bool (*open)(const struct sql_target *target, struct sql **ret_sql, GError **error);
    void (*close)(struct sql *sql); // statements are finished already
    void (*cancel)(struct sql *sql);
    void (*set_timeout)(struct sql *sql, int64_t timeout_ms);
    void (*set_patience)(struct sql *sql, int64_t wait_ms); // for a lock that another holds
    bool (*is_cramped)(struct sql *sql);
    bool (*in_transaction)(struct sql *sql);
    // len < 0: the text ends in NUL. ret_rest NULL: the statement is kept for long.
    bool (*prepare)(struct sql *sql, const char *text, gssize len,
                    struct sql_statement **ret_statement, const char **ret_rest, GError **error);
    void (*finish)(struct sql_statement *statement);
    void (*reset)(struct sql_statement *statement); // also clears the bindings
    void (*bind_int)(struct sql_statement *statement, int position, int64_t value);
    void (*bind_text)(struct sql_statement *statement, int position, const char *value);
    void (*bind_blob)(struct sql_statement *statement, int position, const void *value, size_t len);
    bool (*step)(struct sql_statement *statement, enum sql_step *ret_step, GError **error);
    int (*column_count)(struct sql_statement *statement);
    const char *(*column_name)(struct sql_statement *statement, int column);
    enum sql_type (*column_type)(struct sql_statement *statement, int column);
    int64_t (*column_int)(struct sql_statement *statement, int column);
    const char *(*column_text)(struct sql_statement *statement, int column);
    size_t (*column_text_len)(struct sql_statement *statement, int column);
    const void *(*column_blob)(struct sql_statement *statement, int column, size_t *ret_len);
    int64_t (*changes)(struct sql *sql);
    bool (*is_readonly)(struct sql_statement *statement);
    int64_t (*scan_steps)(struct sql_statement *statement);
    bool (*catalogue)(struct sql *sql, const struct sql_catalogue *catalogue, int64_t skipped_count,
                      GError **error);
};

struct sql {
    const struct sql_driver *driver;
    GHashTable *cache; // address of the text → struct sql_statement *
};

struct sql_statement {
    struct sql *sql;
};
