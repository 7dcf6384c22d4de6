// SPDX-License-Identifier: Apache-2.0
//
// sluice-sql: what an SQL node executes. One process, one connection, one request; a child of the supervisor like any script.
//
// The request is a JSON object on descriptor 3 (exec/sqlnode.h), so that nothing of it can be seen in the process list. Modes: `run` executes
// the statements of a script in order, each committed by itself unless the script begins a transaction, and stops at the first
// error; `execute` does the same and answers with the rows; `assign` reads one query's result into output variables; `probe` opens the
// database and looks at it; `metadata` lists what is in it. Log and answer: sqlrun/print.h.
//
// SIGTERM cancels the statement in the database; the process ends when the statement has ended and is rolled back, not before.
//
// Exit codes: 0 done (also a probe that says no, and a statement of `execute` that failed) · 1 a statement or its result failed · 2 the request can not be used · 3 the database can
// not be opened · 4 standard output could not be written · 143 cancelled.
//
// What always holds: no password is printed; a cancellation that arrives between two looks at it is not lost, because it is repeated
// until the connection is closed.
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <jansson.h>

#include "base/fault.h"
#include "base/file.h"
#include "core/kinds/sql.h"
#include "sqlrun/catalogue.h"
#include "sqlrun/extract.h"
#include "sqlrun/open.h"
#include "sqlrun/print.h"
#include "sqlrun/request.h"
#include "sqlrun/script.h"
#include "sql/sql.h"

enum {
    REQUEST_FD = 3,
    CANCEL_PAUSE_US = 20000,
    ERROR_BYTES_MAX = 4096,
    LINE_BYTES_MAX = 1024 * 1024, // what the supervisor keeps of the last line
};

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_REQUEST = 2,
    EXIT_OPEN = 3,
    EXIT_OUTPUT = 4,
    EXIT_CANCELLED = 143, // 128 + SIGTERM, as a shell says it
};

// The leak check of sanitizer builds traces its own process, which the sandbox of tasks forbids.
#ifdef SLUICE_ADDRESS_SANITIZER
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "detect_leaks=0";
}
#endif

enum runner_state { RUNNER_OPENING, RUNNER_OPEN, RUNNER_CLOSED };

// The connection, shared with the thread that waits for SIGTERM. `state` and `sql` change only under the lock.
struct runner {
    pthread_mutex_t lock;
    enum runner_state state;
    struct sql *sql;               // NULL unless open
    const struct dialect *dialect; // of its kind; main thread only
    atomic_bool is_cancelled;
    sigset_t signals;
    struct answer *answer; // of a script, else NULL; main thread only
};

static void *watch_signals(void *user) {
    struct runner *runner = user;
    int number = 0;
    if (sigwait(&runner->signals, &number) != 0) {
        return NULL;
    }
    atomic_store(&runner->is_cancelled, true);
    // A driver forgets a cancellation when a statement begins, so one that came just before is said again.
    for (enum runner_state state = RUNNER_OPEN; state == RUNNER_OPEN;) {
        (void)pthread_mutex_lock(&runner->lock);
        state = runner->state;
        if (state == RUNNER_OPENING) {
            // Opening waits for locks and has no handle yet; nothing was begun that would have to be undone.
            print_error_answer("cancelled while the database was being opened; another program may "
                               "have locked it");
            (void)print_finish();
            _exit(EXIT_CANCELLED);
        }
        if (state == RUNNER_OPEN) {
            sql_cancel(runner->sql);
        }
        (void)pthread_mutex_unlock(&runner->lock);
        g_usleep(CANCEL_PAUSE_US);
    }
    return NULL;
}

static void runner_set(struct runner *runner, enum runner_state state, struct sql *sql) {
    (void)pthread_mutex_lock(&runner->lock);
    runner->state = state;
    runner->sql = sql;
    (void)pthread_mutex_unlock(&runner->lock);
}

static bool runner_start(struct runner *runner, GError **error) {
    (void)sigemptyset(&runner->signals);
    (void)sigaddset(&runner->signals, SIGTERM);
    (void)sigaddset(&runner->signals, SIGINT);
    // A closed standard output is an error of writing, with an exit code of its own.
    (void)signal(SIGPIPE, SIG_IGN);
    pthread_t thread;
    int reason = pthread_sigmask(SIG_BLOCK, &runner->signals, NULL);
    if (reason == 0) {
        reason = pthread_create(&thread, NULL, watch_signals, runner);
    }
    if (reason != 0) {
        fault_set(error, FAULT_INTERNAL, "no thread for signals: %s", g_strerror(reason));
        return false;
    }
    (void)pthread_detach(thread);
    return true;
}

static bool read_result(struct runner *runner, struct sql_statement *statement,
                        struct extract *extract, struct table *table, json_t **ret_values,
                        GError **error) {
    enum sql_step step = SQL_ROW;
    // One step at least: an error of the query is an error also where no value is wanted.
    do {
        if (atomic_load(&runner->is_cancelled)) {
            fault_set(error, FAULT_UNAVAILABLE, "cancelled");
            return false;
        }
        if (!sql_step(statement, &step, error) ||
            (step == SQL_ROW && !extract_row(extract, statement, error))) {
            return false;
        }
        if (step == SQL_ROW) {
            table_row(table, statement);
        }
    } while (step == SQL_ROW && extract_wants_more(extract));
    return extract_finish(extract, sql_column_count(statement), ret_values, error);
}

// The one query of an assignment. The caller finishes it.
static bool prepare_query(const struct runner *runner, const char *text,
                          struct sql_statement **ret_statement, GError **error) {
    struct split_part part = { 0 };
    struct sql_statement *statement = NULL;
    if (!sql_content_find_query(runner->dialect, text, &part, error) ||
        !sql_prepare_one(runner->sql, text + part.at, part.len, &statement, error)) {
        return false;
    }
    if (statement == NULL || !sql_is_query(statement) || !sql_is_readonly(statement)) {
        sql_finish(statement);
        fault_set(error, FAULT_INVALID_DATA,
                  "an assignment takes one SELECT; this is no query that only reads");
        return false;
    }
    *ret_statement = statement;
    return true;
}

// The fault must be asked for: the answer tells it.
static bool run_assignment(struct runner *runner, const struct request *request, GError **error) {
    g_assert(error != NULL);
    runner->answer = answer_new(false);
    struct extract *extract = NULL;
    if (!extract_new(request->outputs, &extract, error)) {
        return false;
    }
    struct sql_statement *statement = NULL;
    json_t *values = NULL;
    int64_t started_us = g_get_monotonic_time();
    answer_begin(runner->answer, 0, strlen(request->sql));
    print_started(1, request->sql,
                  strlen(request->sql)); // also of one that turns out to be no query
    bool is_read = prepare_query(runner, request->sql, &statement, error);
    if (is_read) {
        started_us = g_get_monotonic_time();
        struct table *table = table_new(statement);
        is_read = read_result(runner, statement, extract, table, &values, error);
        print_table(table);
        table_free(table);
        sql_finish(statement);
    }
    int64_t elapsed_us = g_get_monotonic_time() - started_us;
    if (!is_read) {
        bool is_cancelled = atomic_load(&runner->is_cancelled);
        answer_end(runner->answer, is_cancelled ? ANSWER_CANCELLED : ANSWER_FAILED, 0, elapsed_us,
                   (*error)->message);
        script_report_failure(1, started_us, error);
        extract_free(extract);
        return false;
    }
    print_done(1, elapsed_us, extract_row_count(extract), -1);
    print_values(values);
    answer_end(runner->answer, ANSWER_DONE, extract_row_count(extract), elapsed_us, NULL);
    extract_free(extract);
    int64_t unlisted_count = 0;
    json_t *answer = json_object();
    (void)json_object_set_new(answer, "outputs", values);
    (void)json_object_set_new(answer, "statements", answer_list(runner->answer, &unlisted_count));
    if (json_dumpb(answer, NULL, 0, JSON_COMPACT) > LINE_BYTES_MAX) {
        json_decref(answer);
        fault_set(error, FAULT_INVALID_DATA, "all values together are longer than %d KiB",
                  LINE_BYTES_MAX / 1024);
        return false;
    }
    print_answer(answer);
    return true;
}

// Reads the version and, by that, a file's head: one that is no database is found here.
static bool probe(struct sql *sql, const struct place *place, GError **error) {
    g_autofree char *version = NULL;
    if (!place_check_writable(place, error) || !sql_probe(sql, &version, error)) {
        return false;
    }
    json_t *answer = json_pack("{s:b, s:s, s:[]}", "ok", 1, "version", version, "schemas");
    if (place->kind->only_database != NULL) {
        (void)json_array_append_new(json_object_get(answer, "schemas"),
                                    json_string(place->kind->only_database));
    }
    print_answer(answer);
    return true;
}

// {"ok":…, "statements":[…]}, and the error of a script that failed.
static void print_statements(const struct runner *runner, const GError *fault) {
    int64_t unlisted_count = 0;
    json_t *statements = answer_list(runner->answer, &unlisted_count);
    json_t *answer = json_pack("{s:b, s:o}", "ok", fault == NULL, "statements", statements);
    if (unlisted_count > 0) {
        (void)json_object_set_new(answer, "unlisted", json_integer(unlisted_count));
    }
    if (fault != NULL) {
        g_autofree char *cut = g_strndup(fault->message, ERROR_BYTES_MAX);
        g_autofree char *valid = g_utf8_make_valid(cut, -1);
        (void)json_object_set_new(answer, "error", json_string(valid));
    }
    print_answer(answer);
}

static bool run_statements(struct runner *runner, const struct request *request, GError **error) {
    struct script script = {
        .sql = runner->sql,
        .dialect = runner->dialect,
        .mode = request->mode == REQUEST_RUN ? SCRIPT_LOGGED : SCRIPT_ANSWERED,
        .answer = runner->answer,
        .is_cancelled = &runner->is_cancelled,
    };
    return script_run(&script, request->sql, error);
}

static bool list_catalogue(struct sql *sql, const struct request *request, GError **error) {
    json_t *answer = NULL;
    if (!catalogue_answer(sql, request->wants_tables, request->skipped_count, &answer, error)) {
        return false;
    }
    print_answer(answer);
    return true;
}

// What the calls that wait for an answer find is an answer, also when it is bad news.
static bool is_call(const struct request *request) {
    return request->mode != REQUEST_RUN && request->mode != REQUEST_ASSIGN;
}

static void print_failure(const struct runner *runner, const GError *fault) {
    if (runner->answer != NULL) {
        print_statements(runner, fault);
    } else {
        print_error_answer(fault->message);
    }
}

static enum exit_code refuse(const struct runner *runner, const struct request *request,
                             const GError *fault, enum exit_code code) {
    if (!is_call(request)) {
        print_line("%s", fault->message);
    }
    print_failure(runner, fault);
    return is_call(request) ? EXIT_DONE : code;
}

// The statement has ended when the driver has returned; what it began is undone before the process says so.
static enum exit_code finish(struct runner *runner, const struct request *request,
                             const GError *fault) {
    struct sql *sql = runner->sql;
    runner_set(runner, RUNNER_CLOSED, NULL);
    if (fault != NULL) {
        sql_rollback(sql);
    }
    sql_close(sql);
    if (fault == NULL) {
        if (request->mode == REQUEST_RUN || request->mode == REQUEST_EXECUTE) {
            print_statements(runner, NULL);
        }
        return EXIT_DONE;
    }
    if (atomic_load(&runner->is_cancelled)) {
        g_autoptr(GError) cancelled = NULL;
        fault_set(&cancelled, FAULT_UNAVAILABLE, "cancelled");
        print_line("cancelled: the statement has ended in the database and is rolled back");
        print_failure(runner, cancelled);
        return EXIT_CANCELLED;
    }
    return refuse(runner, request, fault, EXIT_FAILED);
}

static enum exit_code work(struct runner *runner, const struct request *request) {
    g_autoptr(GError) fault = NULL;
    struct place place = { 0 };
    struct sql *sql = NULL;
    if (!place_open(request, &place, &sql, &fault)) {
        place_done(&place);
        runner_set(runner, RUNNER_CLOSED, NULL);
        return refuse(runner, request, fault, EXIT_OPEN);
    }
    runner->dialect = place.kind->dialect;
    runner_set(runner, RUNNER_OPEN, sql);
    switch (request->mode) {
    case REQUEST_RUN:
    case REQUEST_EXECUTE:
        runner->answer = answer_new(request->mode == REQUEST_EXECUTE);
        (void)run_statements(runner, request, &fault);
        break;
    case REQUEST_METADATA: (void)list_catalogue(sql, request, &fault); break;
    case REQUEST_ASSIGN: (void)run_assignment(runner, request, &fault); break;
    case REQUEST_PROBE: (void)probe(sql, &place, &fault); break;
    }
    enum exit_code code = finish(runner, request, fault);
    answer_free(runner->answer);
    place_done(&place);
    return code;
}

int main(void) {
    static struct runner runner = { .lock = PTHREAD_MUTEX_INITIALIZER };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    g_autoptr(GError) fault = NULL;
    struct request request = { 0 };
    enum exit_code code = EXIT_REQUEST;
    if (file_fill_standard() != 0) {
        return code;
    }
    if (runner_start(&runner, &fault) && request_read(REQUEST_FD, &request, &fault)) {
        code = work(&runner, &request);
        request_done(&request);
    } else {
        print_line("%s", fault->message);
        print_error_answer(fault->message);
    }
    if (!print_finish() && code == EXIT_DONE) {
        code = EXIT_OUTPUT;
    }
    return (int)code;
}
