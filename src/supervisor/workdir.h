// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_WORKDIR_H
#define SLUICE_SUPERVISOR_WORKDIR_H

/* The fresh directory of an attempt, DIR/work/FENCE, and its removal.
 *
 * A directory that was left empty becomes a spare, DIR/work/.spare.N, and the next attempt's by a
 * rename: file systems pay dearly for inodes that come and go by the thousand (ext4 looks past every
 * one freed in the last seconds). A full one is removed by a helper process, one helper at a
 * time, because a script can leave millions of files and the supervisor must not wait for them.
 * Nothing follows symbolic links, no descriptor is held per level of depth.
 *
 * The struct belongs to the supervisor's thread. Functions return 0 or -errno. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WORKDIR_NAME_BYTES 24
#define WORKDIR_SPARES_MAX 1024

struct workdir {
    int work_fd; /* DIR/work; owned by the caller */
    uid_t uid;   /* owner of new directories; (uid_t)-1: leave */
    gid_t gid;
    int helper_fd; /* pidfd of the helper, -1: none runs */
    uint64_t *waiting;
    size_t waiting_count;
    size_t waiting_size;
    size_t spare_count; /* .spare.0 ... are there, empty; root's, when started as root */
};

void workdir_init(struct workdir *workdir, int work_fd, uid_t uid, gid_t gid);
void workdir_done(struct workdir *workdir);

/* The directory's name below DIR/work. */
void workdir_name(uint64_t fence, char ret_name[WORKDIR_NAME_BYTES]);

/* Makes the directory; a left-over of the same name is an error, fences are used once. */
int workdir_make(struct workdir *workdir, uint64_t fence);

/* Removes the directory now or queues it for the helper. */
void workdir_remove(struct workdir *workdir, uint64_t fence);

/* Queues everything that lies in DIR/work; for the start, before any attempt runs. */
void workdir_remove_all(struct workdir *workdir);

/* Starts a helper when one is wanted and none runs. *ret_fd is the new pidfd to watch (lent), or -1
 * when nothing was started. */
void workdir_step(struct workdir *workdir, int *ret_fd);

/* The helper's pidfd became readable: reaps it and closes the descriptor. */
void workdir_helper_ended(struct workdir *workdir);

/* Removes dir/name with all below. Exposed for tests; runs in the helper. */
int workdir_remove_tree(int dir_fd, const char *name);

#endif
