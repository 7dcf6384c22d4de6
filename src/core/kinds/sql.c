// SPDX-License-Identifier: Apache-2.0
//
// sql: one reader for both kinds that run SQL in one database.
#include "core/kinds/sql.h"

#include <string.h>

#include "base/fault.h"
#include "core/database_kind.h"
#include "core/kinds/content.h"
#include "core/kinds/kind.h"
#include "core/vars.h"

static void sql_free(void *value) {
    struct sql_content *content = value;
    g_free(content->sql);
    g_free(content->db_type);
    g_free(content);
}

bool sql_content_check_kind(const struct sql_content *content, const char *registered,
                            GError **error) {
    const struct database_kind *named = database_kind_find(content->db_type);
    if (content->db_type != NULL && (named == NULL || named != database_kind_find(registered))) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"dbType\" of the content is \"%s\", but database %" G_GINT64_FORMAT
                  " is registered as \"%s\"",
                  content->db_type, content->database_id, registered);
        return false;
    }
    return true;
}

// Blanks of all scripts, controls, and marks of format such as U+FEFF and U+200B. Bytes that are not UTF-8 are no character at all.
static bool begins_invisible(const char *text, gssize len) {
    gunichar character = g_utf8_get_char_validated(text, len);
    return g_unichar_isspace(character) || g_unichar_iscntrl(character) ||
           g_unichar_type(character) == G_UNICODE_FORMAT;
}

// Nothing but invisible characters and semicolons. Those outside of ASCII are no blanks to a database, and nothing else that it could run.
// Comments are for the dialect to tell.
static bool is_blank(const char *sql) {
    while (*sql != '\0' && (*sql == ';' || begins_invisible(sql, -1))) {
        sql = g_utf8_next_char(sql);
    }
    return *sql == '\0';
}

// The text, which is not empty, is behind the first statement. The caller frees the words.
static char *tell_more(const char *text, size_t len) {
    static const char more[] = "there is more behind the first";
    return begins_invisible(text, (gssize)len)
               ? g_strdup_printf("%s, which begins with the invisible character U+%04X", more,
                                 g_utf8_get_char(text))
               : g_strdup(more);
}

bool sql_content_find_query(const struct dialect *dialect, const char *sql,
                            struct split_part *ret_part, GError **error) {
    struct split split;
    struct split_part next = { 0 };
    split_init(&split, dialect, sql, strlen(sql));
    if (!split_next(&split, ret_part)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "an assignment takes one SELECT; the text has no statement");
        return false;
    }
    if (split_next(&split, &next)) {
        g_autofree char *more = tell_more(sql + next.at, next.len);
        fault_set(error, FAULT_INVALID_DATA, "an assignment takes one SELECT; %s", more);
        return false;
    }
    return true;
}

bool sql_content_check_query(const struct dialect *dialect, const char *sql, GError **error) {
    g_autofree char *text = vars_fixed_text(sql);
    struct split_part part = { 0 };
    return text == NULL || sql_content_find_query(dialect, text, &part, error);
}

bool sql_content_check_text(const char *sql, GError **error) {
    if (sql == NULL || is_blank(sql)) {
        fault_set(error, FAULT_INVALID_DATA, "the content has no \"sql\", the text to run");
        return false;
    }
    return true;
}

static bool read_database(const json_t *content, int64_t *ret_database_id, GError **error) {
    const json_t *value = json_object_get(content, "dbId");
    gint64 id = 0;
    if (json_is_integer(value)) {
        id = json_integer_value(value);
    } else if (json_is_string(value)) {
        (void)g_ascii_string_to_signed(json_string_value(value), 10, 1, G_MAXINT64, &id, NULL);
    }
    if (id <= 0) {
        fault_set(error, FAULT_INVALID_DATA,
                  "the content has no \"dbId\", the id of a database as ListDatabases shows it");
        return false;
    }
    *ret_database_id = id;
    return true;
}

static bool read_type(const json_t *content, const char **ret_type, GError **error) {
    if (!content_text(content, "dbType", ret_type, error)) {
        return false;
    }
    if (*ret_type != NULL && (*ret_type)[0] == '\0') {
        *ret_type = NULL;
    }
    if (*ret_type != NULL && database_kind_find(*ret_type) == NULL) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"dbType\" of the content is no kind of database that is known here");
        return false;
    }
    return true;
}

static bool sql_parse(const char *text, void **ret_value, int64_t *ret_timeout_s, GError **error) {
    json_auto_t *content = NULL;
    const char *sql = NULL;
    const char *db_type = NULL;
    int64_t database_id = 0;
    if (!content_load(text, &content, error) || !read_database(content, &database_id, error) ||
        !content_text(content, "sql", &sql, error) || !sql_content_check_text(sql, error) ||
        !read_type(content, &db_type, error) || !content_timeout(content, ret_timeout_s, error)) {
        return false;
    }
    struct sql_content *value = g_new0(struct sql_content, 1);
    value->database_id = database_id;
    value->sql = g_strdup(sql);
    value->db_type = g_strdup(db_type);
    *ret_value = value;
    return true;
}

const struct kind kind_normal_sql = { KIND_NORMAL_SQL, sql_parse, sql_free };
const struct kind kind_sql_assignment = { KIND_SQL_ASSIGNMENT, sql_parse, sql_free };
