// SPDX-License-Identifier: Apache-2.0
//
// The server's side of the warden.

#include "main/side_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "main/warden.h"

enum { LAST_WAIT_MS = 1000, PRINTED_BYTES = 300 };

struct process {
    pid_t warden;
    int warden_fd;
    int control_fd;
    int out_fd; // what the program prints, both streams
    GString *printed;
};

static void close_pair(int pair[2]) {
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0) {
            (void)close(pair[i]);
        }
    }
}

// 0 or an errno. The input waits in the pipe before there is a reader: nothing here can block.
static int start(const struct side_command *command, struct process *ret_process) {
    int in[2] = { -1, -1 };
    int out[2] = { -1, -1 };
    int control[2] = { -1, -1 };
    size_t len = strlen(command->input);
    g_assert(len <= SIDE_COMMAND_INPUT_BYTES);
    struct process process = { .warden = -1, .warden_fd = -1 };
    if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0 &&
        write(in[1], command->input, len) == (ssize_t)len) {
        const struct warden_plan plan = { .argv = command->argv,
                                          .environment = command->environment,
                                          .in_fd = in[0],
                                          .out_fd = out[1],
                                          .control_fd = control[1] };
        process.warden = fork();
        if (process.warden == 0) {
            warden_run(&plan);
        }
        process.warden_fd =
            process.warden > 0 ? (int)syscall(SYS_pidfd_open, process.warden, 0) : -1;
    }
    int error = errno;
    close_pair(in);
    if (process.warden_fd < 0) {
        close_pair(out);
        close_pair(control);
        if (process.warden > 0) { // it ends everything and itself now
            (void)waitpid(process.warden, NULL, 0);
        }
        return error;
    }
    (void)close(out[1]);
    (void)close(control[1]);
    (void)fcntl(out[0], F_SETFL, O_NONBLOCK);
    process.out_fd = out[0];
    process.control_fd = control[0];
    process.printed = g_string_new(NULL);
    *ret_process = process;
    return 0;
}

// Takes what there is and keeps the beginning. False: nothing more will come.
static bool take_printed(struct process *process) {
    char bytes[4096];
    ssize_t count = read(process->out_fd, bytes, sizeof bytes);
    if (count > 0 && process->printed->len < PRINTED_BYTES) {
        g_string_append_len(process->printed, bytes,
                            MIN(count, (ssize_t)(PRINTED_BYTES - process->printed->len)));
    }
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

enum outcome { OUTCOME_ENDED, OUTCOME_LATE, OUTCOME_STOPPED };

// Until the program has ended, the time is over, or stop_fd is readable.
static enum outcome wait_end(const struct side_command *command, struct process *process,
                             struct warden_report *ret_report) {
    int64_t until_us = g_get_monotonic_time() + command->limit_ms * 1000;
    struct pollfd fds[3] = { { .fd = process->control_fd, .events = POLLIN },
                             { .fd = command->stop_fd, .events = POLLIN },
                             { .fd = process->out_fd, .events = POLLIN } };
    for (;;) {
        int64_t left_us = until_us - g_get_monotonic_time();
        if (left_us <= 0) {
            return OUTCOME_LATE;
        }
        if (poll(fds, G_N_ELEMENTS(fds), (int)MIN(left_us / 1000 + 1, G_MAXINT)) <= 0) {
            continue;
        }
        if (fds[2].revents != 0 && !take_printed(process)) {
            fds[2].fd = -1;
        }
        if (fds[0].revents != 0) {
            (void)!recv(process->control_fd, ret_report, sizeof *ret_report, MSG_DONTWAIT);
            return OUTCOME_ENDED;
        }
        if (fds[1].revents != 0) {
            return OUTCOME_STOPPED;
        }
    }
}

// Has the warden end what is left. False: the kernel does not let a process go, and nobody waits any more.
static bool end(const struct side_command *command, struct process *process) {
    struct pollfd fds[2] = { { .fd = process->warden_fd, .events = POLLIN },
                             { .fd = command->stop_fd, .events = POLLIN } };
    (void)close(process->control_fd);
    while (poll(fds, G_N_ELEMENTS(fds), -1) < 0) {
    }
    siginfo_t info = { 0 };
    bool has_ended = fds[0].revents != 0 || poll(fds, 1, LAST_WAIT_MS) > 0;
    return has_ended && waitid(P_PIDFD, (id_t)process->warden_fd, &info, WEXITED) == 0;
}

static char *describe(const struct side_command *command, const struct process *process,
                      enum outcome outcome, bool has_ended, const struct warden_report *report) {
    g_autofree char *printed = g_utf8_make_valid(process->printed->str, -1);
    g_strstrip(printed);
    const char *colon = printed[0] != 0 ? ": " : "";
    const char *stuck = has_ended ? "" : ", which the kernel holds up";
    if (outcome == OUTCOME_STOPPED) {
        return g_strdup_printf("the server ends, and it was killed%s%s%s", stuck, colon, printed);
    }
    if (outcome == OUTCOME_LATE) {
        return g_strdup_printf("it did not end within %g s and was killed%s%s%s",
                               (double)command->limit_ms / 1000, stuck, colon, printed);
    }
    if (report->code == 0) {
        return g_strdup("no process can be made for it, or its warden was killed");
    }
    if (report->code != CLD_EXITED) {
        return g_strdup_printf("signal %d ended it%s%s", report->status, colon, printed);
    }
    return report->status == 0
               ? NULL
               : g_strdup_printf("it ended with %d%s%s", report->status, colon, printed);
}

char *side_command_run(const struct side_command *command) {
    struct process process = { 0 };
    struct warden_report report = { 0 };
    int error = start(command, &process);
    if (error != 0) {
        return g_strdup_printf("it can not be started: %s", g_strerror(error));
    }
    enum outcome outcome = wait_end(command, &process, &report);
    bool has_ended = end(command, &process);
    size_t len = 0;
    do {
        len = process.printed->len;
    } while (take_printed(&process) && process.printed->len > len);
    char *reason = describe(command, &process, outcome, has_ended, &report);
    (void)close(process.warden_fd);
    (void)close(process.out_fd);
    g_string_free(process.printed, TRUE);
    return reason;
}
