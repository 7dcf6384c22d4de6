// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_SUPERVISOR_H
#define SLUICE_SUPERVISOR_SUPERVISOR_H

/* The supervisor's loop: owns DIR/supervisor.lock, the journal, the socket and every attempt.
 * Single-threaded; uses no GLib. */

#include <stdint.h>
#include <sys/types.h>

struct supervisor_options {
    int data_fd;      /* DIR; owned by the caller */
    uid_t server_uid; /* who may connect besides root, and who owns the logs */
    gid_t server_gid;
    uid_t task_uid; /* used only when started as root */
    gid_t task_gid;
    int sql_fd;              /* the sluice-sql program, -1: none */
    uint32_t attempts_max;   /* configured ceiling of open attempts */
    uint64_t idle_ms;        /* without work and server: ends after this time */
    uint64_t log_head_bytes; /* 0: default */
    uint64_t log_ring_bytes; /* 0: default */
    int report_fd;           /* gets "+" once the server can connect, then is closed; -1: none */
};

/* Runs until there is nothing left to do. 0: ended in order; -EWOULDBLOCK: another supervisor holds
 * the lock; other -errno: it could not begin, *ret_what (static) names what it failed at, and
 * own_reason() says what the error means. */
int supervisor_run(const struct supervisor_options *options, const char **ret_what);

#endif
