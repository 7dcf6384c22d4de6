// SPDX-License-Identifier: Apache-2.0
//
// cli_call: `sluice call ACTION Name=value …`: any operation of the API, also those that have no command of their own.
#include "cli/commands.h"

#include <string.h>

#include "api/wire/operation.h"
#include "api/wire/warnings.h"
#include "base/fault.h"
#include "cli/text.h"

enum { CALL_FILE_BYTES_MAX = 16 * 1024 * 1024 };

static bool read_value_file(const char *name, const char *path, char **ret_text, GError **error) {
    g_autofree char *text = NULL;
    size_t len = 0;
    g_autoptr(GError) cause = NULL;
    // "-" is standard input, which has a path too.
    if (!g_file_get_contents(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &text, &len, &cause)) {
        fault_set(error, FAULT_INVALID_VALUE, "%s=@%s: %s", name, path, cause->message);
        return false;
    }
    if (len > CALL_FILE_BYTES_MAX || strlen(text) != len ||
        !g_utf8_validate(text, (gssize)len, NULL)) {
        fault_set(error, FAULT_INVALID_VALUE, "%s=@%s: not UTF-8 text of at most %d bytes", name,
                  path, CALL_FILE_BYTES_MAX);
        return false;
    }
    *ret_text = g_steal_pointer(&text);
    return true;
}

// One `Name=value`, `Name=@FILE` or `Name=@@text` (a value that begins with @).
static bool take_param(struct cli_params *params, const char *word, GError **error) {
    const char *equals = strchr(word, '=');
    if (equals == NULL || equals == word) {
        fault_set(error, FAULT_INVALID_VALUE, "%s is not of the form Name=value", word);
        return false;
    }
    g_autofree char *name = g_strndup(word, (gsize)(equals - word));
    if (name[strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.~")] != 0) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "%s: the name of a parameter has only A-Z a-z 0-9 - _ . ~ in it", word);
        return false;
    }
    if (g_ptr_array_find_with_equal_func(params->names, name, g_str_equal, NULL)) {
        fault_set(error, FAULT_INVALID_VALUE, "%s is given twice", name);
        return false;
    }
    const char *value = equals + 1;
    g_autofree char *from_file = NULL;
    if (g_str_has_prefix(value, "@@")) {
        value++;
    } else if (value[0] == '@') {
        if (!read_value_file(name, value + 1, &from_file, error)) {
            return false;
        }
        value = from_file;
    }
    cli_params_add(params, name, value);
    return true;
}

// What the operation does not read is a slip of the caller's, and noticed before anything is sent. An operation that we do not know is the
// server's to judge: it may be newer.
static bool check_names(const char *action, const struct cli_params *params, GError **error) {
    const struct operation *operation = operation_find(action);
    g_autoptr(GString) unknown = g_string_new(NULL);
    int count = 0;
    for (guint i = 0; operation != NULL && i < params->names->len; i++) {
        const char *name = g_ptr_array_index(params->names, i);
        if (operation_knows_param(operation, name)) {
            continue;
        }
        g_autofree char *near = operation_near_params(operation, name);
        g_string_append_printf(unknown, "%s%s%s%s%s", count++ > 0 ? ", " : "", name,
                               near != NULL ? " (did you mean " : "", near != NULL ? near : "",
                               near != NULL ? "?)" : "");
    }
    if (count > 0) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "%s has no parameter %s; nothing was sent. --unchecked sends it all the same",
                  action, unknown->str);
    }
    return count == 0;
}

// Prints one member of the reply, named by a path such as NodeList.Node.0.NodeId: texts bare, anything else as JSON.
static bool print_field(const json_t *reply, const char *path, GError **error) {
    const json_t *at = reply;
    g_auto(GStrv) steps = g_strsplit(path, ".", 32);
    for (size_t i = 0; steps[i] != NULL && at != NULL; i++) {
        guint64 index = 0;
        if (json_is_array(at) &&
            g_ascii_string_to_unsigned(steps[i], 10, 0, G_MAXINT32, &index, NULL)) {
            at = json_array_get(at, (size_t)index);
        } else {
            at = json_object_get(at, steps[i]);
        }
    }
    if (at == NULL) {
        // What was asked for is done, and the reply may hold what comes only once, such as a secret.
        g_autofree char *whole = json_dumps(reply, JSON_INDENT(2));
        fault_set(error, FAULT_IO, "the call is done, and its reply has no member %s:\n%s", path,
                  whole);
        explicit_bzero(whole, strlen(whole));
        return false;
    }
    if (json_is_string(at)) {
        cli_text_put(stdout, json_string_value(at));
        (void)putchar('\n');
    } else {
        cli_print_json(at);
    }
    return true;
}

enum cli_exit command_call(struct cli_session *session) {
    GError *error = NULL;
    const char *action = cli_options_word(session->options, 1);
    struct cli_params params;
    cli_params_init(&params);
    bool is_good = true;
    for (unsigned i = 2; is_good && cli_options_word(session->options, i) != NULL; i++) {
        is_good = take_param(&params, cli_options_word(session->options, i), &error);
    }
    json_t *reply = NULL;
    is_good = is_good &&
              (session->options->values[OPTION_UNCHECKED] != NULL ||
               check_names(action, &params, &error)) &&
              cli_call(session->client, action, &params, &reply, &error);
    cli_params_done(&params);
    const char *field = session->options->values[OPTION_FIELD];
    if (is_good && field != NULL) {
        is_good = print_field(reply, field, &error);
    } else if (is_good) {
        cli_print_json(reply);
    }
    json_decref(reply);
    return is_good ? CLI_OK : cli_fail(error);
}
