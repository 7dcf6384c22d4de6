// SPDX-License-Identifier: Apache-2.0
//
// script: the reader of a script node's content.
#include "core/kinds/script.h"

#include <string.h>

#include "base/fault.h"
#include "core/byte_order_mark.h"
#include "core/kinds/content.h"
#include "core/kinds/first_line.h"
#include "core/kinds/kind.h"
#include "core/vars.h"

static void script_free(void *value) {
    struct script_content *content = value;
    g_free(content->script);
    g_clear_pointer(&content->args, g_ptr_array_unref);
    g_free(content->work_dir);
    g_free(content);
}

const char *script_content_start(const char *script) {
    size_t mark = 0;
    while ((mark = byte_order_mark_len(script, strlen(script))) > 0) {
        script += mark;
    }
    return script;
}

bool script_content_check_text(const char *script, GError **error) {
    if (script == NULL || script[0] == '\0') {
        fault_set(error, FAULT_INVALID_DATA, "the content has no \"script\", the text to run");
        return false;
    }
    return true;
}

bool script_content_check_work_dir(char first, size_t len, GError **error) {
    if ((first != '/' && first != '\0') || len > SCRIPT_PATH_BYTES) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"workDir\" must be an absolute path of at most %d bytes; leave it out for a "
                  "fresh directory",
                  SCRIPT_PATH_BYTES);
        return false;
    }
    return true;
}

bool script_content_check_argument(size_t index, size_t len, size_t *total_bytes, GError **error) {
    *total_bytes += len + 1;
    if (len > SCRIPT_ARGUMENT_BYTES || *total_bytes > SCRIPT_ARGUMENTS_BYTES) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"args[%zu]\" of the content is too long: an argument may have %d KiB, all "
                  "together %d KiB",
                  index, (SCRIPT_ARGUMENT_BYTES + 1) / 1024, SCRIPT_ARGUMENTS_BYTES / 1024);
        return false;
    }
    return true;
}

// Of a text, before it is known what its variables are.
struct fixed {
    size_t len; // the least that it will have
    char first; // '\0': a variable stands there, or nothing
};

static struct fixed read_fixed(const char *text) {
    struct fixed fixed = { 0 };
    struct vars_piece piece;
    bool is_first = true;
    while (vars_piece_next(&text, &piece)) {
        if (!piece.is_reference) {
            fixed.first = is_first ? piece.text[0] : fixed.first;
            fixed.len += piece.len;
        }
        is_first = false;
    }
    return fixed;
}

static bool read_args(const json_t *content, struct script_content *value, GError **error) {
    const json_t *args = json_object_get(content, "args");
    if (args == NULL || json_is_null(args)) {
        return true;
    }
    if (!json_is_array(args) || json_array_size(args) > SCRIPT_ARGUMENTS_MAX) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"args\" of the content must be a list of at most %d texts",
                  SCRIPT_ARGUMENTS_MAX);
        return false;
    }
    size_t total_bytes = 0;
    for (size_t i = 0; i < json_array_size(args); i++) {
        const char *text = json_string_value(json_array_get(args, i));
        if (text == NULL) {
            fault_set(error, FAULT_INVALID_DATA, "\"args[%zu]\" of the content must be a text", i);
            return false;
        }
        if (!script_content_check_argument(i, read_fixed(text).len, &total_bytes, error)) {
            return false;
        }
        g_ptr_array_add(value->args, g_strdup(text));
    }
    return true;
}

static bool read_script(const json_t *content, struct script_content *value, GError **error) {
    const char *script = NULL;
    if (!content_text(content, "script", &script, error) ||
        !script_content_check_text(script != NULL ? script_content_start(script) : NULL, error)) {
        return false;
    }
    value->script = g_strdup(script);
    return true;
}

// "file" would be a path below an administrator's script folder; this server has none. Clients that know it may send it empty.
static bool check_file(const json_t *content, GError **error) {
    const char *file = NULL;
    if (!content_text(content, "file", &file, error)) {
        return false;
    }
    if (file != NULL && file[0] != '\0') {
        fault_set(
            error, FAULT_INVALID_DATA,
            "\"file\" is refused: no script folder is configured; put the text into \"script\"");
        return false;
    }
    return true;
}

static bool read_work_dir(const json_t *content, struct script_content *value, GError **error) {
    const char *work_dir = NULL;
    if (!content_text(content, "workDir", &work_dir, error)) {
        return false;
    }
    if (work_dir == NULL || work_dir[0] == '\0') {
        return true;
    }
    value->work_dir = g_strdup(work_dir);
    struct fixed fixed = read_fixed(work_dir);
    return script_content_check_work_dir(fixed.first, fixed.len, error);
}

// What a variable or a given directory may still make good is told at the start.
static bool check_first_line(const struct script_content *value, GError **error) {
    const char *line = script_content_start(value->script);
    g_autofree char *first = g_strndup(line, strcspn(line, "\n"));
    g_autofree char *fixed = vars_fixed_text(first);
    return fixed == NULL || first_line_check(fixed, value->work_dir != NULL, error);
}

static bool script_parse(const char *text, void **ret_value, int64_t *ret_timeout_s,
                         GError **error) {
    json_auto_t *content = NULL;
    if (!content_load(text, &content, error)) {
        return false;
    }
    struct script_content *value = g_new0(struct script_content, 1);
    value->args = g_ptr_array_new_with_free_func(g_free);
    if (!check_file(content, error) || !read_script(content, value, error) ||
        !read_work_dir(content, value, error) || !check_first_line(value, error) ||
        !read_args(content, value, error) || !content_timeout(content, ret_timeout_s, error)) {
        script_free(value);
        return false;
    }
    *ret_value = value;
    return true;
}

const struct kind kind_script = { KIND_SCRIPT, script_parse, script_free };
