// SPDX-License-Identifier: Apache-2.0
//
// vars: lists of time variables (one pattern is core/pattern), substitution of ${name}, output variables (behaviour.md §5, §2.4, §2.6). Pure.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "core/pattern.h"

enum {
    VAR_NAME_MAX = 64,         // [A-Za-z0-9_.-]{1,64}
    VAR_VALUE_MAX = 64 * 1024, // bytes
    VARS_PER_LIST_MAX =
        1000, // outputs or time variables of a node, constants or time variables of a flow
    VAR_TEXT_MAX = 32 * 1024 * 1024, // bytes of a text after substitution
    VAR_ROWS_MAX = 10000,            // of a result that an assignment reads
};

bool var_name_is_valid(const char *name, size_t len);

// Reads `{"variables":[{"name","pattern"}]}` and checks names (unique) and patterns. FAULT_INVALID_DATA.
// *ret_variables: array of {"name","pattern"} objects; may be empty. NULL or "" text is the empty list.
bool vars_time_parse(const char *text, json_t **ret_variables, GError **error);
// The same over the list alone; NULL is the empty list.
bool vars_time_read(const json_t *list, json_t **ret_variables, GError **error);
// Checks a NodeOutput document for a kind that has outputs: is_sql chooses between {row,column,combiner} and "json".
bool vars_output_check(const char *text, bool is_sql, GError **error);

// The value of a variable that a database's NULL was assigned to: an empty text, known by its address (docs/nodes/condition.md).
extern const char VAR_NULL[];

// The value of a name, perhaps VAR_NULL, or NULL when it is unknown. The text must stay until the substitution ends.
typedef const char *(*var_lookup_fn)(const char *name, void *user);

// Replaces every ${name} in one pass; text that came from a value is not replaced again; $${name} gives a literal ${name}; ${…}
// whose inside is no valid name stays. An unknown name: strict → FAULT_INVALID_DATA naming it; otherwise it stays and is put into
// ret_unknown (may be NULL; a GPtrArray of char * with free function, each name once). The caller frees the text.
bool vars_substitute(const char *text, var_lookup_fn lookup, void *user, bool strict,
                     char **ret_text, GPtrArray *ret_unknown, GError **error);

// Length of the reference "${name}" that a text begins with; 0 when it begins with none.
size_t vars_reference_len(const char *text);

// A part of a text as substitution reads it, inside of that text.
struct vars_piece {
    const char *text;
    size_t len;        // more than 0
    bool is_reference; // a value, which may be empty, takes its place; others stay as they are
};

// What becomes of a text without references, which the caller frees; NULL: it has one.
char *vars_fixed_text(const char *text);

// The piece at *at, which moves behind it. False: the text has ended.
bool vars_piece_next(const char **at, struct vars_piece *ret_piece);

// The same over every string inside a JSON value (keys stay): a new value the caller owns.
bool vars_substitute_json(const json_t *value, var_lookup_fn lookup, void *user, bool strict,
                          json_t **ret_value, GPtrArray *ret_unknown, GError **error);

// Output of a script: `line` is the last non-empty line of standard output. Of a JSON object each text, number (as it is written), true and
// false becomes the text of *ret_outputs; anything else gives an empty object (not an error). *ret_left_out, which the caller frees, is NULL
// or says what of an object was not taken and why, and of a line that begins like an object and is none, why it is none.
void vars_script_outputs(const char *line, size_t len, json_t **ret_outputs, char **ret_left_out);
// Checks that every variable declared in a NodeOutput document is there; FAULT_INVALID_DATA names the missing one.
bool vars_outputs_complete(const char *node_output, const json_t *outputs, GError **error);

// The names that a NodeOutput document declares: a GPtrArray of char * that the caller frees; empty when it declares none or is damaged.
GPtrArray *vars_output_names(const char *node_output);

// "TF_VAR_" + name with every character outside [A-Za-z0-9_] written "_". The caller frees it.
char *var_environment_name(const char *name);
