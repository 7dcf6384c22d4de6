// SPDX-License-Identifier: Apache-2.0
//
// As a subreaper the warden inherits every orphan below it: it kills its children until there is none.

#include "main/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_FREE_FD = 3,
    KEPT_FDS = 3,
    FILES_SOFT = 1024,
    KILL_PAUSE_NS = 1000000,
    TEXT_BYTES = 4096
};

// ---- The program ----

static void print(const char *text) {
    (void)!write(STDERR_FILENO, text, text != NULL ? strlen(text) : 0);
}

_Noreturn static void become(const struct warden_plan *plan) {
    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    bool is_ready = dup2(plan->in_fd, STDIN_FILENO) >= 0 &&
                    dup2(plan->out_fd, STDOUT_FILENO) >= 0 &&
                    dup2(plan->out_fd, STDERR_FILENO) >= 0 && chdir("/") == 0;
    struct rlimit files = { 0 };
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > FILES_SOFT) {
        files.rlim_cur = FILES_SOFT;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (is_ready) {
        (void)execve(plan->argv[0], plan->argv, plan->environment);
    }
    int error = errno;
    print(plan->argv[0]);
    print(": ");
    print(strerrordesc_np(error));
    _exit(127);
}

// ---- The warden ----

// Kills every child: /proc has them as decimal numbers with blanks between. A number that is cut at the text's end has its turn next time.
static void kill_children(void) {
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    char text[TEXT_BYTES];
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text) : 0;
    pid_t pid = 0;
    for (ssize_t i = 0; i < len; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            pid = pid * 10 + (text[i] - '0');
        } else if (pid > 0) {
            (void)kill(pid, SIGKILL); // ours and not reaped: nobody else has the number
            pid = 0;
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

// A kernel without that list leaves the program's own group.
static void end_all(pid_t program) {
    (void)kill(-program, SIGKILL); // its leader is not reaped yet
    for (;;) {
        kill_children();
        pid_t pid = 0;
        do {
            pid = waitpid(-1, NULL, WNOHANG);
        } while (pid > 0);
        if (pid < 0 && errno == ECHILD) {
            return;
        }
        (void)nanosleep(&(struct timespec){ .tv_nsec = KILL_PAUSE_NS }, NULL);
    }
}

// Out of the way of 0, 1 and 2, which the program gets, and in a row, so that all behind them can be closed.
static bool keep_fds(struct warden_plan *plan) {
    int *const fds[KEPT_FDS] = { &plan->in_fd, &plan->out_fd, &plan->control_fd };
    int highest = FIRST_FREE_FD;
    for (int i = 0; i < KEPT_FDS; i++) {
        highest = *fds[i] > highest ? *fds[i] : highest;
    }
    for (int i = 0; i < KEPT_FDS;
         i++) { // behind all of them, so that none is closed before it has moved
        *fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, highest + 1);
        if (*fds[i] < 0) {
            return false;
        }
    }
    for (int i = 0; i < KEPT_FDS; i++) {
        if (dup3(*fds[i], FIRST_FREE_FD + i, O_CLOEXEC) < 0) {
            return false;
        }
        *fds[i] = FIRST_FREE_FD + i;
    }
    return close_range(FIRST_FREE_FD + KEPT_FDS, ~0U, 0) == 0;
}

static void watch(const struct warden_plan *plan, pid_t program, int program_fd) {
    struct pollfd fds[2] = { { .fd = program_fd, .events = POLLIN },
                             { .fd = plan->control_fd, .events = POLLIN } };
    while (poll(fds, 2, -1) < 0) {
    }
    siginfo_t info = { 0 };
    if (fds[0].revents != 0 && waitid(P_PID, (id_t)program, &info, WEXITED | WNOWAIT) == 0) {
        const struct warden_report report = { .code = info.si_code, .status = info.si_status };
        (void)!send(plan->control_fd, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

_Noreturn void warden_run(const struct warden_plan *given) {
    struct warden_plan plan = *given;
    (void)setsid();
    (void)prctl(PR_SET_NAME, "sluice-warden");
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t program = keep_fds(&plan) ? fork() : -1;
    if (program == 0) {
        become(&plan);
    }
    if (program > 0) {
        (void)close(plan.in_fd);
        (void)close(plan.out_fd);
        int program_fd = (int)syscall(SYS_pidfd_open, program, 0);
        if (program_fd >= 0) {
            watch(&plan, program, program_fd);
        }
        end_all(program);
    }
    _exit(0);
}
