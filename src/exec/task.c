// SPDX-License-Identifier: Apache-2.0
//
// task: what the rows of exec/kinds share. Not for anything that only one kind does.
//
// What always holds: nothing of the server's own environment reaches an attempt; every name in it is chosen here or by TF_VAR_.
#include "exec/task.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/civil.h"
#include "base/fault.h"
#include "core/vars.h"

enum { REMARK_LIST_BYTES = 220 }; // several remarks share the note of an attempt

// Of the server's own PATH nothing is known to the task's user; this is what a login shell of Debian's root has.
static const char DEFAULT_PATH[] =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const struct plan_node *task_node(const struct task *task) {
    g_assert(task->node >= 0);
    g_assert(task->node < task->run->plan->node_count);

    return &task->run->plan->nodes[task->node];
}

int64_t task_timeout_ms(const struct plan_node *node) {
    int64_t timeout_ms = node_kind_timeout_ms(node->kind);
    if (node->settings.timeout_ms > 0) {
        timeout_ms = MIN(timeout_ms, node->settings.timeout_ms);
    }
    if (node->timeout_s > 0 && node->timeout_s < timeout_ms / 1000) {
        timeout_ms = node->timeout_s * 1000;
    }
    return timeout_ms;
}

bool task_substitute(const struct task *task, const char *what, const char *text, char **ret_text,
                     GError **error) {
    GError *fault = NULL;
    if (!vars_substitute(text, scope_lookup, task->scope, task->has_strict_variables, ret_text,
                         task->unknown, &fault)) {
        g_propagate_prefixed_error(error, fault, "%s: ", what);
        return false;
    }
    return true;
}

void task_remark(const struct task *task, const char *format, ...) {
    if (task->remarks == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(task->remarks, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void task_remark_list(const struct task *task, const char *sentence, const GPtrArray *words) {
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        if (list->len + strlen(word) > REMARK_LIST_BYTES) {
            g_string_append_printf(list, "%s %u more", i > 0 ? " and" : "", words->len - i);
            break;
        }
        g_string_append_printf(list, " %s", word);
    }
    task_remark(task, "%s%s", sentence, list->str);
}

static void add_number(GPtrArray *environment, const char *name, int64_t value) {
    g_ptr_array_add(environment, g_strdup_printf("%s=%" PRId64, name, value));
}

void task_environment(const struct task *task, GPtrArray *environment) {
    g_assert(task != NULL);
    g_assert(environment != NULL);

    const struct run *run = task->run;
    char business[CIVIL_TEXT_BYTES];
    civil_text(&run->business, business);
    g_ptr_array_add(environment, g_strdup(DEFAULT_PATH));
    g_ptr_array_add(environment, g_strdup("LANG=C.UTF-8"));
    add_number(environment, "SLUICE_FLOW_ID", run->flow_id);
    add_number(environment, "SLUICE_RUN_ID", run->id);
    add_number(environment, "SLUICE_NODE_ID", task_node(task)->id);
    // A node is prepared before the grant that counts the attempt.
    const struct node_run *node = &run->nodes[task->node];
    add_number(environment, "SLUICE_ATTEMPT", node->attempt + (node->fence == 0 ? 1 : 0));
    g_ptr_array_add(environment, g_strdup_printf("SLUICE_BUSINESS_TIME=%s", business));
}
