// SPDX-License-Identifier: Apache-2.0
//
// client: the server's end of the conversation with the supervisor (messages: base/frame.h).
//
// Owned by the engine's thread, which polls client_fd and calls client_pump. Sending never blocks for long: what the socket does not take is
// kept and sent by later pumps. Every message may be repeated. The client connects to DIR/supervisor.sock; when nobody listens, it
// asks for a supervisor through `launch` and tries again with a short back-off; the engine only sees reports.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "exec/attempt.h"
#include "exec/kinds.h"

struct client;

enum report_kind {
    REPORT_READY,   // HELLO was answered completely: capacity, mark; dispatching may begin
    REPORT_STARTED, // fence, pid, started_ms (also for every open attempt, before REPORT_READY)
    REPORT_EXITED,  // fence, times, exit (also for every unacknowledged exit, before REPORT_READY)
    REPORT_REFUSED, // fence, text, refusal
    REPORT_GONE,    // the connection ended: dispatch nothing until REPORT_READY
};

enum report_refusal { REFUSAL_STALE_FENCE, REFUSAL_LIMIT, REFUSAL_JOURNAL, REFUSAL_SPAWN };

struct report {
    enum report_kind kind;
    int64_t fence;
    int64_t mark;             // READY: the supervisor's highest fence
    int capacity;             // READY: attempts it takes
    bool is_other_supervisor; // READY: not the one of the last connection of this client
    bool
        has_journal; // READY: its journal was not missing nor damaged when it started (a first start counts as sound)
    char *level; // READY: isolation level reached
    int pid;
    int64_t started_ms;
    int64_t ended_ms;
    int64_t user_us;
    int64_t system_us;
    int64_t maxrss_kib;
    int64_t output_bytes;
    int64_t dropped_bytes;
    struct exit_report exit; // EXITED; its result lives as long as the report
    enum report_refusal refusal;
    char *text; // REFUSED
};

// Asks the launcher for a supervisor; false when that is impossible now.
typedef bool (*client_launch_fn)(void *user);
typedef void (*client_report_fn)(const struct report *report, void *user);

struct client *client_new(const char *dir, client_launch_fn launch, void *user);
void client_free(struct client *client);

// The descriptor to poll for reading (and for writing when client_wants_write); -1 while there is none.
int client_fd(const struct client *client);
bool client_wants_write(const struct client *client);
// When to call client_pump at the latest, on the monotonic clock in milliseconds; INT64_MAX never.
int64_t client_due_ms(const struct client *client);

// Connects, reads, writes; calls `report` for everything that came. highest_fence is the store's (for HELLO).
void client_pump(struct client *client, int64_t monotonic_ms, int64_t highest_fence,
                 client_report_fn report, void *user);

// Gives the connection up: after the next pump, which reports REPORT_GONE, the supervisor tells everything again.
void client_drop(struct client *client);

bool client_is_ready(const struct client *client);
// Ready, and yet a START had no answer at the last pump, and nothing else had come, for five seconds: the supervisor is stopped, or hangs.
bool client_is_silent(const struct client *client);
// Only while ready; otherwise dropped (the caller repeats after REPORT_READY).
void client_start(struct client *client, int64_t fence, const struct attempt_spec *spec);
void client_kill(struct client *client, int64_t fence, int64_t grace_ms);
void client_acknowledge(struct client *client, int64_t fence);
void client_void(struct client *client, int64_t fence);
void client_quit(struct client *client);
// Until client_flush, words are sent together rather than each by itself: the supervisor is woken once for all of them.
void client_gather(struct client *client);
// Writes out what is queued, waiting at most this long (0: what the socket takes now), and ends client_gather.
void client_flush(struct client *client, int64_t timeout_ms);
