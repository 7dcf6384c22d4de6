// SPDX-License-Identifier: Apache-2.0
//
// connection: freeing connection data, and writing it down for sluice-sql. Not for connecting: the server never does.
#include "exec/connection.h"

#include <string.h>

#include <glib.h>

void exec_connection_done(struct exec_connection *connection) {
    if (connection == NULL) {
        return;
    }
    if (connection->password != NULL) {
        explicit_bzero(connection->password, strlen(connection->password));
    }
    g_free(connection->kind);
    g_free(connection->host);
    g_free(connection->schema);
    g_free(connection->user);
    g_free(connection->password);
    g_free(connection->forbidden_dir);
    *connection = (struct exec_connection){ 0 };
}

static void put(json_t *object, const char *key, const char *value) {
    if (value != NULL) {
        (void)json_object_set_new(object, key, json_string(value));
    }
}

json_t *exec_connection_json(const struct exec_connection *connection) {
    g_assert(connection != NULL);

    json_t *object = json_object();
    put(object, "kind", connection->kind);
    put(object, "host", connection->host);
    (void)json_object_set_new(object, "port", json_integer(connection->port));
    put(object, "schema", connection->schema);
    put(object, "user", connection->user);
    put(object, "password", connection->password);
    return object;
}
