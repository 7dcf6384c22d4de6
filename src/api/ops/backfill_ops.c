// SPDX-License-Identifier: Apache-2.0
//
// backfill_ops: runs for past business dates (behaviour.md §6). Which nodes and dates a request means is decided in core/selection and
// core/dates; here only its form is checked.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "store/backfills.h"

OWNED_DEFINE(backfill)

enum { INTERVAL_DEFAULT_HOURS = 24 };

static const char *given_text(const struct args *args, const char *name) {
    const char *text = args_text(args, name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool read_date(const char *text, const char *field, struct civil *ret_date, GError **error) {
    struct civil date = { 0 };
    bool has_time = false;
    if (!civil_parse(text, &date, &has_time) || has_time) {
        fault_set_field(error, FAULT_INVALID_FIELD, field,
                        "%s \"%.100s\" is no date; write it yyyy-MM-dd", field, text);
        return false;
    }
    *ret_date = date;
    return true;
}

// proposed: exactly one of the two forms (operations.md §2.8).
static bool read_dates(const struct args *args, struct dates_range *range, GError **error) {
    const char *date = given_text(args, "BackFillDate");
    const char *begin = given_text(args, "BackFillDateBegin");
    const char *end = given_text(args, "BackFillDateEnd");
    if (date != NULL && (begin != NULL || end != NULL)) {
        fault_set_field(error, FAULT_INVALID_VALUE, "BackFillDate",
                        "give either BackFillDate, or BackFillDateBegin and BackFillDateEnd");
        return false;
    }
    if (date != NULL) {
        return read_date(date, "BackFillDate", &range->begin, error) &&
               read_date(date, "BackFillDate", &range->end, error);
    }
    if (begin == NULL && end == NULL) {
        fault_set_field(error, FAULT_MISSING_FIELD, "BackFillDate",
                        "BackFillDate is needed, or BackFillDateBegin and BackFillDateEnd");
        return false;
    }
    if (begin == NULL || end == NULL) {
        const char *missing = begin == NULL ? "BackFillDateBegin" : "BackFillDateEnd";
        fault_set_field(error, FAULT_MISSING_FIELD, missing, "a range needs %s too", missing);
        return false;
    }
    return read_date(begin, "BackFillDateBegin", &range->begin, error) &&
           read_date(end, "BackFillDateEnd", &range->end, error);
}

static bool read_range(const struct args *args, struct dates_range *range, GError **error) {
    int64_t interval = args_int_or(args, "Interval", INTERVAL_DEFAULT_HOURS);
    if (interval < 1 || interval > G_MAXINT) {
        fault_set_field(error, FAULT_INVALID_FIELD, "Interval",
                        "Interval %" G_GINT64_FORMAT ": the runs are at least 1 hour apart",
                        interval);
        return false;
    }
    range->interval_hours = (int)interval;
    range->is_ascending = args_bool_or(args, "Asc", true);
    return read_dates(args, range, error);
}

static void read_nodes(const struct args *args, const char *name, GArray *node_ids) {
    const json_t *list = args_json(args, name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t node_id = json_integer_value(json_array_get(list, i));
        g_array_append_val(node_ids, node_id);
    }
}

// proposed: an absent HistoryDagId is the newest published version. 0 is taken as absent, which is what clients without null send.
bool op_back_fill(struct call *call, json_t *reply, GError **error) {
    OWNED(backfill) backfill = backfill_new();
    struct change_result result = { 0 };
    struct call_origin origin;
    if (!call_check_tenant(call, error) || !read_range(call->args, &backfill->range, error)) {
        return false;
    }
    backfill->flow_id = call_id(call, "DagId");
    backfill->version_id = args_int_or(call->args, "HistoryDagId", 0);
    backfill->with_subtree = args_bool_or(call->args, "IsTriggerSubTree", true);
    read_nodes(call->args, "StartNodeIds", backfill->start_node_ids);
    read_nodes(call->args, "FilterNodeIds", backfill->filter_node_ids);
    call_origin_init(call, &origin);
    bool is_done =
        engine_backfill(call_engine(call), &origin.origin, call->caller, backfill, &result, error);
    call_origin_done(&origin);
    if (!is_done) {
        return false;
    }
    reply_id(reply, "DagInstanceId", result.id);
    reply_id(reply, "NodeId", result.second_id);
    reply_id(reply, "BackFillId", g_array_index(result.ids, int64_t, 0));
    reply_number(reply, "RunCount", g_array_index(result.ids, int64_t, 1));
    change_result_done(&result);
    return true;
}
