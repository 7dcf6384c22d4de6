// SPDX-License-Identifier: Apache-2.0
//
// No thread, no lock, no descriptor but its end of the socket pair: what this process holds can not outlive its purpose.

#include "main/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/own.h"

enum {
    LAUNCHER_FD = 3, // the launcher's end of the socket pair
    REPORT_FD = 4,   // where a supervisor says whether it could begin
    LOG_BYTES_MAX = 1024 * 1024,
};

static const char has_begun[] = "+";

// Programs lie beside our own: in the build directory and when installed.
static char *sibling(const char *name) {
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    if (self == NULL) {
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(self);
    return g_build_filename(folder, name, NULL);
}

// The supervisor outlives the server: it must not hold the server's terminal or pipes.
static void redirect_output(const char *dir, uid_t owner, int report_fd) {
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_root = owner != (uid_t)-1;
    struct stat info = { 0 };
    int log_fd = -1;
    int result = dir_fd < 0 ? -errno
                            : own_file(dir_fd, "supervisor.log", O_WRONLY | O_CREAT | O_APPEND,
                                       0600, is_root ? owner : geteuid(),
                                       is_root ? (gid_t)owner : getegid(), &log_fd);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (result < 0 || null_fd < 0) {
        (void)dprintf(report_fd, "%s/supervisor.log: %s", dir, own_reason(result));
        _exit(127);
    }
    if (fstat(log_fd, &info) == 0 && info.st_size > LOG_BYTES_MAX) {
        (void)!ftruncate(log_fd, 0);
    }
    (void)dup2(null_fd, STDIN_FILENO);
    (void)dup2(null_fd, STDOUT_FILENO);
    (void)dup2(log_fd, STDERR_FILENO);
}

static void exec_supervisor(char *const *argv) {
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)setsid();
    if (chdir("/") != 0) {
        _exit(127);
    }
    (void)execv(argv[0], argv);
    int error = errno;
    (void)fprintf(stderr, "can not start %s: %s\n", argv[0], strerror(error));
    (void)dprintf(REPORT_FD, "%s: %s", argv[0], strerror(error));
    _exit(127);
}

// Twice forked, so that the supervisor is nobody's child here and no zombie is left. *ret_report_fd is the end of a pipe whose other end
// nobody has but the new supervisor: -errno when there is none.
static int start_supervisor(char *const *argv, const char *dir, uid_t owner, int *ret_report_fd) {
    int report[2] = { -1, -1 };
    if (pipe2(report, O_CLOEXEC) != 0) {
        return -errno;
    }
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            redirect_output(dir, owner, report[1]);
            if (report[1] == REPORT_FD) {
                (void)fcntl(REPORT_FD, F_SETFD, 0);
            } else {
                (void)dup2(report[1], REPORT_FD);
            }
            exec_supervisor(argv);
        }
        _exit(0);
    }
    int result = child < 0 ? -errno : 0;
    (void)close(report[1]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (result == 0) {
        *ret_report_fd = report[0];
    } else {
        (void)close(report[0]);
    }
    return result;
}

// All that the supervisor says of its start, up to the end of the pipe. False: the server has ended meanwhile.
static bool hear_report(int report_fd, char text[LAUNCHER_TEXT_BYTES]) {
    size_t len = 0;
    for (;;) {
        struct pollfd fds[2] = { { .fd = report_fd, .events = POLLIN }, { .fd = LAUNCHER_FD } };
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return false;
        }
        if ((fds[1].revents & (POLLHUP | POLLERR)) != 0) {
            return false;
        }
        if (fds[0].revents == 0) {
            continue;
        }
        ssize_t count = read(report_fd, text + len, LAUNCHER_TEXT_BYTES - 1 - len);
        if (count <= 0 || len + (size_t)count == LAUNCHER_TEXT_BYTES - 1) {
            text[len + (size_t)MAX(count, 0)] = '\0';
            return true;
        }
        len += (size_t)count;
    }
}

// Starts one and tells the server how that went.
static bool serve_one(char *const *argv, const struct launcher_options *options) {
    char text[LAUNCHER_TEXT_BYTES] = "";
    int report_fd = -1;
    int result = start_supervisor(argv, options->dir, options->server_uid, &report_fd);
    if (result < 0) {
        (void)snprintf(text, sizeof text, "no process can be made: %s", strerror(-result));
    } else {
        bool is_heard = hear_report(report_fd, text);
        (void)close(report_fd);
        if (!is_heard) {
            return false;
        }
    }
    if (text[0] == '\0') {
        (void)snprintf(text, sizeof text, "it ended before it could listen; see supervisor.log");
    }
    (void)send(LAUNCHER_FD, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    return true;
}

static char **make_arguments(const struct launcher_options *options) {
    GPtrArray *arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, sibling("sluice-supervisor"));
    g_ptr_array_add(arguments, g_strdup_printf("--data=%s", options->dir));
    g_ptr_array_add(arguments, g_strdup_printf("--report-fd=%d", REPORT_FD));
    g_autofree char *sql_program = sibling("sluice-sql");
    g_ptr_array_add(arguments, g_strdup_printf("--sql-program=%s", sql_program));
    g_ptr_array_add(arguments,
                    g_strdup_printf("--max-attempts=%" G_GINT64_FORMAT, options->attempts_max));
    if (options->server_uid != (uid_t)-1) {
        g_ptr_array_add(arguments, g_strdup_printf("--server-uid=%d", (int)options->server_uid));
        g_ptr_array_add(arguments, g_strdup_printf("--server-gid=%d", (int)options->server_uid));
        g_ptr_array_add(arguments, g_strdup_printf("--task-uid=%d", (int)options->task_uid));
        g_ptr_array_add(arguments, g_strdup_printf("--task-gid=%d", (int)options->task_uid));
    }
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_free(arguments, FALSE);
}

static void serve(const struct launcher_options *options, int fd) {
    (void)prctl(PR_SET_NAME, "sluice-launcher");
    (void)dup2(fd, LAUNCHER_FD);
    (void)fcntl(LAUNCHER_FD, F_SETFD, FD_CLOEXEC);
    (void)close_range(LAUNCHER_FD + 1, ~0U, 0);
    // Signals meant for the server's group are not ours: the server's end is the sign.
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    char **arguments = make_arguments(options);
    char word = 0;
    ssize_t count = 0;
    while ((count = read(LAUNCHER_FD, &word, 1)) != 0) {
        bool is_served = count == 1 ? serve_one(arguments, options) : errno == EINTR;
        if (!is_served) {
            break;
        }
    }
    g_strfreev(arguments);
    _exit(0);
}

bool launcher_fork(const struct launcher_options *options, struct launcher *ret_launcher,
                   GError **error) {
    int fds[2] = { -1, -1 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        fault_set(error, FAULT_INTERNAL, "no socket pair: %s", g_strerror(errno));
        return false;
    }
    pid_t child = fork();
    if (child < 0) {
        fault_set(error, FAULT_INTERNAL, "can not fork: %s", g_strerror(errno));
        return false;
    }
    if (child == 0) {
        (void)close(fds[0]);
        serve(options, fds[1]);
    }
    (void)close(fds[1]);
    *ret_launcher = (struct launcher){ .fd = fds[0], .pid_fd = pidfd_open(child, 0) };
    return true;
}

bool launcher_ask(void *launcher) {
    const struct launcher *self = launcher;
    // Any process may send this one to a process of its own session, so also to one that kept root.
    (void)pidfd_send_signal(self->pid_fd, SIGCONT, NULL, 0);
    return send(self->fd, "s", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

enum launcher_news launcher_hear(int fd, char text[LAUNCHER_TEXT_BYTES]) {
    ssize_t count = recv(fd, text, LAUNCHER_TEXT_BYTES - 1, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return LAUNCHER_SILENT;
    }
    if (count <= 0) {
        return LAUNCHER_GONE;
    }
    text[count] = '\0';
    return strcmp(text, has_begun) == 0 ? LAUNCHER_STARTED : LAUNCHER_FAILED;
}
