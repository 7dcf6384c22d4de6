// SPDX-License-Identifier: Apache-2.0
//
// kinds: the table of the kinds of nodes that need a program, and what is the same for all of them. What one kind does alone is
// in its own room (exec/script, exec/sqlnode).
//
// What always holds: an attempt is made only of a checked content; the outcome is read from the supervisor's report and the program's
// result line alone, so the same report gives the same outcome after a restart.
#include "exec/kinds.h"

#include <inttypes.h>
#include <string.h>

#include "base/fault.h"
#include "base/frame.h"
#include "core/kinds/sql.h"
#include "core/vars.h"
#include "exec/script.h"
#include "exec/sqlnode.h"
#include "exec/task.h"

struct kind_row {
    enum node_kind kind;
    const char *noun;    // as the log calls it
    bool has_database;   // the content's dbId is looked up before `prepare`
    bool leaves_unknown; // unknown variables stay for the shell, unless the node is strict
    bool (*prepare)(const struct task *task, struct attempt_spec **ret_spec, GError **error);
    // NULL: the kind has no outputs. Reads them from the result line of a program that succeeded; *ret_left_out is NULL or says what of
    // the line is none.
    bool (*outputs)(const char *line, size_t len, json_t **ret_outputs, char **ret_left_out,
                    GError **error);
    // NULL: only the exit code tells. The program's own words for its failure, or NULL.
    char *(*failure)(const char *line, size_t len);
};

static bool script_outputs(const char *line, size_t len, json_t **ret_outputs, char **ret_left_out,
                           GError **error) {
    if (line == NULL) {
        *ret_outputs = json_object();
    } else {
        vars_script_outputs(line, len, ret_outputs, ret_left_out);
    }
    return true;
}

static bool assigned_outputs(const char *line, size_t len, json_t **ret_outputs,
                             char **ret_left_out, GError **error) {
    return sqlnode_outputs(line, len, ret_outputs, error);
}

static const struct kind_row ROWS[] = {
    { .kind = KIND_SCRIPT,
      .noun = "script",
      .leaves_unknown = true,
      .prepare = script_prepare,
      .outputs = script_outputs },
    { .kind = KIND_NORMAL_SQL,
      .noun = "SQL",
      .has_database = true,
      .prepare = sqlnode_prepare_run,
      .failure = sqlnode_error },
    { .kind = KIND_SQL_ASSIGNMENT,
      .noun = "SQL assignment",
      .has_database = true,
      .prepare = sqlnode_prepare_assign,
      .outputs = assigned_outputs,
      .failure = sqlnode_error },
};

static const struct kind_row *find_row(enum node_kind kind) {
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (ROWS[i].kind == kind) {
            return &ROWS[i];
        }
    }
    return NULL;
}

// A database that is not there is the node's fault; any other error is the store's and stays what it is.
static bool find_connection(const struct kind_context *context, const struct task *task,
                            struct exec_connection *ret_connection, GError **error) {
    const struct sql_content *content = task_node(task)->value;
    int64_t database_id = content->database_id;
    GError *fault = NULL;
    if (context->connection(task->run->tenant_id, database_id, ret_connection, context->user,
                            &fault)) {
        return true;
    }
    if (fault_is(fault, FAULT_DATABASE_NOT_EXIST)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "there is no database %" PRId64 ", which \"dbId\" names", database_id);
        g_error_free(fault);
    } else {
        g_propagate_error(error, fault);
    }
    return false;
}

static void remark_unknown(const struct task *task) {
    if (task->unknown->len > 0) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < task->unknown->len; i++) {
            g_ptr_array_add(words,
                            g_strdup_printf("${%s}", (char *)g_ptr_array_index(task->unknown, i)));
        }
        task_remark_list(task, "unknown variables were left for the shell:", words);
    }
}

// The name that the user gave it, on one line.
static char *shown_name(const struct plan_node *node) {
    g_autofree char *valid = g_utf8_make_valid(node->name != NULL ? node->name : "", -1);
    GString *shown = g_string_new(NULL);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar letter = g_utf8_get_char(at);
        g_string_append_unichar(shown, g_unichar_iscntrl(letter) ? '?' : letter);
    }
    return g_string_free(shown, FALSE);
}

// What the log begins with. A remark that has no room says so.
static char *make_note(const struct task *task, const struct kind_row *row) {
    static const char more[] = "\nmore remarks had no room";
    const struct node_run *node = &task->run->nodes[task->node];
    g_autofree char *name = shown_name(task_node(task));
    GString *note = g_string_new(NULL);
    g_string_append_printf(note, "node \"%s\" started: %s, attempt %d", name, row->noun,
                           node->attempt + (node->fence == 0 ? 1 : 0));
    for (guint i = 0; i < task->remarks->len; i++) {
        const char *remark = g_ptr_array_index(task->remarks, i);
        if (note->len + 1 + strlen(remark) + strlen(more) > FRAME_NOTE_MAX) {
            g_string_append(note, more);
            break;
        }
        g_string_append_printf(note, "\n%s", remark);
    }
    return g_string_free(note, FALSE);
}

// A node that needs what a backfill left out is not run, even where an unknown variable would be left for the shell (behaviour.md §6).
static bool check_absence(const struct task *task, bool is_ready, struct attempt_spec **spec,
                          GError **error) {
    const char *absence = scope_absence(task->scope);
    if (absence == NULL) {
        return is_ready;
    }
    if (is_ready) {
        g_clear_pointer(spec, attempt_spec_free);
    } else {
        g_clear_error(error);
    }
    fault_set(error, FAULT_INVALID_DATA, "%s", absence);
    return false;
}

static bool prepare_row(const struct kind_context *context, const struct kind_row *row,
                        struct task *task, struct attempt_spec **ret_spec, GError **error) {
    if (!scope_new(task->run, task->node, context->language, &task->scope, error)) {
        return false;
    }
    struct exec_connection connection = { 0 };
    bool is_ready = !row->has_database || find_connection(context, task, &connection, error);
    if (is_ready && row->has_database) {
        g_assert(connection.kind != NULL);
        task->connection = &connection;
    }
    if (is_ready) {
        is_ready = row->prepare(task, ret_spec, error);
        is_ready = check_absence(task, is_ready, ret_spec, error);
    }
    task->connection = NULL;
    exec_connection_done(&connection);
    scope_free(task->scope);
    return is_ready;
}

bool kind_prepare(const struct kind_context *context, const struct run *run, int node,
                  struct attempt_spec **ret_spec, GError **error) {
    g_assert(context != NULL);
    g_assert(run != NULL);
    g_assert(node >= 0 && node < run->plan->node_count);
    g_assert(ret_spec != NULL);

    const struct plan_node *plan_node = &run->plan->nodes[node];
    const struct kind_row *row = find_row(plan_node->kind);
    if (row == NULL) {
        fault_set(error, FAULT_INVALID_DATA, "no executor configured for %s",
                  node_kind_word(plan_node->kind));
        return false;
    }
    if (plan_node->value == NULL) {
        fault_set(error, FAULT_INVALID_DATA, "%s", plan_node->content_error);
        return false;
    }
    g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
    struct task task = {
        .run = run,
        .node = node,
        .remarks = remarks,
        .has_strict_variables = !row->leaves_unknown || plan_node->settings.has_strict_variables,
        .unknown = unknown,
        .data_dir = context->data_dir,
    };
    struct attempt_spec *spec = NULL;
    if (!prepare_row(context, row, &task, &spec, error)) {
        return false;
    }
    spec->timeout_ms = task_timeout_ms(plan_node);
    remark_unknown(&task);
    spec->note = make_note(&task, row);
    *ret_spec = spec;
    return true;
}

// "timed out after 60 s": the limit is computed again from the plan, which does not change.
static char *timeout_message(const struct plan_node *node) {
    int64_t timeout_ms = task_timeout_ms(node);
    if (timeout_ms % 1000 != 0) {
        return g_strdup_printf("timed out after %" PRId64 " ms", timeout_ms);
    }
    return g_strdup_printf("timed out after %" PRId64 " s", timeout_ms / 1000);
}

// Why a program that nobody told to end did not succeed.
static char *failure_message(const struct kind_row *row, const struct exit_report *report) {
    switch (report->cause) {
    case EXIT_NORMAL: {
        char *words = row != NULL && row->failure != NULL
                          ? row->failure(report->result, report->result_len)
                          : NULL;
        if (words != NULL) {
            return words;
        }
        return g_strdup_printf("exit code %d%s", report->code,
                               report->was_out_of_memory ? "; the memory limit was reached" : "");
    }
    case EXIT_SIGNAL:
        return g_strdup_printf("killed by signal %d%s", report->code,
                               report->was_out_of_memory ? ": the memory limit was reached" : "");
    case EXIT_NOT_STARTED: {
        g_autofree char *words = report->result != NULL
                                     ? g_utf8_make_valid(report->result, (gssize)report->result_len)
                                     : g_strdup(g_strerror(report->code));
        return g_strdup_printf("could not start: %s", words);
    }
    case EXIT_LOST:
        return g_strdup("outcome unknown: the supervisor or the machine went down while it ran");
    }
    g_assert_not_reached();
}

// The outputs of a program that ended with 0. False with a sentence when they are not what the node declares; a success has one too when
// something of the line was not taken.
static bool read_outputs(const struct kind_row *row, const struct plan_node *node,
                         const struct exit_report *report, json_t **ret_outputs,
                         char **ret_message) {
    json_t *outputs = NULL;
    GError *fault = NULL;
    g_autofree char *left_out = NULL;
    bool is_complete =
        row->outputs(report->result, report->result_len, &outputs, &left_out, &fault) &&
        vars_outputs_complete(node->output, outputs, &fault);
    if (report->is_result_too_long) {
        left_out = g_strdup("the last line of the output was too long to be kept");
    } else if (report->is_result_lost) {
        left_out = g_strdup("the last line of the output could not be kept");
    }
    if (is_complete) {
        *ret_outputs = outputs;
        *ret_message = left_out != NULL ? g_strdup_printf("outputs: %s", left_out) : NULL;
        return true;
    }
    *ret_message = g_strdup_printf("%s%s%s", fault->message, left_out != NULL ? "; " : "",
                                   left_out != NULL ? left_out : "");
    g_error_free(fault);
    json_decref(outputs);
    return false;
}

void kind_outcome(const struct run *run, int node, const struct exit_report *report,
                  enum attempt_outcome *ret_outcome, char **ret_message, json_t **ret_outputs) {
    g_assert(run != NULL);
    g_assert(node >= 0 && node < run->plan->node_count);
    g_assert(report != NULL);

    const struct plan_node *plan_node = &run->plan->nodes[node];
    const struct kind_row *row = find_row(plan_node->kind);
    *ret_message = NULL;
    *ret_outputs = NULL;
    if (report->cause == EXIT_LOST) {
        *ret_outcome = OUTCOME_FAILURE;
        *ret_message = failure_message(row, report);
    } else if (report->kill == EXIT_KILL_SERVER) {
        *ret_outcome = OUTCOME_KILLED;
        *ret_message = g_strdup("killed");
    } else if (report->kill == EXIT_KILL_TIMEOUT) {
        *ret_outcome = OUTCOME_FAILURE;
        *ret_message = timeout_message(plan_node);
    } else if (report->cause != EXIT_NORMAL || report->code != 0) {
        *ret_outcome = OUTCOME_FAILURE;
        *ret_message = failure_message(row, report);
    } else if (row == NULL || row->outputs == NULL) {
        *ret_outcome = OUTCOME_SUCCESS;
    } else {
        *ret_outcome = read_outputs(row, plan_node, report, ret_outputs, ret_message)
                           ? OUTCOME_SUCCESS
                           : OUTCOME_FAILURE;
    }
}

struct attempt_spec *kind_probe(const struct exec_connection *connection) {
    return sqlnode_probe(connection);
}

struct attempt_spec *kind_execute(const struct exec_connection *connection, const char *script,
                                  int64_t timeout_ms) {
    return sqlnode_execute(connection, script, timeout_ms);
}

struct attempt_spec *kind_metadata(const struct exec_connection *connection, bool wants_tables,
                                   int64_t skipped_count, int64_t timeout_ms) {
    return sqlnode_metadata(connection, wants_tables, skipped_count, timeout_ms);
}

// The script with its variables put in, or NULL.
static char *substituted_sql(const struct run *run, int node, enum var_language language,
                             const char *written) {
    g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
    struct task task = {
        .run = run,
        .node = node,
        .has_strict_variables = true,
        .unknown = unknown,
    };
    char *text = NULL;
    if (scope_new(run, node, language, &task.scope, NULL)) {
        if (!task_substitute(&task, "sql", written, &text, NULL)) {
            text = NULL;
        }
        scope_free(task.scope);
    }
    return text;
}

bool kind_sql(const struct run *run, int node, enum var_language language, int64_t *ret_database_id,
              char **ret_script) {
    const struct plan_node *plan_node = &run->plan->nodes[node];
    const struct kind_row *row = find_row(plan_node->kind);
    const struct sql_content *content = plan_node->value;
    if (row == NULL || !row->has_database || content == NULL) {
        return false;
    }
    char *text = substituted_sql(run, node, language, content->sql);
    *ret_script = text != NULL ? text : g_strdup(content->sql);
    *ret_database_id = content->database_id;
    return true;
}
