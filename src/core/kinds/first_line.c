// SPDX-License-Identifier: Apache-2.0
#include "core/kinds/first_line.h"

#include <string.h>

#include "base/fault.h"

static const char blanks[] = " \t";

struct first_line {
    char *interpreter; // "": it names none
    char *argument;    // "": there is none
};

static void first_line_done(struct first_line *line) {
    g_free(line->interpreter);
    g_free(line->argument);
}

// A carriage return at the end is left out before the start, or keeps the line from starting anything.
static bool read_line(const char *script, struct first_line *ret_line) {
    if (!g_str_has_prefix(script, "#!")) {
        return false;
    }
    g_autofree char *text = g_strndup(script + 2, strcspn(script + 2, "\n"));
    const char *name = g_strchomp(text);
    name += strspn(name, blanks);
    const char *name_end = name + strcspn(name, blanks);
    ret_line->interpreter = g_strndup(name, (gsize)(name_end - name));
    ret_line->argument = g_strdup(name_end + strspn(name_end, blanks));
    return true;
}

static bool is_directory(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *last = slash != NULL ? slash + 1 : path;
    return last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

// The words that env makes of its argument: of -S, alone or behind other letters, and of --split-string. NULL: it makes none.
static const char *split_text(const char *argument) {
    static const char long_option[] = "--split-string=";
    if (g_str_has_prefix(argument, long_option)) {
        return argument + strlen(long_option);
    }
    const char *letter = argument + (argument[0] == '-' ? 1 : 0);
    letter += strspn(letter, "i0v");
    return argument[0] == '-' && letter[0] == 'S' ? letter + 1 : NULL;
}

// Neither an option nor a variable that is set for the command.
static bool is_command(const char *word) {
    return word[0] != '\0' && word[0] != '-' && strchr(word, '=') == NULL;
}

static bool has_command(const char *argument) {
    const char *text = split_text(argument);
    bool is_found = text == NULL && is_command(argument);
    g_auto(GStrv) words = g_strsplit_set(text != NULL ? text : "", blanks, -1);
    for (char **word = words; !is_found && *word != NULL; word++) {
        is_found = is_command(*word);
    }
    return is_found;
}

static bool check_command(const struct first_line *line, GError **error) {
    bool is_env = strcmp(line->interpreter, "/usr/bin/env") == 0 ||
                  strcmp(line->interpreter, "/bin/env") == 0;
    if (is_env && !has_command(line->argument)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"env\" in the first line of \"script\" has no command, so that it would start "
                  "the script again and again; write \"#!/usr/bin/env NAME\"");
        return false;
    }
    return true;
}

static bool check_interpreter(const char *path, bool has_work_dir, GError **error) {
    if (path[0] == '\0') {
        fault_set(error, FAULT_INVALID_DATA,
                  "the first line of \"script\" begins with \"#!\" and names no interpreter");
        return false;
    }
    if (is_directory(path)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "the interpreter in the first line of \"script\" is a directory");
        return false;
    }
    if (path[0] != '/' && path[0] != '.' && !has_work_dir) {
        fault_set(error, FAULT_INVALID_DATA,
                  "the interpreter in the first line of \"script\" must be an absolute path; "
                  "\"#!/usr/bin/env NAME\" looks a name up in PATH");
        return false;
    }
    return true;
}

bool first_line_check(const char *script, bool has_work_dir, GError **error) {
    struct first_line line = { 0 };
    if (!read_line(script, &line)) {
        return true;
    }
    bool is_good =
        check_interpreter(line.interpreter, has_work_dir, error) && check_command(&line, error);
    first_line_done(&line);
    return is_good;
}

bool first_line_check_command(const char *script, GError **error) {
    struct first_line line = { 0 };
    if (!read_line(script, &line)) {
        return true;
    }
    bool is_good = check_command(&line, error);
    first_line_done(&line);
    return is_good;
}
