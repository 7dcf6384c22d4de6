// SPDX-License-Identifier: Apache-2.0
//
// No thread, no lock, no descriptor but its end of the socket pair: what this process holds can not outlive its purpose.

#include "main/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"

enum { LAUNCHER_FD = 3, LOG_BYTES_MAX = 1024 * 1024 };

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
static void redirect_output(const char *dir, uid_t owner) {
    g_autofree char *path = g_build_filename(dir, "supervisor.log", NULL);
    struct stat info = { 0 };
    bool is_large = stat(path, &info) == 0 && info.st_size > LOG_BYTES_MAX;
    int log_fd = open(
        path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (is_large ? O_TRUNC : 0),
        0600);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0) {
        _exit(127);
    }
    if (log_fd >= 0 && owner != (uid_t)-1) {
        (void)!fchown(log_fd, owner, (gid_t)owner);
    }
    (void)dup2(null_fd, STDIN_FILENO);
    (void)dup2(null_fd, STDOUT_FILENO);
    (void)dup2(log_fd >= 0 ? log_fd : null_fd, STDERR_FILENO);
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
    (void)fprintf(stderr, "can not start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

// Twice forked, so that the supervisor is nobody's child here and no zombie is left.
static void start_supervisor(char *const *argv, const char *dir, uid_t owner) {
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            redirect_output(dir, owner);
            exec_supervisor(argv);
        }
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

static char **make_arguments(const struct launcher_options *options) {
    GPtrArray *arguments = g_ptr_array_new();
    g_ptr_array_add(arguments, sibling("sluice-supervisor"));
    g_ptr_array_add(arguments, g_strdup_printf("--data=%s", options->dir));
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
        if (count == 1) {
            start_supervisor(arguments, options->dir, options->server_uid);
        } else if (errno != EINTR) {
            break;
        }
    }
    g_strfreev(arguments);
    _exit(0);
}

bool launcher_fork(const struct launcher_options *options, int *ret_fd, GError **error) {
    int fds[2] = { -1, -1 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
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
    *ret_fd = fds[0];
    return true;
}

bool launcher_ask(void *fd_pointer) {
    return send(*(int *)fd_pointer, "s", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}
