// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_ATTEMPT_H
#define SLUICE_SUPERVISOR_ATTEMPT_H

/* The life of one attempt: start, output, time-out, kill ladder, end, record of the end.
 *
 *     start ──▶ runs ──▶ reaped (tree empty) ──▶ drained ──▶ recorded
 *                │ TERM ─ grace ─ KILL ▲
 *                └─────────────────────┘
 *
 * One thread. Functions return 0 or -errno. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/frame.h"
#include "supervisor/capture.h"
#include "supervisor/failure.h"
#include "supervisor/journal.h"
#include "supervisor/spawn.h"
#include "supervisor/workdir.h"

/* What an epoll event belongs to. */
enum watch_kind {
    WATCH_TIMER,
    WATCH_SIGNAL,
    WATCH_LISTENER,
    WATCH_SERVER,
    WATCH_HELPER,
    WATCH_OUT,
    WATCH_ERR,
    WATCH_PROCESS,
};

struct watch {
    enum watch_kind kind;
    struct attempt *attempt; /* of the last three kinds */
};

/* What all attempts share; owned by the supervisor's loop. */
struct attempt_context {
    int epoll_fd;
    int logs_fd;
    struct journal *journal;
    struct workdir workdir;
    struct spawn_level level;
    struct spawn_fds fds;
    uid_t log_uid; /* (uid_t)-1: leave */
    gid_t log_gid;
    uint64_t log_head_bytes; /* 0: default */
    uint64_t log_ring_bytes;
    char boot_id[FILE_BOOT_ID_BYTES];
};

struct attempt {
    uint64_t fence;
    int64_t started_ms;       /* UTC */
    uint64_t started_boot_ms; /* CLOCK_BOOTTIME, as all times below */
    uint64_t ended_boot_ms;   /* when it was reaped */
    uint64_t timeout_at;      /* 0: none */
    uint64_t kill_at;         /* 0: no TERM sent yet */
    uint64_t drain_at;        /* 0: not reaped yet */
    uint64_t retry_at;        /* the end could not be recorded: try again then */
    uint32_t grace_ms;
    struct spawn_process process;
    int answer_fd;               /* memory that sluice-sql writes its answer to; -1: of a script */
    char failure[FAILURE_BYTES]; /* why the program never ran; "" */
    struct capture capture;
    enum frame_kill_sent kill_asked;
    bool is_killed; /* KILL was sent */
    bool is_reaped;
    bool is_concluded; /* the log has its last line */
    int wait_code;     /* si_code and si_status of the init */
    int wait_status;
    struct rusage usage;
    struct frame_exited exited;
    struct watch out_watch;
    struct watch err_watch;
    struct watch process_watch;
};

uint64_t attempt_clock_ms(void); /* CLOCK_BOOTTIME */
int64_t attempt_utc_ms(void);

/* Starts an attempt: directory, log, processes, record, go. The fence must be above the mark. On
 * failure nothing has run, *ret_reason says why, and 0 < errno is returned negative. The start's
 * descriptors stay with the caller. */
int attempt_start(struct attempt_context *context, const struct frame_start *start,
                  struct attempt **ret_attempt, enum frame_refusal *ret_reason);

/* Begins the kill ladder, or shortens the grace of one that has begun. */
void attempt_kill(struct attempt_context *context, struct attempt *attempt,
                  enum frame_kill_sent who, uint32_t grace_ms);

/* Handles an event of one of its watches. */
void attempt_event(struct attempt_context *context, struct attempt *attempt, enum watch_kind kind);

/* Does what is due now. */
void attempt_due(struct attempt_context *context, struct attempt *attempt, uint64_t now);

/* When attempt_due() is to be called next; UINT64_MAX: never. */
uint64_t attempt_deadline(const struct attempt *attempt);

/* Records the end when the tree is gone and the pipes are empty. True: it is recorded; free the
 * attempt now. False: not yet. */
bool attempt_settle(struct attempt_context *context, struct attempt *attempt);

/* Closes everything and removes the work directory. */
void attempt_free(struct attempt_context *context, struct attempt *attempt);

/* Ends the log of an attempt whose supervisor died. */
void attempt_close_lost_log(struct attempt_context *context, uint64_t fence, int64_t now_ms);

#endif
