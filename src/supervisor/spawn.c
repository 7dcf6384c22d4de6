// SPDX-License-Identifier: Apache-2.0

/* Cloning.
 *
 * What always holds: every signal goes through a pidfd; on failure nothing is left open and no
 * process is left running; descriptors of the supervisor are never 0, 1 or 2 (main sees to that). */

#include "supervisor/spawn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/init.h"
#include "supervisor/sandbox.h"

#define PIDFS_MAGIC 0x50494446

static uint64_t clone_flags(const struct spawn_level *level) {
    uint64_t flags = CLONE_PIDFD;
    if (level->has_pidns)
        flags |= CLONE_NEWPID;
    if (level->has_userns)
        flags |= CLONE_NEWUSER;
    return flags;
}

static long clone_process(uint64_t flags, int *ret_pidfd) {
    struct clone_args arguments = { .flags = flags,
                                    .pidfd = (uint64_t)(uintptr_t)ret_pidfd,
                                    .exit_signal = SIGCHLD };
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    return pid >= 0 ? pid : -errno;
}

static bool can_map_user(const struct spawn_level *level) {
    char line[64];
    int printed = snprintf(line, sizeof line, "%u %u 1\n", (unsigned)level->task_uid,
                           (unsigned)level->task_uid);
    int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, line, (size_t)printed) == (ssize_t)printed;
}

static bool works(const struct spawn_level *level) {
    int pidfd = -1;
    long pid = clone_process(clone_flags(level), &pidfd);
    if (pid == 0)
        _exit(level->has_userns && !can_map_user(level) ? 1 : 0);
    if (pid < 0)
        return false;
    siginfo_t info = { 0 };
    int error;
    do {
        error = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
    } while (error != 0 && errno == EINTR);
    (void)close(pidfd);
    return error == 0 && info.si_code == CLD_EXITED && info.si_status == 0;
}

void spawn_probe(uid_t task_uid, gid_t task_gid, struct spawn_level *ret_level) {
    sandbox_prepare();
    bool is_root = geteuid() == 0;
    struct spawn_level level = { .drops_rights = is_root,
                                 .has_pidns = true,
                                 .has_userns = !is_root,
                                 .task_uid = is_root ? task_uid : geteuid(),
                                 .task_gid = is_root ? task_gid : getegid() };
    if (!works(&level))
        level.has_pidns = level.has_userns = false;
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    struct statfs status;
    if (pidfd >= 0) {
        level.has_pidfs = fstatfs(pidfd, &status) == 0 && status.f_type == PIDFS_MAGIC;
        (void)close(pidfd);
    }
    *ret_level = level;
}

const char *spawn_level_name(const struct spawn_level *level) {
    if (level->drops_rights)
        return level->has_pidns ? "L1+pidns" : "L1-";
    return level->has_pidns ? "L0+pidns" : "L0-";
}

static void close_pair(int pair[2]) {
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            (void)close(pair[i]);
    pair[0] = pair[1] = -1;
}

/* Field 22 of /proc/PID/stat, or 0. */
static uint64_t start_ticks_of(uint32_t pid) {
    char path[64], line[1024];
    (void)snprintf(path, sizeof path, "/proc/%u/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t len = read(fd, line, sizeof line - 1);
    (void)close(fd);
    if (len <= 0)
        return 0;
    line[len] = '\0';
    const char *at = strrchr(line, ')');
    for (int field = 2; at != NULL && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at != NULL ? strtoull(at + 1, NULL, 10) : 0;
}

static void identify(bool has_pidfs, int pidfd, uint32_t pid,
                     struct record_identity *ret_identity) {
    struct stat status;
    *ret_identity = (struct record_identity){ .pid = pid };
    if (has_pidfs && fstat(pidfd, &status) == 0)
        ret_identity->pidfd_inode = status.st_ino;
    else
        ret_identity->start_ticks = start_ticks_of(pid);
}

int spawn_init(const struct spawn_level *level, const struct spawn_fds *fds,
               const struct frame_start *start, const char *program, const char *workdir,
               struct spawn_process *ret_process) {
    assert(start->fd_count >= 1 && start->fd_count <= FRAME_FDS_MAX);
    int out[2] = { -1, -1 }, err[2] = { -1, -1 }, control[2] = { -1, -1 };
    int error = 0;
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
        error = -errno;
    /* Only our ends do not block; the program gets ordinary pipes. */
    if (error == 0 &&
        (fcntl(out[0], F_SETFL, O_NONBLOCK) != 0 || fcntl(err[0], F_SETFL, O_NONBLOCK) != 0))
        error = -errno;
    int pidfd = -1;
    long pid = -1;
    if (error == 0) {
        struct init_plan plan = {
            .has_pidns = level->has_pidns,
            .has_userns = level->has_userns,
            .drops_rights = level->drops_rights,
            .uid = level->task_uid,
            .gid = level->task_gid,
            .control_fd = control[1],
            .stdout_fd = out[1],
            .stderr_fd = err[1],
            .null_fd = fds->null_fd,
            .work_fd = fds->work_fd,
            .sql_fd = fds->sql_fd,
            .spec_fd = start->fds[0],
            .fds = start->fds + 1,
            .fds_count = start->fd_count - 1,
            .argument_count = start->argument_count,
            .environment_count = start->environment_count,
            .program = program,
            .workdir = workdir,
        };
        pid = clone_process(clone_flags(level), &pidfd);
        if (pid == 0)
            init_run(&plan);
        if (pid < 0)
            error = (int)pid;
    }
    if (error != 0) {
        close_pair(out);
        close_pair(err);
        close_pair(control);
        return error;
    }
    (void)close(out[1]);
    (void)close(err[1]);
    (void)close(control[1]);
    *ret_process = (struct spawn_process){
        .pidfd = pidfd, .control_fd = control[0], .out_fd = out[0], .err_fd = err[0]
    };
    identify(level->has_pidfs, pidfd, (uint32_t)pid, &ret_process->identity);
    return 0;
}

int spawn_open_identity(const struct record_identity *identity, int *ret_pidfd) {
    if (identity->pid == 0)
        return -ESRCH;
    int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)identity->pid, 0);
    if (pidfd < 0)
        return -errno;
    struct record_identity now;
    identify(identity->pidfd_inode != 0, pidfd, identity->pid, &now);
    bool is_same = identity->pidfd_inode != 0
                       ? now.pidfd_inode == identity->pidfd_inode
                       : identity->start_ticks != 0 && now.start_ticks == identity->start_ticks;
    /* A pidfd is readable once its process has ended; a zombie is not alive. */
    struct pollfd ended = { .fd = pidfd, .events = POLLIN };
    if (!is_same || poll(&ended, 1, 0) == 1) {
        (void)close(pidfd);
        return -ESRCH;
    }
    *ret_pidfd = pidfd;
    return 0;
}

int spawn_signal(int pidfd, int signal_number) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) == 0 ? 0 : -errno;
}
