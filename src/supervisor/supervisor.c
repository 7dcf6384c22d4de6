// SPDX-License-Identifier: Apache-2.0

/* The loop. A turn: wait for events, handle them, do what is due, settle what has ended, send, and
 * only then free and clean up, so that no event of the turn meets a freed attempt and no clean-up
 * delays a message.
 *
 * What always holds: one connected server at a time, the newest; a message is handled whole; every
 * answer comes from the journal, so repeating a message repeats the answer and nothing else. */

#include "supervisor/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "supervisor/attempt.h"
#include "supervisor/journal.h"
#include "supervisor/link.h"
#include "supervisor/sweep.h"
#include "supervisor/table.h"

#define EVENTS_MAX 128
#define LOCK_TRIES 30
#define LOCK_PAUSE_MS 100
#define SYNC_MS 200
#define TIDY_MS 5000
#define FDS_PER_ATTEMPT 6
#define FDS_SPARE 64
#define EXITS_MAX 65536u

struct supervisor {
    const struct supervisor_options *options;
    struct attempt_context context;
    struct link link;
    struct link_facts facts;
    struct table attempts;
    int lock_fd;
    int listen_fd;
    int timer_fd;
    int signal_fd;
    uid_t owner_uid; /* of everything below DIR but work/ */
    gid_t owner_gid;
    const char *what; /* the step of the beginning that is under way */
    uint32_t capacity;
    uint64_t armed_at; /* when the timer fires; UINT64_MAX: never */
    uint64_t idle_since;
    uint64_t quit_at; /* the latest end once nothing else is to be done; 0: not yet */
    uint64_t sync_at;
    bool is_quitting;       /* ends as soon as nothing is open and unacknowledged */
    uint32_t server_events; /* what epoll watches the server's socket for */
    struct attempt *settling[2 * EVENTS_MAX]; /* touched in this turn */
    size_t settling_count;
    struct watch timer_watch;
    struct watch signal_watch;
    struct watch listen_watch;
    struct watch server_watch;
    struct watch helper_watch;
};

static void arm(struct supervisor *self, uint64_t at) {
    if (at >= self->armed_at)
        return;
    struct itimerspec when = { .it_value = { .tv_sec = (time_t)(at / 1000),
                                             .tv_nsec = (long)(at % 1000) * 1000000 } };
    if (at == 0)
        when.it_value.tv_nsec = 1;
    (void)timerfd_settime(self->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    self->armed_at = at;
}

static int add_watch(struct supervisor *self, int fd, uint32_t events, struct watch *watch) {
    struct epoll_event event = { .events = events, .data.ptr = watch };
    return epoll_ctl(self->context.epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static void drop_server(struct supervisor *self) {
    if (self->link.fd < 0)
        return;
    (void)epoll_ctl(self->context.epoll_fd, EPOLL_CTL_DEL, self->link.fd, NULL);
    link_detach(&self->link);
    self->idle_since = attempt_clock_ms();
    arm(self, self->idle_since + SYNC_MS);
}

static void on_start(struct supervisor *self, const struct frame_start *start) {
    uint64_t fence = start->fence;
    const struct journal_entry *entry = journal_find(self->context.journal, fence);
    if (entry != NULL) {
        link_tell(&self->link, entry->is_exited ? FRAME_EXITED : FRAME_STARTED, fence);
        return;
    }
    if (fence <= journal_mark(self->context.journal)) {
        link_refuse(&self->link, fence, FRAME_STALE_FENCE, 0);
        return;
    }
    if (journal_open_count(self->context.journal) >= self->capacity ||
        journal_exits_count(self->context.journal) >= EXITS_MAX) {
        link_refuse(&self->link, fence, FRAME_LIMIT, 0);
        return;
    }
    struct attempt *attempt = NULL;
    enum frame_refusal reason = FRAME_SPAWN;
    int error = attempt_start(&self->context, start, &attempt, &reason);
    if (error != 0) {
        link_refuse(&self->link, fence, file_is_full(error) ? FRAME_JOURNAL : reason, -error);
        return;
    }
    if (table_put(&self->attempts, fence, attempt) != 0) {
        /* It runs but can not be watched: end it now and say what is known. */
        (void)spawn_signal(attempt->process.pidfd, SIGKILL);
        (void)journal_exited(self->context.journal,
                             &(struct frame_exited){ .fence = fence, .cause = FRAME_CAUSE_LOST });
        attempt_free(&self->context, attempt);
        link_tell(&self->link, FRAME_EXITED, fence);
        return;
    }
    arm(self, attempt_deadline(attempt));
    link_tell(&self->link, FRAME_STARTED, fence);
}

static void on_kill(struct supervisor *self, const struct frame_kill *order) {
    struct attempt *attempt = table_get(&self->attempts, order->fence);
    if (attempt != NULL) {
        attempt_kill(&self->context, attempt, FRAME_KILL_SERVER, order->grace_ms);
        if (attempt_deadline(attempt) <= attempt_clock_ms())
            attempt_due(&self->context, attempt, attempt_clock_ms());
        arm(self, attempt_deadline(attempt));
        return;
    }
    const struct journal_entry *entry = journal_find(self->context.journal, order->fence);
    if (entry != NULL && entry->is_exited)
        link_tell(&self->link, FRAME_EXITED, order->fence);
}

static void close_fds(const struct frame_start *start) {
    for (uint32_t i = 0; i < start->fd_count; i++)
        (void)close(start->fds[i]);
}

/* What a damaged journal does not know may have run, whichever server asks. Any other mark stays: a server
 * that ends before it has stored its verdicts leaves them to the next one, which is to be told the same. */
static int settle_damage(struct journal *journal, uint64_t highest_fence) {
    return journal_is_damaged(journal) ? journal_raise_mark(journal, highest_fence) : 0;
}

/* -EBADMSG: not a message for a supervisor. */
static int on_message(struct supervisor *self, const struct frame_message *message) {
    struct journal *journal = self->context.journal;
    if (!self->link.is_greeted && message->type != FRAME_HELLO) {
        if (message->type == FRAME_START)
            close_fds(&message->start);
        return -EBADMSG;
    }
    switch (message->type) {
    case FRAME_HELLO:
        if (message->hello.protocol_version != FRAME_VERSION)
            return -EBADMSG;
        link_greet(&self->link, &self->facts);
        self->is_quitting = false; /* the server that said so is gone, this one has work */
        self->quit_at = 0;
        return settle_damage(journal, message->hello.highest_fence);
    case FRAME_START:
        on_start(self, &message->start);
        close_fds(&message->start);
        return 0;
    case FRAME_VOID: return journal_raise_mark(journal, message->fence);
    case FRAME_KILL: on_kill(self, &message->kill); return 0;
    case FRAME_ACK: (void)journal_acked(journal, message->fence); return 0;
    case FRAME_QUIT: self->is_quitting = true; return 0;
    case FRAME_STATE:
    case FRAME_STATE_END:
    case FRAME_STARTED:
    case FRAME_EXITED:
    case FRAME_REFUSED: return -EBADMSG;
    }
    return -EBADMSG;
}

/* Whether something was read and more may be there. */
static bool read_server(struct supervisor *self) {
    if (self->link.fd < 0 || link_is_crowded(&self->link))
        return false;
    int got = frame_reader_receive(&self->link.reader, self->link.fd);
    if (got == -EAGAIN)
        return false;
    if (got <= 0) {
        drop_server(self);
        return false;
    }
    for (;;) {
        struct frame_message message;
        got = frame_reader_next(&self->link.reader, &message);
        if (got == 0)
            return true;
        if (got < 0 || on_message(self, &message) != 0 || self->link.fd < 0) {
            drop_server(self);
            return false;
        }
    }
}

/* The server has gone, or another one has come: what it said before counts, a KILL above all. */
static void hear_out(struct supervisor *self) {
    if (self->link.fd < 0)
        return;
    link_mute(&self->link);
    while (read_server(self))
        ;
    drop_server(self);
}

static void take_server(struct supervisor *self) {
    int fd = accept4(self->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
        (peer.uid != 0 && peer.uid != self->options->server_uid)) {
        (void)close(fd);
        return;
    }
    hear_out(self);
    link_attach(&self->link, fd);
    self->server_events = EPOLLIN;
    if (add_watch(self, fd, EPOLLIN, &self->server_watch) != 0)
        link_detach(&self->link);
}

static void pump_server(struct supervisor *self) {
    if (self->link.fd < 0)
        return;
    int error = link_pump(&self->link, &self->facts);
    if (error == -EPIPE || error == -ECONNRESET) {
        hear_out(self);
        return;
    }
    if (error != 0 && error != -EAGAIN) {
        drop_server(self);
        return;
    }
    uint32_t events =
        (error == -EAGAIN ? EPOLLOUT : 0) | (link_is_crowded(&self->link) ? 0 : (uint32_t)EPOLLIN);
    if (events == self->server_events)
        return;
    struct epoll_event event = { .events = events, .data.ptr = &self->server_watch };
    (void)epoll_ctl(self->context.epoll_fd, EPOLL_CTL_MOD, self->link.fd, &event);
    self->server_events = events;
}

static void touch(struct supervisor *self, struct attempt *attempt) {
    for (size_t i = 0; i < self->settling_count; i++)
        if (self->settling[i] == attempt)
            return;
    assert(self->settling_count < 2 * EVENTS_MAX);
    self->settling[self->settling_count++] = attempt;
}

/* Walks all attempts for what is due. Rare: only when the earliest known time has come. */
static void on_timer(struct supervisor *self) {
    uint64_t expirations;
    (void)!read(self->timer_fd, &expirations, sizeof expirations);
    self->armed_at = UINT64_MAX;
    uint64_t now = attempt_clock_ms(), next = UINT64_MAX;
    size_t walk = 0;
    for (struct attempt *attempt; (attempt = table_walk(&self->attempts, &walk)) != NULL;) {
        uint64_t deadline = attempt_deadline(attempt);
        if (deadline <= now) {
            attempt_due(&self->context, attempt, now);
            if (attempt->is_reaped && self->settling_count < EVENTS_MAX)
                touch(self, attempt);
            deadline = attempt_deadline(attempt);
            if (deadline <= now)
                deadline = now + 1;
        }
        if (deadline < next)
            next = deadline;
    }
    if (next != UINT64_MAX)
        arm(self, next);
}

static void on_signal(struct supervisor *self) {
    struct signalfd_siginfo info;
    if (read(self->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGHUP)
        return;
    /* Attempts are not ended by whoever ends services: with work left, TERM is not heard. */
    if (self->attempts.count == 0 && journal_exits_count(self->context.journal) == 0)
        self->is_quitting = true;
}

static void on_event(struct supervisor *self, const struct epoll_event *event) {
    struct watch *watch = event->data.ptr;
    switch (watch->kind) {
    case WATCH_TIMER: on_timer(self); return;
    case WATCH_SIGNAL: on_signal(self); return;
    case WATCH_LISTENER: take_server(self); return;
    case WATCH_SERVER:
        if ((event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
            (void)read_server(self);
        return;
    case WATCH_HELPER:
        (void)epoll_ctl(self->context.epoll_fd, EPOLL_CTL_DEL, self->context.workdir.helper_fd,
                        NULL);
        workdir_helper_ended(&self->context.workdir);
        return;
    case WATCH_OUT:
    case WATCH_ERR:
    case WATCH_PROCESS:
        attempt_event(&self->context, watch->attempt, watch->kind);
        touch(self, watch->attempt);
        return;
    }
}

/* Records ends, tells them, and only after that closes and removes. */
static void settle_turn(struct supervisor *self) {
    size_t ended = 0;
    for (size_t i = 0; i < self->settling_count; i++) {
        struct attempt *attempt = self->settling[i];
        if (!attempt_settle(&self->context, attempt)) {
            arm(self, attempt_deadline(attempt));
            continue;
        }
        table_remove(&self->attempts, attempt->fence);
        link_tell(&self->link, FRAME_EXITED, attempt->fence);
        self->settling[ended++] = attempt;
    }
    pump_server(self);
    for (size_t i = 0; i < ended; i++)
        attempt_free(&self->context, self->settling[i]);
    self->settling_count = 0;
}

static bool is_idle(const struct supervisor *self) {
    return self->attempts.count == 0 && journal_exits_count(self->context.journal) == 0;
}

/* A script may have left a large tree: its removal is waited for, but not for ever; the next supervisor
 * sweeps what is left. */
static bool has_tidied(struct supervisor *self) {
    uint64_t now = attempt_clock_ms();
    if (self->quit_at == 0)
        self->quit_at = now + TIDY_MS;
    const struct workdir *workdir = &self->context.workdir;
    if (now >= self->quit_at || (workdir->helper_fd < 0 && workdir->waiting_count == 0))
        return true;
    arm(self, self->quit_at);
    return false;
}

/* What happens between turns: helper, syncs while nobody listens, and the end. */
static bool keep_house(struct supervisor *self) {
    int helper_fd = -1;
    workdir_step(&self->context.workdir, &helper_fd);
    if (helper_fd >= 0)
        (void)add_watch(self, helper_fd, EPOLLIN, &self->helper_watch);
    if (self->is_quitting && is_idle(self) && has_tidied(self))
        return false;
    if (self->link.fd >= 0)
        return true;
    uint64_t now = attempt_clock_ms();
    if (!journal_is_synced(self->context.journal)) {
        if (now >= self->sync_at) {
            (void)journal_sync(self->context.journal);
            self->sync_at = now + SYNC_MS;
        } else {
            arm(self, self->sync_at);
        }
    }
    if (!is_idle(self)) {
        self->idle_since = now;
        return true;
    }
    if (now >= self->idle_since + self->options->idle_ms)
        return false;
    arm(self, self->idle_since + self->options->idle_ms);
    return true;
}

static int loop(struct supervisor *self) {
    while (keep_house(self)) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(self->context.epoll_fd, events, EVENTS_MAX, -1);
        if (count < 0 && errno != EINTR)
            return -errno;
        for (int i = 0; i < count; i++)
            on_event(self, &events[i]);
        settle_turn(self);
    }
    return 0;
}

static uint32_t raise_limits(uint32_t attempts_max) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 1;
    rlim_t hard = files.rlim_max == RLIM_INFINITY ? 1048576 : files.rlim_max;
    files.rlim_cur = hard;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    rlim_t capacity = hard > FDS_SPARE + FDS_PER_ATTEMPT ? (hard - FDS_SPARE) / FDS_PER_ATTEMPT : 1;
    return capacity < attempts_max ? (uint32_t)capacity : attempts_max;
}

static int take_lock(struct supervisor *self) {
    int error = -EWOULDBLOCK;
    /* A process cloned by a predecessor holds a copy for the instant before it closes it. */
    for (int i = 0; i < LOCK_TRIES && error == -EWOULDBLOCK; i++) {
        if (i > 0)
            (void)nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_MS * 1000000L }, NULL);
        /* The server's, because --stop-all asks whether it is free after it has given up root. */
        error = file_lock(self->options->data_fd, "supervisor.lock", 0600, self->owner_uid,
                          self->owner_gid, &self->lock_fd);
    }
    return error;
}

/* Each folder of logs/ gets a place of its own on the disk. ext4 makes a file near its folder, and
 * looks past every inode there that was freed in the last minutes: beside work directories and
 * expired logs, a new log costs more than a new process. Other file systems know no such flag. */
static void spread_folders(int fd) {
    int flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_TOPDIR_FL) == 0)
        (void)ioctl(fd, FS_IOC_SETFLAGS, &(int){ flags | FS_TOPDIR_FL });
}

static int open_directories(struct supervisor *self) {
    bool is_root = geteuid() == 0;
    struct attempt_context *context = &self->context;
    context->log_uid = is_root ? self->options->server_uid : (uid_t)-1;
    context->log_gid = is_root ? self->options->server_gid : (gid_t)-1;
    int work_fd = -1;
    self->what = "work/";
    int error = own_directory(self->options->data_fd, "work", is_root ? 0711 : 0700, geteuid(),
                              getegid(), &work_fd);
    if (error != 0)
        return error;
    self->what = "logs/";
    error = own_directory(self->options->data_fd, "logs", 0700, self->owner_uid, self->owner_gid,
                          &context->logs_fd);
    if (error == 0)
        spread_folders(context->logs_fd);
    workdir_init(&context->workdir, work_fd, is_root ? self->options->task_uid : (uid_t)-1,
                 self->options->task_gid);
    context->fds = (struct spawn_fds){ .work_fd = work_fd, .sql_fd = self->options->sql_fd };
    context->fds.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (error == 0 && context->fds.null_fd < 0)
        error = -errno;
    return error;
}

static int open_events(struct supervisor *self) {
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP); /* the end of a terminal is not ours */
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    self->context.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    self->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (self->context.epoll_fd < 0 || self->timer_fd < 0 || self->signal_fd < 0)
        return -errno;
    self->timer_watch.kind = WATCH_TIMER;
    self->signal_watch.kind = WATCH_SIGNAL;
    self->listen_watch.kind = WATCH_LISTENER;
    self->server_watch.kind = WATCH_SERVER;
    self->helper_watch.kind = WATCH_HELPER;
    int error = add_watch(self, self->timer_fd, EPOLLIN, &self->timer_watch);
    return error != 0 ? error : add_watch(self, self->signal_fd, EPOLLIN, &self->signal_watch);
}

static int listen_for_server(struct supervisor *self) {
    int data_fd = self->options->data_fd;
    uid_t uid = geteuid() == 0 ? self->owner_uid : (uid_t)-1;
    gid_t gid = self->owner_gid;
    self->what = "supervisor.pid";
    char pid[24];
    int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    int error = file_note(data_fd, "supervisor.pid", pid, (size_t)len, 0600, uid, gid);
    if (error == 0 ||
        file_is_full(error)) { /* for people; a full disk must not keep us from ending runs */
        self->what = "supervisor.sock";
        error = file_listen(data_fd, "supervisor.sock", 0600, uid, gid, &self->listen_fd);
    }
    if (error == 0)
        error = add_watch(self, self->listen_fd, EPOLLIN, &self->listen_watch);
    return error;
}

/* What a predecessor left: its records, and what it had running. */
static int take_over(struct supervisor *self) {
    self->what = "attempts.journal";
    int error = journal_open(self->options->data_fd, "attempts.journal", self->context.boot_id, 0,
                             &self->context.journal);
    return error == 0 ? sweep_predecessor(&self->context) : error;
}

static int begin(struct supervisor *self) {
    self->what = "supervisor.lock";
    int error = take_lock(self);
    if (error != 0)
        return error;
    self->capacity = raise_limits(self->options->attempts_max);
    self->what = "the kernel's boot id";
    error = file_boot_id(self->context.boot_id);
    if (error == 0)
        error = open_directories(self);
    if (error == 0) {
        self->what = "event descriptors";
        error = open_events(self);
    }
    spawn_probe(self->options->task_uid, self->options->task_gid, &self->context.level);
    if (error == 0)
        error = take_over(self);
    if (error != 0)
        return error;
    workdir_remove_all(&self->context.workdir);
    self->facts = (struct link_facts){ .journal = self->context.journal,
                                       .capacity = self->capacity,
                                       .level = spawn_level_name(&self->context.level),
                                       .boot_id = self->context.boot_id };
    self->idle_since = attempt_clock_ms();
    return listen_for_server(self);
}

static void report_begin(int fd) {
    if (fd < 0)
        return;
    (void)!write(fd, "+", 1);
    (void)close(fd);
}

int supervisor_run(const struct supervisor_options *options, const char **ret_what) {
    assert(options != NULL && options->data_fd >= 0);
    bool is_root = geteuid() == 0;
    struct supervisor self = { .options = options,
                               .owner_uid = is_root ? options->server_uid : geteuid(),
                               .owner_gid = is_root ? options->server_gid : getegid(),
                               .context = { .epoll_fd = -1,
                                            .logs_fd = -1,
                                            .log_head_bytes = options->log_head_bytes,
                                            .log_ring_bytes = options->log_ring_bytes },
                               .lock_fd = -1,
                               .listen_fd = -1,
                               .timer_fd = -1,
                               .signal_fd = -1,
                               .armed_at = UINT64_MAX };
    link_init(&self.link);
    int error = begin(&self);
    *ret_what = self.what;
    if (error == 0) {
        report_begin(options->report_fd);
        *ret_what = "waiting for events";
        error = loop(&self);
        workdir_done(&self.context.workdir);
        (void)journal_sync(self.context.journal);
        (void)unlinkat(options->data_fd, "supervisor.sock", 0);
        (void)unlinkat(options->data_fd, "supervisor.pid", 0);
    }
    /* Descriptors go with the process; the lock last of all, as it must outlive the rest. */
    journal_close(self.context.journal);
    link_done(&self.link);
    table_done(&self.attempts);
    return error;
}
