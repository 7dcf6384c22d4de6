// SPDX-License-Identifier: Apache-2.0
//
// launcher: the small process that starts supervisors (design §2, "Who restarts the supervisor").
//
// Forked before the server drops its rights, it keeps them, so that a supervisor can be started as root later. It takes one word over a
// socket pair, "start a supervisor", and ends at end of file, that is when the server ends. What a supervisor is started with comes from
// the configuration, never from the server.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct launcher_options {
    const char *dir;
    uid_t server_uid; // (uid_t)-1 unless started as root
    uid_t task_uid;
    int64_t attempts_max;
};

// Forks the launcher. Must be called before any thread exists and before the lock is taken. *ret_fd is the server's end, kept for life.
bool launcher_fork(const struct launcher_options *options, int *ret_fd, GError **error);

// Asks for a supervisor; fits client_launch_fn with the descriptor as user pointer. Never blocks.
bool launcher_ask(void *fd_pointer);
