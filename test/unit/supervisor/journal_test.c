// SPDX-License-Identifier: Apache-2.0

/* The attempt journal: torn tails, damage, compaction, the mark. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/journal.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define OTHER_BOOT "99999999-2222-3333-4444-555555555555"

struct scratch {
    char path[64];
    char *file;
    int dir;
    struct journal *journal;
};

static void set_up(struct scratch *scratch, gconstpointer data) {
    g_strlcpy(scratch->path, "/var/tmp/sluice-journal-XXXXXX", sizeof scratch->path);
    g_assert_nonnull(g_mkdtemp(scratch->path));
    scratch->file = g_build_filename(scratch->path, "journal", NULL);
    scratch->dir = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(journal_open(scratch->dir, "journal", BOOT, 0, &scratch->journal), ==, 0);
}

static void tear_down(struct scratch *scratch, gconstpointer data) {
    journal_close(scratch->journal);
    (void)unlink(scratch->file);
    (void)close(scratch->dir);
    g_assert_cmpint(rmdir(scratch->path), ==, 0);
    g_free(scratch->file);
}

static void reopen(struct scratch *scratch, const char *boot_id) {
    journal_close(scratch->journal);
    g_assert_cmpint(journal_open(scratch->dir, "journal", boot_id, 0, &scratch->journal), ==, 0);
}

static void start(struct journal *journal, uint64_t fence) {
    struct record_started started = { .fence = fence,
                                      .boot_id = BOOT,
                                      .identity = { .pid = 42, .pidfd_inode = fence * 3 },
                                      .started_ms = 1000,
                                      .cgroup = "a/b" };
    g_assert_cmpint(journal_started(journal, &started), ==, 0);
}

static void end(struct journal *journal, uint64_t fence, const char *result) {
    struct frame_exited exited = { .fence = fence,
                                   .cause = FRAME_CAUSE_EXITED,
                                   .code = 3,
                                   .result_flags = FRAME_RESULT_PRESENT,
                                   .result = frame_text(result) };
    g_assert_cmpint(journal_exited(journal, &exited), ==, 0);
}

static void assert_end(struct journal *journal, uint64_t fence, const char *result) {
    const struct journal_entry *entry = journal_find(journal, fence);
    g_assert_nonnull(entry);
    g_assert_true(entry->is_exited);
    g_autofree uint8_t *frame = g_malloc(entry->frame_len);
    struct frame_message message;
    g_assert_cmpint(journal_read_exit(journal, entry, frame, entry->frame_len), ==, 0);
    g_assert_cmpint(frame_decode(frame, entry->frame_len, &message), ==, 0);
    g_assert_cmpint(message.exited.code, ==, 3);
    g_assert_true(frame_slice_equals(message.exited.result, result));
}

static void what_was_recorded_is_there_after_reopening(struct scratch *scratch,
                                                       gconstpointer data) {
    start(scratch->journal, 5);
    start(scratch->journal, 6);
    start(scratch->journal, 7);
    end(scratch->journal, 6, "{\"a\":\"b\"}");
    end(scratch->journal, 7, "x");
    g_assert_cmpint(journal_acked(scratch->journal, 7), ==, 0);
    g_assert_cmpint(journal_acked(scratch->journal, 5), ==, 0); /* open: not heard */
    reopen(scratch, BOOT);
    g_assert_cmpuint(journal_mark(scratch->journal), ==, 7);
    g_assert_cmpuint(journal_open_count(scratch->journal), ==, 1);
    g_assert_cmpuint(journal_exits_count(scratch->journal), ==, 1);
    g_assert_null(journal_find(scratch->journal, 7));
    assert_end(scratch->journal, 6, "{\"a\":\"b\"}");
    const struct journal_entry *entry = journal_find(scratch->journal, 5);
    g_assert_cmpuint(entry->started.identity.pidfd_inode, ==, 15);
    g_assert_cmpstr(entry->started.boot_id, ==, BOOT);
    g_assert_cmpstr(entry->started.cgroup, ==, "a/b");
}

static void the_mark_never_falls(struct scratch *scratch, gconstpointer data) {
    g_assert_cmpint(journal_raise_mark(scratch->journal, 100), ==, 0);
    g_assert_cmpint(journal_raise_mark(scratch->journal, 50), ==, 0);
    g_assert_cmpuint(journal_mark(scratch->journal), ==, 100);
    reopen(scratch, BOOT);
    g_assert_cmpuint(journal_mark(scratch->journal), ==, 100);
    start(scratch->journal, 101);
    reopen(scratch, BOOT);
    reopen(scratch, BOOT);
    g_assert_cmpuint(journal_mark(scratch->journal), ==, 101);
}

static void a_missing_journal_and_another_boot_are_not_trusted(struct scratch *scratch,
                                                               gconstpointer data) {
    g_assert_true(journal_is_damaged(scratch->journal)); /* it was missing */
    reopen(scratch, BOOT);
    g_assert_true(journal_is_damaged(scratch->journal)); /* until a server has raised the mark */
    g_assert_cmpint(journal_raise_mark(scratch->journal, 1), ==, 0);
    g_assert_false(journal_is_damaged(scratch->journal));
    reopen(scratch, BOOT);
    g_assert_false(journal_is_damaged(scratch->journal));
    reopen(scratch, OTHER_BOOT);
    g_assert_true(journal_is_damaged(scratch->journal));
}

static void a_tail_torn_at_any_byte_is_cut_off(struct scratch *scratch, gconstpointer data) {
    g_assert_cmpint(journal_raise_mark(scratch->journal, 1), ==, 0);
    start(scratch->journal, 2);
    struct stat before;
    g_assert_cmpint(stat(scratch->file, &before), ==, 0);
    end(scratch->journal, 2, "result");
    g_autofree char *whole = NULL;
    gsize len = 0;
    g_assert_true(g_file_get_contents(scratch->file, &whole, &len, NULL));
    g_assert_cmpuint(len, >, (gsize)before.st_size);
    for (gsize cut = (gsize)before.st_size; cut < len; cut++)
        for (int with_zeros = 0; with_zeros <= 1; with_zeros++) {
            g_autofree char *torn = g_malloc0(len);
            memcpy(torn, whole, cut);
            g_assert_true(g_file_set_contents(scratch->file, torn,
                                              with_zeros ? (gssize)len : (gssize)cut, NULL));
            reopen(scratch, BOOT);
            g_assert_false(journal_is_damaged(scratch->journal));
            g_assert_cmpuint(journal_mark(scratch->journal), ==, 2);
            /* Padding is no content: a record cut within it only with zeros is whole. */
            if (journal_open_count(scratch->journal) == 0) {
                g_assert_true(with_zeros);
                assert_end(scratch->journal, 2, "result");
                g_assert_cmpuint(cut, >, len - 8);
            } else {
                g_assert_cmpuint(journal_exits_count(scratch->journal), ==, 0);
            }
        }
}

static void damage_before_valid_records_is_told(struct scratch *scratch, gconstpointer data) {
    g_assert_cmpint(journal_raise_mark(scratch->journal, 1), ==, 0);
    start(scratch->journal, 2);
    end(scratch->journal, 2, "first");
    start(scratch->journal, 3);
    end(scratch->journal, 3, "second");
    g_autofree char *whole = NULL;
    gsize len = 0;
    g_assert_true(g_file_get_contents(scratch->file, &whole, &len, NULL));
    char *first = g_strstr_len(whole, -1, "SLUJRNL1");
    g_assert_true(first == whole);
    char *hit = memmem(whole, len, "first", 5);
    g_assert_nonnull(hit);
    *hit ^= 1;
    g_assert_true(g_file_set_contents(scratch->file, whole, (gssize)len, NULL));
    reopen(scratch, BOOT);
    g_assert_true(journal_is_damaged(scratch->journal));
    g_assert_cmpuint(journal_open_count(scratch->journal), ==, 1); /* fence 2 lost its end */
    assert_end(scratch->journal, 3, "second");
    g_assert_cmpuint(journal_mark(scratch->journal), ==, 3);
}

static void a_result_that_looks_like_a_record_is_none(struct scratch *scratch, gconstpointer data) {
    /* A script prints what would be a MARK record, checked with the salt it does not know. */
    g_assert_cmpint(journal_raise_mark(scratch->journal, 1), ==, 0);
    uint8_t payload[8] = { 255, 255, 255, 255, 255, 255, 255, 127 };
    char forged[25] = "";
    record_prefix_encode(0, RECORD_MARK, payload, sizeof payload, (uint8_t *)forged);
    memcpy(forged + 16, payload, sizeof payload);
    start(scratch->journal, 2);
    struct frame_exited exited = { .fence = 2,
                                   .cause = FRAME_CAUSE_EXITED,
                                   .result_flags = FRAME_RESULT_PRESENT,
                                   .result = { forged, 24 } };
    g_assert_cmpint(journal_exited(scratch->journal, &exited), ==, 0);
    g_autofree char *whole = NULL;
    gsize len = 0;
    g_assert_true(g_file_get_contents(scratch->file, &whole, &len, NULL));
    char *hit = memmem(whole, len, forged, 24);
    g_assert_nonnull(hit);
    hit[-1] ^= 1; /* breaks the record around it */
    g_assert_true(g_file_set_contents(scratch->file, whole, (gssize)len, NULL));
    reopen(scratch, BOOT);
    g_assert_cmpuint(journal_mark(scratch->journal), ==, 2);
}

static void acknowledged_ends_leave_the_file(struct scratch *scratch, gconstpointer data) {
    journal_close(scratch->journal);
    g_assert_cmpint(journal_open(scratch->dir, "journal", BOOT, 65536, &scratch->journal), ==, 0);
    g_autofree char *result = g_strnfill(500, 'r');
    start(scratch->journal, 1);
    start(scratch->journal, 2);
    end(scratch->journal, 2, "kept");
    for (uint64_t fence = 3; fence < 3000; fence++) {
        start(scratch->journal, fence);
        end(scratch->journal, fence, result);
        g_assert_cmpint(journal_acked(scratch->journal, fence), ==, 0);
    }
    struct stat status;
    g_assert_cmpint(stat(scratch->file, &status), ==, 0);
    g_assert_cmpint(status.st_size, <, 140000);
    assert_end(scratch->journal, 2, "kept");
    end(scratch->journal, 1, "late");
    assert_end(scratch->journal, 1, "late");
    reopen(scratch, BOOT);
    g_assert_cmpuint(journal_mark(scratch->journal), ==, 2999);
    assert_end(scratch->journal, 1, "late");
    assert_end(scratch->journal, 2, "kept");
    g_assert_cmpuint(journal_exits_count(scratch->journal), ==, 2);
}

static void any_bytes_can_be_opened(struct scratch *scratch, gconstpointer data) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (uint64_t fence = 1; fence < 20; fence++) {
        start(scratch->journal, fence);
        if (fence % 2 == 0)
            end(scratch->journal, fence, "some result");
    }
    g_autofree char *whole = NULL;
    gsize len = 0;
    g_assert_true(g_file_get_contents(scratch->file, &whole, &len, NULL));
    for (int round = 0; round < 300; round++) {
        g_autofree char *broken = g_memdup2(whole, len);
        for (int hits = g_rand_int_range(rand, 1, 20); hits > 0; hits--)
            broken[g_rand_int_range(rand, 0, (gint32)len)] = (char)g_rand_int(rand);
        g_assert_true(g_file_set_contents(scratch->file, broken, (gssize)len, NULL));
        reopen(scratch, BOOT);
        g_assert_cmpuint(journal_open_count(scratch->journal), <=, 19);
    }
}

#define ADD(name) g_test_add("/journal/" #name, struct scratch, NULL, set_up, name, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD(what_was_recorded_is_there_after_reopening);
    ADD(the_mark_never_falls);
    ADD(a_missing_journal_and_another_boot_are_not_trusted);
    ADD(a_tail_torn_at_any_byte_is_cut_off);
    ADD(damage_before_valid_records_is_told);
    ADD(a_result_that_looks_like_a_record_is_none);
    ADD(acknowledged_ends_leave_the_file);
    ADD(any_bytes_can_be_opened);
    return g_test_run();
}
