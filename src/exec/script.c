// SPDX-License-Identifier: Apache-2.0
//
// script: turns a script node into an attempt. Not for running it.
//
// What always holds: text from a user is an argument, a value in the environment or the content of a descriptor, never a word of a
// command line that something parses (reliability.md R6).
#include "exec/script.h"

#include <string.h>

#include "base/fault.h"
#include "core/vars.h"

// Collects TF_VAR_ values; the first complaint stays.
struct variables {
    GPtrArray *environment;
    GHashTable *names; // environment name → variable name
    size_t bytes;
    char *complaint;
};

static void add_variable(const char *name, const char *value, void *user) {
    struct variables *variables = user;
    g_autofree char *key = var_environment_name(name);
    const char *other = g_hash_table_lookup(variables->names, key);
    if (variables->complaint != NULL) {
        return;
    }
    if (other != NULL) {
        variables->complaint = g_strdup_printf(
            "the variables ${%s} and ${%s} would both be %s in the environment; rename one of them",
            other, name, key);
        return;
    }
    variables->bytes += strlen(key) + 1 + strlen(value) + 1;
    if (variables->bytes > ATTEMPT_ENVIRONMENT_BYTES) {
        variables->complaint = g_strdup_printf("the variables that this node sees are longer than "
                                               "%d KiB together, more than fits its environment",
                                               ATTEMPT_ENVIRONMENT_BYTES / 1024);
        return;
    }
    g_ptr_array_add(variables->environment, g_strdup_printf("%s=%s", key, value));
    g_hash_table_insert(variables->names, g_steal_pointer(&key), g_strdup(name));
}

static bool add_variables(const struct task *task, GPtrArray *environment, GError **error) {
    struct variables variables = {
        .environment = environment,
        .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    scope_each(task->scope, add_variable, &variables);
    g_hash_table_unref(variables.names);
    if (variables.complaint != NULL) {
        fault_set(error, FAULT_INVALID_DATA, "%s", variables.complaint);
        g_free(variables.complaint);
        return false;
    }
    return true;
}

static bool add_arguments(const struct task *task, GPtrArray *arguments, GError **error) {
    const json_t *args = json_object_get(task->content, "args");
    if (args == NULL || json_is_null(args)) {
        return true;
    }
    if (!json_is_array(args) || json_array_size(args) > TASK_ARGUMENTS_MAX) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"args\" of the content must be a list of at most %d texts", TASK_ARGUMENTS_MAX);
        return false;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < json_array_size(args); i++) {
        const json_t *arg = json_array_get(args, i);
        g_autofree char *what = g_strdup_printf("args[%zu]", i);
        if (!json_is_string(arg)) {
            fault_set(error, FAULT_INVALID_DATA, "\"%s\" of the content must be a text", what);
            return false;
        }
        char *text = NULL;
        if (!task_substitute(task, what, json_string_value(arg), &text, error)) {
            return false;
        }
        g_ptr_array_add(arguments, text);
        bytes += strlen(text) + 1;
        if (strlen(text) > TASK_TEXT_BYTES || bytes > TASK_ARGUMENTS_BYTES) {
            fault_set(error, FAULT_INVALID_DATA,
                      "\"%s\" of the content is too long: an argument may have %d KiB, all "
                      "together %d KiB",
                      what, (TASK_TEXT_BYTES + 1) / 1024, TASK_ARGUMENTS_BYTES / 1024);
            return false;
        }
    }
    return true;
}

// The text to run. "file" would be a path below an administrator's script folder; this server has none.
static bool read_script(const struct task *task, char **ret_script, GError **error) {
    const json_t *file = json_object_get(task->content, "file");
    if (file != NULL && !json_is_null(file)) {
        fault_set(
            error, FAULT_INVALID_DATA,
            "\"file\" is refused: no script folder is configured; put the text into \"script\"");
        return false;
    }
    g_autofree char *script = NULL;
    if (!task_text(task, "script", &script, error)) {
        return false;
    }
    if (script == NULL || script[0] == '\0') {
        fault_set(error, FAULT_INVALID_DATA, "the content has no \"script\", the text to run");
        return false;
    }
    *ret_script = g_steal_pointer(&script);
    return true;
}

static bool read_work_dir(const struct task *task, char **ret_work_dir, GError **error) {
    g_autofree char *work_dir = NULL;
    if (!task_text(task, "workDir", &work_dir, error)) {
        return false;
    }
    if (work_dir != NULL && work_dir[0] == '\0') {
        g_clear_pointer(&work_dir, g_free);
    }
    if (work_dir != NULL && (work_dir[0] != '/' || strlen(work_dir) > TASK_PATH_BYTES)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"workDir\" must be an absolute path of at most %d bytes; leave it out for a "
                  "fresh directory",
                  TASK_PATH_BYTES);
        return false;
    }
    *ret_work_dir = g_steal_pointer(&work_dir);
    return true;
}

// A text that begins with "#!" is executed itself; anything else is read by the shell from descriptor 3.
static struct attempt_spec *make_spec(const struct task *task, char *script_take) {
    bool has_interpreter = g_str_has_prefix(script_take, "#!");
    struct attempt_spec *spec = attempt_spec_new(has_interpreter ? "@3" : "/bin/sh");
    if (has_interpreter) {
        const char *name = task_node(task)->name;
        g_ptr_array_add(spec->arguments,
                        g_strdup(name != NULL && name[0] != '\0' ? name : "script"));
    } else {
        g_ptr_array_add(spec->arguments, g_strdup("sh"));
        g_ptr_array_add(spec->arguments, g_strdup("/dev/fd/3"));
    }
    g_ptr_array_add(spec->contents, g_bytes_new_take(script_take, strlen(script_take)));
    return spec;
}

bool script_prepare(const struct task *task, struct attempt_spec **ret_spec, GError **error) {
    g_assert(task != NULL);
    g_assert(ret_spec != NULL);

    g_autofree char *script = NULL;
    if (!read_script(task, &script, error)) {
        return false;
    }
    struct attempt_spec *spec = make_spec(task, g_steal_pointer(&script));
    spec->result_max_bytes = ATTEMPT_RESULT_SCRIPT_BYTES;
    task_environment(task, spec->environment);
    if (!read_work_dir(task, &spec->work_dir, error) ||
        !add_arguments(task, spec->arguments, error) ||
        !add_variables(task, spec->environment, error)) {
        attempt_spec_free(spec);
        return false;
    }
    *ret_spec = spec;
    return true;
}
