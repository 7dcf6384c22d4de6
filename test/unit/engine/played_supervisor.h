// SPDX-License-Identifier: Apache-2.0
//
// A supervisor that a test plays: a thread that listens on DIR/supervisor.sock, speaks base/frame, and keeps attempts, unacknowledged exits
// and the mark as the real one does, but starts nothing. It checks the server while it listens: what it is told must already be
// committed, no fence comes twice, and no program is started twice under one fence.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/frame.h"
#include "sql/sqlite.h"

#define PLAYED_FN G_GNUC_UNUSED static

enum { PLAYED_DEADLINE_MS = 30000, PLAYED_HOLD = -1 };

// One attempt, from its START on. It stays on the list when it is over.
struct played_attempt {
    uint64_t fence;
    int64_t run_id;  // 0 of a probe
    int64_t node_id; // 0 of a probe
    bool is_open;
    bool has_exit; // ended and not yet acknowledged
    struct frame_exited exit;
    char *result;
};

struct played_word {
    enum frame_type type;
    uint64_t fence;
};

struct played {
    char *dir;
    int dir_fd;
    int wake_fd;
    GThread *thread;
    struct sql *sql; // of the thread

    GMutex mutex; // guards what follows
    GCond changed;
    bool is_ended;
    int listen_fd; // -1: nobody listens
    int peer_fd;   // -1: nobody is connected
    bool is_hung_up;
    struct frame_reader reader;
    struct frame_writer writer;
    uint32_t pid;
    uint32_t capacity; // what it says it takes
    uint32_t room;     // what it takes
    uint64_t mark;
    bool is_damaged;
    bool ignores_kill;
    void (*on_start)(void);          // before a START is answered; NULL: nothing
    enum frame_refusal refuses_with; // every START, for this reason; 0 none
    int greeting_pause_ms; // before STATE_END: the greeting takes several turns of the engine
    // How an attempt ends as soon as it was started: an exit code, or PLAYED_HOLD. NULL: 0.
    int (*play)(const struct played_attempt *attempt, void *user);
    void *play_user;
    const char *result; // of attempts that end with 0; NULL none
    GPtrArray *attempts;
    GArray *heard; // of struct played_word
    int open_count;
    int open_count_max;
    int steps;  // messages that came or were about to go
    int cut_at; // the step that is lost together with the connection; 0 none
    bool was_cut;
};

// ---- What the store says; the thread only ----

PLAYED_FN int64_t played_count(struct played *played, const char *text, uint64_t fence, int64_t run,
                               int64_t node) {
    g_autoptr(GError) error = NULL;
    struct sql_statement *statement = NULL;
    enum sql_step step = SQL_DONE;
    if (played->sql == NULL) {
        g_autofree char *path = g_build_filename(played->dir, "state.db", NULL);
        (void)sqlite_open(path, SQL_STORE_READER, &played->sql, &error);
        g_assert_no_error(error);
    }
    (void)sql_prepare(played->sql, text, &statement, &error);
    g_assert_no_error(error);
    sql_bind_int(statement, 1, (int64_t)fence);
    sql_bind_int(statement, 2, run);
    sql_bind_int(statement, 3, node);
    (void)sql_step(statement, &step, &error);
    g_assert_no_error(error);
    g_assert_cmpint(step, ==, SQL_ROW);
    int64_t count = sql_column_int(statement, 0);
    sql_reset(statement);
    return count;
}

static const char PLAYED_DISPATCHED[] =
    "SELECT count(*) FROM attempt a JOIN node_run n ON n.run_id = a.run_id AND n.node_id = "
    "a.node_id WHERE a.fence = ?1 AND a.run_id = ?2 AND a.node_id = ?3 AND a.state = 0 AND n.fence "
    "= ?1";
static const char PLAYED_OPEN[] =
    "SELECT count(*) FROM attempt WHERE fence = ?1 AND state = 0 AND ?2 = ?3";
static const char PLAYED_REFUSED[] =
    "SELECT count(*) FROM attempt WHERE fence = ?1 AND state = 3 AND ?2 = ?3";
static const char PLAYED_OPEN_NOT_KILLING[] =
    "SELECT count(*) FROM attempt a JOIN node_run n ON n.run_id = a.run_id AND n.node_id = "
    "a.node_id WHERE a.fence = ?1 AND a.state = 0 AND n.state <> 5 AND ?2 = ?3";

// ---- The conversation; the mutex is held ----

PLAYED_FN struct played_attempt *played_find(struct played *played, uint64_t fence) {
    for (guint i = 0; i < played->attempts->len; i++) {
        struct played_attempt *attempt = g_ptr_array_index(played->attempts, i);
        if (attempt->fence == fence) {
            return attempt;
        }
    }
    return NULL;
}

// One that must be there.
PLAYED_FN struct played_attempt *played_get(struct played *played, uint64_t fence) {
    struct played_attempt *attempt = played_find(played, fence);
    if (attempt == NULL) {
        g_error("there was no attempt with fence %d", (int)fence);
    }
    return attempt;
}

PLAYED_FN void played_drop(struct played *played) {
    if (played->peer_fd >= 0) {
        (void)shutdown(played->peer_fd, SHUT_RDWR);
        played->is_hung_up = true; // the thread closes it
    }
}

// A step is about to happen: false when it is the one that is lost.
PLAYED_FN bool played_step(struct played *played) {
    played->steps++;
    if (played->steps != played->cut_at) {
        return true;
    }
    played->was_cut = true;
    played_drop(played);
    return false;
}

PLAYED_FN void played_say(struct played *played, struct frame_message message) {
    if (played->peer_fd < 0 || played->is_hung_up || !played_step(played)) {
        return;
    }
    g_assert_cmpint(frame_writer_push(&played->writer, &message), ==, 0);
    int result = -EAGAIN;
    while (result == -EAGAIN) {
        result = frame_writer_flush(&played->writer, played->peer_fd);
        if (result == -EAGAIN) {
            struct pollfd poll_fd = { .fd = played->peer_fd, .events = POLLOUT };
            g_assert_cmpint(poll(&poll_fd, 1, PLAYED_DEADLINE_MS), ==, 1);
        }
    }
    if (result != 0) { // the server is gone
        played_drop(played);
    }
}

PLAYED_FN void played_say_exit(struct played *played, const struct played_attempt *attempt) {
    played_say(played, (struct frame_message){ .type = FRAME_EXITED, .exited = attempt->exit });
}

PLAYED_FN void played_end(struct played *played, struct played_attempt *attempt,
                          enum frame_cause cause, int code, enum frame_kill_sent kill_sent) {
    g_assert_true(attempt->is_open);
    attempt->is_open = false;
    attempt->has_exit = true;
    played->open_count--;
    bool has_result = code == 0 && played->result != NULL;
    attempt->result = has_result ? g_strdup(played->result) : NULL;
    attempt->exit = (struct frame_exited){
        .fence = attempt->fence,
        .cause = cause,
        .code = code,
        .kill_sent = kill_sent,
        .started_ms = 1000,
        .ended_ms = 2000,
        .result_flags = has_result ? FRAME_RESULT_PRESENT : 0,
        .result = frame_text(attempt->result),
    };
    played_say_exit(played, attempt);
}

PLAYED_FN void played_say_started(struct played *played, const struct played_attempt *attempt) {
    played_say(played,
               (struct frame_message){
                   .type = FRAME_STARTED,
                   .started = { .fence = attempt->fence, .pid = 100, .started_ms = 1000 } });
}

PLAYED_FN void played_refuse(struct played *played, uint64_t fence, enum frame_refusal reason) {
    played_say(played, (struct frame_message){ .type = FRAME_REFUSED,
                                               .refused = { .fence = fence,
                                                            .reason = reason,
                                                            .text = frame_text("refused") } });
}

// The number behind NAME= in the strings of a specification; 0 when it is not there.
PLAYED_FN int64_t played_variable(const char *texts, size_t len, const char *name) {
    for (size_t at = 0; at < len; at += strlen(texts + at) + 1) {
        if (g_str_has_prefix(texts + at, name)) {
            return g_ascii_strtoll(texts + at + strlen(name), NULL, 10);
        }
    }
    return 0;
}

PLAYED_FN struct played_attempt *played_read_start(const struct frame_start *start) {
    struct played_attempt *attempt = g_new0(struct played_attempt, 1);
    g_autofree char *texts = g_malloc0(64 * 1024);
    size_t len = 0;
    g_assert_cmpint(file_read_at(start->fds[0], texts, 64 * 1024 - 1, 0, &len), ==, 0);
    attempt->fence = start->fence;
    attempt->run_id = played_variable(texts, len, "SLUICE_RUN_ID=");
    attempt->node_id = played_variable(texts, len, "SLUICE_NODE_ID=");
    return attempt;
}

PLAYED_FN void played_take_start(struct played *played, const struct frame_start *start) {
    struct played_attempt *attempt = played_read_start(start);
    if (attempt->node_id != 0) { // committed before it was sent
        g_assert_cmpint(played_count(played, PLAYED_DISPATCHED, start->fence, attempt->run_id,
                                     attempt->node_id),
                        ==, 1);
    }
    for (guint i = 0; i < played->attempts->len; i++) { // no fence twice, no two programs of a node
        const struct played_attempt *other = g_ptr_array_index(played->attempts, i);
        g_assert_cmpuint(other->fence, !=, attempt->fence);
        g_assert_false(other->is_open && attempt->node_id != 0 &&
                       other->run_id == attempt->run_id && other->node_id == attempt->node_id);
    }
    if (start->fence <= played->mark) {
        played_refuse(played, start->fence, FRAME_STALE_FENCE);
        g_free(attempt);
        return;
    }
    if (played->on_start != NULL) {
        played->on_start();
    }
    if (played->refuses_with != 0 || played->open_count >= (int)played->room) {
        played_refuse(played, start->fence,
                      played->refuses_with != 0 ? played->refuses_with : FRAME_LIMIT);
        g_free(attempt);
        return;
    }
    played->mark = start->fence;
    attempt->is_open = true;
    g_ptr_array_add(played->attempts, attempt);
    played->open_count++;
    played->open_count_max = MAX(played->open_count_max, played->open_count);
    played_say_started(played, attempt);
    int code = played->play != NULL ? played->play(attempt, played->play_user) : 0;
    if (code != PLAYED_HOLD) {
        played_end(played, attempt, FRAME_CAUSE_EXITED, code, FRAME_KILL_NONE);
    }
}

PLAYED_FN void played_take_kill(struct played *played, uint64_t fence) {
    g_assert_cmpint(played_count(played, PLAYED_OPEN_NOT_KILLING, fence, 0, 0), ==, 0);
    struct played_attempt *attempt = played_find(played, fence);
    if (attempt == NULL || played->ignores_kill) {
        return;
    }
    if (attempt->is_open) {
        played_end(played, attempt, FRAME_CAUSE_SIGNALED, 15, FRAME_KILL_SERVER);
    } else if (attempt->has_exit) {
        played_say_exit(played, attempt);
    }
}

PLAYED_FN void played_take_ack(struct played *played, uint64_t fence) {
    g_assert_cmpint(played_count(played, PLAYED_OPEN, fence, 0, 0), ==, 0);
    struct played_attempt *attempt = played_find(played, fence);
    if (attempt != NULL) {
        g_assert_false(attempt->is_open);
        attempt->has_exit = false;
    }
}

PLAYED_FN void played_take_hello(struct played *played, const struct frame_hello *hello) {
    uint32_t exits = 0;
    for (guint i = 0; i < played->attempts->len; i++) {
        exits += ((struct played_attempt *)g_ptr_array_index(played->attempts, i))->has_exit;
    }
    played_say(played,
               (struct frame_message){ .type = FRAME_STATE,
                                       .state = { .mark = played->mark,
                                                  .pid = played->pid,
                                                  .capacity = played->capacity,
                                                  .open_count = (uint32_t)played->open_count,
                                                  .exits_count = exits,
                                                  .is_journal_damaged = played->is_damaged,
                                                  .level = frame_text("played"),
                                                  .boot_id = frame_text("boot") } });
    for (guint i = 0; i < played->attempts->len; i++) {
        const struct played_attempt *attempt = g_ptr_array_index(played->attempts, i);
        if (attempt->is_open) {
            played_say_started(played, attempt);
        } else if (attempt->has_exit) {
            played_say_exit(played, attempt);
        }
    }
    g_usleep((gulong)played->greeting_pause_ms * 1000);
    played_say(played, (struct frame_message){ .type = FRAME_STATE_END });
    if (played->is_damaged) {
        played->mark = MAX(played->mark, hello->highest_fence);
        played->is_damaged = false;
    }
}

PLAYED_FN void played_take(struct played *played, const struct frame_message *message) {
    struct played_word word = { .type = message->type };
    switch (message->type) {
    case FRAME_HELLO: played_take_hello(played, &message->hello); break;
    case FRAME_START:
        word.fence = message->start.fence;
        played_take_start(played, &message->start);
        break;
    case FRAME_KILL:
        word.fence = message->kill.fence;
        played_take_kill(played, message->kill.fence);
        break;
    case FRAME_ACK:
        word.fence = message->fence;
        played_take_ack(played, message->fence);
        break;
    case FRAME_VOID:
        word.fence = message->fence;
        g_assert_cmpint(played_count(played, PLAYED_REFUSED, message->fence, 0, 0), ==, 1);
        played->mark = MAX(played->mark, message->fence);
        break;
    case FRAME_QUIT: break;
    case FRAME_STATE:
    case FRAME_STATE_END:
    case FRAME_STARTED:
    case FRAME_EXITED:
    case FRAME_REFUSED: g_assert_not_reached();
    }
    g_array_append_val(played->heard, word);
}

PLAYED_FN void played_receive(struct played *played) {
    int received = frame_reader_receive(&played->reader, played->peer_fd);
    struct frame_message message;
    while (received == 1 && !played->is_hung_up &&
           frame_reader_next(&played->reader, &message) == 1) {
        if (played_step(played)) {
            played_take(played, &message);
        }
        for (uint32_t i = 0; message.type == FRAME_START && i < message.start.fd_count; i++) {
            (void)close(message.start.fds[i]);
        }
    }
    if ((received != 1 && received != -EAGAIN) || played->is_hung_up) {
        frame_reader_done(&played->reader);
        frame_writer_done(&played->writer);
        (void)close(played->peer_fd);
        played->peer_fd = -1;
        played->is_hung_up = false;
    }
}

PLAYED_FN void played_accept(struct played *played) {
    played->peer_fd = accept4(played->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    g_assert_cmpint(played->peer_fd, >=, 0);
    frame_reader_init(&played->reader, 0);
    frame_writer_init(&played->writer, 16 * 1024 * 1024);
}

PLAYED_FN gpointer played_run(gpointer user) {
    struct played *played = user;
    g_mutex_lock(&played->mutex);
    while (!played->is_ended) {
        struct pollfd fds[3] = {
            { .fd = played->wake_fd, .events = POLLIN },
            { .fd = played->peer_fd < 0 ? played->listen_fd : -1, .events = POLLIN },
            { .fd = played->peer_fd, .events = POLLIN },
        };
        g_mutex_unlock(&played->mutex);
        (void)poll(fds, 3, PLAYED_DEADLINE_MS);
        g_mutex_lock(&played->mutex);
        uint64_t count = 0;
        if (fds[0].revents != 0) {
            g_assert_cmpint(read(played->wake_fd, &count, sizeof(count)), ==, sizeof(count));
        } else if (fds[1].revents != 0 && played->listen_fd >= 0) {
            played_accept(played);
        } else if (fds[2].revents != 0) {
            played_receive(played);
        }
        g_cond_broadcast(&played->changed);
    }
    if (played->peer_fd >= 0) {
        played->is_hung_up = true;
        played_receive(played);
    }
    g_mutex_unlock(&played->mutex);
    sql_close(g_steal_pointer(&played->sql));
    return NULL;
}

// ---- For the test's thread ----

PLAYED_FN void played_wake(struct played *played) {
    uint64_t one = 1;
    g_assert_cmpint(write(played->wake_fd, &one, sizeof(one)), ==, sizeof(one));
}

PLAYED_FN void played_attempt_free(gpointer item) {
    struct played_attempt *attempt = item;
    g_free(attempt->result);
    g_free(attempt);
}

PLAYED_FN struct played *played_new(const char *dir) {
    struct played *played = g_new0(struct played, 1);
    played->dir = g_strdup(dir);
    played->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(played->dir_fd, >=, 0);
    played->wake_fd = eventfd(0, EFD_CLOEXEC);
    played->listen_fd = played->peer_fd = -1;
    played->pid = 77;
    played->capacity = played->room = 1000;
    played->attempts = g_ptr_array_new_with_free_func(played_attempt_free);
    played->heard = g_array_new(FALSE, FALSE, sizeof(struct played_word));
    g_mutex_init(&played->mutex);
    g_cond_init(&played->changed);
    played->thread = g_thread_new("played", played_run, played);
    return played;
}

PLAYED_FN void played_listen(struct played *played) {
    g_mutex_lock(&played->mutex);
    g_assert_cmpint(file_listen(played->dir_fd, "supervisor.sock", 0600, (uid_t)-1, (gid_t)-1,
                                &played->listen_fd),
                    ==, 0);
    g_mutex_unlock(&played->mutex);
    played_wake(played);
}

PLAYED_FN void played_free(struct played *played) {
    g_mutex_lock(&played->mutex);
    played->is_ended = true;
    g_mutex_unlock(&played->mutex);
    played_wake(played);
    (void)g_thread_join(played->thread);
    if (played->listen_fd >= 0) {
        (void)close(played->listen_fd);
    }
    (void)close(played->dir_fd);
    (void)close(played->wake_fd);
    g_ptr_array_unref(played->attempts);
    g_array_unref(played->heard);
    g_mutex_clear(&played->mutex);
    g_cond_clear(&played->changed);
    g_free(played->dir);
    g_free(played);
}

PLAYED_FN void played_hang_up(struct played *played) {
    g_mutex_lock(&played->mutex);
    played_drop(played);
    g_mutex_unlock(&played->mutex);
    played_wake(played);
}

PLAYED_FN void played_wait_change(struct played *played, int64_t deadline_us) {
    if (!g_cond_wait_until(&played->changed, &played->mutex, deadline_us)) {
        g_error("the server did not do what the test waits for");
    }
}

PLAYED_FN int64_t played_deadline_us(void) {
    return g_get_monotonic_time() + (int64_t)PLAYED_DEADLINE_MS * 1000;
}

PLAYED_FN int played_heard(struct played *played, enum frame_type type, uint64_t fence) {
    int count = 0;
    for (guint i = 0; i < played->heard->len; i++) {
        const struct played_word *word = &g_array_index(played->heard, struct played_word, i);
        count += word->type == type && (fence == 0 || word->fence == fence);
    }
    return count;
}

// Waits until a message of this type (and fence, unless 0) has come `times` times.
PLAYED_FN void played_wait(struct played *played, enum frame_type type, uint64_t fence, int times) {
    int64_t deadline_us = played_deadline_us();
    g_mutex_lock(&played->mutex);
    while (played_heard(played, type, fence) < times) {
        played_wait_change(played, deadline_us);
    }
    g_mutex_unlock(&played->mutex);
}

PLAYED_FN int played_count_heard(struct played *played, enum frame_type type, uint64_t fence) {
    g_mutex_lock(&played->mutex);
    int count = played_heard(played, type, fence);
    g_mutex_unlock(&played->mutex);
    return count;
}

// Waits until so many attempts were started ever; gives the fence of the last one of them.
PLAYED_FN uint64_t played_wait_attempts(struct played *played, guint count) {
    int64_t deadline_us = played_deadline_us();
    g_mutex_lock(&played->mutex);
    while (played->attempts->len < count) {
        played_wait_change(played, deadline_us);
    }
    uint64_t fence =
        ((struct played_attempt *)g_ptr_array_index(played->attempts, count - 1))->fence;
    g_mutex_unlock(&played->mutex);
    return fence;
}

// Ends an attempt that was held.
PLAYED_FN void played_exit(struct played *played, uint64_t fence, int code) {
    g_mutex_lock(&played->mutex);
    struct played_attempt *attempt = played_get(played, fence);
    played_end(played, attempt, FRAME_CAUSE_EXITED, code, FRAME_KILL_NONE);
    g_mutex_unlock(&played->mutex);
    played_wake(played);
}

// The supervisor was replaced by one whose journal does not know the attempt.
PLAYED_FN void played_forget(struct played *played, uint64_t fence) {
    g_mutex_lock(&played->mutex);
    struct played_attempt *attempt = played_get(played, fence);
    played->open_count -= attempt->is_open;
    played->pid++;
    g_ptr_array_remove(played->attempts, attempt);
    g_mutex_unlock(&played->mutex);
}

// How often the node's program was started in the run.
PLAYED_FN int played_starts(struct played *played, int64_t run_id, int64_t node_id) {
    int count = 0;
    g_mutex_lock(&played->mutex);
    for (guint i = 0; i < played->attempts->len; i++) {
        const struct played_attempt *attempt = g_ptr_array_index(played->attempts, i);
        count += attempt->run_id == run_id && attempt->node_id == node_id;
    }
    g_mutex_unlock(&played->mutex);
    return count;
}

PLAYED_FN void played_set_play(struct played *played,
                               int (*play)(const struct played_attempt *attempt, void *user),
                               void *user) {
    g_mutex_lock(&played->mutex);
    played->play = play;
    played->play_user = user;
    g_mutex_unlock(&played->mutex);
}

PLAYED_FN int played_hold(const struct played_attempt *attempt, void *user) {
    return PLAYED_HOLD;
}

PLAYED_FN int played_fail(const struct played_attempt *attempt, void *user) {
    return 3;
}
