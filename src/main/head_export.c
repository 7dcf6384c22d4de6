// SPDX-License-Identifier: Apache-2.0
//
// Two ways out, each with the head that it has told last. `mutex` guards `newest` and the flags; everything else is the thread's.

#include "main/head_export.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "main/side_command.h"
#include "store/signed_head.h"

enum {
    RETRY_S = 60,
    LAST_WAIT_MS = 2000,
    AUTHPRIV_NOTICE = 10 * 8 + 5, // facility and severity, as RFC 5424 numbers them
};

struct way {
    const char *name;
    char *(*send)(const struct head_export *self, const char *head); // NULL: done; else why not
    char *told;          // the head that was sent last, or NULL
    int64_t retry_at_us; // not before
};

enum { WAY_COMMAND, WAY_SYSLOG, WAY_COUNT };

struct head_export {
    char **argv; // NULL: no command
    char **environment;
    char *syslog_path;
    char *dir;
    int64_t limit_ms;
    int stop_fd;
    GThread *thread;
    GMutex mutex;
    GCond changed;
    char *newest;
    bool is_stopping;
    bool is_over; // the time at the end too: nothing is begun any more
    bool has_ended;
    struct way ways[WAY_COUNT];
};

// ---- The ways ----

static char *send_to_command(const struct head_export *self, const char *head) {
    g_autofree char *line = g_strdup_printf("%s\n", head);
    const struct side_command command = { .argv = self->argv,
                                          .environment = self->environment,
                                          .input = line,
                                          .limit_ms = self->limit_ms,
                                          .stop_fd = self->stop_fd };
    return side_command_run(&command);
}

// Without the C library's syslog(), which waits when the log's reader does, and does not say what failed.
static char *send_to_syslog(const struct head_export *self, const char *head) {
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%b %e %H:%M:%S");
    g_autofree char *line = g_strdup_printf("<%d>%s sluiced[%d]: %s: " SIGNED_HEAD_MARK "%s",
                                            AUTHPRIV_NOTICE, time, (int)getpid(), self->dir, head);
    (void)g_strlcpy(address.sun_path, self->syslog_path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_sent =
        fd >= 0 && sendto(fd, line, strlen(line), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                          sizeof address) == (ssize_t)strlen(line);
    char *reason = is_sent ? NULL : g_strdup_printf("%s: %s", self->syslog_path, g_strerror(errno));
    if (fd >= 0) {
        (void)close(fd);
    }
    return reason;
}

static void send_head(struct head_export *self, struct way *way, const char *head) {
    g_autofree char *reason = way->send(self, head);
    int digits = (int)strcspn(head, " ");
    if (reason == NULL) {
        g_free(way->told);
        way->told = g_strdup(head);
        way->retry_at_us = 0;
        log_info("sluiced", "event=audit-head-exported to=%s row=%.*s", way->name, digits, head);
        return;
    }
    g_autofree char *quoted = log_quote(reason);
    way->retry_at_us = g_get_monotonic_time() + (int64_t)RETRY_S * G_USEC_PER_SEC;
    log_error("sluiced", "event=audit-head-not-exported to=%s row=%.*s reason=%s", way->name,
              digits, head, quoted);
}

// ---- The thread ----

static bool is_due(const struct way *way, const char *newest, bool is_last) {
    return way->send != NULL && newest != NULL && g_strcmp0(way->told, newest) != 0 &&
           (is_last || way->retry_at_us <= g_get_monotonic_time());
}

// Sends the newest head on every way where that is due. False: there was none.
static bool send_due(struct head_export *self, const char *newest, bool is_last) {
    bool is_any = false;
    for (int i = 0; i < WAY_COUNT; i++) {
        if (is_due(&self->ways[i], newest, is_last)) {
            send_head(self, &self->ways[i], newest);
            is_any = true;
        }
    }
    return is_any;
}

// The earliest of the pauses after a failure; INT64_MAX: none.
static int64_t next_retry_us(const struct head_export *self) {
    int64_t at_us = INT64_MAX;
    for (int i = 0; i < WAY_COUNT; i++) {
        const struct way *way = &self->ways[i];
        if (way->send != NULL && g_strcmp0(way->told, self->newest) != 0) {
            at_us = MIN(at_us, way->retry_at_us);
        }
    }
    return at_us;
}

// At the end each way is tried once more, whatever its pause.
static void *work(void *user) {
    struct head_export *self = user;
    g_mutex_lock(&self->mutex);
    for (bool is_last = false; !is_last;) {
        is_last = self->is_stopping;
        bool is_over = self->is_over;
        g_autofree char *newest = g_strdup(self->newest);
        g_mutex_unlock(&self->mutex);
        bool was_any = !is_over && send_due(self, newest, is_last);
        g_mutex_lock(&self->mutex);
        if (was_any || is_last || self->is_stopping || g_strcmp0(newest, self->newest) != 0) {
            continue;
        }
        int64_t retry_us = next_retry_us(self);
        if (self->newest == NULL || retry_us == INT64_MAX) {
            g_cond_wait(&self->changed, &self->mutex);
        } else {
            (void)g_cond_wait_until(&self->changed, &self->mutex, retry_us);
        }
    }
    self->has_ended = true;
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->mutex);
    return NULL;
}

// ---- The door ----

static bool split(const char *command, char ***ret_argv, GError **error) {
    g_autoptr(GError) reason = NULL;
    g_auto(GStrv) argv = NULL;
    if (!g_shell_parse_argv(command, NULL, &argv, &reason)) {
        fault_set(error, FAULT_INVALID_DATA, "--audit-head-command: %s", reason->message);
        return false;
    }
    if (argv[0][0] != '/') {
        fault_set(error, FAULT_INVALID_DATA,
                  "--audit-head-command begins with the absolute path of a program, and is not "
                  "given to a shell; \"%s\" is none",
                  argv[0]);
        return false;
    }
    *ret_argv = g_steal_pointer(&argv);
    return true;
}

bool head_export_check_command(const char *command, GError **error) {
    g_auto(GStrv) argv = NULL;
    return split(command, &argv, error);
}

struct head_export *head_export_start(const struct head_export_options *options) {
    if (options->command == NULL && options->syslog_path == NULL) {
        return NULL;
    }
    struct head_export *self = g_new0(struct head_export, 1);
    g_mutex_init(&self->mutex);
    g_cond_init(&self->changed);
    self->dir = g_strdup(options->dir);
    self->limit_ms = options->limit_ms;
    self->stop_fd = eventfd(0, EFD_CLOEXEC);
    g_assert(self->stop_fd >= 0);
    if (options->command != NULL) {
        bool is_command = split(options->command, &self->argv, NULL);
        g_assert(is_command); // the configuration has been checked
        self->ways[WAY_COMMAND] = (struct way){ .name = "command", .send = send_to_command };
    }
    if (options->syslog_path != NULL) {
        self->syslog_path = g_strdup(options->syslog_path);
        self->ways[WAY_SYSLOG] = (struct way){ .name = "syslog", .send = send_to_syslog };
    }
    self->environment = g_new0(char *, 3);
    self->environment[0] =
        g_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    self->environment[1] = g_strdup_printf("SLUICE_DATA=%s", self->dir);
    self->thread = g_thread_new("heads", work, self);
    return self;
}

void head_export_put(const char *head, void *head_export) {
    struct head_export *self = head_export;
    g_mutex_lock(&self->mutex);
    g_free(self->newest);
    self->newest = g_strdup(head);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->mutex);
}

void head_export_stop(struct head_export *self) {
    if (self == NULL) {
        return;
    }
    int64_t until_us = g_get_monotonic_time() + (int64_t)LAST_WAIT_MS * 1000;
    g_mutex_lock(&self->mutex);
    self->is_stopping = true;
    g_cond_broadcast(&self->changed);
    while (!self->has_ended && g_cond_wait_until(&self->changed, &self->mutex, until_us)) {
    }
    self->is_over = true;
    g_mutex_unlock(&self->mutex);
    (void)eventfd_write(self->stop_fd, 1);
    g_thread_join(self->thread);
    for (int i = 0; i < WAY_COUNT; i++) {
        g_free(self->ways[i].told);
    }
    (void)close(self->stop_fd);
    g_strfreev(self->argv);
    g_strfreev(self->environment);
    g_free(self->syslog_path);
    g_free(self->dir);
    g_free(self->newest);
    g_cond_clear(&self->changed);
    g_mutex_clear(&self->mutex);
    g_free(self);
}
