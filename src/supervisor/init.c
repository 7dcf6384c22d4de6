// SPDX-License-Identifier: Apache-2.0

/* The life of an attempt's init.
 *
 *     close what is not ours → be ended first → user map → gid, uid → parent-death signal → wait for go → read the
 *     specification → start the program → reap and listen → report → end the tree
 *
 * The parent-death signal comes after the uid change, which clears it, and before the wait for go:
 * a supervisor that died in between shows as end of file. As a subreaper the init is not killed
 * with the supervisor but reads end of file too, and then ends its tree.
 *
 * What always holds: no program runs before go; the report is sent at most once and before the rest
 * of the tree is killed; a namespace's init ends only by _exit or a KILL from outside, and either
 * way the kernel has ended every process of it before the supervisor can reap it. */

#include "supervisor/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "supervisor/sandbox.h"

#define MOVED_FD_FIRST 64
#define KILL_PAUSE_NS 1000000
#define OOM_SCORE 200

struct program_vectors {
    char *bytes; /* mapping of all strings and both vectors */
    size_t size;
    char **arguments;
    char **environment;
};

static void on_child(int signal_number) {
    (void)signal_number; /* only there to interrupt ppoll() */
}

/* Closes everything but the descriptors of the plan. */
static void close_others(const struct init_plan *plan) {
    int keep[FRAME_FDS_MAX + 8] = { plan->control_fd, plan->stdout_fd, plan->stderr_fd,
                                    plan->null_fd,    plan->work_fd,   plan->sql_fd,
                                    plan->spec_fd };
    size_t count = 7;
    for (uint32_t i = 0; i < plan->fds_count; i++)
        keep[count++] = plan->fds[i];
    for (size_t i = 1; i < count; i++) /* insertion sort of a handful */
        for (size_t j = i; j > 0 && keep[j - 1] > keep[j]; j--) {
            int other = keep[j];
            keep[j] = keep[j - 1];
            keep[j - 1] = other;
        }
    unsigned int from = 3;
    for (size_t i = 0; i < count; i++) {
        if (keep[i] < (int)from)
            continue;
        if (keep[i] > (int)from)
            (void)syscall(SYS_close_range, from, (unsigned int)keep[i] - 1, 0);
        from = (unsigned int)keep[i] + 1;
    }
    (void)syscall(SYS_close_range, from, ~0u, 0);
}

static int write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t wrote = write(fd, text, strlen(text));
    int error = wrote < 0 ? -errno : 0;
    (void)close(fd);
    return error;
}

/* When memory is short, the kernel ends attempts before it ends who watches them, whatever the server was started with
 * (reliability.md, Isolation of scripts). Raising the score needs no right, but must come before the uid changes, after which the file is
 * root's. A higher score is kept. */
static void give_way(void) {
    char text[16] = "";
    int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    if (read(fd, text, sizeof text - 1) > 0 && strtol(text, NULL, 10) < OOM_SCORE)
        (void)dprintf(fd, "%d", OOM_SCORE);
    (void)close(fd);
}

static int map_user(const struct init_plan *plan) {
    char line[64];
    (void)snprintf(line, sizeof line, "%u %u 1\n", (unsigned)plan->uid, (unsigned)plan->uid);
    int error = write_text("/proc/self/uid_map", line);
    if (error == 0)
        error = write_text("/proc/self/setgroups", "deny");
    (void)snprintf(line, sizeof line, "%u %u 1\n", (unsigned)plan->gid, (unsigned)plan->gid);
    return error != 0 ? error : write_text("/proc/self/gid_map", line);
}

static int drop_rights(const struct init_plan *plan) {
    if (plan->has_userns)
        return map_user(plan);
    if (!plan->drops_rights)
        return 0;
    if (setgroups(0, NULL) != 0 || setresgid(plan->gid, plan->gid, plan->gid) != 0 ||
        setresuid(plan->uid, plan->uid, plan->uid) != 0)
        return -errno;
    return 0;
}

static size_t split(char *bytes, size_t at, size_t len, char **vector, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (at >= len)
            return SIZE_MAX;
        vector[i] = bytes + at;
        at += strnlen(bytes + at, len - at) + 1;
    }
    vector[count] = NULL;
    return at;
}

/* Reads (rather than maps) the specification: its sender may still cut it short. */
static int read_spec(const struct init_plan *plan, struct program_vectors *ret_vectors) {
    struct stat status;
    if (fstat(plan->spec_fd, &status) != 0)
        return -errno;
    if (status.st_size < 1 || status.st_size > (off_t)FRAME_SPEC_BYTES_MAX)
        return -E2BIG;
    size_t len = (size_t)status.st_size;
    size_t pointers = (size_t)plan->argument_count + plan->environment_count + 2;
    size_t text_at = pointers * sizeof(char *);
    struct program_vectors vectors = { .size = text_at + len + 1 };
    vectors.bytes =
        mmap(NULL, vectors.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (vectors.bytes == MAP_FAILED)
        return -errno;
    if (pread(plan->spec_fd, vectors.bytes + text_at, len, 0) != (ssize_t)len)
        return -EBADMSG;
    if (vectors.bytes[text_at + len - 1] != '\0')
        return -EBADMSG;
    vectors.arguments = (char **)(void *)vectors.bytes;
    vectors.environment = vectors.arguments + plan->argument_count + 1;
    size_t at = split(vectors.bytes + text_at, 0, len, vectors.arguments, plan->argument_count);
    if (at != SIZE_MAX)
        at = split(vectors.bytes + text_at, at, len, vectors.environment, plan->environment_count);
    if (at != len)
        return -EBADMSG;
    *ret_vectors = vectors;
    return 0;
}

/* Puts descriptors 0, 1, 2 and 3… in place. Targets may be numbers of sources, so the sources move
 * out of the way first. */
static int place_fds(const struct init_plan *plan, int *ret_sql_fd) {
    int moved[FRAME_FDS_MAX];
    int sql_fd = plan->sql_fd;
    if (sql_fd >= 0 && sql_fd < MOVED_FD_FIRST)
        sql_fd = fcntl(sql_fd, F_DUPFD_CLOEXEC, MOVED_FD_FIRST);
    for (uint32_t i = 0; i < plan->fds_count; i++) {
        moved[i] = fcntl(plan->fds[i], F_DUPFD_CLOEXEC, MOVED_FD_FIRST);
        if (moved[i] < 0)
            return -errno;
    }
    if (dup2(plan->null_fd, 0) < 0 || dup2(plan->stdout_fd, 1) < 0 || dup2(plan->stderr_fd, 2) < 0)
        return -errno;
    for (uint32_t i = 0; i < plan->fds_count; i++)
        if (dup2(moved[i], 3 + (int)i) < 0)
            return -errno;
    /* Everything else is marked, not closed: sql_fd is needed until the exec has succeeded. */
    if (syscall(SYS_close_range, 3 + plan->fds_count, ~0u, 1u << 2 /* CLOEXEC */) != 0)
        return -errno;
    *ret_sql_fd = sql_fd;
    return 0;
}

static int enter_workdir(const struct init_plan *plan) {
    if (plan->workdir[0] != '/' && fchdir(plan->work_fd) != 0)
        return -errno;
    return chdir(plan->workdir) == 0 ? 0 : -errno;
}

/* Becomes the program. Shares its memory with the init until the exec; returns only the errno of
 * what failed, and at which step. */
static int become_program(const struct init_plan *plan, const struct program_vectors *vectors,
                          volatile enum failure_step *ret_step) {
    *ret_step = FAILURE_PREPARING;
    if (setsid() < 0)
        return errno;
    if (!plan->has_pidns)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    int error = enter_workdir(plan);
    if (error != 0) {
        *ret_step = FAILURE_WORKDIR;
        return -error;
    }
    int sql_fd = -1;
    error = place_fds(plan, &sql_fd);
    if (error == 0)
        error = sandbox_enter();
    if (error != 0)
        return -error;
    *ret_step = FAILURE_EXEC;
    (void)umask(077);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (strcmp(plan->program, "@sql") == 0)
        (void)syscall(SYS_execveat, sql_fd, "", vectors->arguments, vectors->environment,
                      AT_EMPTY_PATH);
    else if (strcmp(plan->program, "@3") == 0)
        (void)syscall(SYS_execveat, 3, "", vectors->arguments, vectors->environment, AT_EMPTY_PATH);
    else
        (void)execve(plan->program, vectors->arguments, vectors->environment);
    return errno;
}

/* vfork, because a copy of the page tables that exec throws away is half the price of a start. */
static pid_t __attribute__((noinline))
start_program(const struct init_plan *plan, const struct program_vectors *vectors, int *ret_error,
              enum failure_step *ret_step) {
    volatile int error = 0;
    volatile enum failure_step step = FAILURE_PREPARING;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    pid_t pid = vfork();
#pragma GCC diagnostic pop
    if (pid == 0) {
        error = become_program(plan, vectors, &step);
        _exit(127);
    }
    *ret_error = pid < 0 ? errno : error;
    *ret_step = step;
    return pid;
}

static int64_t now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether /proc/NAME is a child of this process. */
static bool is_child(const char *name) {
    char path[64], line[512];
    (void)snprintf(path, sizeof path, "/proc/%.20s/stat", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, line, sizeof line - 1);
    (void)close(fd);
    if (len <= 0)
        return false;
    line[len] = '\0';
    const char *after_name = strrchr(line, ')'); /* the name may hold anything but ends here */
    if (after_name == NULL || strlen(after_name) < 5)
        return false;
    return strtol(after_name + 4, NULL, 10) == (long)getpid();
}

static void kill_children(void) {
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL;)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_child(entry->d_name))
            (void)kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
    (void)closedir(processes);
}

/* A subreaper inherits every orphan of its tree: kill the children, reap them, and their children
 * come to us; until there is none. */
static void end_tree(void) {
    for (;;) {
        kill_children();
        pid_t pid;
        do {
            pid = waitpid(-1, NULL, WNOHANG);
        } while (pid > 0);
        if (pid < 0 && errno == ECHILD)
            return;
        (void)nanosleep(&(struct timespec){ .tv_nsec = KILL_PAUSE_NS }, NULL);
    }
}

_Noreturn static void finish(const struct init_plan *plan, struct init_report *report) {
    report->ended_ms = now_ms();
    (void)send(plan->control_fd, report, sizeof *report, MSG_NOSIGNAL);
    if (!plan->has_pidns)
        end_tree();
    _exit(0); /* of a namespace: the kernel ends the rest before this process can be reaped */
}

/* The program never ran. */
_Noreturn static void fail(const struct init_plan *plan, struct init_report *report,
                           enum failure_step step) {
    const struct failure failure = {
        .step = step,
        .error = report->error,
        .uid = plan->uid,
        .program = plan->program,
        .workdir = plan->workdir,
        .script_fd = plan->fds_count > 0 ? plan->fds[0] : -1,
    };
    failure_describe(&failure, report->words);
    finish(plan, report);
}

/* Reaps until the program itself has ended. */
static bool reap_program(pid_t program, int *ret_status) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0)
            return false;
        if (pid == program) {
            *ret_status = status;
            return true;
        }
    }
}

_Noreturn static void watch(const struct init_plan *plan, pid_t program,
                            const sigset_t *open_mask) {
    struct init_report report = { 0 };
    struct pollfd control = { .fd = plan->control_fd, .events = POLLIN };
    for (;;) {
        if (reap_program(program, &report.status))
            finish(plan, &report);
        if (ppoll(&control, 1, NULL, open_mask) <= 0)
            continue;
        char command;
        ssize_t got = recv(plan->control_fd, &command, 1, MSG_DONTWAIT);
        if (got < 0)
            continue;
        if (got == 0 || command == INIT_KILL) {
            if (!plan->has_pidns)
                end_tree();
            _exit(0);
        }
        if (command == INIT_TERM) {
            report.is_term = 1;
            (void)kill(-program, SIGTERM);
            (void)kill(-program, SIGCONT); /* a stopped program takes TERM only when it goes on */
        }
    }
}

static void block_signals(sigset_t *ret_open_mask) {
    struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_NOCLDSTOP };
    (void)sigaction(SIGCHLD, &action, NULL);
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)sigdelset(&all, SIGCHLD);
    *ret_open_mask = all;
}

void init_run(const struct init_plan *plan) {
    struct init_report report = { 0 };
    sigset_t open_mask;
    block_signals(&open_mask);
    close_others(plan);
    give_way();
    int error = drop_rights(plan);
    if (plan->has_pidns)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    else
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    char command = 0;
    ssize_t got;
    do {
        got = recv(plan->control_fd, &command, 1, 0);
    } while (got < 0 && errno == EINTR);
    if (got != 1 || command != INIT_GO)
        _exit(1);
    struct program_vectors vectors = { 0 };
    if (error == 0)
        error = read_spec(plan, &vectors);
    if (error != 0) {
        report.error = -error;
        fail(plan, &report, FAILURE_PREPARING);
    }
    enum failure_step step;
    pid_t program = start_program(plan, &vectors, &report.error, &step);
    if (report.error != 0) {
        if (program > 0)
            (void)waitpid(program, NULL, 0);
        fail(plan, &report, step);
    }
    /* The pipes must end with the tree, and a secret must not wait in an idle process. */
    (void)close(plan->stdout_fd);
    (void)close(plan->stderr_fd);
    (void)close(plan->spec_fd);
    for (uint32_t i = 0; i < plan->fds_count; i++)
        (void)close(plan->fds[i]);
    (void)munmap(vectors.bytes, vectors.size);
    watch(plan, program, &open_mask);
}
