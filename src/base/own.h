// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_BASE_OWN_H
#define SLUICE_BASE_OWN_H

/* Files and directories below DIR that must be ours, opened by a process with more rights than DIR's
 * owner: whoever has the server's uid may put links, pipes or other people's files there, and must
 * not get anything opened, written, emptied or given away by root.
 *
 * Names have no slash, links are not followed, nothing waits, and what was opened is looked at
 * through its descriptor before it is used. No GLib; functions return 0 or -errno, and own_reason()
 * says what an error means. Any thread. Descriptors are close-on-exec and the caller's. */

#include <stddef.h>
#include <sys/types.h>

/* Opens directory dir/name, made where it is missing, for `uid` and `gid` with exactly this mode.
 * It must be uid's already, or empty and our own (just made, here or before a crash). */
int own_directory(int dir_fd, const char *name, mode_t mode, uid_t uid, gid_t gid, int *ret_fd);

/* Makes the opened directory uid's under the same conditions. */
int own_take_directory(int fd, mode_t mode, uid_t uid, gid_t gid);

/* Opens file dir/name with these flags (O_CREAT: made with `mode` where it is missing). It must be a
 * regular file of one name that belongs to `uid`, or that is our own and empty, and becomes uid's
 * then. Give no O_TRUNC: nothing is emptied before it was looked at. */
int own_file(int dir_fd, const char *name, int flags, mode_t mode, uid_t uid, gid_t gid,
             int *ret_fd);

/* Reads at most size - 1 bytes of our file dir/name and ends them with NUL: whole when it is a small text.
 * The same conditions as own_file(). */
int own_read(int dir_fd, const char *name, uid_t uid, char *buf, size_t size);

/* Makes the node dir/name, a socket that we have just bound, uid's. */
int own_give_socket(int dir_fd, const char *name, uid_t uid, gid_t gid);

/* What stood in the way, as the end of a sentence: "is no regular file (a link is not followed)".
 * Static text. */
const char *own_reason(int error);

#endif
