// SPDX-License-Identifier: Apache-2.0

/* Stamping lines and keeping the last one.
 *
 * What always holds: a program is never waited for and never blocked by a full or broken disk (the
 * log swallows what it can not write); memory per attempt is two lines of at most result_max. */

#include "supervisor/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_SMALL_BYTES 2048u
#define READ_BYTES 65536u
#define STAMP_BYTES 29u /* "2026-11-22T06:12:27.123Z OUT " */
#define BATCH_SMALL_BYTES 2048u
#define BATCH_BYTES 32768u

/* A large buffer on the stack costs twice: it is cleared, unless it is marked with this, and its
 * pages are copied anew after every clone of an init. So the usual little output takes small ones,
 * and the large ones stand in functions of their own. */
#define NOT_CLEARED __attribute__((uninitialized))

void capture_init(struct capture *capture, struct attempt_log log, uint32_t result_max) {
    *capture = (struct capture){ .log = log, .result_max = result_max };
}

void capture_done(struct capture *capture) {
    free(capture->current.bytes);
    free(capture->last.bytes);
    attempt_log_close(&capture->log);
    capture->current = capture->last = (struct capture_line){ 0 };
}

static void put_digits(char *at, unsigned value, size_t len) {
    for (size_t i = len; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

static void make_stamp(char stamp[STAMP_BYTES], enum capture_stream stream, int64_t now_ms) {
    static const char names[3][5] = { "OUT ", "ERR ", "SYS " };
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts = { 0 };
    (void)gmtime_r(&seconds, &parts);
    memcpy(stamp, "0000-00-00T00:00:00.000Z ", 25);
    put_digits(stamp, (unsigned)parts.tm_year + 1900, 4);
    put_digits(stamp + 5, (unsigned)parts.tm_mon + 1, 2);
    put_digits(stamp + 8, (unsigned)parts.tm_mday, 2);
    put_digits(stamp + 11, (unsigned)parts.tm_hour, 2);
    put_digits(stamp + 14, (unsigned)parts.tm_min, 2);
    put_digits(stamp + 17, (unsigned)parts.tm_sec, 2);
    put_digits(stamp + 20, (unsigned)(now_ms % 1000), 3);
    memcpy(stamp + 25, names[stream], 4);
}

/* Collects pieces so that many short lines make one write. */
struct batch {
    struct attempt_log *log;
    size_t len;
    size_t size;
    char *bytes;
};

static void batch_put(struct batch *batch, const char *bytes, size_t len) {
    if (len > batch->size - batch->len) {
        attempt_log_append(batch->log, batch->bytes, batch->len);
        batch->len = 0;
        if (len > batch->size) {
            attempt_log_append(batch->log, bytes, len);
            return;
        }
    }
    memcpy(batch->bytes + batch->len, bytes, len);
    batch->len += len;
}

static void put_lines(struct capture *capture, struct batch *batch, enum capture_stream stream,
                      const char *bytes, size_t len, int64_t now_ms) {
    char stamp[STAMP_BYTES];
    make_stamp(stamp, stream, now_ms);
    if (capture->has_open_line && capture->open_stream != stream) {
        batch_put(batch, "\n", 1);
        capture->has_open_line = false;
    }
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t line_len = newline != NULL ? (size_t)(newline - bytes) + 1 : len;
        if (!capture->has_open_line)
            batch_put(batch, stamp, sizeof stamp);
        batch_put(batch, bytes, line_len);
        capture->has_open_line = newline == NULL;
        capture->open_stream = stream;
        bytes += line_len;
        len -= line_len;
    }
    attempt_log_append(batch->log, batch->bytes, batch->len);
}

static void __attribute__((noinline)) log_many(struct capture *capture, enum capture_stream stream,
                                               const char *bytes, size_t len, int64_t now_ms) {
    char room[BATCH_BYTES] NOT_CLEARED;
    struct batch batch = { .log = &capture->log, .size = sizeof room, .bytes = room };
    put_lines(capture, &batch, stream, bytes, len, now_ms);
}

static void __attribute__((noinline)) log_few(struct capture *capture, enum capture_stream stream,
                                              const char *bytes, size_t len, int64_t now_ms) {
    char room[BATCH_SMALL_BYTES] NOT_CLEARED;
    struct batch batch = { .log = &capture->log, .size = sizeof room, .bytes = room };
    put_lines(capture, &batch, stream, bytes, len, now_ms);
}

static void log_lines(struct capture *capture, enum capture_stream stream, const char *bytes,
                      size_t len, int64_t now_ms) {
    if (len < BATCH_SMALL_BYTES)
        log_few(capture, stream, bytes, len, now_ms);
    else
        log_many(capture, stream, bytes, len, now_ms);
}

static bool has_text(const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r' && bytes[i] != '\n')
            return true;
    return false;
}

static void line_add(struct capture_line *line, const char *bytes, size_t len, size_t len_max) {
    line->has_text = line->has_text || has_text(bytes, len);
    if (line->is_too_long || len == 0)
        return;
    if (len > len_max - line->len) {
        line->is_too_long = true;
        return;
    }
    if (line->len + len > line->size) {
        size_t size = line->size == 0 ? 256 : line->size;
        while (size < line->len + len)
            size *= 2;
        char *grown = realloc(line->bytes, size);
        if (grown == NULL) {
            line->is_too_long = true;
            return;
        }
        line->bytes = grown;
        line->size = size;
    }
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void line_clear(struct capture_line *line) {
    line->len = 0;
    line->is_too_long = line->has_text = false;
}

/* The current line has ended: if it has text, it is the last one now. */
static void end_line(struct capture *capture) {
    if (capture->current.has_text) {
        struct capture_line old = capture->last;
        capture->last = capture->current;
        capture->current = old;
    }
    line_clear(&capture->current);
}

/* Looks from the end for the last ended line with text, so that a long output costs no copying. */
static void follow_result(struct capture *capture, const char *bytes, size_t len) {
    size_t len_max = capture->result_max;
    assert(bytes != NULL);
    const char *last_newline = memrchr(bytes, '\n', len);
    if (last_newline == NULL) {
        line_add(&capture->current, bytes, len, len_max);
        return;
    }
    const char *first_newline = memchr(bytes, '\n', len);
    line_add(&capture->current, bytes, (size_t)(first_newline - bytes), len_max);
    end_line(capture);
    for (const char *end = last_newline; end > first_newline;) {
        const char *before = memrchr(bytes, '\n', (size_t)(end - bytes));
        assert(before != NULL);
        if (has_text(before + 1, (size_t)(end - before - 1))) {
            line_add(&capture->current, before + 1, (size_t)(end - before - 1), len_max);
            end_line(capture);
            break;
        }
        end = before;
    }
    line_add(&capture->current, last_newline + 1, (size_t)(bytes + len - last_newline - 1),
             len_max);
}

void capture_take(struct capture *capture, enum capture_stream stream, const char *bytes,
                  size_t len, int64_t now_ms) {
    if (len == 0)
        return;
    if (stream != CAPTURE_SYS)
        capture->output_bytes += len;
    if (stream == CAPTURE_OUT && !capture->has_answer_file)
        follow_result(capture, bytes, len);
    log_lines(capture, stream, bytes, len, now_ms);
}

void capture_remark(struct capture *capture, int64_t now_ms, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int printed = vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    if (printed < 0)
        return;
    size_t len = (size_t)printed < sizeof text - 2 ? (size_t)printed : sizeof text - 2;
    text[len] = '\n';
    log_lines(capture, CAPTURE_SYS, text, len + 1, now_ms);
}

int capture_answer(struct capture *capture, int fd) {
    char bytes[READ_BYTES] NOT_CLEARED;
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    /* The line and its end; of more than that nothing is wanted, and nobody waits for reading it. */
    if (status.st_size > (off_t)capture->result_max + 2) {
        capture->current.is_too_long = capture->current.has_text = true;
        return 0;
    }
    for (off_t at = 0; at < status.st_size;) {
        ssize_t got = pread(fd, bytes, sizeof bytes, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : 0;
        follow_result(capture, bytes, (size_t)got);
        at += got;
    }
    return 0;
}

struct frame_slice capture_result(struct capture *capture, uint32_t *ret_flags) {
    end_line(capture);
    const struct capture_line *line = &capture->last;
    *ret_flags = 0;
    if (!line->has_text)
        return frame_text(NULL);
    *ret_flags = line->is_too_long ? FRAME_RESULT_TOO_LONG : FRAME_RESULT_PRESENT;
    if (line->is_too_long)
        return frame_text(NULL);
    size_t len = line->len;
    if (len > 0 && line->bytes[len - 1] == '\r')
        len--;
    return (struct frame_slice){ .data = line->bytes, .len = (uint32_t)len };
}

static int take_read(struct capture *capture, enum capture_stream stream, ssize_t got,
                     const char *bytes, int64_t now_ms) {
    capture->reads_much = got >= (ssize_t)READ_SMALL_BYTES;
    if (got < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    if (got == 0)
        return 0;
    capture_take(capture, stream, bytes, (size_t)got, now_ms);
    return 1;
}

static int __attribute__((noinline))
read_much(struct capture *capture, enum capture_stream stream, int fd, int64_t now_ms) {
    char bytes[READ_BYTES] NOT_CLEARED;
    ssize_t got = read(fd, bytes, sizeof bytes);
    return take_read(capture, stream, got, bytes, now_ms);
}

static int __attribute__((noinline))
read_little(struct capture *capture, enum capture_stream stream, int fd, int64_t now_ms) {
    char bytes[READ_SMALL_BYTES] NOT_CLEARED;
    ssize_t got = read(fd, bytes, sizeof bytes);
    return take_read(capture, stream, got, bytes, now_ms);
}

int capture_read(struct capture *capture, enum capture_stream stream, int fd, int64_t now_ms) {
    return capture->reads_much ? read_much(capture, stream, fd, now_ms)
                               : read_little(capture, stream, fd, now_ms);
}
