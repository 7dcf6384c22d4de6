// SPDX-License-Identifier: Apache-2.0
//
// script: turns a script node into an attempt. Not for running it.
//
// What always holds: text from a user is an argument, a value in the environment or the content of a descriptor, never a word of a
// command line that something parses (reliability.md R6).
#include "exec/script.h"

#include <string.h>

#include "base/fault.h"
#include "core/kinds/first_line.h"
#include "core/kinds/script.h"
#include "exec/variables.h"

enum { FIRST_CONTENT_FD = 3 }; // of the contents

static const struct script_content *content_of(const struct task *task) {
    return task_node(task)->value;
}

static bool add_arguments(const struct task *task, GPtrArray *arguments, GError **error) {
    const GPtrArray *args = content_of(task)->args;
    size_t total_bytes = 0;
    for (guint i = 0; i < args->len; i++) {
        g_autofree char *what = g_strdup_printf("args[%u]", i);
        char *text = NULL;
        if (!task_substitute(task, what, g_ptr_array_index(args, i), &text, error)) {
            return false;
        }
        g_ptr_array_add(arguments, text);
        if (!script_content_check_argument(i, strlen(text), &total_bytes, error)) {
            return false;
        }
    }
    return true;
}

// How many lines end, how many of them in CR LF, and which is the first of these, from 1.
struct line_ends {
    size_t count;
    size_t crlf_count;
    size_t first_crlf;
};

static struct line_ends count_line_ends(const char *text) {
    struct line_ends ends = { 0 };
    for (const char *at = strchr(text, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
        ends.count++;
        if (at > text && at[-1] == '\r') {
            ends.crlf_count++;
            ends.first_crlf = ends.first_crlf == 0 ? ends.count : ends.first_crlf;
        }
    }
    return ends;
}

// proposed: a script that was written with CR LF throughout is meant to be run, so it is run with LF. One that mixes them may mean its
// carriage returns, and is only told of (docs/nodes/script.md).
static char *settle_line_ends(const struct task *task, const char *text) {
    struct line_ends ends = count_line_ends(text);
    if (ends.crlf_count == 0) {
        return g_strdup(text);
    }
    if (ends.crlf_count == ends.count) {
        task_remark(task, "the lines of the script end in CR LF; it is run with LF");
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
        return g_strjoinv("\n", lines);
    }
    task_remark(
        task,
        "%zu of %zu lines of the script end in CR LF, the first of them line %zu; there the "
        "carriage return is part of the line",
        ends.crlf_count, ends.count, ends.first_crlf);
    return g_strdup(text);
}

// The text to run, its variables put in. What is done about bytes of an editor's is done before, so that no value is changed.
static bool read_script(const struct task *task, char **ret_script, GError **error) {
    const char *written = script_content_start(content_of(task)->script);
    if (written != content_of(task)->script) {
        task_remark(task, "the script begins with a byte order mark, which is left out");
    }
    g_autofree char *text = settle_line_ends(task, written);
    g_autofree char *script = NULL;
    if (!task_substitute(task, "script", text, &script, error) ||
        !script_content_check_text(script, error) || !first_line_check_command(script, error)) {
        return false;
    }
    *ret_script = g_steal_pointer(&script);
    return true;
}

static bool read_work_dir(const struct task *task, char **ret_work_dir, GError **error) {
    const char *written = content_of(task)->work_dir;
    g_autofree char *work_dir = NULL;
    if (written == NULL) {
        return true;
    }
    if (!task_substitute(task, "workDir", written, &work_dir, error)) {
        return false;
    }
    if (work_dir[0] == '\0') {
        return true;
    }
    if (!script_content_check_work_dir(work_dir[0], strlen(work_dir), error)) {
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

// The file is the descriptor behind the script's, so that no value touches a disk.
static void add_variables(const struct task *task, struct attempt_spec *spec) {
    GBytes *file = NULL;
    variables_export(task, spec->environment, &file);
    g_ptr_array_add(spec->contents, file);
    g_ptr_array_add(spec->environment, g_strdup_printf("SLUICE_VARIABLES_FILE=/dev/fd/%u",
                                                       FIRST_CONTENT_FD + spec->contents->len - 1));
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
        !add_arguments(task, spec->arguments, error)) {
        attempt_spec_free(spec);
        return false;
    }
    add_variables(task, spec);
    *ret_spec = spec;
    return true;
}
