// SPDX-License-Identifier: Apache-2.0
//
// A script's statements, one after the other. Where each ends says core/split, by the dialect of the database's kind.
//
// What always holds: every statement that was begun has an entry in the answer, also the one that failed; a script that ends inside a
// transaction fails, because closing the connection would undo it without a word.
#include "sqlrun/script.h"

#include <string.h>

#include "base/fault.h"
#include "core/split.h"
#include "sqlrun/print.h"
#include "sql/word.h"

// A statement on its way.
struct part {
    int number;
    size_t at; // of the script's bytes
    size_t len;
    const char *text;
    int64_t started_us;
    int64_t rows;        // of a query, else -1
    int64_t changed;     // of a change, else -1
    struct table *table; // of a query that is logged, else NULL
};

void script_report_failure(int number, int64_t started_us, GError **error) {
    g_prefix_error(error, "statement %d: ", number);
    print_line("statement %d failed after %.1f ms", number,
               (double)(g_get_monotonic_time() - started_us) / 1000.0);
}

// Does the statement change rows? Of others the driver's count is the one of an earlier statement.
static bool changes_rows(const struct part *part) {
    static const char *const words[] = { "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE" };
    char word[SQL_WORD_BYTES];
    sql_word(part->text, part->len, word);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

// Takes the row into log or answer. False: no further one is wanted.
static bool take_row(const struct script *script, struct sql_statement *statement,
                     const struct part *part) {
    if (script->mode == SCRIPT_LOGGED) {
        table_row(part->table, statement);
        return true;
    }
    return answer_row(script->answer, statement);
}

static void take_columns(const struct script *script, struct sql_statement *statement,
                         struct part *part) {
    if (script->mode == SCRIPT_LOGGED) {
        part->table = table_new(statement);
    } else {
        answer_columns(script->answer, statement);
    }
}

static bool run_statement(const struct script *script, struct sql_statement *statement,
                          struct part *part, GError **error) {
    bool is_query = sql_is_query(statement);
    bool wants_more = true;
    for (int64_t rows = 0;; rows += wants_more) {
        enum sql_step step = SQL_DONE;
        if (atomic_load(script->is_cancelled)) {
            fault_set(error, FAULT_UNAVAILABLE, "cancelled");
            return false;
        }
        if (!sql_step(statement, &step, error)) {
            return false;
        }
        if (rows == 0 && is_query) {
            take_columns(script, statement, part);
        }
        part->rows = is_query ? rows : -1;
        if (step == SQL_DONE) {
            return true;
        }
        wants_more = wants_more && take_row(script, statement, part);
        if (!wants_more && sql_is_readonly(statement)) {
            return true; // one that changes something is run to its end
        }
    }
}

static enum answer_state failed_state(const struct script *script) {
    return atomic_load(script->is_cancelled) ? ANSWER_CANCELLED : ANSWER_FAILED;
}

// A transaction that a script leaves open would be undone without a word when the connection closes.
static bool check_committed(const struct script *script, size_t len, GError **error) {
    bool is_outside = !sql_in_transaction(script->sql);
    if (!is_outside) {
        sql_rollback(script->sql);
        static const char WORDS[] =
            "the script ends inside a transaction, which was rolled back; end it with COMMIT";
        answer_begin(script->answer, len, 0);
        answer_end(script->answer, ANSWER_FAILED, 0, 0, WORDS);
        fault_set(error, FAULT_INVALID_DATA, "%s", WORDS);
    }
    return is_outside;
}

// The answer's end of a statement, and the log's.
static void conclude(const struct script *script, const struct part *part, bool is_done,
                     GError **error) {
    int64_t elapsed_us = g_get_monotonic_time() - part->started_us;
    if (!is_done) {
        const char *words = error != NULL && *error != NULL ? (*error)->message : "failed";
        answer_end(script->answer, failed_state(script), 0, elapsed_us, words);
        if (script->mode == SCRIPT_LOGGED) {
            script_report_failure(part->number, part->started_us, error);
        }
        return;
    }
    int64_t affected = part->rows >= 0 ? part->rows : MAX(part->changed, 0);
    answer_end(script->answer, ANSWER_DONE, affected, elapsed_us, NULL);
    if (script->mode == SCRIPT_LOGGED) {
        print_done(part->number, elapsed_us, part->rows, part->changed);
    }
}

static bool run_part(const struct script *script, struct sql_statement *statement,
                     struct part *part, GError **error) {
    part->started_us = g_get_monotonic_time();
    bool is_done = run_statement(script, statement, part, error);
    part->changed = is_done && part->rows < 0 && changes_rows(part) ? sql_changes(script->sql) : -1;
    sql_finish(statement);
    if (part->table != NULL) {
        print_table(part->table); // also of a query that failed on its way
        table_free(part->table);
        part->table = NULL;
    }
    return is_done;
}

// A call's answer must tell of every statement, so one that it has no room for is not run, only ended.
static bool check_room(const struct script *script, struct sql_statement *statement,
                       GError **error) {
    if (script->mode == SCRIPT_LOGGED || answer_has_room(script->answer)) {
        return true;
    }
    sql_finish(statement);
    fault_set(error, FAULT_INVALID_DATA,
              "the answer is full: this statement and those behind it were not run");
    return false;
}

// One that no transaction may hold would only fail in it; the script learns what to do instead.
static bool check_alone(const struct script *script, const struct part *part, GError **error) {
    if (!sql_in_transaction(script->sql) ||
        !split_is_alone(script->dialect, part->text, part->len)) {
        return true;
    }
    fault_set(error, FAULT_INVALID_DATA,
              "this statement can not run inside of a transaction, and the script has begun one; "
              "put COMMIT before it");
    return false;
}

// *ret_is_empty: the database sees nothing to run in it.
static bool run_next(const struct script *script, struct part *part, bool *ret_is_empty,
                     GError **error) {
    struct sql_statement *statement = NULL;
    bool is_done = check_alone(script, part, error) &&
                   sql_prepare_one(script->sql, part->text, part->len, &statement, error);
    *ret_is_empty = is_done && statement == NULL;
    if (*ret_is_empty) {
        return true;
    }
    // One that can not be read is told without the semicolon behind it.
    part->len -= !is_done && part->len > 1 && part->text[part->len - 1] == ';' ? 1 : 0;
    answer_begin(script->answer, part->at, part->len);
    if (script->mode == SCRIPT_LOGGED) {
        print_started(part->number, part->text,
                      part->len); // also of one that the database can not read
    }
    is_done =
        is_done && check_room(script, statement, error) && run_part(script, statement, part, error);
    conclude(script, part, is_done, error);
    return is_done;
}

bool script_run(const struct script *script, const char *text, GError **error) {
    struct split split;
    struct split_part found;
    int number = 1;
    split_init(&split, script->dialect, text, strlen(text));
    while (split_next(&split, &found)) {
        bool is_empty = false;
        struct part part = { .number = number,
                             .at = found.at,
                             .len = found.len,
                             .text = text + found.at,
                             .rows = -1,
                             .changed = -1,
                             .started_us = g_get_monotonic_time() };
        if (!run_next(script, &part, &is_empty, error)) {
            return false;
        }
        number += is_empty ? 0 : 1;
    }
    return check_committed(script, strlen(text), error);
}
