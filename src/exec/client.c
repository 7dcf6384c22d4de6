// SPDX-License-Identifier: Apache-2.0
//
// client: the conversation with the supervisor, as a queue of frames out and a stream of reports in. Not for deciding anything: what a report
// means is the engine's business.
//
//   AWAY ──connect──▶ GREETING ──STATE … STATE_END──▶ READY
//     ▲                  │                              │
//     └──────────────────┴── end of file, error, bad frame: REPORT_GONE
//
// What always holds: a START is either on its way in the order it was given, or reported as REFUSED, or the connection is given up, after
// which the engine learns from STATE what the supervisor knows. A broken connection is only noted where it is found and taken down in
// client_pump, so that no report comes out of a sending function.
#include "exec/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/frame.h"
#include "exec/start.h"

static const char SOCKET_NAME[] = "supervisor.sock";

enum {
    RETRY_FIRST_MS = 20,
    RETRY_MAX_MS = 1000,
    SILENCE_MS = 5000,        // a START is answered at once, also by one that has much to do
    LAUNCH_PAUSE_MS = 1000,   // a supervisor that was asked for needs a moment until it listens
    DESCRIPTORS_PAUSE_MS = 5, // too many descriptors in flight: the peer has to take some
    GATHERED_STARTS_MAX = 8,  // each keeps its descriptors open until it is sent
    READS_PER_PUMP = 64,      // the engine has other things to do
    PENDING_BYTES_MAX = 64 * 1024 * 1024,
    BOOT_ID_BYTES = 64,
};

enum client_state { CLIENT_AWAY, CLIENT_GREETING, CLIENT_READY };

struct refusal {
    int64_t fence;
    enum report_refusal reason;
    char *text;
};

struct client {
    char *dir; // absolute if it could be resolved
    client_launch_fn launch;
    void *user;
    enum client_state state;
    int fd;
    struct frame_reader reader;
    struct frame_writer writer;
    bool is_broken; // noted here, taken down by the next pump
    bool is_gathering;
    bool is_full; // took not all at the last try
    int gathered_starts;
    bool is_held; // descriptors wait: no use in writing before held_until_ms
    int64_t held_until_ms;
    int64_t connect_due_ms;
    int64_t retry_ms;
    int64_t pumped_ms;      // the last pump
    GHashTable *unanswered; // fences of STARTs, of this connection
    int64_t asked_ms;       // since then one is unanswered and nothing has come; 0: none
    int64_t launched_ms;    // when a supervisor was asked for; INT64_MIN never
    GQueue refused;         // of struct refusal *: STARTs that never left
    // Who was READY last.
    uint32_t known_pid; // 0 nobody yet
    char known_boot_id[BOOT_ID_BYTES];
    // From the STATE of this connection.
    bool has_state;
    uint32_t pid;
    char boot_id[BOOT_ID_BYTES];
    bool has_journal;
    int64_t mark;
    int capacity;
    char *level;
};

static int64_t now_ms(void) {
    return g_get_monotonic_time() / 1000;
}

static void refusal_free(void *user) {
    struct refusal *refusal = user;
    g_free(refusal->text);
    g_free(refusal);
}

struct client *client_new(const char *dir, client_launch_fn launch, void *user) {
    g_assert(dir != NULL);

    struct client *client = g_new0(struct client, 1);
    // A task's HOME is named by this path, and a task is elsewhere than the server.
    client->dir = g_canonicalize_filename(dir, NULL);
    client->launch = launch;
    client->user = user;
    client->fd = -1;
    client->retry_ms = RETRY_FIRST_MS;
    client->launched_ms = INT64_MIN;
    client->unanswered = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_queue_init(&client->refused);
    return client;
}

static void disconnect(struct client *client) {
    if (client->fd >= 0) {
        (void)close(client->fd);
        frame_reader_done(&client->reader);
        frame_writer_done(&client->writer);
    }
    client->fd = -1;
    client->is_broken = false;
    client->is_held = false;
    g_hash_table_remove_all(client->unanswered);
    client->asked_ms = 0;
    client->state = CLIENT_AWAY;
}

void client_free(struct client *client) {
    if (client == NULL) {
        return;
    }
    disconnect(client);
    g_queue_clear_full(&client->refused, refusal_free);
    g_hash_table_unref(client->unanswered);
    g_free(client->level);
    g_free(client->dir);
    g_free(client);
}

int client_fd(const struct client *client) {
    return client->fd;
}

bool client_wants_write(const struct client *client) {
    return client->fd >= 0 && !client->is_held && frame_writer_pending(&client->writer) > 0;
}

int64_t client_due_ms(const struct client *client) {
    if (client->is_broken || client->refused.length > 0) {
        return 0;
    }
    if (client->fd < 0) {
        return client->connect_due_ms;
    }
    int64_t due_ms = client->is_held ? client->held_until_ms : INT64_MAX;
    return client->asked_ms != 0 && !client_is_silent(client)
               ? MIN(due_ms, client->asked_ms + SILENCE_MS)
               : due_ms;
}

bool client_is_ready(const struct client *client) {
    return client->state == CLIENT_READY && !client->is_broken;
}

void client_drop(struct client *client) {
    client->is_broken = client->fd >= 0;
}

bool client_is_silent(const struct client *client) {
    return client->asked_ms != 0 && client->pumped_ms - client->asked_ms >= SILENCE_MS;
}

// Sends what the socket takes now.
static void flush(struct client *client) {
    if (client->fd < 0 || client->is_broken ||
        (client->is_gathering &&
         (client->is_full || client->gathered_starts < GATHERED_STARTS_MAX))) {
        return;
    }
    client->gathered_starts = 0;
    int result = frame_writer_flush(&client->writer, client->fd);
    client->is_held = result == -ETOOMANYREFS;
    client->is_full = result != 0;
    if (client->is_held) {
        client->held_until_ms = now_ms() + DESCRIPTORS_PAUSE_MS;
    } else if (result != 0 && result != -EAGAIN) {
        client->is_broken = true;
    }
}

// A message that can not even be queued ends the connection, because one that is lost without a sign would leave its attempt open for
// ever. 0 or -errno.
static int push(struct client *client, const struct frame_message *message) {
    int result = frame_writer_push(&client->writer, message);
    // -EINVAL and -EMSGSIZE are about this message alone; the next one may be good.
    client->is_broken =
        client->is_broken || (result != 0 && result != -EINVAL && result != -EMSGSIZE);
    return result;
}

static void send_message(struct client *client, const struct frame_message *message) {
    if (client_is_ready(client) && push(client, message) == 0) {
        flush(client);
    }
}

static void refuse(struct client *client, int64_t fence, int result) {
    struct refusal *refusal = g_new(struct refusal, 1);
    *refusal = (struct refusal){
        .fence = fence,
        .reason = result == -EMFILE || result == -ENFILE ? REFUSAL_LIMIT : REFUSAL_SPAWN,
        .text =
            result == -E2BIG
                ? g_strdup("arguments and environment are too long to be handed to a program")
                : g_strdup_printf("the attempt could not be described: %s", g_strerror(-result)),
    };
    g_queue_push_tail(&client->refused, refusal);
}

void client_start(struct client *client, int64_t fence, const struct attempt_spec *spec) {
    g_assert(client != NULL);
    g_assert(fence > 0);
    g_assert(spec != NULL);

    if (!client_is_ready(client)) {
        return;
    }
    struct frame_message message = { .type = FRAME_START };
    int result = start_fill(client->dir, fence, spec, &message.start);
    if (result != 0) {
        refuse(client, fence, result);
        return;
    }
    result = push(client, &message);
    if (result != 0) {
        start_close(&message.start);
        if (!client->is_broken) {
            refuse(client, fence, result);
        }
        return;
    }
    g_hash_table_add(client->unanswered, g_memdup2(&fence, sizeof fence));
    client->asked_ms = client->asked_ms != 0 ? client->asked_ms : client->pumped_ms;
    client->gathered_starts++;
    flush(client);
}

void client_kill(struct client *client, int64_t fence, int64_t grace_ms) {
    send_message(client, &(struct frame_message){
                             .type = FRAME_KILL,
                             .kill = { .fence = (uint64_t)fence,
                                       .grace_ms = (uint32_t)CLAMP(grace_ms, 0, UINT32_MAX) } });
}

void client_acknowledge(struct client *client, int64_t fence) {
    send_message(client, &(struct frame_message){ .type = FRAME_ACK, .fence = (uint64_t)fence });
}

void client_void(struct client *client, int64_t fence) {
    send_message(client, &(struct frame_message){ .type = FRAME_VOID, .fence = (uint64_t)fence });
}

void client_quit(struct client *client) {
    send_message(client, &(struct frame_message){ .type = FRAME_QUIT });
}

void client_gather(struct client *client) {
    client->is_gathering = true;
    client->is_full = false;
}

void client_flush(struct client *client, int64_t timeout_ms) {
    g_assert(client != NULL);

    client->is_gathering = false;
    int64_t deadline_ms = now_ms() + timeout_ms;
    for (;;) {
        flush(client);
        int64_t left_ms = deadline_ms - now_ms();
        if (client->fd < 0 || client->is_broken || frame_writer_pending(&client->writer) == 0 ||
            left_ms <= 0) {
            return;
        }
        // While descriptors are in flight the socket looks writable all the time.
        struct pollfd poll_fd = { .fd = client->is_held ? -1 : client->fd, .events = POLLOUT };
        (void)poll(&poll_fd, 1,
                   (int)MIN(left_ms, client->is_held ? DESCRIPTORS_PAUSE_MS : INT32_MAX));
    }
}

// Nobody listens: ask for a supervisor, but not again while one may be on its way, and look again a little later.
static void retry_later(struct client *client, int64_t monotonic_ms) {
    bool is_time =
        client->launched_ms == INT64_MIN || monotonic_ms - client->launched_ms >= LAUNCH_PAUSE_MS;
    if (is_time && client->launch != NULL && client->launch(client->user)) {
        client->launched_ms = monotonic_ms;
        client->retry_ms = RETRY_FIRST_MS;
    }
    client->connect_due_ms = monotonic_ms + client->retry_ms;
    client->retry_ms = MIN(client->retry_ms * 2, RETRY_MAX_MS);
}

static void try_connect(struct client *client, int64_t monotonic_ms, int64_t highest_fence) {
    int dir_fd = open(client->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int result = dir_fd < 0 ? -errno : file_connect(dir_fd, SOCKET_NAME, &client->fd);
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (result != 0) {
        client->fd = -1;
        retry_later(client, monotonic_ms);
        return;
    }
    frame_reader_init(&client->reader, 0);
    frame_writer_init(&client->writer, PENDING_BYTES_MAX);
    client->state = CLIENT_GREETING;
    client->has_state = false;
    struct frame_message hello = {
        .type = FRAME_HELLO,
        .hello = { .protocol_version = FRAME_VERSION, .highest_fence = (uint64_t)highest_fence },
    };
    if (push(client, &hello) == 0) {
        flush(client);
    }
}

static char *slice_text(struct frame_slice slice) {
    g_autofree char *text = g_strndup(slice.data != NULL ? slice.data : "", slice.len);
    return g_utf8_make_valid(text, -1);
}

static void take_state(struct client *client, const struct frame_state *state) {
    client->has_state = true;
    g_autofree char *boot_id = slice_text(state->boot_id);
    (void)g_strlcpy(client->boot_id, boot_id, sizeof(client->boot_id));
    client->pid = state->pid;
    client->has_journal = !state->is_journal_damaged;
    client->mark = (int64_t)state->mark;
    client->capacity = (int)MIN(state->capacity, INT32_MAX);
    g_free(client->level);
    client->level = slice_text(state->level);
}

static void report_ready(struct client *client, client_report_fn report, void *user) {
    client->state = CLIENT_READY;
    client->retry_ms = RETRY_FIRST_MS;
    client->launched_ms = INT64_MIN;
    struct report ready = {
        .kind = REPORT_READY,
        .pid = (int)client->pid,
        .mark = client->mark,
        .capacity = client->capacity,
        .is_other_supervisor =
            client->known_pid != client->pid || strcmp(client->known_boot_id, client->boot_id) != 0,
        .has_journal = client->has_journal,
        .level = client->level,
    };
    client->known_pid = client->pid;
    (void)g_strlcpy(client->known_boot_id, client->boot_id, sizeof(client->known_boot_id));
    report(&ready, user);
}

static enum exit_cause exit_cause_of(enum frame_cause cause) {
    switch (cause) {
    case FRAME_CAUSE_EXITED: return EXIT_NORMAL;
    case FRAME_CAUSE_SIGNALED: return EXIT_SIGNAL;
    case FRAME_CAUSE_LOST: return EXIT_LOST;
    case FRAME_CAUSE_NOT_STARTED: return EXIT_NOT_STARTED;
    }
    g_assert_not_reached(); // frame_decode has checked the range
}

static enum exit_kill exit_kill_of(enum frame_kill_sent kill_sent) {
    switch (kill_sent) {
    case FRAME_KILL_NONE: return EXIT_KILL_NONE;
    case FRAME_KILL_SERVER: return EXIT_KILL_SERVER;
    case FRAME_KILL_TIMEOUT: return EXIT_KILL_TIMEOUT;
    }
    g_assert_not_reached();
}

static void report_exited(const struct frame_exited *exited, client_report_fn report, void *user) {
    bool has_result = (exited->result_flags & FRAME_RESULT_PRESENT) != 0;
    // The result ends with NUL for whoever prints it; the frame's own bytes do not.
    g_autofree char *result =
        has_result ? g_strndup(exited->result.data, exited->result.len) : NULL;
    struct report message = {
        .kind = REPORT_EXITED,
        .fence = (int64_t)exited->fence,
        .started_ms = exited->started_ms,
        .ended_ms = exited->ended_ms,
        .user_us = (int64_t)exited->user_us,
        .system_us = (int64_t)exited->system_us,
        .maxrss_kib = (int64_t)exited->maxrss_kib,
        .output_bytes = (int64_t)exited->output_bytes,
        .dropped_bytes = (int64_t)exited->dropped_bytes,
        .exit = {
            .cause = exit_cause_of(exited->cause),
            .code = exited->code,
            .kill = exit_kill_of(exited->kill_sent),
            .was_out_of_memory = exited->is_oom_killed,
            .is_result_too_long = (exited->result_flags & FRAME_RESULT_TOO_LONG) != 0,
            .is_result_lost = (exited->result_flags & FRAME_RESULT_LOST) != 0,
            .result = result,
            .result_len = has_result ? exited->result.len : 0,
        },
    };
    report(&message, user);
}

static enum report_refusal refusal_of(enum frame_refusal reason) {
    switch (reason) {
    case FRAME_STALE_FENCE: return REFUSAL_STALE_FENCE;
    case FRAME_LIMIT: return REFUSAL_LIMIT;
    case FRAME_JOURNAL: return REFUSAL_JOURNAL;
    case FRAME_SPAWN: return REFUSAL_SPAWN;
    }
    g_assert_not_reached();
}

static void report_refused(int64_t fence, enum report_refusal reason, char *text,
                           client_report_fn report, void *user) {
    struct report message = {
        .kind = REPORT_REFUSED, .fence = fence, .refusal = reason, .text = text
    };
    report(&message, user);
}

static void note_answer(struct client *client, uint64_t fence) {
    int64_t number = (int64_t)fence;
    g_hash_table_remove(client->unanswered, &number);
}

// False when the supervisor says what only a server says, or says it before it has answered HELLO.
static bool take_message(struct client *client, const struct frame_message *message,
                         client_report_fn report, void *user) {
    if (client->has_state == (message->type == FRAME_STATE)) {
        return false;
    }
    switch (message->type) {
    case FRAME_STATE: take_state(client, &message->state); return true;
    case FRAME_STATE_END:
        if (client->state != CLIENT_GREETING) {
            return false;
        }
        report_ready(client, report, user);
        return true;
    case FRAME_STARTED: {
        note_answer(client, message->started.fence);
        struct report started = {
            .kind = REPORT_STARTED,
            .fence = (int64_t)message->started.fence,
            .pid = (int)message->started.pid,
            .started_ms = message->started.started_ms,
        };
        report(&started, user);
        return true;
    }
    case FRAME_EXITED:
        note_answer(client, message->exited.fence);
        report_exited(&message->exited, report, user);
        return true;
    case FRAME_REFUSED: {
        note_answer(client, message->refused.fence);
        g_autofree char *text = slice_text(message->refused.text);
        report_refused((int64_t)message->refused.fence, refusal_of(message->refused.reason), text,
                       report, user);
        return true;
    }
    case FRAME_HELLO:
    case FRAME_START:
    case FRAME_VOID:
    case FRAME_KILL:
    case FRAME_ACK:
    case FRAME_QUIT: return false;
    }
    return false;
}

// Takes every whole frame that has arrived.
static void take_frames(struct client *client, client_report_fn report, void *user) {
    int result = 1;
    while (result == 1) {
        struct frame_message message;
        result = frame_reader_next(&client->reader, &message);
        if (result == 1 && message.type == FRAME_START) {
            start_close(&message.start);
        }
        if (result < 0 || (result == 1 && !take_message(client, &message, report, user))) {
            client->is_broken = true;
            return;
        }
    }
}

static void receive(struct client *client, client_report_fn report, void *user) {
    for (int reads = 0; reads < READS_PER_PUMP && !client->is_broken; reads++) {
        int result = frame_reader_receive(&client->reader, client->fd);
        if (result == -EAGAIN) {
            return;
        }
        if (result != 1) {
            client->is_broken = true;
            return;
        }
        take_frames(client, report, user);
        client->asked_ms = g_hash_table_size(client->unanswered) > 0 ? client->pumped_ms : 0;
    }
}

static void report_local_refusals(struct client *client, client_report_fn report, void *user) {
    // Only those that are here now: the engine may answer one by the next START.
    for (guint count = client->refused.length; count > 0; count--) {
        struct refusal *refusal = g_queue_pop_head(&client->refused);
        report_refused(refusal->fence, refusal->reason, refusal->text, report, user);
        refusal_free(refusal);
    }
}

static void take_down(struct client *client, int64_t monotonic_ms, client_report_fn report,
                      void *user) {
    disconnect(client);
    client->connect_due_ms = monotonic_ms + client->retry_ms;
    client->retry_ms = MIN(client->retry_ms * 2, RETRY_MAX_MS);
    struct report gone = { .kind = REPORT_GONE };
    report(&gone, user);
}

void client_pump(struct client *client, int64_t monotonic_ms, int64_t highest_fence,
                 client_report_fn report, void *user) {
    g_assert(client != NULL);
    g_assert(report != NULL);

    client->pumped_ms = monotonic_ms;
    report_local_refusals(client, report, user);
    if (client->fd < 0 && monotonic_ms >= client->connect_due_ms) {
        try_connect(client, monotonic_ms, highest_fence);
    }
    if (client->fd >= 0) {
        flush(client);
        // What was said before the end is heard, also when sending has failed.
        bool was_broken = client->is_broken;
        client->is_broken = false;
        receive(client, report, user);
        client->is_broken = client->is_broken || was_broken;
        flush(client);
    }
    if (client->is_broken) {
        take_down(client, monotonic_ms, report, user);
    }
}
