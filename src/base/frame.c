// SPDX-License-Identifier: Apache-2.0

/* Frames: messages to bytes and back, and the two ends of a socket that carry them.
 *
 * One description per message serves both directions: visit_message() names the fields in order,
 * and a cursor either writes or reads them. So what is written can be read, and a field can not be
 * forgotten on one side.
 *
 * What always holds: a cursor never moves past its end; once it has failed it stays failed and
 * touches nothing. The reader hands out descriptors in the order of arrival and owns the rest. */

#include "base/frame.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define READER_BYTES_FIRST 4096u

struct frame_writer_fds {
    size_t offset; /* of the frame's first byte, in the writer's buffer */
    uint32_t count;
    int fds[FRAME_FDS_MAX];
};

enum cursor_mode { CURSOR_MEASURE, CURSOR_WRITE, CURSOR_READ };

struct cursor {
    enum cursor_mode mode;
    uint8_t *out;
    const uint8_t *in;
    size_t at;
    size_t size;
    int error;
};

static void cursor_fail(struct cursor *cursor) {
    if (cursor->error == 0)
        cursor->error = cursor->mode == CURSOR_READ ? -EBADMSG : -EMSGSIZE;
}

static bool cursor_has(struct cursor *cursor, size_t len) {
    if (cursor->error != 0)
        return false;
    if (cursor->mode == CURSOR_MEASURE)
        return true;
    assert(cursor->at <= cursor->size);
    if (len > cursor->size - cursor->at) {
        cursor_fail(cursor);
        return false;
    }
    return true;
}

static void visit_integer(struct cursor *cursor, uint64_t *value, size_t len) {
    if (!cursor_has(cursor, len))
        return;
    if (cursor->mode == CURSOR_WRITE) {
        for (size_t i = 0; i < len; i++)
            cursor->out[cursor->at + i] = (uint8_t)(*value >> (8 * i));
    } else if (cursor->mode == CURSOR_READ) {
        uint64_t sum = 0;
        for (size_t i = 0; i < len; i++)
            sum |= (uint64_t)cursor->in[cursor->at + i] << (8 * i);
        *value = sum;
    }
    cursor->at += len;
}

static void visit_u64(struct cursor *cursor, uint64_t *value) {
    visit_integer(cursor, value, 8);
}

static void visit_i64(struct cursor *cursor, int64_t *value) {
    uint64_t wide = (uint64_t)*value;
    visit_integer(cursor, &wide, 8);
    *value = (int64_t)wide;
}

static void visit_u32(struct cursor *cursor, uint32_t *value) {
    uint64_t wide = *value;
    visit_integer(cursor, &wide, 4);
    *value = (uint32_t)wide;
}

static void visit_i32(struct cursor *cursor, int32_t *value) {
    uint64_t wide = (uint32_t)*value;
    visit_integer(cursor, &wide, 4);
    *value = (int32_t)(uint32_t)wide;
}

/* A small number that must lie in low..high, on both sides. */
static uint32_t visit_range(struct cursor *cursor, uint32_t value, uint32_t low, uint32_t high) {
    visit_u32(cursor, &value);
    if (cursor->error == 0 && (value < low || value > high))
        cursor->error = cursor->mode == CURSOR_READ ? -EBADMSG : -EINVAL;
    return cursor->error == 0 ? value : low;
}

static void visit_slice(struct cursor *cursor, struct frame_slice *slice, uint32_t len_max) {
    uint32_t len = visit_range(cursor, slice->len, 0, len_max);
    if (!cursor_has(cursor, len))
        return;
    if (cursor->mode == CURSOR_WRITE && len > 0)
        memcpy(cursor->out + cursor->at, slice->data, len);
    else if (cursor->mode == CURSOR_READ)
        *slice = (struct frame_slice){ .data = (const char *)cursor->in + cursor->at, .len = len };
    cursor->at += len;
}

static void visit_start(struct cursor *cursor, struct frame_start *start) {
    visit_u64(cursor, &start->fence);
    visit_u64(cursor, &start->timeout_ms);
    visit_u32(cursor, &start->grace_ms);
    start->result_max = visit_range(cursor, start->result_max, 0, FRAME_RESULT_BYTES_MAX);
    start->argument_count = visit_range(cursor, start->argument_count, 1, FRAME_ARGUMENTS_MAX);
    start->environment_count =
        visit_range(cursor, start->environment_count, 0, FRAME_ENVIRONMENT_MAX);
    visit_slice(cursor, &start->program, FRAME_PATH_MAX);
    visit_slice(cursor, &start->workdir, FRAME_PATH_MAX);
    visit_slice(cursor, &start->note, FRAME_NOTE_MAX);
    start->fd_count = visit_range(cursor, start->fd_count, 1, FRAME_FDS_MAX);
}

static void visit_state(struct cursor *cursor, struct frame_state *state) {
    visit_u64(cursor, &state->mark);
    visit_u32(cursor, &state->pid);
    visit_u32(cursor, &state->capacity);
    visit_u32(cursor, &state->open_count);
    visit_u32(cursor, &state->exits_count);
    state->is_journal_damaged = visit_range(cursor, state->is_journal_damaged, 0, 1) != 0;
    visit_slice(cursor, &state->level, 64);
    visit_slice(cursor, &state->boot_id, 64);
}

static void visit_exited(struct cursor *cursor, struct frame_exited *exited) {
    visit_u64(cursor, &exited->fence);
    exited->cause = (enum frame_cause)visit_range(cursor, exited->cause, FRAME_CAUSE_EXITED,
                                                  FRAME_CAUSE_NOT_STARTED);
    visit_i32(cursor, &exited->code);
    exited->kill_sent = (enum frame_kill_sent)visit_range(cursor, exited->kill_sent,
                                                          FRAME_KILL_NONE, FRAME_KILL_TIMEOUT);
    visit_i64(cursor, &exited->started_ms);
    visit_i64(cursor, &exited->ended_ms);
    visit_u64(cursor, &exited->user_us);
    visit_u64(cursor, &exited->system_us);
    visit_u64(cursor, &exited->maxrss_kib);
    exited->is_oom_killed = visit_range(cursor, exited->is_oom_killed, 0, 1) != 0;
    visit_u64(cursor, &exited->output_bytes);
    visit_u64(cursor, &exited->dropped_bytes);
    exited->result_flags =
        visit_range(cursor, exited->result_flags, 0,
                    FRAME_RESULT_PRESENT | FRAME_RESULT_TOO_LONG | FRAME_RESULT_LOST);
    visit_slice(cursor, &exited->result, FRAME_RESULT_BYTES_MAX);
}

static void visit_message(struct cursor *cursor, struct frame_message *message) {
    switch (message->type) {
    case FRAME_HELLO:
        visit_u32(cursor, &message->hello.protocol_version);
        visit_u64(cursor, &message->hello.highest_fence);
        return;
    case FRAME_START: visit_start(cursor, &message->start); return;
    case FRAME_VOID:
    case FRAME_ACK: visit_u64(cursor, &message->fence); return;
    case FRAME_KILL:
        visit_u64(cursor, &message->kill.fence);
        visit_u32(cursor, &message->kill.grace_ms);
        return;
    case FRAME_QUIT:
    case FRAME_STATE_END: return;
    case FRAME_STATE: visit_state(cursor, &message->state); return;
    case FRAME_STARTED:
        visit_u64(cursor, &message->started.fence);
        visit_u32(cursor, &message->started.pid);
        visit_i64(cursor, &message->started.started_ms);
        return;
    case FRAME_EXITED: visit_exited(cursor, &message->exited); return;
    case FRAME_REFUSED:
        visit_u64(cursor, &message->refused.fence);
        visit_i32(cursor, &message->refused.error);
        message->refused.reason = (enum frame_refusal)visit_range(cursor, message->refused.reason,
                                                                  FRAME_STALE_FENCE, FRAME_SPAWN);
        visit_slice(cursor, &message->refused.text, 4096);
        return;
    }
    /* A type that is not of the enumeration. */
    if (cursor->error == 0)
        cursor->error = cursor->mode == CURSOR_READ ? -EBADMSG : -EINVAL;
}

struct frame_slice frame_text(const char *text) {
    if (text == NULL)
        return (struct frame_slice){ .data = "", .len = 0 };
    return (struct frame_slice){ .data = text, .len = (uint32_t)strnlen(text, UINT32_MAX) };
}

bool frame_slice_equals(struct frame_slice slice, const char *text) {
    return strlen(text) == slice.len && memcmp(slice.data, text, slice.len) == 0;
}

int frame_encode(const struct frame_message *message, uint8_t *buf, size_t size, size_t *ret_len) {
    assert(message != NULL);
    assert(buf != NULL || size == 0);
    struct frame_message copy = *message; /* the visitor takes non-const fields */
    struct cursor measure = { .mode = CURSOR_MEASURE };
    visit_message(&measure, &copy);
    if (measure.error != 0)
        return measure.error;
    size_t total = FRAME_HEADER_BYTES + measure.at;
    if (total - 4 > FRAME_BYTES_MAX)
        return -EMSGSIZE;
    if (buf != NULL) {
        struct cursor write = { .mode = CURSOR_WRITE, .out = buf, .size = size };
        uint64_t length = total - 4, type = message->type, version = FRAME_VERSION;
        visit_integer(&write, &length, 4);
        visit_integer(&write, &type, 2);
        visit_integer(&write, &version, 2);
        visit_message(&write, &copy);
        if (write.error != 0)
            return write.error;
        assert(write.at == total);
    }
    if (ret_len != NULL)
        *ret_len = total;
    return 0;
}

int frame_decode(const uint8_t *frame, size_t len, struct frame_message *ret_message) {
    assert(frame != NULL || len == 0);
    assert(ret_message != NULL);
    struct cursor cursor = { .mode = CURSOR_READ, .in = frame, .size = len };
    uint64_t length = 0, type = 0, version = 0;
    visit_integer(&cursor, &length, 4);
    visit_integer(&cursor, &type, 2);
    visit_integer(&cursor, &version, 2);
    if (cursor.error != 0 || length != len - 4 || length > FRAME_BYTES_MAX ||
        version != FRAME_VERSION)
        return -EBADMSG;
    struct frame_message message = { .type = (enum frame_type)type };
    if (message.type == FRAME_START)
        for (size_t i = 0; i < FRAME_FDS_MAX; i++)
            message.start.fds[i] = -1;
    visit_message(&cursor, &message);
    if (cursor.error != 0 || cursor.at != len)
        return -EBADMSG;
    *ret_message = message;
    return 0;
}

void frame_reader_init(struct frame_reader *reader, size_t ceiling) {
    assert(reader != NULL);
    *reader = (struct frame_reader){ .ceiling = ceiling == 0 ? FRAME_BYTES_MAX + 4 : ceiling };
    assert(reader->ceiling >= FRAME_HEADER_BYTES);
}

void frame_reader_done(struct frame_reader *reader) {
    assert(reader != NULL);
    free(reader->buf);
    for (uint32_t i = 0; i < reader->fds_count; i++)
        (void)close(reader->fds[i]);
    *reader = (struct frame_reader){ .ceiling = reader->ceiling };
}

/* Makes room for `wanted` bytes after `begin`, moving or growing as needed. */
static int reader_reserve(struct frame_reader *reader, size_t wanted) {
    if (reader->begin > 0 &&
        (reader->begin == reader->end || reader->begin + wanted > reader->size)) {
        memmove(reader->buf, reader->buf + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    if (reader->begin + wanted <= reader->size)
        return 0;
    size_t size = wanted > READER_BYTES_FIRST ? wanted : READER_BYTES_FIRST;
    uint8_t *grown = realloc(reader->buf, size);
    if (grown == NULL)
        return -ENOMEM;
    reader->buf = grown;
    reader->size = size;
    return 0;
}

/* Length of the frame at `begin` as its header says; 0 while the header is incomplete. */
static size_t reader_frame_len(const struct frame_reader *reader) {
    if (reader->end - reader->begin < 4)
        return 0;
    const uint8_t *at = reader->buf + reader->begin;
    size_t length = (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
    return length + 4;
}

static int reader_keep_fds(struct frame_reader *reader, struct msghdr *header) {
    int error = (header->msg_flags & MSG_CTRUNC) != 0 ? -EBADMSG : 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
         part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            if (reader->fds_count < sizeof reader->fds / sizeof reader->fds[0]) {
                reader->fds[reader->fds_count++] = fd;
            } else {
                (void)close(fd);
                error = -EBADMSG;
            }
        }
    }
    return error;
}

int frame_reader_receive(struct frame_reader *reader, int fd) {
    assert(reader != NULL && fd >= 0);
    size_t frame_len = reader_frame_len(reader);
    if (frame_len > reader->ceiling)
        return -EBADMSG;
    size_t have = reader->end - reader->begin;
    size_t wanted = frame_len > have ? frame_len : have + 1;
    int error = reader_reserve(reader, wanted);
    if (error != 0)
        return error;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
    } control;
    struct iovec span = { .iov_base = reader->buf + reader->end,
                          .iov_len = reader->size - reader->end };
    struct msghdr header = { .msg_iov = &span,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes };
    ssize_t got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    error = reader_keep_fds(reader, &header);
    if (error != 0)
        return error;
    reader->end += (size_t)got;
    return got > 0 ? 1 : 0;
}

int frame_reader_next(struct frame_reader *reader, struct frame_message *ret_message) {
    assert(reader != NULL && ret_message != NULL);
    size_t frame_len = reader_frame_len(reader);
    if (frame_len > reader->ceiling || (frame_len > 0 && frame_len < FRAME_HEADER_BYTES))
        return -EBADMSG;
    if (frame_len == 0 || reader->end - reader->begin < frame_len)
        return 0;
    struct frame_message message;
    int error = frame_decode(reader->buf + reader->begin, frame_len, &message);
    if (error != 0)
        return error;
    if (message.type == FRAME_START) {
        uint32_t count = message.start.fd_count;
        if (count > reader->fds_count)
            return -EBADMSG;
        memcpy(message.start.fds, reader->fds, count * sizeof(int));
        reader->fds_count -= count;
        memmove(reader->fds, reader->fds + count, reader->fds_count * sizeof(int));
    }
    reader->begin += frame_len;
    assert(reader->begin <= reader->end);
    *ret_message = message;
    return 1;
}

void frame_writer_init(struct frame_writer *writer, size_t ceiling) {
    assert(writer != NULL);
    *writer = (struct frame_writer){ .ceiling = ceiling == 0 ? FRAME_BYTES_MAX + 4 : ceiling };
    assert(writer->ceiling >= FRAME_HEADER_BYTES);
}

static void close_all(const int *fds, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

void frame_writer_done(struct frame_writer *writer) {
    assert(writer != NULL);
    for (size_t i = 0; i < writer->fds_count; i++)
        close_all(writer->fds[i].fds, writer->fds[i].count);
    free(writer->fds);
    free(writer->buf);
    *writer = (struct frame_writer){ .ceiling = writer->ceiling };
}

size_t frame_writer_pending(const struct frame_writer *writer) {
    return writer->end - writer->begin;
}

static int writer_reserve(struct frame_writer *writer, size_t len) {
    if (writer->begin > 0) {
        memmove(writer->buf, writer->buf + writer->begin, writer->end - writer->begin);
        for (size_t i = 0; i < writer->fds_count; i++)
            writer->fds[i].offset -= writer->begin;
        writer->end -= writer->begin;
        writer->begin = 0;
    }
    if (len > writer->ceiling - writer->end)
        return -ENOBUFS;
    if (writer->end + len <= writer->size)
        return 0;
    size_t size = writer->size == 0 ? READER_BYTES_FIRST : writer->size;
    while (size < writer->end + len)
        size *= 2;
    uint8_t *grown = realloc(writer->buf, size);
    if (grown == NULL)
        return -ENOMEM;
    writer->buf = grown;
    writer->size = size;
    return 0;
}

static int writer_keep_fds(struct frame_writer *writer, const struct frame_start *start) {
    if (writer->fds_count == writer->fds_size) {
        size_t size = writer->fds_size == 0 ? 8 : writer->fds_size * 2;
        struct frame_writer_fds *grown = realloc(writer->fds, size * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        writer->fds = grown;
        writer->fds_size = size;
    }
    struct frame_writer_fds *kept = &writer->fds[writer->fds_count++];
    *kept = (struct frame_writer_fds){ .offset = writer->end, .count = start->fd_count };
    memcpy(kept->fds, start->fds, start->fd_count * sizeof(int));
    return 0;
}

int frame_writer_push(struct frame_writer *writer, const struct frame_message *message) {
    assert(writer != NULL && message != NULL);
    size_t len = 0;
    int error = frame_encode(message, NULL, 0, &len);
    if (error == 0)
        error = writer_reserve(writer, len);
    if (error == 0 && message->type == FRAME_START)
        error = writer_keep_fds(writer, &message->start);
    if (error != 0)
        return error;
    error = frame_encode(message, writer->buf + writer->end, len, &len);
    assert(error == 0);
    writer->end += len;
    return 0;
}

int frame_writer_flush(struct frame_writer *writer, int fd) {
    assert(writer != NULL && fd >= 0);
    while (writer->begin < writer->end) {
        /* Descriptors travel with the first byte of their frame, so a send stops before the next
         * frame that has some. */
        size_t stop = writer->end;
        struct frame_writer_fds *riders = NULL;
        if (writer->fds_count > 0 && writer->fds[0].offset == writer->begin)
            riders = &writer->fds[0];
        size_t next = riders != NULL ? 1 : 0;
        if (writer->fds_count > next)
            stop = writer->fds[next].offset;
        union {
            struct cmsghdr align;
            char bytes[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
        } control = { 0 };
        struct iovec span = { .iov_base = writer->buf + writer->begin,
                              .iov_len = stop - writer->begin };
        struct msghdr header = { .msg_iov = &span, .msg_iovlen = 1 };
        if (riders != NULL) {
            control.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                              .cmsg_type = SCM_RIGHTS,
                                              .cmsg_len = CMSG_LEN(sizeof(int) * riders->count) };
            memcpy(CMSG_DATA(&control.align), riders->fds, sizeof(int) * riders->count);
            header.msg_control = control.bytes;
            header.msg_controllen = CMSG_SPACE(sizeof(int) * riders->count);
        }
        ssize_t sent = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            return errno == EWOULDBLOCK ? -EAGAIN : -errno;
        }
        if (riders != NULL) {
            close_all(riders->fds, riders->count);
            writer->fds_count--;
            memmove(writer->fds, writer->fds + 1, writer->fds_count * sizeof *writer->fds);
        }
        writer->begin += (size_t)sent;
    }
    writer->begin = writer->end = 0;
    return 0;
}

static int spec_measure(const char *const *strings, uint32_t count_max, uint32_t *ret_count,
                        size_t *total) {
    uint32_t count = 0;
    for (; strings[count] != NULL; count++) {
        if (count == count_max)
            return -E2BIG;
        *total += strlen(strings[count]) + 1;
        if (*total > FRAME_SPEC_BYTES_MAX)
            return -E2BIG;
    }
    *ret_count = count;
    return 0;
}

static char *spec_copy(char *at, const char *const *strings, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        size_t len = strlen(strings[i]) + 1;
        memcpy(at, strings[i], len);
        at += len;
    }
    return at;
}

int frame_spec_new(const char *const *arguments, const char *const *environment, int *ret_fd,
                   uint32_t *ret_argument_count, uint32_t *ret_environment_count) {
    assert(arguments != NULL && environment != NULL && ret_fd != NULL);
    uint32_t argument_count = 0, environment_count = 0;
    size_t total = 0;
    int error = spec_measure(arguments, FRAME_ARGUMENTS_MAX, &argument_count, &total);
    if (error == 0)
        error = spec_measure(environment, FRAME_ENVIRONMENT_MAX, &environment_count, &total);
    if (error != 0)
        return error;
    if (argument_count == 0)
        return -EINVAL;
    char *bytes = malloc(total);
    if (bytes == NULL)
        return -ENOMEM;
    char *end =
        spec_copy(spec_copy(bytes, arguments, argument_count), environment, environment_count);
    assert(end == bytes + total);
    int fd = memfd_create("sluice-spec", MFD_CLOEXEC);
    if (fd < 0)
        error = -errno;
    for (size_t done = 0; error == 0 && done < total;) {
        ssize_t wrote = write(fd, bytes + done, total - done);
        if (wrote >= 0)
            done += (size_t)wrote;
        else if (errno != EINTR)
            error = -errno;
    }
    free(bytes);
    if (error != 0) {
        if (fd >= 0)
            (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    *ret_argument_count = argument_count;
    *ret_environment_count = environment_count;
    return 0;
}
