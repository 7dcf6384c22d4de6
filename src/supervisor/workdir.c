// SPDX-License-Identifier: Apache-2.0

/* Work directories.
 *
 * Removal must not be fooled: every step is one name below an open directory, opened with
 * O_NOFOLLOW. It must not run out of descriptors or stack in a deep tree: a directory found below
 * the top is moved up into the top under a name of ours and removed from there, so at most three
 * descriptors are open whatever the depth. */

#include "supervisor/workdir.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What a directory's owner can set, and its next owner would notice. */
#define TASK_FLAGS                                                                                 \
    (FS_SECRM_FL | FS_UNRM_FL | FS_COMPR_FL | FS_SYNC_FL | FS_IMMUTABLE_FL | FS_APPEND_FL |        \
     FS_NODUMP_FL | FS_NOATIME_FL | FS_NOCOMP_FL | FS_ENCRYPT_FL | FS_JOURNAL_DATA_FL |            \
     FS_DIRSYNC_FL | FS_TOPDIR_FL | FS_NOCOW_FL | FS_DAX_FL | FS_PROJINHERIT_FL | FS_CASEFOLD_FL)

void workdir_init(struct workdir *workdir, int work_fd, uid_t uid, gid_t gid) {
    *workdir = (struct workdir){ .work_fd = work_fd, .uid = uid, .gid = gid, .helper_fd = -1 };
}

void workdir_name(uint64_t fence, char ret_name[WORKDIR_NAME_BYTES]) {
    (void)snprintf(ret_name, WORKDIR_NAME_BYTES, "%" PRIu64, fence);
}

static void spare_name(size_t number, char ret_name[WORKDIR_NAME_BYTES]) {
    assert(number < WORKDIR_SPARES_MAX);
    (void)snprintf(ret_name, WORKDIR_NAME_BYTES, ".spare.%u", (unsigned)number);
}

void workdir_done(struct workdir *workdir) {
    char spare[WORKDIR_NAME_BYTES];
    while (workdir->spare_count > 0) {
        spare_name(--workdir->spare_count, spare);
        (void)unlinkat(workdir->work_fd, spare, AT_REMOVEDIR);
    }
    free(workdir->waiting);
    if (workdir->helper_fd >= 0)
        (void)close(workdir->helper_fd);
    *workdir = (struct workdir){ .work_fd = -1, .helper_fd = -1 };
}

static bool take_spare(struct workdir *workdir, const char *name) {
    if (workdir->spare_count == 0)
        return false;
    char spare[WORKDIR_NAME_BYTES];
    spare_name(--workdir->spare_count, spare);
    return renameat2(workdir->work_fd, spare, workdir->work_fd, name, RENAME_NOREPLACE) == 0;
}

static int give_to_task(const struct workdir *workdir, const char *name) {
    if (workdir->uid == (uid_t)-1 ||
        fchownat(workdir->work_fd, name, workdir->uid, workdir->gid, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    int error = -errno;
    (void)unlinkat(workdir->work_fd, name, AT_REMOVEDIR);
    return error;
}

int workdir_make(struct workdir *workdir, uint64_t fence) {
    char name[WORKDIR_NAME_BYTES];
    workdir_name(fence, name);
    if (!take_spare(workdir, name) && mkdirat(workdir->work_fd, name, 0700) != 0)
        return -errno;
    return give_to_task(workdir, name);
}

/* Nothing in it, and nothing that a task could have left on it: mode, flags, attributes, access
 * lists, blocks that a crowd of files has left. The entries "." and ".." are 24 bytes each; more
 * bytes are more entries. */
static bool is_as_new(int fd, const struct stat *status) {
    enum { BARE_BYTES = 48, BLOCK_BYTES = 4096 };
    _Alignas(8) char entries[128];
    char attribute[1];
    int flags = 0;
    if (status->st_size > BLOCK_BYTES ||
        syscall(SYS_getdents64, fd, entries, sizeof entries) != BARE_BYTES)
        return false;
    if (flistxattr(fd, attribute, 0) > 0)
        return false;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & TASK_FLAGS) != 0)
        return false;
    return (status->st_mode & 07777) == 0700;
}

/* Makes a spare of the directory if it is as new. It becomes root's first: whoever of the task's
 * uid still has it open can put nothing in from then on, neither while we look nor later. (Not
 * root, server and tasks are one user, and there is nobody to guard against.) */
static bool keep_spare(struct workdir *workdir, const char *name, bool *ret_is_full) {
    if (workdir->spare_count >= WORKDIR_SPARES_MAX)
        return false;
    int fd = openat(workdir->work_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct stat status;
    /* Two links are its name and its "."; file systems that do not count say 1. */
    *ret_is_full = fstat(fd, &status) != 0 || status.st_nlink > 2;
    bool is_kept = !*ret_is_full &&
                   (workdir->uid == (uid_t)-1 || fchown(fd, geteuid(), getegid()) == 0) &&
                   fstat(fd, &status) == 0 && is_as_new(fd, &status);
    (void)close(fd);
    if (!is_kept)
        return false;
    char spare[WORKDIR_NAME_BYTES];
    spare_name(workdir->spare_count, spare);
    if (renameat2(workdir->work_fd, name, workdir->work_fd, spare, RENAME_NOREPLACE) != 0)
        return false;
    workdir->spare_count++;
    return true;
}

static void queue(struct workdir *workdir, uint64_t fence) {
    if (workdir->waiting_count == workdir->waiting_size) {
        size_t size = workdir->waiting_size == 0 ? 64 : workdir->waiting_size * 2;
        uint64_t *grown = realloc(workdir->waiting, size * sizeof *grown);
        if (grown == NULL)
            return; /* the next start of a supervisor sweeps it up */
        workdir->waiting = grown;
        workdir->waiting_size = size;
    }
    workdir->waiting[workdir->waiting_count++] = fence;
}

void workdir_remove(struct workdir *workdir, uint64_t fence) {
    char name[WORKDIR_NAME_BYTES];
    workdir_name(fence, name);
    bool is_full = false;
    if (keep_spare(workdir, name, &is_full))
        return;
    if (is_full || (unlinkat(workdir->work_fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT))
        queue(workdir, fence);
}

static DIR *open_directory(int dir_fd, const char *name) {
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(dir_fd, name, 0700, 0) == 0)
        fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    (void)fchmod(fd, 0700); /* a directory without write permission keeps its entries */
    DIR *directory = fdopendir(fd);
    if (directory == NULL)
        (void)close(fd);
    return directory;
}

static bool is_dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void workdir_remove_all(struct workdir *workdir) {
    DIR *directory = open_directory(workdir->work_fd, ".");
    if (directory == NULL)
        return;
    (void)fchmod(workdir->work_fd, 0711);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, ".spare.", 7) == 0) {
            (void)workdir_remove_tree(workdir->work_fd, entry->d_name);
            continue;
        }
        char *end = NULL;
        uint64_t fence = strtoull(entry->d_name, &end, 10);
        if (fence != 0 && *end == '\0')
            workdir_remove(workdir, fence);
    }
    (void)closedir(directory);
}

/* Removes what lies in `directory`; directories that are not empty go up into `top_fd`. */
static int empty_directory(DIR *directory, int top_fd, bool is_top, uint64_t *serial,
                           bool *has_moved) {
    int fd = dirfd(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (is_dots(entry->d_name))
            continue;
        if (unlinkat(fd, entry->d_name, 0) == 0 || unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0) {
            *has_moved = true;
            continue;
        }
        if (is_top)
            continue;
        char moved[48];
        (void)snprintf(moved, sizeof moved, ".remove.%d.%" PRIu64, (int)getpid(), (*serial)++);
        /* Moving a directory rewrites its "..", which needs the right to write in it. */
        if (renameat(fd, entry->d_name, top_fd, moved) != 0 &&
            (fchmodat(fd, entry->d_name, 0700, 0) != 0 ||
             renameat(fd, entry->d_name, top_fd, moved) != 0))
            return -errno;
        *has_moved = true;
    }
    return 0;
}

/* One pass over the top: empties each directory in it. *ret_is_empty says whether none is left. A
 * pass that can not remove anything ends the work: something in there is beyond our rights. */
static int pass(int top_fd, uint64_t *serial, bool *ret_is_empty) {
    DIR *top = open_directory(top_fd, ".");
    if (top == NULL)
        return -errno;
    bool has_moved = false;
    int error = empty_directory(top, top_fd, true, serial, &has_moved);
    rewinddir(top);
    *ret_is_empty = true;
    for (struct dirent *entry; error == 0 && (entry = readdir(top)) != NULL;) {
        if (is_dots(entry->d_name))
            continue;
        *ret_is_empty = false;
        DIR *directory = open_directory(top_fd, entry->d_name);
        if (directory == NULL) {
            error = errno == ENOENT ? 0 : -errno;
            continue;
        }
        error = empty_directory(directory, top_fd, false, serial, &has_moved);
        (void)closedir(directory);
        if (unlinkat(top_fd, entry->d_name, AT_REMOVEDIR) == 0)
            has_moved = true;
    }
    (void)closedir(top);
    if (error == 0 && !*ret_is_empty && !has_moved)
        error = -EPERM;
    return error;
}

int workdir_remove_tree(int dir_fd, const char *name) {
    if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno == ENOTDIR)
        return unlinkat(dir_fd, name, 0) == 0 ? 0 : -errno;
    DIR *directory = open_directory(dir_fd, name);
    if (directory == NULL)
        return -errno;
    uint64_t serial = 0;
    int error = 0;
    bool is_empty = false;
    while (error == 0 && !is_empty)
        error = pass(dirfd(directory), &serial, &is_empty);
    (void)closedir(directory);
    if (error == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) != 0)
        error = -errno;
    return error;
}

_Noreturn static void run_helper(const struct workdir *workdir) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /* Not one descriptor of the supervisor may live on in here, its lock least of all. */
    int work_fd = workdir->work_fd;
    if (work_fd > 3)
        (void)syscall(SYS_close_range, 3, (unsigned)work_fd - 1, 0);
    (void)syscall(SYS_close_range, (unsigned)work_fd + 1, ~0u, 0);
    for (size_t i = 0; i < workdir->waiting_count; i++) {
        char name[WORKDIR_NAME_BYTES];
        workdir_name(workdir->waiting[i], name);
        (void)workdir_remove_tree(work_fd, name);
    }
    _exit(0);
}

void workdir_step(struct workdir *workdir, int *ret_fd) {
    *ret_fd = -1;
    if (workdir->waiting_count == 0 || workdir->helper_fd >= 0)
        return;
    int pidfd = -1;
    struct clone_args arguments = { .flags = CLONE_PIDFD,
                                    .pidfd = (uint64_t)(uintptr_t)&pidfd,
                                    .exit_signal = SIGCHLD };
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        run_helper(workdir);
    if (pid < 0)
        return; /* they stay queued */
    workdir->helper_fd = pidfd;
    workdir->waiting_count = 0;
    *ret_fd = pidfd;
}

void workdir_helper_ended(struct workdir *workdir) {
    assert(workdir->helper_fd >= 0);
    siginfo_t info;
    (void)waitid(P_PIDFD, (id_t)workdir->helper_fd, &info, WEXITED | WNOHANG);
    (void)close(workdir->helper_fd);
    workdir->helper_fd = -1;
}
