// SPDX-License-Identifier: Apache-2.0
//
// One question, one line: "stop-all" is answered by "alive N". One asker at a time; a second one waits in the socket's queue.

#include "main/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/fault.h"
#include "base/log.h"

static const char question[] = "stop-all\n";

enum { ANSWER_BYTES = 64, READ_WAIT_MS = 2000 };

struct control {
    struct engine *engine;
    void (*done)(void *user);
    void *user;
    int listen_fd;
    int stop_fd;
    GThread *thread;
};

static bool is_allowed(int fd) {
    struct ucred peer = { 0 };
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static bool read_question(int fd) {
    char text[sizeof question] = { 0 };
    size_t len = 0;
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    while (len < sizeof question - 1 && poll(&readable, 1, READ_WAIT_MS) == 1) {
        ssize_t count = read(fd, text + len, sizeof question - 1 - len);
        if (count <= 0) {
            return false;
        }
        len += (size_t)count;
    }
    return strcmp(text, question) == 0;
}

static bool serve_one(struct control *control, int fd) {
    if (!is_allowed(fd) || !read_question(fd)) {
        return false;
    }
    int alive = 0;
    (void)engine_stop_all(control->engine, CONTROL_STOP_ALL_MS, &alive);
    log_info("control", "event=stop-all alive=%d", alive);
    char answer[ANSWER_BYTES];
    int len = g_snprintf(answer, sizeof answer, "alive %d\n", alive);
    (void)send(fd, answer, (size_t)len, MSG_NOSIGNAL);
    return true;
}

static gpointer serve(gpointer user) {
    struct control *control = user;
    for (;;) {
        struct pollfd fds[2] = {
            { .fd = control->listen_fd, .events = POLLIN },
            { .fd = control->stop_fd, .events = POLLIN },
        };
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return NULL;
        }
        if ((fds[1].revents & POLLIN) != 0) {
            return NULL;
        }
        int fd = (fds[0].revents & POLLIN) != 0
                     ? accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC)
                     : -1;
        if (fd >= 0) {
            bool is_answered = serve_one(control, fd);
            (void)close(fd);
            if (is_answered) {
                control->done(control->user);
            }
        }
    }
}

bool control_start(const char *dir, struct engine *engine, void (*done)(void *user), void *user,
                   struct control **ret_control, GError **error) {
    int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    int listen_fd = -1;
    int result = dir_fd < 0
                     ? -errno
                     : file_listen(dir_fd, "control.sock", 0600, (uid_t)-1, (gid_t)-1, &listen_fd);
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (result < 0) {
        fault_set(error, FAULT_INTERNAL, "can not listen on %s/control.sock: %s", dir,
                  g_strerror(-result));
        return false;
    }
    struct control *control = g_new0(struct control, 1);
    control->engine = engine;
    control->done = done;
    control->user = user;
    control->listen_fd = listen_fd;
    control->stop_fd = eventfd(0, EFD_CLOEXEC);
    g_assert(control->stop_fd >= 0);
    control->thread = g_thread_new("control", serve, control);
    *ret_control = control;
    return true;
}

void control_stop(struct control *control) {
    if (control == NULL) {
        return;
    }
    uint64_t one = 1;
    ssize_t written = write(control->stop_fd, &one, sizeof one);
    g_assert(written == sizeof one);
    (void)g_thread_join(control->thread);
    (void)close(control->listen_fd);
    (void)close(control->stop_fd);
    g_free(control);
}

bool control_ask_stop_all(const char *dir, int *ret_alive) {
    int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (dir_fd < 0) {
        return false;
    }
    int fd = -1;
    int result = file_connect(dir_fd, "control.sock", &fd);
    (void)close(dir_fd);
    if (result < 0) {
        return false;
    }
    char answer[ANSWER_BYTES] = { 0 };
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    bool is_answered =
        send(fd, question, sizeof question - 1, MSG_NOSIGNAL) == sizeof question - 1 &&
        poll(&readable, 1, CONTROL_STOP_ALL_MS + 10000) == 1 &&
        read(fd, answer, sizeof answer - 1) > 0 && g_str_has_prefix(answer, "alive ");
    (void)close(fd);
    if (is_answered) {
        *ret_alive = (int)g_ascii_strtoll(answer + strlen("alive "), NULL, 10);
    }
    return is_answered;
}
