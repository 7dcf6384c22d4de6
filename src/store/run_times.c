// SPDX-License-Identifier: Apache-2.0
//
// run_times: one statement per run at a change of the schema, and never again.

#include "store/run_times.h"

#include "base/zone.h"
#include "store/query.h"

enum { MS_PER_SECOND = 1000 };

static const char LIST_TIMES[] = "SELECT id, zone, started_ms, business_ms FROM run";
static const char SET_TIMES[] =
    "UPDATE run SET started_local_s = ?2, business_local_s = ?3 WHERE id = ?1";

int64_t run_local_s(const char *zone, int64_t instant_ms) {
    int64_t instant_s = instant_ms / MS_PER_SECOND;
    return instant_ms == 0 ? 0 : instant_s + zone_offset_s(zone, instant_s);
}

struct run_times {
    int64_t id;
    int64_t started_local_s;
    int64_t business_local_s;
};

static bool list_times(struct sql *sql, GArray *times, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, LIST_TIMES, NO_VALUES, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        const char *zone = sql_column_text(row, 1);
        struct run_times run = { .id = sql_column_int(row, 0),
                                 .started_local_s = run_local_s(zone, sql_column_int(row, 2)),
                                 .business_local_s = run_local_s(zone, sql_column_int(row, 3)) };
        g_array_append_val(times, run);
    }
    return false;
}

bool run_times_fill(struct sql *sql, GError **error) {
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(struct run_times));
    if (!list_times(sql, times, error)) {
        return false;
    }
    for (guint i = 0; i < times->len; i++) {
        const struct run_times *run = &g_array_index(times, struct run_times, i);
        if (!query_change(
                sql, SET_TIMES,
                VALUES(INT(run->id), INT(run->started_local_s), INT(run->business_local_s)),
                error)) {
            return false;
        }
    }
    return true;
}
