// SPDX-License-Identifier: Apache-2.0

/* Frames: what is written is read, and nothing else is. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/frame.h"

static const struct frame_message samples[] = {
    { .type = FRAME_HELLO, .hello = { .protocol_version = 1, .highest_fence = 1ULL << 52 } },
    { .type = FRAME_START,
      .start = { .fence = 7,
                 .timeout_ms = 1000,
                 .grace_ms = 10000,
                 .result_max = 65536,
                 .argument_count = 2,
                 .environment_count = 3,
                 .program = { "/bin/sh", 7 },
                 .workdir = { "/tmp", 4 },
                 .note = { "left: ${x}", 10 },
                 .fd_count = 2 } },
    { .type = FRAME_VOID, .fence = 9 },
    { .type = FRAME_KILL, .kill = { .fence = 9, .grace_ms = 5 } },
    { .type = FRAME_ACK, .fence = UINT64_MAX },
    { .type = FRAME_QUIT },
    { .type = FRAME_STATE,
      .state = { .mark = 5,
                 .pid = 6,
                 .capacity = 7,
                 .open_count = 8,
                 .exits_count = 9,
                 .is_journal_damaged = true,
                 .level = { "L0-", 3 },
                 .boot_id = { "abc", 3 } } },
    { .type = FRAME_STATE_END },
    { .type = FRAME_STARTED, .started = { .fence = 1, .pid = 2, .started_ms = -3 } },
    { .type = FRAME_EXITED,
      .exited = { .fence = 1,
                  .cause = FRAME_CAUSE_SIGNALED,
                  .code = -9,
                  .kill_sent = FRAME_KILL_TIMEOUT,
                  .started_ms = 1,
                  .ended_ms = 2,
                  .user_us = 3,
                  .system_us = 4,
                  .maxrss_kib = 5,
                  .is_oom_killed = true,
                  .output_bytes = 6,
                  .dropped_bytes = 7,
                  .result_flags = FRAME_RESULT_PRESENT,
                  .result = { "a\0b", 3 } } },
    { .type = FRAME_REFUSED,
      .refused = { .fence = 1, .error = 28, .reason = FRAME_JOURNAL, .text = { "full", 4 } } },
};

static void what_is_written_can_be_read(void) {
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        uint8_t first[512], second[512];
        size_t len = 0, again = 0;
        struct frame_message read;
        g_assert_cmpint(frame_encode(&samples[i], first, sizeof first, &len), ==, 0);
        g_assert_cmpint(frame_decode(first, len, &read), ==, 0);
        g_assert_cmpint(frame_encode(&read, second, sizeof second, &again), ==, 0);
        g_assert_cmpmem(first, len, second, again);
        g_assert_cmpint(read.type, ==, samples[i].type);
    }
    struct frame_message read;
    uint8_t bytes[512];
    size_t len = 0;
    g_assert_cmpint(frame_encode(&samples[9], bytes, sizeof bytes, &len), ==, 0);
    g_assert_cmpint(frame_decode(bytes, len, &read), ==, 0);
    g_assert_cmpint(read.exited.code, ==, -9);
    g_assert_cmpint(read.exited.kill_sent, ==, FRAME_KILL_TIMEOUT);
    g_assert_cmpmem(read.exited.result.data, read.exited.result.len, "a\0b", 3);
}

static void a_frame_cut_short_or_too_long_is_refused(void) {
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        uint8_t bytes[513] = { 0 };
        size_t len = 0;
        struct frame_message read;
        g_assert_cmpint(frame_encode(&samples[i], bytes, 512, &len), ==, 0);
        for (size_t cut = 0; cut < len; cut++) {
            g_assert_cmpint(frame_decode(bytes, cut, &read), ==, -EBADMSG);
            g_assert_cmpint(frame_encode(&samples[i], bytes, cut, NULL), ==, -EMSGSIZE);
            g_assert_cmpint(frame_encode(&samples[i], bytes, 512, &len), ==, 0);
            /* The same with a length field that agrees with the cut. */
            if (cut >= 8) {
                bytes[0] = (uint8_t)(cut - 4);
                g_assert_cmpint(frame_decode(bytes, cut, &read), ==, -EBADMSG);
                bytes[0] = (uint8_t)(len - 4);
            }
        }
        g_assert_cmpint(frame_decode(bytes, len + 1, &read), ==, -EBADMSG);
        bytes[0] = (uint8_t)(len - 3);
        g_assert_cmpint(frame_decode(bytes, len + 1, &read), ==, -EBADMSG);
    }
}

static void values_outside_their_range_are_refused(void) {
    uint8_t bytes[512];
    size_t len = 0;
    struct frame_message message = samples[1], read;
    message.start.fd_count = 0;
    g_assert_cmpint(frame_encode(&message, bytes, sizeof bytes, &len), ==, -EINVAL);
    message.start.fd_count = FRAME_FDS_MAX + 1;
    g_assert_cmpint(frame_encode(&message, bytes, sizeof bytes, &len), ==, -EINVAL);
    g_assert_cmpint(frame_encode(&samples[9], bytes, sizeof bytes, &len), ==, 0);
    bytes[16] = 9; /* the cause */
    g_assert_cmpint(frame_decode(bytes, len, &read), ==, -EBADMSG);
    g_assert_cmpint(frame_encode(&samples[2], bytes, sizeof bytes, &len), ==, 0);
    bytes[4] = 200; /* no such type */
    g_assert_cmpint(frame_decode(bytes, len, &read), ==, -EBADMSG);
    bytes[4] = FRAME_VOID;
    bytes[6] = 2; /* no such version */
    g_assert_cmpint(frame_decode(bytes, len, &read), ==, -EBADMSG);
}

static void random_bytes_never_make_an_unwritable_frame(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
    unsigned accepted = 0;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[192], again[192];
        size_t len = 0, written = 0;
        g_assert_cmpint(frame_encode(&samples[g_rand_int_range(rand, 0, G_N_ELEMENTS(samples))],
                                     bytes, sizeof bytes, &len),
                        ==, 0);
        for (int hits = g_rand_int_range(rand, 0, 4); hits > 0; hits--)
            bytes[g_rand_int_range(rand, 0, (gint32)len)] = (uint8_t)g_rand_int(rand);
        struct frame_message read;
        if (frame_decode(bytes, len, &read) != 0)
            continue;
        accepted++;
        g_assert_cmpint(frame_encode(&read, again, sizeof again, &written), ==, 0);
        g_assert_cmpmem(bytes, len, again, written);
    }
    g_assert_cmpuint(accepted, >, 1000);
}

static void descriptors_arrive_with_their_frames(void) {
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    struct frame_writer writer;
    struct frame_reader reader;
    frame_writer_init(&writer, 0);
    frame_reader_init(&reader, 0);
    const char *const environment[] = { "A=b", NULL };
    for (uint64_t fence = 1; fence <= 20; fence++) {
        g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, fence);
        const char *const arguments[] = { text, NULL };
        struct frame_message message = { .type = FRAME_START,
                                         .start = { .fence = fence, .fd_count = 1 } };
        g_assert_cmpint(frame_spec_new(arguments, environment, &message.start.fds[0],
                                       &message.start.argument_count,
                                       &message.start.environment_count),
                        ==, 0);
        g_assert_cmpint(frame_writer_push(&writer, &message), ==, 0);
        g_assert_cmpint(frame_writer_push(&writer, &samples[2]), ==, 0);
    }
    g_assert_cmpint(frame_writer_flush(&writer, pair[0]), ==, 0);
    unsigned starts = 0, others = 0;
    while (others < 20) {
        g_assert_cmpint(frame_reader_receive(&reader, pair[1]), ==, 1);
        struct frame_message message;
        while (frame_reader_next(&reader, &message) == 1) {
            if (message.type != FRAME_START) {
                others++;
                continue;
            }
            char text[32] = "";
            starts++;
            g_assert_cmpuint(message.start.fence, ==, starts);
            g_assert_cmpint(pread(message.start.fds[0], text, sizeof text, 0), >, 0);
            g_assert_cmpuint(g_ascii_strtoull(text, NULL, 10), ==, starts);
            (void)close(message.start.fds[0]);
        }
    }
    g_assert_cmpuint(starts, ==, 20);
    g_assert_cmpint(frame_reader_receive(&reader, pair[1]), ==, -EAGAIN);
    frame_writer_done(&writer);
    (void)close(pair[0]);
    g_assert_cmpint(frame_reader_receive(&reader, pair[1]), ==, 0);
    frame_reader_done(&reader);
    (void)close(pair[1]);
}

static void a_frame_that_promises_descriptors_without_them_is_refused(void) {
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    uint8_t bytes[512];
    size_t len = 0;
    g_assert_cmpint(frame_encode(&samples[1], bytes, sizeof bytes, &len), ==, 0);
    g_assert_cmpint(send(pair[0], bytes, len, 0), ==, len);
    struct frame_reader reader;
    struct frame_message message;
    frame_reader_init(&reader, 0);
    g_assert_cmpint(frame_reader_receive(&reader, pair[1]), ==, 1);
    g_assert_cmpint(frame_reader_next(&reader, &message), ==, -EBADMSG);
    frame_reader_done(&reader);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void a_large_frame_passes_in_pieces_and_one_above_the_ceiling_does_not(void) {
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_autofree char *result = g_strnfill(FRAME_RESULT_BYTES_MAX, 'r');
    struct frame_message sent = samples[9], got;
    sent.exited.result = (struct frame_slice){ result, FRAME_RESULT_BYTES_MAX };
    struct frame_writer writer;
    struct frame_reader reader, narrow;
    frame_writer_init(&writer, 0);
    frame_reader_init(&reader, 0);
    frame_reader_init(&narrow, 1024);
    g_assert_cmpint(frame_writer_push(&writer, &sent), ==, 0);
    g_assert_cmpint(frame_writer_push(&writer, &sent), ==, -ENOBUFS);
    int next = 0;
    for (int turns = 0; next == 0 && turns < 100000; turns++) {
        int flushed = frame_writer_flush(&writer, pair[0]);
        g_assert_true(flushed == 0 || flushed == -EAGAIN);
        int received = frame_reader_receive(&reader, pair[1]);
        g_assert_true(received == 1 || received == -EAGAIN);
        next = frame_reader_next(&reader, &got);
    }
    g_assert_cmpint(next, ==, 1);
    g_assert_cmpmem(got.exited.result.data, got.exited.result.len, result, FRAME_RESULT_BYTES_MAX);
    uint8_t header[8] = { 0, 0, 1, 0, FRAME_VOID, 0, 1, 0 };
    g_assert_cmpint(send(pair[0], header, sizeof header, 0), ==, 8);
    g_assert_cmpint(frame_reader_receive(&narrow, pair[1]), ==, 1);
    g_assert_cmpint(frame_reader_next(&narrow, &got), ==, -EBADMSG);
    frame_writer_done(&writer);
    frame_reader_done(&reader);
    frame_reader_done(&narrow);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/frame/what_is_written_can_be_read", what_is_written_can_be_read);
    g_test_add_func("/frame/a_frame_cut_short_or_too_long_is_refused",
                    a_frame_cut_short_or_too_long_is_refused);
    g_test_add_func("/frame/values_outside_their_range_are_refused",
                    values_outside_their_range_are_refused);
    g_test_add_func("/frame/random_bytes_never_make_an_unwritable_frame",
                    random_bytes_never_make_an_unwritable_frame);
    g_test_add_func("/frame/descriptors_arrive_with_their_frames",
                    descriptors_arrive_with_their_frames);
    g_test_add_func("/frame/a_frame_that_promises_descriptors_without_them_is_refused",
                    a_frame_that_promises_descriptors_without_them_is_refused);
    g_test_add_func("/frame/a_large_frame_passes_in_pieces_and_one_above_the_ceiling_does_not",
                    a_large_frame_passes_in_pieces_and_one_above_the_ceiling_does_not);
    return g_test_run();
}
