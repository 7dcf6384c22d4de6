// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_SPAWN_H
#define SLUICE_SUPERVISOR_SPAWN_H

/* Making an attempt's processes: pipes, control socket, the clone with what isolation the machine
 * allows, and telling a process from a later one with its pid. One thread; 0 or -errno. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/frame.h"
#include "supervisor/record.h"

/* What the machine lets us do, found out once. */
struct spawn_level {
    bool drops_rights; /* started as root: programs run as task_uid */
    bool has_pidns;
    bool has_userns; /* not root: the pid namespace needs one */
    bool has_pidfs;  /* inodes of pidfds are unique */
    uid_t task_uid;
    gid_t task_gid;
};

/* Probes by making a process. */
void spawn_probe(uid_t task_uid, gid_t task_gid, struct spawn_level *ret_level);

/* "L1+pidns", "L1-", "L0+pidns" or "L0-". */
const char *spawn_level_name(const struct spawn_level *level);

struct spawn_process {
    int pidfd;
    int control_fd;
    int out_fd;
    int err_fd;
    struct record_identity identity;
};

struct spawn_fds {
    int null_fd;
    int work_fd;
    int sql_fd;
};

/* Clones an init that waits for INIT_GO. `program` is as in struct frame_start, `workdir` an
 * absolute path or the name below DIR/work. The start's descriptors stay with the caller. The
 * descriptors of *ret_process are the caller's; the pipes are in non-blocking mode. */
int spawn_init(const struct spawn_level *level, const struct spawn_fds *fds,
               const struct frame_start *start, const char *program, const char *workdir,
               struct spawn_process *ret_process);

/* Opens the process of this identity. -ESRCH: it is gone, or its pid belongs to another. */
int spawn_open_identity(const struct record_identity *identity, int *ret_pidfd);

int spawn_signal(int pidfd, int signal_number);

#endif
