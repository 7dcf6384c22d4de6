// SPDX-License-Identifier: Apache-2.0
//
// task: one node of a run that is about to become an attempt: its content, what it may look up, and the parts that every kind
// shares (time limit, substitution, the environment). A row of exec/kinds works on a task and fills an attempt.
//
// A task borrows everything and lives for one call. Errors are FAULT_INVALID_DATA and a sentence that names the field; it becomes the
// node's message.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/machine.h"
#include "core/scope.h"
#include "exec/attempt.h"
#include "exec/connection.h"

struct task {
    const struct run *run;
    int node; // position in the plan; its content is good
    struct scope *scope;
    bool has_strict_variables;
    GPtrArray *unknown;                       // names that were left for the shell
    GPtrArray *remarks;                       // of char *: what the attempt's log is to say
    const struct exec_connection *connection; // NULL unless the kind has a database
    const char *data_dir;                     // NULL or the server's directory
};

const struct plan_node *task_node(const struct task *task);

// The smallest of the content's timeoutSeconds, the config's and the kind's default (behaviour.md §2.6, §10).
int64_t task_timeout_ms(const struct plan_node *node);

// A text of the content with its variables replaced, which the caller frees; `what` names it in errors.
bool task_substitute(const struct task *task, const char *what, const char *text, char **ret_text,
                     GError **error);

// A sentence for the one who reads the attempt's log; printf-like.
void task_remark(const struct task *task, const char *format, ...) G_GNUC_PRINTF(2, 3);
// The same with a list of words behind it, as many as there is room for and the number of the others.
void task_remark_list(const struct task *task, const char *sentence, const GPtrArray *words);

// Adds PATH, LANG and the SLUICE_ variables: all that an attempt's environment has besides HOME, which exec/client knows, and TF_VAR_.
void task_environment(const struct task *task, GPtrArray *environment);
