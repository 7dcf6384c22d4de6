// SPDX-License-Identifier: Apache-2.0
//
// sql: the content of NORMAL_SQL and SQL_ASSIGNMENT (behaviour.md §2.3, §2.4): {"dbId":5210001, "sql":"…", "dbType":"sqlite"}. dbId may be
// written as digits in a text; dbType may be absent. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct sql_content {
    int64_t database_id;
    char *sql;     // as it is written
    char *db_type; // NULL: not given
};

// Is there anything to execute? Asked of the text as it is written, and again when its variables are in. FAULT_INVALID_DATA.
bool sql_content_check_text(const char *sql, GError **error);
