// SPDX-License-Identifier: Apache-2.0
//
// sql: the content of NORMAL_SQL and SQL_ASSIGNMENT (behaviour.md §2.3, §2.4): {"dbId":5210001, "sql":"…", "dbType":"sqlite"}. dbId may be
// written as digits in a text; dbType may be absent or "". Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/split.h"

struct sql_content {
    int64_t database_id;
    char *sql;     // as it is written
    char *db_type; // NULL: not given
};

// Is the content's dbType, where it has one, the kind that its database is registered as? Words and aliases, in any case. FAULT_INVALID_DATA.
bool sql_content_check_kind(const struct sql_content *content, const char *registered,
                            GError **error);

// Is there anything to execute? Asked of the text as it is written, and again when its variables are in. FAULT_INVALID_DATA.
bool sql_content_check_text(const char *sql, GError **error);

// The one statement of an assignment, its variables put in. FAULT_INVALID_DATA: there is none, or a second one.
bool sql_content_find_query(const struct dialect *dialect, const char *sql,
                            struct split_part *ret_part, GError **error);
// Has an assignment as it is written one? With a variable in it that is not known, and no fault.
bool sql_content_check_query(const struct dialect *dialect, const char *sql, GError **error);
