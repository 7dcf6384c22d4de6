// SPDX-License-Identifier: Apache-2.0
//
// execute_ops: SQL that runs now (operations.md §4.3). The script runs under the supervisor; what its statements gave becomes the reply, and
// every statement a row of the log of executed SQL.
//
// What always holds: a call is claimed under its nonce and client token before anything runs, so that it runs at most once; what ran is
// logged before it is answered.
#include "api/ops/operation_handlers.h"

#include "api/ops/acting.h"
#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "base/zone.h"
#include "engine/reach.h"
#include "exec/sqlresult.h"
#include "sql/word.h"
#include "store/databases.h"
#include "store/sqlaudit.h"

enum {
    LIMIT_MAX_S = 60, // a call holds a connection open, whatever the instance's query timeout is
    SYNC_WAIT_MS = 1500,
};

OWNED_DEFINE(database_row)

// What the call is about, collected before it runs.
struct execution {
    const struct call *call;
    struct caller user;
    const char *script;
    int64_t database_id;
    int64_t timeout_ms;
    int64_t day;
    struct exec_connection connection;
};

// ---- Before it runs ----

static int64_t present_day(const struct call *call) {
    struct civil now = zone_civil(call_services(call)->zone, zone_now_ms());
    return civil_to_days(now.year, now.month, now.day);
}

static bool check_user(const struct execution *execution, GError **error) {
    if (!access_runs_sql(execution->user.roles)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may only read structures and runs no SQL",
                  execution->user.name);
        return false;
    }
    return true;
}

static bool prepare(const struct call *call, struct execution *execution, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(database_row) database = NULL;
    bool is_logic = false;
    if (args_bool(call->args, "Logic", &is_logic) && is_logic) {
        fault_set_field(error, FAULT_NOT_SUPPORTED, "Logic",
                        "this server has no logical databases; Logic is false");
        return false;
    }
    if (!call_reader(call, &reader, error) ||
        !acting_caller(call, reader, &execution->user, error) || !check_user(execution, error) ||
        !store_database_find(reader, &execution->user, execution->database_id, &database, error) ||
        !store_sqlaudit_check_use(reader, &execution->user, execution->day, error) ||
        !reach_database(reader, call->caller->tenant_id, execution->database_id,
                        call_services(call)->dir, &execution->connection, error)) {
        return false;
    }
    int limit_s = database->query_timeout_s > 0 ? database->query_timeout_s : LIMIT_MAX_S;
    execution->timeout_ms = (int64_t)MIN(limit_s, LIMIT_MAX_S) * 1000;
    return true;
}

// ---- The log ----

static enum sql_exec_state state_of(enum sqlresult_state state) {
    switch (state) {
    case SQLRESULT_CANCELLED: return SQL_EXEC_CANCEL;
    case SQLRESULT_FAILED: return SQL_EXEC_FAIL;
    case SQLRESULT_DONE: return SQL_EXEC_SUCCESS;
    }
    g_assert_not_reached();
}

static json_t *log_item(const struct execution *execution, enum sql_exec_state state,
                        const char *sql, const char *remark) {
    char word[SQL_WORD_BYTES];
    sql_word(sql, strlen(sql), word);
    g_autofree char *valid = g_utf8_make_valid(sql, (gssize)MIN(strlen(sql), SQLAUDIT_SQL_MAX * 2));
    json_t *item = json_object();
    reply_number(item, "database", execution->database_id);
    reply_number(item, "state", state);
    reply_text(item, "sql", valid);
    reply_text(item, "type", word);
    reply_text(item, "remark", remark);
    return item;
}

static json_t *log_result(const struct execution *execution, const struct sqlresult *result) {
    g_autofree char *sql = sqlresult_text(result, execution->script);
    bool is_done = result->state == SQLRESULT_DONE;
    json_t *item =
        log_item(execution, state_of(result->state), sql, is_done ? NULL : result->message);
    reply_number(item, "affected", result->affected);
    reply_number(item, "elapsed", result->elapsed_ms);
    reply_number(item, "returned", (int64_t)json_array_size(result->rows));
    return item;
}

// Stores the log's rows and, for a client token, the answer.
static bool conclude(const struct execution *execution, const json_t *log, const json_t *results,
                     GError **error) {
    const struct call *call = execution->call;
    struct change *change = call_change(call, CHANGE_SQL_AUDIT);
    struct call_origin origin;
    call_origin_init(call, &origin);
    origin.origin.nonce = NULL; // kept when the call began
    change->user_id = execution->user.user_id;
    change->number = execution->day;
    change->document = json_dumps(log, JSON_COMPACT);
    if (origin.origin.client_token != NULL && results != NULL) {
        change->content = json_dumps(results, JSON_COMPACT);
    }
    bool is_done = engine_conclude(call_engine(call), &origin.origin, change, error);
    call_origin_done(&origin);
    return is_done;
}

// ---- The reply ----

// Equal names of columns collide: the last one stays, and ColumnNames has them all (operations.md §4.3).
static json_t *reply_row(const json_t *columns, const json_t *row) {
    json_t *map = json_object();
    for (size_t i = 0; i < json_array_size(row); i++) {
        const char *name = json_string_value(json_array_get(columns, i));
        (void)json_object_set(map, name, json_array_get(row, i));
    }
    return map;
}

static void add_entry(json_t *results, bool is_good, const char *message, int64_t row_count,
                      const json_t *columns, const json_t *rows) {
    json_t *item = reply_item(results);
    json_t *names = reply_array(item, "ColumnNames");
    json_t *maps = reply_array(item, "Rows");
    (void)json_array_extend(names, (json_t *)columns);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        (void)json_array_append_new(maps, reply_row(columns, json_array_get(rows, i)));
    }
    reply_number(item, "RowCount", row_count);
    reply_text(item, "Message", message); // proposed: absent where a success left nothing out
    reply_bool(item, "Success", is_good);
}

// RowCount is the number of rows in the entry, or of those that were changed.
static void add_result(const struct execution *execution, const struct sqlresult *result,
                       json_t *results, json_t *log) {
    int64_t row_count =
        result->rows != NULL ? (int64_t)json_array_size(result->rows) : result->affected;
    g_autofree char *limit = g_strdup_printf(
        "ended when its time of %" G_GINT64_FORMAT " s was over", execution->timeout_ms / 1000);
    bool was_cut = result->state == SQLRESULT_CANCELLED;
    add_entry(results, result->state == SQLRESULT_DONE, was_cut ? limit : result->message,
              row_count, result->columns, result->rows);
    (void)json_array_append_new(log, log_result(execution, result));
}

// A script that told nothing of any statement: it did not come to run one, or was killed before it could tell.
static void add_silence(const struct execution *execution, const struct engine_answer *answer,
                        const struct sqlresults *told, json_t *results, json_t *log) {
    const char *words = told != NULL ? told->error : "the script ended without telling what it did";
    enum sql_exec_state state = told != NULL ? SQL_EXEC_NOT : SQL_EXEC_FAIL;
    if (answer->was_timed_out) {
        state = SQL_EXEC_CANCEL;
        words = "ended when its time was over";
    }
    add_entry(results, false, words, 0, NULL, NULL);
    (void)json_array_append_new(log, log_item(execution, state, execution->script, words));
}

static bool changes_structure(const json_t *log) {
    static const char *const words[] = { "CREATE", "ALTER", "DROP", "RENAME" };
    for (size_t i = 0; i < json_array_size(log); i++) {
        const char *type = json_string_value(json_object_get(json_array_get(log, i), "type"));
        for (size_t k = 0; type != NULL && k < G_N_ELEMENTS(words); k++) {
            if (g_str_has_prefix(type, words[k])) {
                return true;
            }
        }
    }
    return false;
}

// What the script made of the structure is in ListTables when the call is answered; of a database that takes longer to read, soon after.
static void read_structure(const struct execution *execution, const json_t *log) {
    struct engine *engine = call_engine(execution->call);
    int64_t ticket = 0;
    if (changes_structure(log) && engine_sync(engine, execution->call->caller, 0,
                                              execution->database_id, true, &ticket, NULL)) {
        (void)engine_sync_wait(engine, ticket, SYNC_WAIT_MS);
    }
}

static bool answer(const struct execution *execution, const struct engine_answer *answer,
                   json_t *results, GError **error) {
    json_auto_t *log = json_array();
    struct sqlresults *told = NULL;
    const char *line = answer->line;
    (void)sqlresults_read(line, line != NULL ? strlen(line) : 0, &told, NULL);
    for (guint i = 0; told != NULL && i < told->items->len; i++) {
        add_result(execution, &g_array_index(told->items, struct sqlresult, i), results, log);
    }
    bool is_silent = told == NULL || (told->items->len == 0 && told->error != NULL);
    if (is_silent) {
        add_silence(execution, answer, told, results, log);
    }
    sqlresults_free(told);
    bool is_done = conclude(execution, log, results, error);
    read_structure(execution, log);
    return is_done;
}

// The answer that the first call with this client token got.
static bool repeat(const struct engine_answer *answer, json_t *results, GError **error) {
    const char *text = answer->repeated.text != NULL ? answer->repeated.text[0] : NULL;
    json_auto_t *list = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (!json_is_array(list)) {
        fault_set(error, FAULT_TOKEN_OPEN, "what the first call with this token gave is not known");
        return false;
    }
    (void)json_array_extend(results, list);
    return true;
}

static bool run(const struct execution *execution, json_t *reply, GError **error) {
    const struct call *call = execution->call;
    struct call_origin origin;
    struct engine_answer told = { 0 };
    GError *fault = NULL;
    call_origin_init(call, &origin);
    bool is_done =
        engine_execute(call_engine(call), &origin.origin, call->caller, &execution->connection,
                       execution->script, execution->timeout_ms, &told, &fault);
    call_origin_done(&origin);
    if (!is_done) {
        if (fault_is(fault, FAULT_UNAVAILABLE) || fault_is(fault, FAULT_OUTCOME_UNKNOWN)) {
            json_auto_t *log = json_array();
            (void)json_array_append_new(
                log, log_item(execution, SQL_EXEC_FAIL, execution->script, fault->message));
            (void)conclude(execution, log, NULL, NULL);
        }
        g_propagate_error(error, fault);
        return false;
    }
    json_t *results = reply_array(reply, "Results");
    bool is_good =
        told.is_repeat ? repeat(&told, results, error) : answer(execution, &told, results, error);
    engine_answer_done(&told);
    return is_good;
}

bool op_execute_script(struct call *call, json_t *reply, GError **error) {
    struct execution execution = {
        .call = call,
        .script = args_text(call->args, "Script"),
        .database_id = call_id(call, "DbId"),
        .day = present_day(call),
    };
    bool is_done = prepare(call, &execution, error) && run(&execution, reply, error);
    exec_connection_done(&execution.connection);
    return is_done;
}
