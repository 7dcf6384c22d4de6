// SPDX-License-Identifier: Apache-2.0

/* One attempt from start to recorded end.
 *
 * What always holds: a program runs only after its STARTED record is written; EXITED is recorded
 * only after the init has been reaped, which the kernel allows only once the namespace is empty (a
 * subreaper ends only when it has no child left). So a recorded end means an empty tree. */

#include "supervisor/attempt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "supervisor/init.h"

#define DRAIN_MS 2000
#define RETRY_MS 1000
#define KILL_AGAIN_MS 5000
#define DRAIN_READS_MAX 256

static uint64_t clock_of(clockid_t id) {
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t attempt_clock_ms(void) {
    return clock_of(CLOCK_BOOTTIME);
}

int64_t attempt_utc_ms(void) {
    return (int64_t)clock_of(CLOCK_REALTIME);
}

/* Opens the folder of a fence's log, logs/N, and cuts the path into folder and name. The server may
 * put anything into logs/, so the folder is looked at each time and the file named below it. */
static int open_log_folder(const struct attempt_context *context, uint64_t fence,
                           char path[ATTEMPT_LOG_PATH_BYTES], const char **ret_name, int *ret_fd) {
    attempt_log_path(fence, path);
    char *slash = strchr(path, '/');
    assert(slash != NULL);
    *slash = '\0';
    *ret_name = slash + 1;
    bool has_owner = context->log_uid != (uid_t)-1;
    return own_directory(context->logs_fd, path, 0700, has_owner ? context->log_uid : geteuid(),
                         has_owner ? context->log_gid : getegid(), ret_fd);
}

/* A log that can not be had is counted, not fatal. */
static void open_log(struct attempt_context *context, uint64_t fence, struct attempt_log *ret_log) {
    char path[ATTEMPT_LOG_PATH_BYTES];
    const char *name = NULL;
    int folder_fd = -1;
    int error = open_log_folder(context, fence, path, &name, &folder_fd);
    if (error != 0)
        (void)fprintf(stderr, "sluice-supervisor: logs/%s: %s; attempt %" PRIu64 " has no log\n",
                      path, own_reason(error), fence);
    /* Without a folder this fails, and the log counts what it is given as lost. */
    (void)attempt_log_create(ret_log, folder_fd, name, context->log_uid, context->log_gid,
                             context->log_head_bytes, context->log_ring_bytes);
    if (folder_fd >= 0)
        (void)close(folder_fd);
}

static void remove_log(const struct attempt_context *context, uint64_t fence) {
    char path[ATTEMPT_LOG_PATH_BYTES];
    const char *name = NULL;
    int folder_fd = -1;
    if (open_log_folder(context, fence, path, &name, &folder_fd) != 0)
        return;
    (void)unlinkat(folder_fd, name, 0);
    (void)close(folder_fd);
}

/* Taken out of epoll by name: a process that was cloned this moment still has copies of our
 * descriptors, and would keep the registration alive after a mere close. */
static void close_watched(struct attempt_context *context, int *fd) {
    if (*fd < 0)
        return;
    (void)epoll_ctl(context->epoll_fd, EPOLL_CTL_DEL, *fd, NULL);
    (void)close(*fd);
    *fd = -1;
}

static void close_process(struct attempt_context *context, struct spawn_process *process) {
    close_watched(context, &process->pidfd);
    close_watched(context, &process->out_fd);
    close_watched(context, &process->err_fd);
    if (process->control_fd >= 0)
        (void)close(process->control_fd);
    process->control_fd = -1;
}

static int watch_fd(struct attempt_context *context, int fd, struct watch *watch) {
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };
    return epoll_ctl(context->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static int watch_all(struct attempt_context *context, struct attempt *attempt) {
    attempt->out_watch = (struct watch){ .kind = WATCH_OUT, .attempt = attempt };
    attempt->err_watch = (struct watch){ .kind = WATCH_ERR, .attempt = attempt };
    attempt->process_watch = (struct watch){ .kind = WATCH_PROCESS, .attempt = attempt };
    int error = watch_fd(context, attempt->process.out_fd, &attempt->out_watch);
    if (error == 0)
        error = watch_fd(context, attempt->process.err_fd, &attempt->err_watch);
    if (error == 0)
        error = watch_fd(context, attempt->process.pidfd, &attempt->process_watch);
    return error;
}

static int record_start(struct attempt_context *context, struct attempt *attempt) {
    struct record_started started = { .fence = attempt->fence,
                                      .identity = attempt->process.identity,
                                      .started_ms = attempt->started_ms };
    memcpy(started.boot_id, context->boot_id, sizeof started.boot_id);
    return journal_started(context->journal, &started);
}

/* The init has not been told to go: it ends by itself, and is ended anyway. */
static void abandon(struct attempt_context *context, struct attempt *attempt) {
    if (attempt->process.pidfd >= 0) {
        (void)spawn_signal(attempt->process.pidfd, SIGKILL);
        siginfo_t info;
        while (waitid(P_PIDFD, (id_t)attempt->process.pidfd, &info, WEXITED) != 0 && errno == EINTR)
            continue;
    }
    if (attempt->capture.log.fd >= 0)
        remove_log(context, attempt->fence);
    attempt_free(context, attempt);
}

/* What sluice-sql prints is for readers, so it has a memory file of its own for what the server
 * reads: the descriptor behind the ones of the start. */
static int spawn(struct attempt_context *context, const struct frame_start *start,
                 const char *program, const char *workdir, struct attempt *attempt) {
    struct frame_start full = *start;
    if (strcmp(program, "@sql") == 0 && full.fd_count < FRAME_FDS_MAX) {
        attempt->answer_fd = memfd_create("sluice-answer", MFD_CLOEXEC);
        if (attempt->answer_fd < 0)
            return -errno;
        full.fds[full.fd_count++] = attempt->answer_fd;
        attempt->capture.has_answer_file = true;
    }
    return spawn_init(&context->level, &context->fds, &full, program, workdir, &attempt->process);
}

/* What a reader of the log calls it is the server's business, who knows its name. */
static void remark_start(struct attempt *attempt, const struct frame_start *start) {
    if (start->note.len > 0)
        capture_remark(&attempt->capture, attempt->started_ms, "%.*s", (int)start->note.len,
                       (const char *)start->note.data);
    else
        capture_remark(&attempt->capture, attempt->started_ms, "started");
}

int attempt_start(struct attempt_context *context, const struct frame_start *start,
                  struct attempt **ret_attempt, enum frame_refusal *ret_reason) {
    assert(start->fence > journal_mark(context->journal));
    char program[FRAME_PATH_MAX + 1] = "", workdir[FRAME_PATH_MAX + 1] = "";
    memcpy(program, start->program.data, start->program.len);
    memcpy(workdir, start->workdir.data, start->workdir.len);
    *ret_reason = FRAME_SPAWN;
    if (workdir[0] != '\0' && workdir[0] != '/')
        return -EINVAL;
    if (workdir[0] == '\0')
        workdir_name(start->fence, workdir);
    struct attempt *attempt = calloc(1, sizeof *attempt);
    if (attempt == NULL)
        return -ENOMEM;
    uint64_t now = attempt_clock_ms();
    *attempt = (struct attempt){
        .fence = start->fence,
        .started_ms = attempt_utc_ms(),
        .started_boot_ms = now,
        .timeout_at = start->timeout_ms != 0 ? now + start->timeout_ms : 0,
        .grace_ms = start->grace_ms,
        .process = { .pidfd = -1, .control_fd = -1, .out_fd = -1, .err_fd = -1 },
        .answer_fd = -1,
        .capture.log.fd = -1,
    };
    int error = workdir_make(&context->workdir, start->fence);
    if (error != 0) {
        free(attempt);
        return error;
    }
    struct attempt_log log;
    open_log(context, start->fence, &log);
    capture_init(&attempt->capture, log, start->result_max);
    error = spawn(context, start, program, workdir, attempt);
    if (error == 0)
        error = watch_all(context, attempt);
    if (error == 0) {
        *ret_reason = FRAME_JOURNAL;
        error = record_start(context, attempt);
    }
    if (error != 0) {
        abandon(context, attempt);
        return error;
    }
    const char go = INIT_GO;
    (void)send(attempt->process.control_fd, &go, 1, MSG_NOSIGNAL);
    remark_start(attempt, start);
    *ret_attempt = attempt;
    return 0;
}

static void send_kill(struct attempt_context *context, struct attempt *attempt, uint64_t now) {
    if (!attempt->is_killed)
        capture_remark(&attempt->capture, attempt_utc_ms(), "KILL sent to the whole process tree");
    attempt->is_killed = true;
    attempt->kill_at = now + KILL_AGAIN_MS;
    if (context->level.has_pidns) {
        (void)spawn_signal(attempt->process.pidfd, SIGKILL);
        return;
    }
    /* A subreaper must live to end its tree; a script of its uid may have stopped it. */
    const char command = INIT_KILL;
    (void)send(attempt->process.control_fd, &command, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)spawn_signal(attempt->process.pidfd, SIGCONT);
}

void attempt_kill(struct attempt_context *context, struct attempt *attempt,
                  enum frame_kill_sent who, uint32_t grace_ms) {
    if (attempt->is_reaped || attempt->is_killed)
        return;
    uint64_t now = attempt_clock_ms();
    if (attempt->kill_at == 0) {
        const char command = INIT_TERM;
        attempt->kill_asked = who;
        attempt->kill_at = now + grace_ms;
        capture_remark(&attempt->capture, attempt_utc_ms(),
                       "TERM sent (%s); KILL follows after %" PRIu32 " ms",
                       who == FRAME_KILL_TIMEOUT ? "time-out" : "stop", grace_ms);
        (void)send(attempt->process.control_fd, &command, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (now + grace_ms < attempt->kill_at) {
        attempt->kill_at = now + grace_ms;
    }
}

uint64_t attempt_deadline(const struct attempt *attempt) {
    uint64_t deadline = UINT64_MAX;
    const uint64_t times[] = {
        attempt->is_reaped || attempt->kill_at != 0 ? 0 : attempt->timeout_at,
        attempt->is_reaped ? 0 : attempt->kill_at,
        attempt->is_concluded ? 0 : attempt->drain_at,
        attempt->retry_at,
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (times[i] != 0 && times[i] < deadline)
            deadline = times[i];
    return deadline;
}

void attempt_due(struct attempt_context *context, struct attempt *attempt, uint64_t now) {
    if (attempt->is_reaped)
        return;
    if (attempt->timeout_at != 0 && attempt->timeout_at <= now && attempt->kill_at == 0)
        attempt_kill(context, attempt, FRAME_KILL_TIMEOUT, attempt->grace_ms);
    if (attempt->kill_at != 0 && attempt->kill_at <= now)
        send_kill(context, attempt, now);
}

/* Reads a pipe once; closes it at its end. False: there is nothing more for now. */
static bool read_pipe(struct attempt_context *context, struct attempt *attempt,
                      enum capture_stream stream, int *fd) {
    if (*fd < 0)
        return false;
    int got = capture_read(&attempt->capture, stream, *fd, attempt_utc_ms());
    if (got > 0)
        return true;
    if (got != -EAGAIN)
        close_watched(context, fd);
    return false;
}

static void drain(struct attempt_context *context, struct attempt *attempt) {
    for (int i = 0; i < DRAIN_READS_MAX; i++) {
        bool has_out = read_pipe(context, attempt, CAPTURE_OUT, &attempt->process.out_fd);
        bool has_err = read_pipe(context, attempt, CAPTURE_ERR, &attempt->process.err_fd);
        if (!has_out && !has_err)
            return;
    }
}

static void reap(struct attempt_context *context, struct attempt *attempt) {
    siginfo_t info = { 0 };
    /* The raw call, because it also gives the resources that the whole tree has used. */
    if (syscall(SYS_waitid, P_PIDFD, attempt->process.pidfd, &info, WEXITED | WNOHANG,
                &attempt->usage) != 0 ||
        info.si_pid == 0)
        return;
    attempt->is_reaped = true;
    attempt->ended_boot_ms = attempt_clock_ms();
    attempt->wait_code = info.si_code;
    attempt->wait_status = info.si_status;
    close_watched(context, &attempt->process.pidfd);
    drain(context, attempt);
    attempt->drain_at = attempt_clock_ms() + DRAIN_MS;
}

void attempt_event(struct attempt_context *context, struct attempt *attempt, enum watch_kind kind) {
    if (kind == WATCH_OUT)
        (void)read_pipe(context, attempt, CAPTURE_OUT, &attempt->process.out_fd);
    else if (kind == WATCH_ERR)
        (void)read_pipe(context, attempt, CAPTURE_ERR, &attempt->process.err_fd);
    else if (kind == WATCH_PROCESS && !attempt->is_reaped)
        reap(context, attempt);
}

/* What the init reported, or what its own end tells. */
static void judge(struct attempt *attempt, struct frame_exited *exited) {
    struct init_report report;
    ssize_t got = recv(attempt->process.control_fd, &report, sizeof report, MSG_DONTWAIT);
    bool has_report = got == (ssize_t)sizeof report;
    exited->ended_ms = has_report ? report.ended_ms : attempt_utc_ms();
    exited->kill_sent = !has_report || report.is_term ? attempt->kill_asked : FRAME_KILL_NONE;
    if (has_report && report.error != 0) {
        exited->cause = FRAME_CAUSE_NOT_STARTED;
        exited->code = report.error;
        (void)snprintf(attempt->failure, sizeof attempt->failure, "%.*s",
                       (int)sizeof report.words - 1, report.words);
    } else if (has_report && WIFEXITED(report.status)) {
        exited->cause = FRAME_CAUSE_EXITED;
        exited->code = WEXITSTATUS(report.status);
    } else if (has_report) {
        exited->cause = FRAME_CAUSE_SIGNALED;
        exited->code = WTERMSIG(report.status);
    } else if (attempt->is_killed || attempt->wait_code == CLD_KILLED ||
               attempt->wait_code == CLD_DUMPED) {
        exited->cause = FRAME_CAUSE_SIGNALED;
        exited->code = attempt->is_killed ? SIGKILL : attempt->wait_status;
    } else {
        exited->cause = FRAME_CAUSE_LOST;
    }
}

static void remark_end(struct attempt *attempt, const struct frame_exited *exited) {
    /* The wall clock may have been set meanwhile. */
    int64_t lasted_ms = (int64_t)(attempt->ended_boot_ms - attempt->started_boot_ms);
    struct capture *capture = &attempt->capture;
    switch (exited->cause) {
    case FRAME_CAUSE_EXITED:
        capture_remark(capture, exited->ended_ms, "exit code %d after %" PRId64 " ms", exited->code,
                       lasted_ms);
        return;
    case FRAME_CAUSE_SIGNALED:
        capture_remark(capture, exited->ended_ms, "ended by signal %d (SIG%s) after %" PRId64 " ms",
                       exited->code, sigabbrev_np(exited->code), lasted_ms);
        return;
    case FRAME_CAUSE_LOST: capture_remark(capture, exited->ended_ms, "outcome unknown"); return;
    case FRAME_CAUSE_NOT_STARTED:
        capture_remark(capture, exited->ended_ms, "could not start: %s",
                       attempt->failure[0] != '\0' ? attempt->failure
                                                   : strerrordesc_np(exited->code));
        return;
    }
}

static uint64_t micros(struct timeval time) {
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

static void conclude(struct attempt *attempt) {
    struct frame_exited exited = {
        .fence = attempt->fence,
        .started_ms = attempt->started_ms,
        .user_us = micros(attempt->usage.ru_utime),
        .system_us = micros(attempt->usage.ru_stime),
        .maxrss_kib = (uint64_t)attempt->usage.ru_maxrss,
    };
    judge(attempt, &exited);
    remark_end(attempt, &exited);
    exited.output_bytes = attempt->capture.output_bytes;
    exited.dropped_bytes = attempt_log_dropped(&attempt->capture.log);
    if (attempt->answer_fd >= 0)
        (void)capture_answer(&attempt->capture, attempt->answer_fd);
    exited.result = capture_result(&attempt->capture, &exited.result_flags);
    if (exited.cause == FRAME_CAUSE_NOT_STARTED && attempt->failure[0] != '\0') {
        exited.result = frame_text(attempt->failure);
        exited.result_flags = FRAME_RESULT_PRESENT;
    }
    attempt_log_finish(&attempt->capture.log);
    attempt->exited = exited;
    attempt->is_concluded = true;
}

bool attempt_settle(struct attempt_context *context, struct attempt *attempt) {
    if (!attempt->is_reaped)
        return false;
    bool has_open_pipe = attempt->process.out_fd >= 0 || attempt->process.err_fd >= 0;
    if (!attempt->is_concluded && has_open_pipe && attempt_clock_ms() < attempt->drain_at)
        return false;
    if (!attempt->is_concluded)
        conclude(attempt);
    int error = journal_exited(context->journal, &attempt->exited);
    if (error != 0) {
        attempt->retry_at = attempt_clock_ms() + RETRY_MS;
        return false;
    }
    return true;
}

void attempt_free(struct attempt_context *context, struct attempt *attempt) {
    if (attempt == NULL)
        return;
    close_process(context, &attempt->process);
    if (attempt->answer_fd >= 0)
        (void)close(attempt->answer_fd);
    capture_done(&attempt->capture);
    workdir_remove(&context->workdir, attempt->fence);
    free(attempt);
}

void attempt_close_lost_log(struct attempt_context *context, uint64_t fence, int64_t now_ms) {
    char path[ATTEMPT_LOG_PATH_BYTES];
    const char *name = NULL;
    int folder_fd = -1;
    if (open_log_folder(context, fence, path, &name, &folder_fd) != 0)
        return;
    struct attempt_log log;
    int error = attempt_log_reopen(&log, folder_fd, name, context->log_uid);
    (void)close(folder_fd);
    if (error != 0)
        return;
    struct capture capture;
    capture_init(&capture, log, 0);
    if (log.total > 0)
        capture_take(&capture, CAPTURE_SYS, "\n", 0, now_ms);
    capture_remark(&capture, now_ms, "outcome unknown: the supervisor ended before the attempt");
    attempt_log_finish(&capture.log);
    capture_done(&capture);
}
