// SPDX-License-Identifier: Apache-2.0

/* An attempt's log: the first and the last bytes, the gap, and readers beside a writer. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attempt_log.h"

#define HEAD 1000u
#define RING 2000u

struct scratch {
    char path[64];
    int dir;
    int fd;
    struct attempt_log log;
};

static void set_up(struct scratch *scratch, gconstpointer data) {
    g_strlcpy(scratch->path, "/var/tmp/sluice-log-XXXXXX", sizeof scratch->path);
    g_assert_nonnull(g_mkdtemp(scratch->path));
    scratch->dir = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(
        attempt_log_create(&scratch->log, scratch->dir, "log", (uid_t)-1, 0, HEAD, RING), ==, 0);
    scratch->fd = openat(scratch->dir, "log", O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(scratch->fd, >=, 0);
}

static void tear_down(struct scratch *scratch, gconstpointer data) {
    attempt_log_close(&scratch->log);
    (void)close(scratch->fd);
    (void)unlinkat(scratch->dir, "log", 0);
    (void)close(scratch->dir);
    g_assert_cmpint(rmdir(scratch->path), ==, 0);
}

/* The byte that belongs at an offset of the stream; a wrong offset shows. */
static char byte_at(uint64_t offset) {
    return (char)('!' + (offset * 2654435761u >> 7) % 90);
}

static void append(struct attempt_log *log, uint64_t *at, size_t len) {
    g_autofree char *bytes = g_malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_at(*at + i);
    attempt_log_append(log, bytes, len);
    *at += len;
}

static void check_range(const char *bytes, const struct attempt_log_range *range) {
    for (size_t i = 0; i < range->len; i++)
        g_assert_cmpint(bytes[i], ==, byte_at(range->offset + i));
    g_assert_cmpuint(range->next_offset, ==, range->offset + range->len);
}

static void a_short_log_is_read_back_whole(struct scratch *scratch, gconstpointer data) {
    uint64_t at = 0;
    char bytes[4096];
    struct attempt_log_range range;
    append(&scratch->log, &at, 10);
    append(&scratch->log, &at, 300);
    g_assert_cmpint(attempt_log_read(scratch->fd, 0, bytes, sizeof bytes, &range), ==, 0);
    g_assert_cmpuint(range.len, ==, 310);
    g_assert_false(range.is_finished);
    check_range(bytes, &range);
    g_assert_cmpint(attempt_log_read(scratch->fd, -20, bytes, 5, &range), ==, 0);
    g_assert_cmpuint(range.offset, ==, 290);
    g_assert_cmpuint(range.len, ==, 5);
    g_assert_cmpint(attempt_log_read(scratch->fd, -999, bytes, 5, &range), ==, 0);
    g_assert_cmpuint(range.offset, ==, 0);
    g_assert_cmpint(attempt_log_read(scratch->fd, 5000, bytes, 5, &range), ==, 0);
    g_assert_cmpuint(range.offset, ==, 310);
    g_assert_cmpuint(range.len, ==, 0);
    attempt_log_finish(&scratch->log);
    g_assert_cmpint(attempt_log_read(scratch->fd, 0, bytes, sizeof bytes, &range), ==, 0);
    g_assert_true(range.is_finished);
    g_assert_cmpuint(range.total, ==, 310);
    g_assert_cmpuint(range.dropped, ==, 0);
}

static void a_long_log_keeps_both_ends_and_counts_the_gap(struct scratch *scratch,
                                                          gconstpointer data) {
    uint64_t at = 0;
    char bytes[8192];
    struct attempt_log_range range;
    for (size_t len = 1; at < 50000; len = len * 7 % 4093 + 1)
        append(&scratch->log, &at, len);
    g_assert_cmpuint(attempt_log_dropped(&scratch->log), ==, at - HEAD - RING);
    attempt_log_finish(&scratch->log);
    g_assert_cmpint(attempt_log_read(scratch->fd, 500, bytes, sizeof bytes, &range), ==, 0);
    g_assert_cmpuint(range.len, ==, HEAD - 500);
    check_range(bytes, &range);
    g_assert_cmpint(
        attempt_log_read(scratch->fd, (int64_t)range.next_offset, bytes, sizeof bytes, &range), ==,
        0);
    g_assert_cmpuint(range.offset, ==, at - RING);
    g_assert_cmpuint(range.len, ==, RING);
    g_assert_cmpuint(range.dropped, ==, at - HEAD - RING);
    g_assert_cmpuint(range.gap_begin, ==, HEAD);
    g_assert_cmpuint(range.gap_end, ==, at - RING);
    check_range(bytes, &range);
    struct stat status;
    g_assert_cmpint(fstat(scratch->fd, &status), ==, 0);
    g_assert_cmpint(status.st_size, <=, ATTEMPT_LOG_HEADER_BYTES + HEAD + RING);
}

struct reading {
    int fd;
    gint is_over;
    guint64 bytes;
};

static gpointer read_all_the_time(gpointer data) {
    struct reading *reading = data;
    char bytes[700];
    int64_t offset = 0;
    while (!g_atomic_int_get(&reading->is_over)) {
        struct attempt_log_range range;
        g_assert_cmpint(attempt_log_read(reading->fd, offset, bytes, sizeof bytes, &range), ==, 0);
        check_range(bytes, &range);
        g_assert_cmpuint(range.offset, >=, (uint64_t)offset);
        reading->bytes += range.len;
        offset = (int64_t)range.next_offset;
    }
    return NULL;
}

static void a_reader_beside_the_writer_never_sees_foreign_bytes(struct scratch *scratch,
                                                                gconstpointer data) {
    struct reading reading = { .fd = scratch->fd };
    uint64_t at = 0;
    append(&scratch->log, &at, 1);
    GThread *thread = g_thread_new("reader", read_all_the_time, &reading);
    for (size_t len = 1; at < 3000000; len = len * 31 % 997 + 1)
        append(&scratch->log, &at, len);
    g_atomic_int_set(&reading.is_over, 1);
    g_thread_join(thread);
    g_assert_cmpuint(reading.bytes, >, 0);
}

static gpointer begin_to_write(gpointer data) {
    struct attempt_log *log = data;
    attempt_log_append(log, "first", 5);
    return NULL;
}

/* Nothing, or what was written: never a damaged log. */
static void a_reader_may_come_before_the_first_byte(struct scratch *scratch, gconstpointer data) {
    for (int i = 0; i < 300; i++) {
        struct attempt_log log;
        struct attempt_log_range range = { 0 };
        char bytes[16];
        g_assert_cmpint(attempt_log_create(&log, scratch->dir, "begun", (uid_t)-1, 0, HEAD, RING),
                        ==, 0);
        int fd = openat(scratch->dir, "begun", O_RDONLY | O_CLOEXEC);
        GThread *thread = g_thread_new("writer", begin_to_write, &log);
        while (range.total == 0) {
            int error = attempt_log_read(fd, 0, bytes, sizeof bytes, &range);
            g_assert_true(error == 0 || error == -ENODATA);
        }
        g_thread_join(thread);
        attempt_log_close(&log);
        (void)close(fd);
        (void)unlinkat(scratch->dir, "begun", 0);
    }
}

static gpointer mend_header(gpointer data) {
    const struct scratch *scratch = data;
    g_usleep(20000);
    char byte = 0;
    g_assert_cmpint(pread(scratch->log.fd, &byte, 1, 52), ==, 1);
    byte = (char)~byte;
    g_assert_cmpint(pwrite(scratch->log.fd, &byte, 1, 52), ==, 1);
    return NULL;
}

/* As when it lost its processor there. */
static void a_writer_may_stop_in_the_middle_of_a_header(struct scratch *scratch,
                                                        gconstpointer data) {
    uint64_t at = 0;
    char byte = 0;
    struct attempt_log_range range;
    append(&scratch->log, &at, HEAD + 10);
    g_assert_cmpint(pread(scratch->log.fd, &byte, 1, 52), ==, 1);
    byte = (char)~byte;
    g_assert_cmpint(pwrite(scratch->log.fd, &byte, 1, 52), ==, 1);
    GThread *thread = g_thread_new("writer", mend_header, scratch);
    g_assert_cmpint(attempt_log_read(scratch->fd, 0, &byte, 1, &range), ==, 0);
    g_assert_cmpuint(range.total, ==, HEAD + 10);
    g_thread_join(thread);
}

static void a_log_left_behind_can_be_continued(struct scratch *scratch, gconstpointer data) {
    uint64_t at = 0;
    char bytes[64];
    struct attempt_log_range range;
    append(&scratch->log, &at, 1700);
    attempt_log_close(&scratch->log);
    g_assert_cmpint(attempt_log_reopen(&scratch->log, scratch->dir, "log", (uid_t)-1), ==, 0);
    append(&scratch->log, &at, 20);
    attempt_log_finish(&scratch->log);
    g_assert_cmpint(attempt_log_read(scratch->fd, -30, bytes, sizeof bytes, &range), ==, 0);
    g_assert_cmpuint(range.len, ==, 30);
    g_assert_cmpuint(range.total, ==, 1720);
    check_range(bytes, &range);
}

static void a_log_that_can_not_be_had_swallows_and_counts(struct scratch *scratch,
                                                          gconstpointer data) {
    struct attempt_log log;
    g_assert_cmpint(attempt_log_create(&log, scratch->dir, "log", (uid_t)-1, 0, 0, 0), ==, -EEXIST);
    attempt_log_append(&log, "abc", 3);
    g_assert_cmpuint(attempt_log_dropped(&log), ==, 3);
    attempt_log_finish(&log);
}

static void other_files_are_refused(struct scratch *scratch, gconstpointer data) {
    struct attempt_log_range range;
    char bytes[16];
    int fd = open("/bin/sh", O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(attempt_log_read(fd, 0, bytes, sizeof bytes, &range), ==, -EBADMSG);
    (void)close(fd);
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(attempt_log_read(fd, 0, bytes, sizeof bytes, &range), ==, -ENODATA);
    (void)close(fd);
}

static void the_path_holds_a_thousand_logs_per_directory(void) {
    char path[ATTEMPT_LOG_PATH_BYTES];
    attempt_log_path(12345, path);
    g_assert_cmpstr(path, ==, "12/12345.log");
}

#define ADD(name) g_test_add("/attempt_log/" #name, struct scratch, NULL, set_up, name, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD(a_short_log_is_read_back_whole);
    ADD(a_long_log_keeps_both_ends_and_counts_the_gap);
    ADD(a_reader_beside_the_writer_never_sees_foreign_bytes);
    ADD(a_reader_may_come_before_the_first_byte);
    ADD(a_writer_may_stop_in_the_middle_of_a_header);
    ADD(a_log_left_behind_can_be_continued);
    ADD(a_log_that_can_not_be_had_swallows_and_counts);
    ADD(other_files_are_refused);
    g_test_add_func("/attempt_log/the_path_holds_a_thousand_logs_per_directory",
                    the_path_holds_a_thousand_logs_per_directory);
    return g_test_run();
}
