// SPDX-License-Identifier: Apache-2.0
//
// launcher: the small process that starts supervisors (docs/ARCHITECTURE.md).
//
// Forked before the server drops its rights, it keeps them, so that a supervisor can be started as root later. It takes one word over a
// socket pair, "start a supervisor", answers each with how that went, and ends at end of file, that is when the server ends. What a
// supervisor is started with comes from the configuration, never from the server. Without it no supervisor can be started as root any
// more, so its end is the server's (exit code 71): the next start has a new one, and running attempts go on meanwhile.
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

struct launcher {
    int fd;     // the server's end, kept for life
    int pid_fd; // its process
};

// Forks the launcher. Must be called before any thread exists and before the lock is taken.
bool launcher_fork(const struct launcher_options *options, struct launcher *ret_launcher,
                   GError **error);

// Asks for a supervisor; fits client_launch_fn with the struct launcher as user pointer. Never blocks. A launcher that somebody has stopped
// (SIGSTOP) is made to go on.
bool launcher_ask(void *launcher);

enum { LAUNCHER_TEXT_BYTES = 512 };

enum launcher_news {
    LAUNCHER_SILENT,  // nothing new
    LAUNCHER_STARTED, // a supervisor has begun and listens
    LAUNCHER_FAILED,  // the last one could not begin: the text says why
    LAUNCHER_GONE,    // the launcher has ended
};

// What the launcher says; fd is the launcher's, readable when there is news. Never blocks. `text` is set for LAUNCHER_FAILED.
enum launcher_news launcher_hear(int fd, char text[LAUNCHER_TEXT_BYTES]);
