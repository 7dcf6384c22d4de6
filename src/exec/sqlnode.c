// SPDX-License-Identifier: Apache-2.0
//
// sqlnode: writes requests for sluice-sql and reads its answers. Not for talking to a database.
//
// What always holds: a request, which holds the password, only ever becomes the content of a descriptor, and its text is wiped.
#include "exec/sqlnode.h"

#include <string.h>

#include "base/fault.h"
#include "core/kinds/sql.h"
#include "core/vars.h"

enum {
    PROBE_TIMEOUT_MS = 5000,
    PROBE_GRACE_MS = 500,
    PROBE_RESULT_BYTES = 64 * 1024,
    ERROR_TEXT_BYTES = 4096, // of an answer's error that becomes a node's message
};

static const struct sql_content *content_of(const struct task *task) {
    return task_node(task)->value;
}

// Takes the outputs; they may be NULL.
static json_t *make_request(const char *mode, const struct exec_connection *connection,
                            const char *forbidden, const char *sql, json_t *outputs_take) {
    json_t *request = json_object();
    (void)json_object_set_new(request, "mode", json_string(mode));
    (void)json_object_set_new(request, "connection", exec_connection_json(connection));
    if (forbidden != NULL) {
        // The runner works elsewhere than the server, so a relative name would mean another place.
        g_autofree char *absolute = g_canonicalize_filename(forbidden, NULL);
        (void)json_object_set_new(request, "forbidden", json_string(absolute));
    }
    if (sql != NULL) {
        (void)json_object_set_new(request, "sql", json_string(sql));
    }
    if (outputs_take != NULL) {
        (void)json_object_set_new(request, "outputs", outputs_take);
    }
    return request;
}

static void wipe_and_free(void *text) {
    explicit_bzero(text, strlen(text));
    g_free(text);
}

// The attempt that hands this request to sluice-sql. Takes the request.
static struct attempt_spec *make_spec(json_t *request_take) {
    struct attempt_spec *spec = attempt_spec_new("@sql");
    g_ptr_array_add(spec->arguments, g_strdup("sluice-sql"));
    size_t len = json_dumpb(request_take, NULL, 0, JSON_COMPACT);
    g_assert(len > 0);
    char *text = g_malloc0(len + 1);
    size_t written = json_dumpb(request_take, text, len, JSON_COMPACT);
    g_assert(written == len);
    json_decref(request_take);
    g_ptr_array_add(spec->contents, g_bytes_new_with_free_func(text, len, wipe_and_free, text));
    spec->result_max_bytes = ATTEMPT_RESULT_SQL_BYTES;
    return spec;
}

// Takes the outputs, also when it fails.
static bool prepare(const struct task *task, const char *mode, json_t *outputs_take,
                    struct attempt_spec **ret_spec, GError **error) {
    g_autofree char *sql = NULL;
    if (!sql_content_check_kind(content_of(task), task->connection->kind, error) ||
        !task_substitute(task, "sql", content_of(task)->sql, &sql, error) ||
        !sql_content_check_text(sql, error)) {
        json_decref(outputs_take);
        return false;
    }
    const char *forbidden =
        task->data_dir != NULL ? task->data_dir : task->connection->forbidden_dir;
    struct attempt_spec *spec =
        make_spec(make_request(mode, task->connection, forbidden, sql, outputs_take));
    task_environment(task, spec->environment);
    *ret_spec = spec;
    return true;
}

bool sqlnode_prepare_run(const struct task *task, struct attempt_spec **ret_spec, GError **error) {
    g_assert(task != NULL);
    g_assert(task->connection != NULL);

    return prepare(task, "run", NULL, ret_spec, error);
}

// One declared output in the runner's form; NULL when its extractMethod is not what behaviour.md §2.4 says.
static json_t *read_output(const json_t *output) {
    const char *name = json_string_value(json_object_get(output, "variableName"));
    const char *method_text = json_string_value(json_object_get(output, "extractMethod"));
    json_t *method = method_text != NULL ? json_loads(method_text, 0, NULL) : NULL;
    const json_t *row = json_object_get(method, "row");
    const json_t *column = json_object_get(method, "column");
    json_t *read = NULL;
    if (name != NULL && json_is_integer(row) && json_is_integer(column)) {
        const char *combiner = json_string_value(json_object_get(method, "combiner"));
        read = json_object();
        (void)json_object_set_new(read, "name", json_string(name));
        (void)json_object_set_new(read, "row", json_integer(json_integer_value(row)));
        (void)json_object_set_new(read, "column", json_integer(json_integer_value(column)));
        (void)json_object_set_new(read, "combiner", json_string(combiner != NULL ? combiner : ""));
        const json_t *fallback = json_object_get(output, "default");
        if (json_is_string(fallback)) {
            (void)json_object_set_new(read, "default", json_string(json_string_value(fallback)));
        }
    }
    json_decref(method);
    return read;
}

static bool read_outputs(const char *text, json_t **ret_outputs, GError **error) {
    json_t *outputs = json_array();
    if (text == NULL || text[0] == '\0') {
        *ret_outputs = outputs;
        return true;
    }
    json_t *document = vars_output_check(text, true, error) ? json_loads(text, 0, NULL) : NULL;
    if (document == NULL) {
        json_decref(outputs);
        return false;
    }
    const json_t *declared = json_object_get(document, "outputs");
    for (size_t i = 0; i < json_array_size(declared); i++) {
        json_t *output = read_output(json_array_get(declared, i));
        if (output == NULL) {
            fault_set(
                error, FAULT_INVALID_DATA,
                "output %zu: \"extractMethod\" must be a text such as {\"row\":0,\"column\":0}",
                i + 1);
            json_decref(outputs);
            json_decref(document);
            return false;
        }
        (void)json_array_append_new(outputs, output);
    }
    json_decref(document);
    *ret_outputs = outputs;
    return true;
}

bool sqlnode_prepare_assign(const struct task *task, struct attempt_spec **ret_spec,
                            GError **error) {
    g_assert(task != NULL);
    g_assert(task->connection != NULL);

    json_t *outputs = NULL;
    return read_outputs(task_node(task)->output, &outputs, error) &&
           prepare(task, "assign", outputs, ret_spec, error);
}

// An attempt that belongs to no node.
static struct attempt_spec *make_call(json_t *request_take, int64_t timeout_ms,
                                      uint32_t result_max_bytes) {
    struct attempt_spec *spec = make_spec(request_take);
    g_ptr_array_add(spec->environment, g_strdup("LANG=C.UTF-8"));
    spec->timeout_ms = timeout_ms;
    spec->grace_ms = PROBE_GRACE_MS;
    spec->result_max_bytes = result_max_bytes;
    return spec;
}

struct attempt_spec *sqlnode_probe(const struct exec_connection *connection) {
    g_assert(connection != NULL);
    g_assert(connection->kind != NULL);

    return make_call(make_request("probe", connection, connection->forbidden_dir, NULL, NULL),
                     PROBE_TIMEOUT_MS, PROBE_RESULT_BYTES);
}

struct attempt_spec *sqlnode_execute(const struct exec_connection *connection, const char *script,
                                     int64_t timeout_ms) {
    g_assert(script != NULL);
    g_assert(timeout_ms > 0);

    return make_call(make_request("execute", connection, connection->forbidden_dir, script, NULL),
                     timeout_ms, ATTEMPT_RESULT_SQL_BYTES);
}

struct attempt_spec *sqlnode_metadata(const struct exec_connection *connection, bool wants_tables,
                                      int64_t skipped_count, int64_t timeout_ms) {
    g_assert(skipped_count >= 0);
    g_assert(timeout_ms > 0);

    json_t *request = make_request("metadata", connection, connection->forbidden_dir, NULL, NULL);
    (void)json_object_set_new(request, "tables", json_boolean(wants_tables));
    (void)json_object_set_new(request, "skip", json_integer(skipped_count));
    return make_call(request, timeout_ms, ATTEMPT_RESULT_SQL_BYTES);
}

bool sqlnode_outputs(const char *line, size_t len, json_t **ret_outputs, GError **error) {
    g_assert(ret_outputs != NULL);

    json_t *answer = line != NULL ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_t *outputs = json_object_get(answer, "outputs");
    bool is_sound = json_is_object(outputs);
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(outputs, name, value) {
        is_sound = is_sound && (json_is_string(value) || json_is_null(value)) &&
                   var_name_is_valid(name, strlen(name)) &&
                   json_string_length(value) <= VAR_VALUE_MAX;
    }
    if (is_sound) {
        *ret_outputs = json_incref(outputs);
    } else {
        fault_set(error, FAULT_INVALID_DATA, "sluice-sql ended without the values of the outputs");
    }
    json_decref(answer);
    return is_sound;
}

char *sqlnode_error(const char *line, size_t len) {
    json_t *answer = line != NULL ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *text = json_string_value(json_object_get(answer, "error"));
    char *copy = NULL;
    if (text != NULL && text[0] != '\0') {
        g_autofree char *cut = g_strndup(text, ERROR_TEXT_BYTES);
        copy = g_utf8_make_valid(cut, -1);
    }
    json_decref(answer);
    return copy;
}
