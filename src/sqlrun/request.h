// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_request: what sluice-sql is asked to do, as exec/sqlnode.h describes it, read from a descriptor and checked.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum request_mode { REQUEST_RUN, REQUEST_ASSIGN, REQUEST_PROBE, REQUEST_EXECUTE, REQUEST_METADATA };

struct request {
    enum request_mode mode;
    char *kind; // of the database, as it was registered; so are the next
    char *host;
    int port;
    char *schema; // or NULL, as the next two
    char *user;
    char *password;        // wiped by request_done
    char *forbidden;       // or NULL: the directory that no file may be in
    char *sql;             // "" of a probe and of metadata
    bool wants_tables;     // of metadata, as the next
    int64_t skipped_count; // tables that were told before
    json_t *outputs;       // an array, perhaps empty
};

// Reads the descriptor to its end and closes it. FAULT_INVALID_DATA: the request is damaged; the text holds no part of it.
bool request_read(int fd, struct request *ret_request, GError **error);
void request_done(struct request *request);

// The path of a database file without any link on it, its directory existing, itself perhaps not. FAULT_INVALID_DATA when it is not absolute, is no
// regular file, or lies below `forbidden` (NULL: nothing is).
bool request_resolve(const char *path, const char *forbidden, char **ret_path, GError **error);
