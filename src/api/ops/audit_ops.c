// SPDX-License-Identifier: Apache-2.0
//
// audit_ops: the operation log (operations.md §5).
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "base/zone.h"
#include "store/audit.h"

static const int page_sizes[] = { 30, 50, 100 };

// An instant of the log's zone, to the second.
static bool read_time(const struct call *call, const char *name, int64_t *ret_ms, GError **error) {
    const char *text = args_text(call->args, name);
    struct civil civil = { 0 };
    bool has_time = false;
    if (!civil_parse(text, &civil, &has_time) || !has_time) {
        fault_set_field(error, FAULT_INVALID_FIELD, name,
                        "%s \"%.40s\" is no time of the form yyyy-MM-dd HH:mm:ss", name, text);
        return false;
    }
    *ret_ms = zone_instant_ms(call_services(call)->zone, &civil);
    return true;
}

static bool read_page(const struct call *call, struct audit_filter *filter, GError **error) {
    int64_t page = call_id(call, "PageNumber");
    int64_t size = call_id(call, "PageSize");
    if (page < 1 || page > G_MAXINT) {
        fault_set_field(error, FAULT_INVALID_FIELD, "PageNumber",
                        "PageNumber %" G_GINT64_FORMAT ": pages count from 1", page);
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(page_sizes); i++) {
        if (size == page_sizes[i]) {
            filter->page_number = (int)page;
            filter->page_size = page_sizes[i];
            return true;
        }
    }
    fault_set_field(error, FAULT_INVALID_FIELD, "PageSize",
                    "PageSize %" G_GINT64_FORMAT ": the log has pages of 30, 50 or 100 entries",
                    size);
    return false;
}

// An absent or empty filter lets everything through.
static const char *filter_text(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return text != NULL && text[0] != 0 ? text : NULL;
}

static bool read_filter(const struct call *call, struct audit_filter *ret_filter, GError **error) {
    struct audit_filter filter = { .module = filter_text(call, "Module"),
                                   .user_name = filter_text(call, "UserNick"),
                                   .database = filter_text(call, "DatabaseName") };
    if (!read_time(call, "StartTime", &filter.from_ms, error) ||
        !read_time(call, "EndTime", &filter.until_ms, error) || !read_page(call, &filter, error)) {
        return false;
    }
    if (filter.until_ms < filter.from_ms) {
        fault_set_field(error, FAULT_INVALID_FIELD, "EndTime",
                        "EndTime lies before StartTime: no entry can be in between");
        return false;
    }
    filter.until_ms += 1000; // the last second belongs to the period
    *ret_filter = filter;
    return true;
}

static void write_row(const struct call *call, json_t *list, const struct audit_row *row) {
    json_t *item = reply_item(list);
    reply_text(item, "Module", row->module);
    reply_text(item, "OpContent", row->content);
    reply_text(item, "Database", row->database);
    reply_time(item, "OpTime", call_services(call)->zone, row->at_ms);
    reply_id(item, "OpUserId", row->user_id);
    reply_text(item, "UserId", row->uid);
    reply_text(item, "UserNick", row->user_name);
}

bool op_get_op_log(struct call *call, json_t *reply, GError **error) {
    struct audit_filter filter = { 0 };
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) rows = NULL;
    int64_t total = 0;
    if (!read_filter(call, &filter, error) || !call_reader(call, &reader, error) ||
        !store_audit_list(reader, call->caller, &filter, &rows, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "OpLogDetails", "OpLogDetail");
    for (guint i = 0; i < rows->len; i++) {
        write_row(call, list, g_ptr_array_index(rows, i));
    }
    reply_number(reply, "TotalCount", total);
    return true;
}
