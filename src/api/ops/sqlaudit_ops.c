// SPDX-License-Identifier: Apache-2.0
//
// sqlaudit_ops: the log of executed SQL (operations.md §5), read by administrators and security administrators.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "base/civil.h"
#include "base/fault.h"
#include "base/zone.h"
#include "store/sqlaudit.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    enum sql_exec_state state;
} states[] = {
    { "FAIL", SQL_EXEC_FAIL },       { "NOEXE", SQL_EXEC_NOT },     { "SUCCESS", SQL_EXEC_SUCCESS },
    { "RUNNING", SQL_EXEC_RUNNING }, { "CANCEL", SQL_EXEC_CANCEL },
};

// An optional text; an empty one counts as absent.
static const char *given(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

// How long the span is that a prefix of "yyyy-MM-dd HH:mm:ss" names.
struct span {
    int years;
    int months;
    int64_t seconds;
};

// Reads a whole time or a prefix of one that ends behind a part: "2026", "2026-11", … False: it is neither.
static bool read_prefix(const char *text, struct civil *ret_start, struct span *ret_span) {
    static const struct {
        size_t len;
        struct span span;
    } forms[] = { { 4, { .years = 1 } },        { 7, { .months = 1 } },
                  { 10, { .seconds = 86400 } }, { 13, { .seconds = 3600 } },
                  { 16, { .seconds = 60 } },    { 19, { .seconds = 1 } } };
    static const char FULL[] = "0001-01-01 00:00:00";
    size_t len = strlen(text);
    bool has_time = false;
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (forms[i].len == len) {
            g_autofree char *full = g_strconcat(text, FULL + len, NULL);
            *ret_span = forms[i].span;
            return civil_parse(full, ret_start, &has_time);
        }
    }
    return false;
}

// A shorter prefix means the whole span that it names, for the end as well as for the start (proposed).
static bool read_time(const struct call *call, const char *name, bool is_end, int64_t *ret_ms,
                      GError **error) {
    const char *text = args_text(call->args, name);
    struct civil start = { 0 };
    struct civil end = { 0 };
    struct span span = { 0 };
    if (!read_prefix(text, &start, &span) ||
        !civil_add(&start, span.years, span.months, span.seconds, &end)) {
        fault_set_field(error, FAULT_INVALID_FIELD, name,
                        "%s \"%.40s\" is no time; write it yyyy-MM-dd HH:mm:ss, or the beginning "
                        "of one",
                        name, text);
        return false;
    }
    *ret_ms = zone_instant_ms(call_services(call)->zone, is_end ? &end : &start);
    return true;
}

// A word or its number (operations.md §1.10).
static bool read_state(const struct call *call, struct sqlaudit_filter *filter, GError **error) {
    const char *text = given(call, "ExecState");
    if (text == NULL) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        char number[16];
        (void)g_snprintf(number, sizeof number, "%d", (int)states[i].state);
        if (g_ascii_strcasecmp(text, states[i].word) == 0 || strcmp(text, number) == 0) {
            filter->has_state = true;
            filter->state = states[i].state;
            return true;
        }
    }
    fault_set_field(error, FAULT_INVALID_FIELD, "ExecState",
                    "ExecState \"%.40s\" is none of FAIL, NOEXE, SUCCESS, RUNNING, CANCEL", text);
    return false;
}

static const char *state_word(enum sql_exec_state state) {
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (states[i].state == state) {
            return states[i].word;
        }
    }
    g_assert_not_reached();
}

static void reply_row(json_t *item, const struct sqlaudit_row *row, const char *zone) {
    reply_time(item, "OpTime", zone, row->at_ms);
    reply_id(item, "UserId", row->user_id);
    reply_text(item, "UserName", row->user_name);
    reply_id(item, "DbId", row->database_id);
    reply_text(item, "SchemaName", row->schema);
    reply_id(item, "InstanceId", row->source_id);
    reply_text(item, "InstanceName", row->source_name);
    reply_text(item, "ExecState", state_word(row->state));
    reply_text(item, "SQL", row->sql);
    reply_text(item, "SQLType", row->type);
    reply_number(item, "AffectRows", row->affected);
    reply_number(item, "ElapsedTime", row->elapsed_ms);
    reply_text(item, "Remark", row->remark);
    reply_bool(item, "Logic", false);
}

bool op_list_sql_exec_audit_log(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) rows = NULL;
    int64_t total = 0;
    struct sqlaudit_filter filter = { .user_name = given(call, "OpUserName"),
                                      .type = given(call, "SqlType"),
                                      .search = given(call, "SearchName") };
    if (!read_time(call, "StartTime", false, &filter.from_ms, error) ||
        !read_time(call, "EndTime", true, &filter.until_ms, error) ||
        !read_state(call, &filter, error) ||
        !call_page(call, "PageNumber", &filter.page_number, &filter.page_size, error) ||
        !call_reader(call, &reader, error) ||
        !store_sqlaudit_list(reader, call->caller, &filter, &rows, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "SQLExecAuditLogList", "SQLExecAuditLog");
    for (guint i = 0; i < rows->len; i++) {
        reply_row(reply_item(list), g_ptr_array_index(rows, i), call_services(call)->zone);
    }
    reply_number(reply, "TotalCount", total);
    return true;
}
