// SPDX-License-Identifier: Apache-2.0
//
// One row a text, and one for the sum of them: a change of one text costs four short statements, however large the draft is.

#include "store/draft_size.h"

#include <string.h>

#include "base/fault.h"

static const char GET_BYTES[] = "SELECT bytes FROM draft_size WHERE tenant_id = ?1 AND flow_id = ?2"
                                " AND node_id = ?3 AND part = ?4";
static const char SET_BYTES[] =
    "INSERT INTO draft_size (tenant_id, flow_id, node_id, part, bytes) VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT DO UPDATE SET bytes = ?5";
static const char SUM_NODE[] = "SELECT sum(bytes) FROM draft_size WHERE tenant_id = ?1"
                               " AND flow_id = ?2 AND node_id = ?3";
static const char DELETE_NODE[] =
    "DELETE FROM draft_size WHERE tenant_id = ?1 AND flow_id = ?2 AND node_id = ?3";

static bool get_bytes(struct store_reader *reader, const struct flow_head *flow, int64_t node_id,
                      enum draft_part part, int64_t *ret_bytes, GError **error) {
    return query_int(reader->sql, GET_BYTES,
                     VALUES(INT(flow->tenant_id), INT(flow->id), INT(node_id), INT(part)), 0,
                     ret_bytes, error);
}

static bool set_bytes(struct store *store, const struct flow_head *flow, int64_t node_id,
                      enum draft_part part, int64_t bytes, GError **error) {
    return query_run(
        store_change_sql(store), SET_BYTES,
        VALUES(INT(flow->tenant_id), INT(flow->id), INT(node_id), INT(part), INT(bytes)), error);
}

bool draft_size_total(struct store_reader *reader, const struct flow_head *flow, int64_t *ret_bytes,
                      GError **error) {
    return get_bytes(reader, flow, 0, DRAFT_TOTAL, ret_bytes, error);
}

static int64_t bytes_of(const struct draft_text *text) {
    return text->text != NULL ? (int64_t)strlen(text->text) : 0;
}

// The text that the fault names is the largest that came.
static bool refuse(const struct store *store, const struct flow_head *flow, int64_t total,
                   int64_t growth, const struct draft_text *texts, size_t count, GError **error) {
    const struct draft_text *largest = texts;
    for (size_t i = 1; i < count; i++) {
        largest = bytes_of(&texts[i]) > bytes_of(largest) ? &texts[i] : largest;
    }
    fault_set_field(
        error, FAULT_LIMIT_EXCEEDED, largest->field,
        "%s has %" G_GINT64_FORMAT " bytes, and the texts of task flow %" G_GINT64_FORMAT
        " have %" G_GINT64_FORMAT " together; they would have %" G_GINT64_FORMAT
        ", and may have %" G_GINT64_FORMAT
        ": shorten them, divide the flow, or ask the operator for a larger --draft-limit",
        largest->field, bytes_of(largest), flow->id, total, total + growth, store->draft_bytes_max);
    return false;
}

// Settings of a node are no content: they can be set whatever the draft has, so that nobody has to give up a script to switch a node off.
static bool is_settings(const struct draft_text *text) {
    return text->part == DRAFT_CONFIG && bytes_of(text) <= DRAFT_SETTINGS_FREE;
}

bool draft_size_put(struct store *store, const struct flow_head *flow, int64_t node_id,
                    const struct draft_text *texts, size_t count, GError **error) {
    int64_t total = 0;
    int64_t growth = 0;
    int64_t limited = 0; // of the growth, what the limit is asked for
    if (!draft_size_total(&store->reader, flow, &total, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t old = 0;
        if (!get_bytes(&store->reader, flow, node_id, texts[i].part, &old, error)) {
            return false;
        }
        growth += bytes_of(&texts[i]) - old;
        limited += is_settings(&texts[i]) ? 0 : bytes_of(&texts[i]) - old;
    }
    if (limited > 0 && total + growth > store->draft_bytes_max) {
        return refuse(store, flow, total, growth, texts, count, error);
    }
    for (size_t i = 0; i < count; i++) {
        if (!set_bytes(store, flow, node_id, texts[i].part, bytes_of(&texts[i]), error)) {
            return false;
        }
    }
    return growth == 0 || set_bytes(store, flow, 0, DRAFT_TOTAL, total + growth, error);
}

bool draft_size_drop(struct store *store, const struct flow_head *flow, int64_t node_id,
                     GError **error) {
    int64_t total = 0;
    int64_t bytes = 0;
    struct query_values key = VALUES(INT(flow->tenant_id), INT(flow->id), INT(node_id));
    return draft_size_total(&store->reader, flow, &total, error) &&
           query_int(store->reader.sql, SUM_NODE, key, 0, &bytes, error) &&
           query_run(store_change_sql(store), DELETE_NODE, key, error) &&
           set_bytes(store, flow, 0, DRAFT_TOTAL, total - bytes, error);
}
