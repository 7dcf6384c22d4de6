// SPDX-License-Identifier: Apache-2.0
//
// Contract of zone files: a small file made here, each way of cutting and bending it, and the rules that end such files.

#include <string.h>

#include "base/fault.h"
#include "base/tzif.h"
#include "base/zone_rule.h"

// A file of version 2: an empty old block, one change at 1000 s from +1 h to +2 h, then "<+02>-2".
static GByteArray *make_file(const char *rule) {
    static const uint8_t head[] = { 'T', 'Z', 'i', 'f', '2' };
    static const uint8_t zeroes[15] = { 0 };
    static const uint8_t counts_old[24] = { [19] = 1, [23] = 1 };
    static const uint8_t counts[24] = { [15] = 1, [19] = 2, [23] = 4 };
    static const uint8_t type_old[7] = { 0 };
    static const uint8_t moment[9] = { 0, 0, 0, 0, 0, 0, 0x03, 0xe8, 1 };
    static const uint8_t types[12] = { 0, 0, 0x0e, 0x10, 0, 0, 0, 0, 0x1c, 0x20, 1, 0 };
    GByteArray *file = g_byte_array_new();
    g_byte_array_append(file, head, sizeof head);
    g_byte_array_append(file, zeroes, sizeof zeroes);
    g_byte_array_append(file, counts_old, sizeof counts_old);
    g_byte_array_append(file, type_old, sizeof type_old);
    g_byte_array_append(file, head, sizeof head);
    g_byte_array_append(file, zeroes, sizeof zeroes);
    g_byte_array_append(file, counts, sizeof counts);
    g_byte_array_append(file, moment, sizeof moment);
    g_byte_array_append(file, types, sizeof types);
    g_byte_array_append(file, (const uint8_t *)"ABC", 4);
    g_byte_array_append(file, (const uint8_t *)rule, (guint)strlen(rule));
    return file;
}

static void a_file_tells_offsets_and_changes(void) {
    g_autoptr(GByteArray) file = make_file("\n<+02>-2\n");
    g_autoptr(GError) error = NULL;
    struct tzif *tzif = NULL;
    (void)tzif_new(file->data, file->len, &tzif, &error);
    g_assert_no_error(error);
    g_assert_cmpint(tzif_offset_s(tzif, -5000000000), ==, 3600);
    g_assert_cmpint(tzif_offset_s(tzif, 999), ==, 3600);
    g_assert_cmpint(tzif_offset_s(tzif, 1000), ==, 7200);
    g_assert_cmpint(tzif_next_change_s(tzif, -5000000000), ==, 1000);
    g_assert_cmpint(tzif_next_change_s(tzif, 1000), ==, INT64_MAX);
    tzif_free(tzif);
}

static void a_file_without_a_rule_keeps_its_last_offset(void) {
    g_autoptr(GByteArray) file = make_file("\n\n");
    struct tzif *tzif = NULL;
    g_assert_true(tzif_new(file->data, file->len, &tzif, NULL));
    g_assert_cmpint(tzif_offset_s(tzif, 5000000000), ==, 7200);
    g_assert_cmpint(tzif_next_change_s(tzif, 1000), ==, INT64_MAX);
    tzif_free(tzif);
}

static void a_cut_or_bent_file_is_refused(void) {
    g_autoptr(GByteArray) file = make_file("\n<+02>-2\n");
    struct tzif *tzif = NULL;
    for (guint len = 0; len < file->len; len++) {
        g_autoptr(GError) error = NULL;
        g_autofree uint8_t *cut = g_memdup2(file->data, len); // so that a sanitizer sees its end
        g_assert_false(tzif_new(cut, len, &tzif, &error));
        g_assert_error(error, FAULT, FAULT_INVALID_DATA);
    }
    static const char *const bad[] = { "", "x<+02>-2\n", "\n<+02>-2", "\nwrong\n" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) bent = make_file(bad[i]);
        g_assert_false(tzif_new(bent->data, bent->len, &tzif, NULL));
    }
    for (guint i = 0; i < file->len; i++) { // whatever it is then, it is read within its bounds
        g_autofree uint8_t *bent = g_memdup2(file->data, file->len);
        bent[i] ^= 0xff;
        if (tzif_new(bent, file->len, &tzif, NULL)) {
            (void)tzif_offset_s(tzif, 2000);
            (void)tzif_next_change_s(tzif, -2000);
            tzif_free(tzif);
        }
    }
}

// Moments in UTC, by hand.
static void rules_say_when_the_offset_changes(void) {
    enum { HOUR_S = 3600 };
    static const struct {
        const char *text;
        int64_t after, begin, end; // the two changes behind `after`
        int offset, other;
    } rows[] = {
        // 2040-03-25 01:00 and 2040-10-28 01:00
        { "CET-1CEST,M3.5.0,M10.5.0/3", 2208988800, 2216250000, 2234998800, 1, 2 },
        { "IST-1GMT0,M10.5.0,M3.5.0/1", 2208988800, 2216250000, 2234998800, 0, 1 },
        // 2040-03-25 00:00 there is 01:00 in UTC, in negative hours: Nuuk
        { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2208988800, 2216250000, 2234998800, -2, -1 },
        // 2040-03-01 02:00 by both ways of counting days, until 2040-12-31 02:00
        { "AAA0BBB,J60,J365/3", 2208988800, 2214180000, 2240532000, 0, 1 },
        { "AAA0BBB,60,365/3", 2209075200, 2214180000, 2240532000, 0, 1 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct zone_rule rule = { 0 };
        g_test_message("%s", rows[i].text);
        g_assert_true(zone_rule_parse(rows[i].text, &rule));
        g_assert_cmpint(zone_rule_offset_s(&rule, rows[i].after), ==, rows[i].offset * HOUR_S);
        g_assert_cmpint(zone_rule_next_change_s(&rule, rows[i].after), ==, rows[i].begin);
        g_assert_cmpint(zone_rule_offset_s(&rule, rows[i].begin - 1), ==, rows[i].offset * HOUR_S);
        g_assert_cmpint(zone_rule_offset_s(&rule, rows[i].begin), ==, rows[i].other * HOUR_S);
        g_assert_cmpint(zone_rule_next_change_s(&rule, rows[i].begin), ==, rows[i].end);
        g_assert_cmpint(zone_rule_offset_s(&rule, rows[i].end), ==, rows[i].offset * HOUR_S);
    }
}

static void a_rule_of_one_offset_never_changes(void) {
    struct zone_rule rule = { 0 };
    g_assert_true(zone_rule_parse("<+0330>-3:30", &rule));
    g_assert_cmpint(zone_rule_offset_s(&rule, 2208988800), ==, 12600);
    g_assert_cmpint(zone_rule_next_change_s(&rule, 2208988800), ==, INT64_MAX);
    g_assert_true(zone_rule_parse("XXX3EDT4,0/0,J365/23", &rule)); // all the year
    for (int64_t at = 2208988800; at < 2208988800 + 800 * 86400; at += 3600) {
        g_assert_cmpint(zone_rule_offset_s(&rule, at), ==, -14400);
    }
    g_assert_cmpint(zone_rule_next_change_s(&rule, 2208988800), ==, INT64_MAX);
}

static void what_is_no_rule_is_refused(void) {
    static const char *const bad[] = { "",
                                       "CET",
                                       "C-1",
                                       "<CET-1",
                                       "CET-1CEST",
                                       "CET-1CEST,M3.5.0",
                                       "CET-1CEST,M13.5.0,M10.5.0/3",
                                       "CET-1CEST,M3.6.0,M10.5.0/3",
                                       "CET-1CEST,M3.5.7,M10.5.0/3",
                                       "CET-1CEST,J0,J366",
                                       "CET-1CEST,M3.5.0,M10.5.0/168",
                                       "CET-25",
                                       "CET-1:60",
                                       "CET-1CEST,M3.5.0,M10.5.0/3x",
                                       "CET99999999999999999999" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct zone_rule rule = { .offset_s = 7 };
        g_test_message("%s", bad[i]);
        g_assert_false(zone_rule_parse(bad[i], &rule));
        g_assert_cmpint(rule.offset_s, ==, 7);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tzif/a file tells offsets and changes", a_file_tells_offsets_and_changes);
    g_test_add_func("/tzif/a file without a rule keeps its last offset",
                    a_file_without_a_rule_keeps_its_last_offset);
    g_test_add_func("/tzif/a cut or bent file is refused", a_cut_or_bent_file_is_refused);
    g_test_add_func("/tzif/rules say when the offset changes", rules_say_when_the_offset_changes);
    g_test_add_func("/tzif/a rule of one offset never changes", a_rule_of_one_offset_never_changes);
    g_test_add_func("/tzif/what is no rule is refused", what_is_no_rule_is_refused);
    return g_test_run();
}
