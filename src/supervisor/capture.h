// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_CAPTURE_H
#define SLUICE_SUPERVISOR_CAPTURE_H

/* What a program prints: read from its two pipes in the order it comes, stamped line by line, put
 * into the attempt's log; the last non-empty line of standard output is the result.
 *
 *     2026-11-22T06:12:27.123Z OUT text
 *     2026-11-22T06:12:27.123Z ERR text
 *     2026-11-22T06:12:27.123Z SYS the supervisor's own remark
 *
 * A line that is not finished yet is written at once; when the other stream comes between, the line
 * is ended there and goes on under a stamp of its own. One thread; 0 or -errno. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attempt_log.h"
#include "base/frame.h"

enum capture_stream { CAPTURE_OUT = 0, CAPTURE_ERR = 1, CAPTURE_SYS = 2 };

struct capture_line {
    char *bytes;
    size_t len;
    size_t size;
    bool is_too_long; /* longer than result_max: its bytes are not kept */
    bool has_text;    /* holds something other than white space */
};

struct capture {
    struct attempt_log log;
    uint32_t result_max;
    uint64_t output_bytes;
    enum capture_stream open_stream; /* valid while has_open_line */
    bool has_open_line;
    bool has_answer_file;        /* the result is not looked for in standard output */
    bool reads_much;             /* the last read filled a small buffer */
    struct capture_line current; /* of standard output, not ended yet */
    struct capture_line last;    /* last ended line with text */
};

/* `log` is taken over. */
void capture_init(struct capture *capture, struct attempt_log log, uint32_t result_max);

/* Frees the memory and closes the log without finishing it. */
void capture_done(struct capture *capture);

/* Takes bytes of a stream that were read at `now_ms` (UTC). */
void capture_take(struct capture *capture, enum capture_stream stream, const char *bytes,
                  size_t len, int64_t now_ms);

/* Writes one SYS line; printf-like. */
void capture_remark(struct capture *capture, int64_t now_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Takes the result from a file that the program has written apart from its output, so that it does
 * not stand in the log: its last non-empty line. -errno: it can not be read, and there is none. */
int capture_answer(struct capture *capture, int fd);

/* After the last byte: the result line and its flags. The slice is lent until capture_done(). */
struct frame_slice capture_result(struct capture *capture, uint32_t *ret_flags);

/* Reads a pipe once, without waiting, and takes what came. 1: something; 0: end of file; -EAGAIN. */
int capture_read(struct capture *capture, enum capture_stream stream, int fd, int64_t now_ms);

#endif
