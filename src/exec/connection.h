// SPDX-License-Identifier: Apache-2.0
//
// connection: the data to reach a user's database. Plain value, one owner.
#pragma once

#include <jansson.h>

// The password is a secret: never logged, never in argv or environment. It reaches sluice-sql on an inherited descriptor.
struct exec_connection {
    char *kind; // a word of core/database_kind, as the next
    char *host; // or the absolute path of a file, by the kind
    int port;
    char *schema;
    char *user;
    char *password;
    // SQLite: no file below this directory is opened, whatever links lead there (the server's own data). NULL: none. A node's attempt takes
    // kind_context.data_dir instead; a probe has only this.
    char *forbidden_dir;
};

// Frees the texts and wipes the password; the struct may be used again. A zeroed struct is fine.
void exec_connection_done(struct exec_connection *connection);

// The form in which sluice-sql reads it. Holds the password: give it to a descriptor and nothing else.
json_t *exec_connection_json(const struct exec_connection *connection);
