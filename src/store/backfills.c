// SPDX-License-Identifier: Apache-2.0
//
// Rows of backfill runs. A row names the run it waits for; both change in one transaction, so a row that is open always has a run that
// has not ended, or one whose end the engine has not looked at yet.

#include "store/backfills.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/fault.h"
#include "store/private.h"
#include "store/schedule_json.h"

static const char INSERT_ROW[] =
    "INSERT INTO backfill (id, tenant_id, flow_id, version_id, state, position, run_id, business,"
    " filter_nodes, start_nodes, with_subtree, actor, created_ms, changed_ms)"
    " VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)";
static const char ADVANCE_ROW[] =
    "UPDATE backfill SET position = ?5, run_id = ?6, state = ?7, changed_ms = ?8"
    " WHERE id = ?1 AND tenant_id = ?2 AND state = 0 AND position = ?3 AND run_id = ?4";
static_assert(BACKFILL_OPEN == 0, "the statements and the index backfill_open say 0");
static const char GET_ROW[] =
    "SELECT flow_id, version_id, state, position, run_id, business, filter_nodes, start_nodes,"
    " with_subtree, actor FROM backfill WHERE id = ?1 AND tenant_id = ?2";
// At a start the engine goes on with the rows of every tenant.
static const char LIST_OPEN[] =
    "SELECT tenant_id, id, run_id FROM backfill WHERE state = 0 ORDER BY id";
static const char GET_OUTPUTS[] =
    "SELECT n.outputs FROM run r JOIN node_run n ON n.run_id = r.id AND n.node_id = ?4"
    " WHERE r.tenant_id = ?1 AND r.flow_id = ?2 AND r.business_ms = ?3 AND r.state = 6"
    " AND n.outputs IS NOT NULL ORDER BY r.id DESC LIMIT 1";
static_assert(RUN_SUCCESS == 6, "GET_OUTPUTS says 6");
static const char GET_SCHEDULE[] =
    "SELECT snapshot -> '$.schedule' FROM version WHERE id = ?1 AND tenant_id = ?2";

struct backfill *backfill_new(void) {
    struct backfill *backfill = g_new0(struct backfill, 1);
    backfill->business_ms = g_array_new(FALSE, FALSE, sizeof(int64_t));
    backfill->filter_node_ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    backfill->start_node_ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    backfill->with_subtree = true;
    return backfill;
}

void backfill_free(struct backfill *backfill) {
    if (backfill == NULL) {
        return;
    }
    g_array_unref(backfill->business_ms);
    g_array_unref(backfill->filter_node_ids);
    g_array_unref(backfill->start_node_ids);
    g_free(backfill->actor);
    g_free(backfill);
}

// ---- Lists of numbers as JSON text ----

static char *numbers_text(const GArray *numbers) {
    GString *text = g_string_new("[");
    for (guint i = 0; i < numbers->len; i++) {
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                               g_array_index(numbers, int64_t, i));
    }
    g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}

static bool read_numbers(const char *text, GArray *numbers, GError **error) {
    json_t *list = json_loads(text != NULL ? text : "", 0, NULL);
    bool is_good = json_is_array(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        int64_t number = json_integer_value(item);
        is_good = is_good && json_is_integer(item);
        g_array_append_val(numbers, number);
    }
    json_decref(list);
    if (!is_good) {
        fault_set(error, FAULT_INVALID_DATA, "a stored backfill has a list that does not parse");
    }
    return is_good;
}

// ---- The row ----

bool store_backfill_insert(struct store *store, const struct backfill *backfill, int64_t now_ms,
                           GError **error) {
    g_assert(backfill->state == BACKFILL_OPEN);
    g_assert(backfill->position == 0 && backfill->business_ms->len > 0);
    g_assert(backfill->run_id != 0);
    g_autofree char *business = numbers_text(backfill->business_ms);
    g_autofree char *filter = numbers_text(backfill->filter_node_ids);
    g_autofree char *start = numbers_text(backfill->start_node_ids);
    return query_run(store_change_sql(store), INSERT_ROW,
                     VALUES(INT(backfill->id), INT(backfill->tenant_id), INT(backfill->flow_id),
                            INT(backfill->version_id), INT(backfill->position),
                            INT(backfill->run_id), TEXT(business), TEXT(filter), TEXT(start),
                            INT(backfill->with_subtree), TEXT(backfill->actor), INT(now_ms)),
                     error);
}

bool store_backfill_advance(struct store *store, const struct backfill *backfill, int position,
                            int64_t run_id, enum backfill_state state, int64_t now_ms,
                            GError **error) {
    g_assert(backfill->state == BACKFILL_OPEN);
    return query_change(store_change_sql(store), ADVANCE_ROW,
                        VALUES(INT(backfill->id), INT(backfill->tenant_id), INT(backfill->position),
                               INT(backfill->run_id), INT(position), INT(run_id), INT(state),
                               INT(now_ms)),
                        error);
}

static bool read_row(struct sql_statement *row, struct backfill *backfill, GError **error) {
    int state = 0;
    if (!query_enum(row, 2, BACKFILL_STATE_COUNT, "the state of a backfill", &state, error) ||
        !read_numbers(sql_column_text(row, 5), backfill->business_ms, error) ||
        !read_numbers(sql_column_text(row, 6), backfill->filter_node_ids, error) ||
        !read_numbers(sql_column_text(row, 7), backfill->start_node_ids, error)) {
        return false;
    }
    backfill->flow_id = sql_column_int(row, 0);
    backfill->version_id = sql_column_int(row, 1);
    backfill->state = (enum backfill_state)state;
    backfill->run_id = sql_column_int(row, 4);
    backfill->with_subtree = sql_column_int(row, 8) != 0;
    backfill->actor = query_text(row, 9);
    int64_t position = sql_column_int(row, 3);
    if (position < 0 || position >= (int64_t)backfill->business_ms->len) {
        fault_set(error, FAULT_INVALID_DATA, "a stored backfill is past its last date");
        return false;
    }
    backfill->position = (int)position;
    return true;
}

bool store_backfill_get(struct store_reader *reader, int64_t tenant_id, int64_t backfill_id,
                        struct backfill **ret_backfill, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_ROW, VALUES(INT(backfill_id), INT(tenant_id)), &row, &has_row,
                   error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_INVALID_DATA, "there is no backfill %" G_GINT64_FORMAT, backfill_id);
        return false;
    }
    struct backfill *backfill = backfill_new();
    backfill->id = backfill_id;
    backfill->tenant_id = tenant_id;
    bool is_good = read_row(row, backfill, error);
    sql_reset(row);
    if (!is_good) {
        backfill_free(backfill);
        return false;
    }
    *ret_backfill = backfill;
    return true;
}

bool store_backfill_list_open(struct store_reader *reader, GArray **ret_open, GError **error) {
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(struct backfill_open));
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(reader->sql, LIST_OPEN, NO_VALUES, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_open = g_steal_pointer(&list);
            return true;
        }
        struct backfill_open open = {
            .tenant_id = sql_column_int(row, 0),
            .backfill_id = sql_column_int(row, 1),
            .run_id = sql_column_int(row, 2),
        };
        g_array_append_val(list, open);
    }
    return false;
}

// ---- What a row leaves out ----

static bool lend_outputs(struct store_reader *reader, int64_t tenant_id, const struct plan *plan,
                         int64_t business_ms, struct selection *selection, int position,
                         GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_OUTPUTS,
                   VALUES(INT(tenant_id), INT(plan->flow_id), INT(business_ms),
                          INT(plan->nodes[position].id)),
                   &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        return true;
    }
    const char *text = sql_column_text(row, 0);
    json_t *outputs = json_loads(text != NULL ? text : "", 0, NULL);
    sql_reset(row);
    if (!json_is_object(outputs)) { // damaged: as if there were none
        json_decref(outputs);
        return true;
    }
    selection_lend(selection, position, outputs);
    return true;
}

bool store_backfill_select(struct store_reader *reader, int64_t tenant_id, int64_t backfill_id,
                           const struct plan *plan, int64_t business_ms,
                           struct selection **ret_selection, GError **error) {
    struct backfill *backfill = NULL;
    if (!store_backfill_get(reader, tenant_id, backfill_id, &backfill, error)) {
        return false;
    }
    const struct selection_rule rule = {
        .filter_node_ids = backfill->filter_node_ids,
        .start_node_ids = backfill->start_node_ids,
        .with_subtree = backfill->with_subtree,
    };
    struct selection *selection = selection_new(plan, &rule);
    backfill_free(backfill);
    for (int i = 0; i < plan->node_count; i++) {
        bool may_lend =
            selection_leaves_out(selection, i) && node_kind_has_outputs(plan->nodes[i].kind);
        if (may_lend && !lend_outputs(reader, tenant_id, plan, business_ms, selection, i, error)) {
            selection_unref(selection);
            return false;
        }
    }
    *ret_selection = selection;
    return true;
}

bool store_backfill_cron(struct store_reader *reader, int64_t tenant_id, int64_t version_id,
                         char **ret_cron, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    *ret_cron = NULL;
    if (!query_one(reader->sql, GET_SCHEDULE, VALUES(INT(version_id), INT(tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    const char *text = has_row ? sql_column_text(row, 0) : NULL;
    json_auto_t *object = text != NULL ? json_loads(text, 0, NULL) : NULL;
    struct schedule_fields *fields = NULL;
    bool is_good = object == NULL || schedule_from_json(object, &fields, error);
    if (fields != NULL && fields->is_on && !fields->is_event && fields->cron[0] != '\0') {
        *ret_cron = g_strdup(fields->cron);
    }
    schedule_fields_free(fields);
    if (has_row) {
        sql_reset(row);
    }
    return is_good;
}
