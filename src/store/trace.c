// SPDX-License-Identifier: Apache-2.0
//
// Two rows compared. A value is cut at VALUE_MAX bytes and a list at LIST_MAX entries, so that a note stays a note.

#include "store/trace.h"

#include <string.h>

#include "base/keyed_hash.h"
#include "core/model.h"
#include "store/private.h"
#include "store/sources.h"
#include "store/trace_views.h"

enum {
    VALUE_MAX = 300, // bytes
    LIST_MAX = 20,   // entries added or taken
    NOTE_MAX = 4000, // bytes
    FIRST_COMPARED = 2,
};

// ---- Reading ----

// The kind of a node as the wire calls it; the number of one that has no word there.
static char *kind_word(int kind) {
    bool is_kind = kind >= 0 && kind < KIND_COUNT;
    const char *word = is_kind ? node_kind_word((enum node_kind)kind) : NULL;
    return word != NULL
               ? g_strdup(word)
               : g_strdup_printf("%d", is_kind ? node_kind_number((enum node_kind)kind) : kind);
}

static GPtrArray *copy_row(struct sql_statement *row) {
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < sql_column_count(row); i++) {
        bool is_kind = sql_column_name(row, i)[0] == '@';
        g_ptr_array_add(values,
                        is_kind ? kind_word((int)sql_column_int(row, i)) : query_text(row, i));
    }
    return values;
}

// The statement belongs to the connection and knows the labels.
static bool read_row(struct store_reader *reader, const struct trace_view *view,
                     const struct change *change, const struct change_result *result,
                     GPtrArray **ret_values, struct sql_statement **ret_statement, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, view->sql,
                   VALUES(view->key(change, result), INT(change->caller.tenant_id)), &row, &has_row,
                   error)) {
        return false;
    }
    *ret_values = has_row ? copy_row(row) : NULL;
    *ret_statement = row;
    if (has_row) {
        sql_reset(row);
    }
    return true;
}

bool trace_begin(struct store_reader *reader, const struct change *change, struct trace *trace,
                 GError **error) {
    struct sql_statement *statement = NULL;
    *trace = (struct trace){ .view = trace_view_of(change) };
    return trace->view == NULL ||
           read_row(reader, trace->view, change, NULL, &trace->before, &statement, error);
}

void trace_done(struct trace *trace) {
    g_clear_pointer(&trace->before, g_ptr_array_unref);
}

// ---- Telling ----

static const char *value_at(const GPtrArray *row, guint column) {
    const char *value = row != NULL ? g_ptr_array_index(row, column) : NULL;
    return value != NULL ? value : "";
}

// Bare where that is unambiguous, otherwise in quotes; control characters become blanks, and what is too long is cut.
static void append_value(GString *note, const char *value) {
    static const char bare[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-.,:+/@>";
    if (value[0] != '\0' && strspn(value, bare) == strlen(value) && strlen(value) <= VALUE_MAX) {
        g_string_append(note, value);
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(value, (gssize)strnlen(value, VALUE_MAX));
    g_string_append_c(note, '"');
    for (const char *next = valid; *next != '\0'; next++) {
        bool is_quoted = *next == '"' || *next == '\\';
        g_string_append_printf(note, "%s%c", is_quoted ? "\\" : "",
                               g_ascii_iscntrl(*next) ? ' ' : *next);
    }
    g_string_append(note, strlen(value) > VALUE_MAX ? "\"…" : "\"");
}

static void append_size(GString *note, const char *label, const char *before, const char *after) {
    if (strlen(before) == strlen(after)) {
        g_string_append_printf(note, "%s changed (%zu bytes)", label, strlen(after));
    } else {
        g_string_append_printf(note, "%s %zu → %zu bytes", label, strlen(before), strlen(after));
    }
}

// Entries of `list` that `other` lacks, each behind `sign`.
static void append_missing(GString *note, char **list, char **other, char sign) {
    g_autoptr(GHashTable) known = g_hash_table_new(keyed_hash_text, g_str_equal);
    guint count = 0;
    for (char **entry = other; *entry != NULL; entry++) {
        (void)g_hash_table_add(known, *entry);
    }
    for (char **entry = list; *entry != NULL; entry++) {
        if (**entry != '\0' && !g_hash_table_contains(known, *entry) && ++count <= LIST_MAX) {
            g_string_append_printf(note, " %c", sign);
            append_value(note, *entry);
        }
    }
    if (count > LIST_MAX) {
        g_string_append_printf(note, " %c%u more", sign, count - LIST_MAX);
    }
}

// What both begin with is left out first: a long list mostly grows at its end.
static void append_list(GString *note, const char *label, const char *before, const char *after) {
    size_t same = 0;
    for (size_t i = 0; before[i] != '\0' && before[i] == after[i]; i++) {
        same = before[i] == ',' ? i + 1 : same;
    }
    g_auto(GStrv) old_entries = g_strsplit(before + same, ",", -1);
    g_auto(GStrv) new_entries = g_strsplit(after + same, ",", -1);
    g_string_append(note, label);
    append_missing(note, new_entries, old_entries, '+');
    append_missing(note, old_entries, new_entries, '-');
}

static void append_difference(GString *note, const char *label, const char *before,
                              const char *after) {
    if (label[0] == '#') {
        append_size(note, label + 1, before, after);
    } else if (label[0] == '*') {
        append_list(note, label + 1, before, after);
    } else {
        g_string_append_printf(note, "%s ", label + (label[0] == '@'));
        append_value(note, before);
        g_string_append(note, " → ");
        append_value(note, after);
    }
}

// One side is there alone: a value, not a step from nothing.
static void append_alone(GString *note, const char *label, const char *value) {
    if (label[0] == '#') {
        g_string_append_printf(note, "%s %zu bytes", label + 1, strlen(value));
    } else {
        g_string_append_printf(note, "%s ", label + (label[0] == '*' || label[0] == '@'));
        append_value(note, value);
    }
}

static bool says_nothing(const char *value) {
    return value[0] == '\0' || strcmp(value, "0") == 0;
}

static void append_columns(GString *note, struct sql_statement *statement, const GPtrArray *before,
                           const GPtrArray *after) {
    const GPtrArray *alone = before == NULL ? after : after == NULL ? before : NULL;
    const char *joint = ": ";
    for (guint i = FIRST_COMPARED; i < (guint)sql_column_count(statement); i++) {
        const char *label = sql_column_name(statement, (int)i);
        const char *old_value = value_at(before, i);
        const char *new_value = value_at(after, i);
        if (alone != NULL ? says_nothing(value_at(alone, i)) : strcmp(old_value, new_value) == 0) {
            continue;
        }
        g_string_append(note, joint);
        joint = "; ";
        if (alone != NULL) {
            append_alone(note, label, value_at(alone, i));
        } else {
            append_difference(note, label, old_value, new_value);
        }
    }
    if (alone == NULL && joint[0] == ':') {
        g_string_append(note, ": nothing changed");
    }
}

static char *tell(const struct change *change, const struct trace *trace,
                  struct sql_statement *statement, const GPtrArray *after) {
    const GPtrArray *present = after != NULL ? after : trace->before;
    if (present == NULL) {
        return NULL;
    }
    GString *note = g_string_new(trace->view->noun);
    g_string_append_printf(note, " %s ", value_at(present, 0));
    append_value(note, value_at(present, 1));
    g_string_append(note, trace->before == NULL ? " made" : after == NULL ? " removed" : "");
    append_columns(note, statement, trace->before, after);
    if (change->kind == CHANGE_SOURCE_UPDATE && change->source->password != NULL) {
        g_string_append(note, "; the password was given anew");
    }
    if (note->len > NOTE_MAX) {
        g_autofree char *whole = g_utf8_make_valid(note->str, NOTE_MAX);
        g_string_assign(note, whole);
        g_string_append(note, "…");
    }
    return g_string_free(note, FALSE);
}

bool trace_end(struct store_reader *reader, const struct change *change,
               const struct change_result *result, const struct trace *trace, char **ret_note,
               GError **error) {
    g_autoptr(GPtrArray) after = NULL;
    struct sql_statement *statement = NULL;
    if (trace->view == NULL) {
        return true; // its own hand may have written a note
    }
    if (!read_row(reader, trace->view, change, result, &after, &statement, error)) {
        return false;
    }
    *ret_note = tell(change, trace, statement, after);
    return true;
}
