// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_BASE_FILE_H
#define SLUICE_BASE_FILE_H

/* Files that have to be right after a crash, and sockets below long paths.
 *
 * No GLib; functions return 0 or -errno. No state, so every thread may call them. Every descriptor
 * is opened close-on-exec. Names are relative to a directory descriptor, so nothing depends on the
 * working directory and a path may be of any length. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes all bytes at the offset; a short write is continued, EINTR repeated. */
int file_write_at(int fd, const void *data, size_t len, uint64_t offset);

/* Writes all bytes at the descriptor's own offset. */
int file_write(int fd, const void *data, size_t len);

/* Reads until `len` bytes or the end of the file; *ret_len says how many came. */
int file_read_at(int fd, void *buf, size_t len, uint64_t offset, size_t *ret_len);

/* Replaces dir/name by a file with exactly this content: written to a temporary name, synced,
 * renamed, the directory synced. A reader sees the old content or the new, also after a power cut.
 * The owner is set when `uid` is not (uid_t)-1. */
int file_replace(int dir_fd, const char *name, const void *data, size_t len, mode_t mode, uid_t uid,
                 gid_t gid);

/* The same for a short note that nothing depends on, such as a process id: where the disk has no room for
 * a new file, what stands there is written over in place, if it is `uid`'s own. -ENOSPC, -EDQUOT: that
 * could not be done either. A `uid` of (uid_t)-1 is our own. */
int file_note(int dir_fd, const char *name, const void *data, size_t len, mode_t mode, uid_t uid,
              gid_t gid);

/* Whether an error, a negative errno, says that the disk or the quota is exhausted. The one judge of that. */
bool file_is_full(int error);

/* Opens (creating where missing) dir/name, a file of `uid` and `gid` as own_file() wants it, and takes
 * an exclusive flock on it without waiting. -EWOULDBLOCK: somebody else holds it; own_reason() says
 * what the others mean. The caller owns *ret_fd; closing it gives the lock up. */
int file_lock(int dir_fd, const char *name, mode_t mode, uid_t uid, gid_t gid, int *ret_fd);

/* The 36 characters of the kernel's boot id and a NUL. */
#define FILE_BOOT_ID_BYTES 37
int file_boot_id(char ret_id[FILE_BOOT_ID_BYTES]);

/* Binds and listens on a stream socket dir/name, replacing what is there. The address is given
 * through /proc/self/fd, because an address may have at most 107 bytes and a path may not. */
int file_listen(int dir_fd, const char *name, mode_t mode, uid_t uid, gid_t gid, int *ret_fd);

/* Connects to the stream socket dir/name, which must not be a link; the descriptor is in non-blocking
 * mode. */
int file_connect(int dir_fd, const char *name, int *ret_fd);

/* CRC-32C (Castagnoli), continued from `crc`; begin with 0. */
uint32_t file_crc32c(uint32_t crc, const void *data, size_t len);

/* Descriptors 0, 1 and 2 that whoever started us left closed are filled with /dev/null, open for
 * reading: nothing of ours takes their numbers, and writing to them fails as it should. First thing
 * of every program, before any file or socket is opened. */
int file_fill_standard(void);

#endif
