// SPDX-License-Identifier: Apache-2.0
//
// One row for each statement that sluice-sql tells of, under the flow's owner, whose rights the run has (behaviour.md §8). When it told
// nothing, one row for the whole script says why: it was killed, lost, or never came to run it.

#include "engine/sqllog.h"

#include "exec/kinds.h"
#include "exec/sqlresult.h"
#include "sql/word.h"
#include "store/sqlaudit.h"

// A script on its way into the log.
struct script {
    struct active *active;
    const struct run *run;
    int64_t database_id;
    int64_t at_ms;
    const char *text;
};

static bool add(const struct script *script, enum sql_exec_state state, const char *sql,
                int64_t affected, int64_t elapsed_ms, const char *remark, GError **error) {
    char word[SQL_WORD_BYTES];
    sql_word(sql, strlen(sql), word);
    struct sqlaudit_entry entry = {
        .at_ms = script->at_ms,
        .tenant_id = script->run->tenant_id,
        .user_id = script->run->plan->owner_id,
        .database_id = script->database_id,
        .state = state,
        .sql = sql,
        .type = word,
        .affected = affected,
        .elapsed_ms = elapsed_ms,
        .remark = remark,
    };
    return store_sqlaudit_add(script->active->store, &entry, error);
}

static enum sql_exec_state state_of(enum sqlresult_state state) {
    switch (state) {
    case SQLRESULT_CANCELLED: return SQL_EXEC_CANCEL;
    case SQLRESULT_FAILED: return SQL_EXEC_FAIL;
    case SQLRESULT_DONE: return SQL_EXEC_SUCCESS;
    }
    g_assert_not_reached();
}

static bool add_results(const struct script *script, const struct sqlresults *results,
                        const char *message, GError **error) {
    for (guint i = 0; i < results->items->len; i++) {
        const struct sqlresult *result = &g_array_index(results->items, struct sqlresult, i);
        g_autofree char *sql = sqlresult_text(result, script->text);
        // Who cancelled it stands in the node's message.
        bool was_cancelled = result->state == SQLRESULT_CANCELLED;
        if (!add(script, state_of(result->state), sql, result->affected, result->elapsed_ms,
                 was_cancelled && message != NULL ? message : result->message, error)) {
            return false;
        }
    }
    if (results->unlisted_count == 0) {
        return true;
    }
    g_autofree char *remark = g_strdup_printf(
        "%" G_GINT64_FORMAT " further statements of this script were run; they are too many to be "
        "listed",
        results->unlisted_count);
    return add(script, SQL_EXEC_SUCCESS, "", 0, 0, remark, error);
}

static bool open_script(struct active *active, const struct run *run, int node, int64_t at_ms,
                        struct script *ret_script, char **ret_text) {
    int64_t database_id = 0;
    if (!kind_sql(run, node, active->options->language, &database_id, ret_text)) {
        return false;
    }
    *ret_script = (struct script){ .active = active,
                                   .run = run,
                                   .database_id = database_id,
                                   .at_ms = at_ms != 0 ? at_ms : active->now_ms,
                                   .text = *ret_text };
    return true;
}

// Of a script of which no statement is told.
static enum sql_exec_state state_without_words(const struct report *report) {
    if (report->exit.kill != EXIT_KILL_NONE) {
        return SQL_EXEC_CANCEL;
    }
    bool ended_by_itself =
        report->exit.cause == EXIT_NORMAL || report->exit.cause == EXIT_NOT_STARTED;
    return ended_by_itself ? SQL_EXEC_NOT : SQL_EXEC_FAIL;
}

bool sqllog_exited(struct active *active, const struct run *run, int node,
                   const struct report *report, const char *message, GError **error) {
    struct script script;
    g_autofree char *text = NULL;
    if (!open_script(active, run, node, report->started_ms, &script, &text)) {
        return true;
    }
    struct sqlresults *results = NULL;
    bool is_told = sqlresults_read(report->exit.result, report->exit.result_len, &results, NULL);
    bool has_statements = is_told && results->items->len > 0;
    bool is_good = true;
    if (has_statements) {
        is_good = add_results(&script, results, message, error);
    } else if (!is_told || results->error != NULL) {
        is_good = add(&script, state_without_words(report), text, 0, 0, message, error);
    }
    sqlresults_free(results);
    return is_good;
}

bool sqllog_lost(struct active *active, const struct run *run, int node, const char *message,
                 GError **error) {
    struct script script;
    g_autofree char *text = NULL;
    return !open_script(active, run, node, 0, &script, &text) ||
           add(&script, SQL_EXEC_FAIL, text, 0, 0, message, error);
}
