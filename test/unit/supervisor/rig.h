// SPDX-License-Identifier: Apache-2.0
//
// rig: the real sluice-supervisor in a directory of its own, and a server's end of its socket. Waits are for messages with a deadline, never
// for a time.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/frame.h"

#define DEADLINE_S 60 /* of what takes a moment, on a machine that does ten other things */
#define DEADLINE_US (DEADLINE_S * G_USEC_PER_SEC)
#define GRACE_MS 300
#define IDLE_MS 60000 /* longer than any wait of a busy machine */

struct rig {
    char path[64];
    int dir;
    pid_t pid;
    int fd;
    bool has_namespaces;
    struct frame_reader reader;
    struct frame_writer writer;
    struct frame_state state;
    char level[32];
    int idle_ms;
    uint64_t next_fence;
    /* The last EXITED, copied. */
    struct frame_exited exited;
    char *result;
};

static void spawn_supervisor(struct rig *rig) {
    const char *build = g_getenv("SLUICE_BUILD");
    g_autofree char *program =
        g_build_filename(build != NULL ? build : "build", "src", "main", "sluice-supervisor", NULL);
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        g_printerr("no %s\n", program);
        g_assert_not_reached();
    }
    rig->pid = fork();
    g_assert_cmpint(rig->pid, >=, 0);
    if (rig->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a failed test leaves nothing behind */
        char idle[16];
        (void)snprintf(idle, sizeof idle, "%d", rig->idle_ms);
        execl(program, program, "--data", rig->path, "--idle-ms", idle, NULL);
        _exit(127);
    }
}

static void send_message(struct rig *rig, const struct frame_message *message) {
    g_assert_cmpint(frame_writer_push(&rig->writer, message), ==, 0);
    int error;
    while ((error = frame_writer_flush(&rig->writer, rig->fd)) == -EAGAIN) {
        struct pollfd writable = { .fd = rig->fd, .events = POLLOUT };
        g_assert_cmpint(poll(&writable, 1, DEADLINE_S * 1000), ==, 1);
    }
    g_assert_cmpint(error, ==, 0);
}

/* The next message, or false at the end of file. */
static bool next_message(struct rig *rig, struct frame_message *ret_message) {
    for (;;) {
        int got = frame_reader_next(&rig->reader, ret_message);
        g_assert_cmpint(got, >=, 0);
        if (got == 1)
            return true;
        struct pollfd readable = { .fd = rig->fd, .events = POLLIN };
        g_assert_cmpint(poll(&readable, 1, DEADLINE_S * 1000), ==, 1);
        got = frame_reader_receive(&rig->reader, rig->fd);
        if (got == 0 || got == -ECONNRESET)
            return false;
        g_assert_true(got == 1 || got == -EAGAIN);
    }
}

static void keep_exit(struct rig *rig, const struct frame_exited *exited) {
    g_free(rig->result);
    rig->exited = *exited;
    rig->result = g_strndup(exited->result.data, exited->result.len);
}

static void connect_server(struct rig *rig) {
    gint64 deadline = g_get_monotonic_time() + DEADLINE_US;
    while (file_connect(rig->dir, "supervisor.sock", &rig->fd) != 0) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_assert_cmpint(waitpid(rig->pid, NULL, WNOHANG), ==, 0);
        g_usleep(2000);
    }
    frame_reader_init(&rig->reader, 0);
    frame_writer_init(&rig->writer, 0);
}

static void disconnect_server(struct rig *rig) {
    (void)close(rig->fd);
    rig->fd = -1;
    frame_reader_done(&rig->reader);
    frame_writer_done(&rig->writer);
}

/* HELLO and all of STATE; counts what was announced and keeps the last exit. */
static void greet(struct rig *rig, uint64_t highest_fence) {
    struct frame_message message = { .type = FRAME_HELLO,
                                     .hello = { .protocol_version = FRAME_VERSION,
                                                .highest_fence = highest_fence } };
    send_message(rig, &message);
    g_assert_true(next_message(rig, &message));
    g_assert_cmpint(message.type, ==, FRAME_STATE);
    rig->state = message.state;
    g_strlcpy(rig->level, message.state.level.data,
              MIN(sizeof rig->level, message.state.level.len + 1));
    rig->has_namespaces = strstr(rig->level, "pidns") != NULL;
    uint32_t started = 0, exited = 0;
    for (;;) {
        g_assert_true(next_message(rig, &message));
        if (message.type == FRAME_STATE_END)
            break;
        if (message.type == FRAME_EXITED) {
            keep_exit(rig, &message.exited);
            exited++;
        } else {
            g_assert_cmpint(message.type, ==, FRAME_STARTED);
            started++;
        }
    }
    g_assert_cmpuint(started, ==, rig->state.open_count);
    g_assert_cmpuint(exited, ==, rig->state.exits_count);
}

static void set_up(struct rig *rig, gconstpointer data) {
    rig->idle_ms = IDLE_MS;
    g_strlcpy(rig->path, "/var/tmp/sluice-supervisor-XXXXXX", sizeof rig->path);
    g_assert_nonnull(g_mkdtemp(rig->path));
    g_assert_cmpint(chmod(rig->path, 0711), ==, 0);
    rig->dir = open(rig->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rig->next_fence = 1;
    spawn_supervisor(rig);
    connect_server(rig);
    greet(rig, 0);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
    return remove(path);
}

static void tear_down(struct rig *rig, gconstpointer data) {
    if (rig->fd >= 0)
        disconnect_server(rig);
    if (rig->pid > 0) {
        (void)kill(rig->pid, SIGKILL);
        g_assert_cmpint(waitpid(rig->pid, NULL, 0), ==, rig->pid);
    }
    (void)close(rig->dir);
    g_free(rig->result);
    (void)nftw(rig->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Sends START of /bin/sh -c SCRIPT; the descriptors after the specification are taken over. */
static uint64_t start_with(struct rig *rig, const char *script, struct frame_start start) {
    const char *const arguments[] = { "sh", "-c", script, NULL };
    const char *const environment[] = { "PATH=/usr/bin:/bin", "TF_VAR_a=b", NULL };
    struct frame_message message = { .type = FRAME_START, .start = start };
    message.start.fence = start.fence != 0 ? start.fence : rig->next_fence++;
    if (start.program.data == NULL)
        message.start.program = frame_text("/bin/sh");
    if (start.result_max == 0)
        message.start.result_max = 65536;
    if (start.grace_ms == 0)
        message.start.grace_ms = GRACE_MS;
    message.start.fd_count = start.fd_count + 1;
    g_assert_cmpint(frame_spec_new(arguments, environment, &message.start.fds[0],
                                   &message.start.argument_count, &message.start.environment_count),
                    ==, 0);
    send_message(rig, &message);
    return message.start.fence;
}

static uint64_t start(struct rig *rig, const char *script) {
    return start_with(rig, script, (struct frame_start){ 0 });
}

static void wait_for(struct rig *rig, enum frame_type type, uint64_t fence,
                     struct frame_message *ret_message) {
    for (;;) {
        g_assert_true(next_message(rig, ret_message));
        uint64_t about = ret_message->type == FRAME_EXITED    ? ret_message->exited.fence
                         : ret_message->type == FRAME_STARTED ? ret_message->started.fence
                                                              : ret_message->refused.fence;
        if (ret_message->type == type && about == fence)
            break;
        if (ret_message->type == FRAME_REFUSED)
            g_printerr("# refused: %.*s\n", (int)ret_message->refused.text.len,
                       ret_message->refused.text.data);
        g_assert_cmpint(ret_message->type, !=, FRAME_REFUSED);
    }
    if (type == FRAME_EXITED)
        keep_exit(rig, &ret_message->exited);
}

static void send_fence(struct rig *rig, enum frame_type type, uint64_t fence) {
    send_message(rig, &(struct frame_message){ .type = type, .fence = fence });
}

/* Runs a script to its end and acknowledges it. */
static void run(struct rig *rig, const char *script) {
    struct frame_message message;
    uint64_t fence = start(rig, script);
    wait_for(rig, FRAME_EXITED, fence, &message);
    send_fence(rig, FRAME_ACK, fence);
}

static void send_kill(struct rig *rig, uint64_t fence, uint32_t grace_ms) {
    send_message(rig, &(struct frame_message){ .type = FRAME_KILL,
                                               .kill = { .fence = fence, .grace_ms = grace_ms } });
}
