// SPDX-License-Identifier: Apache-2.0
//
// Bytes of any kind become text, one U+FFFD for each sequence that can not go on; the expected texts are what WHATWG decoders give.
#include "api/wire/utf8.h"

#include <string.h>

#define BAD "\xEF\xBF\xBD"

static void expect(const char *bytes, size_t len, const char *text) {
    GString *repaired = utf8_repair(bytes, len);
    g_assert_cmpstr(repaired->str, ==, text);
    g_assert_cmpuint(repaired->len, ==, strlen(text));
    g_assert_true(g_utf8_validate(repaired->str, (gssize)repaired->len, NULL));
    g_string_free(repaired, TRUE);
}

static void good_text_stays(void) {
    expect("", 0, "");
    expect("plain\n", 6, "plain\n");
    static const char text[] =
        "\xC3\xA4 \xE4\xBB\xBB\xE5\x8A\xA1 \xF0\x9F\x9A\xB0 \xF4\x8F\xBF\xBF \xED\x9F\xBF";
    expect(text, sizeof text - 1, text);
}

static void each_bad_sequence_is_one_mark(void) {
    expect("a\xFFz", 3, "a" BAD "z");
    expect("\x80\xBF", 2, BAD BAD);
    expect("\xC3z", 2, BAD "z"); // the rest does not come
    expect("\xE4\xBBz", 3, BAD "z");
    expect("\xF0\x9F\x9Az", 4, BAD "z");
    expect("\xE4\xBB", 2, BAD);     // cut at the end
    expect("\xC0\xAF", 2, BAD BAD); // overlong
    expect("\xE0\x80\xAF", 3, BAD BAD BAD);
    expect("\xED\xA0\x80", 3, BAD BAD BAD);         // a surrogate
    expect("\xF4\x90\x80\x80", 4, BAD BAD BAD BAD); // above U+10FFFF
    expect("\xC3\xC3\xA4", 3, BAD "\xC3\xA4");
}

static void nul_is_replaced(void) {
    expect("a\0b", 3, "a" BAD "b");
}

static void a_cut_character_is_found_at_the_end(void) {
    g_assert_cmpuint(utf8_cut_tail("", 0), ==, 0);
    g_assert_cmpuint(utf8_cut_tail("abc", 3), ==, 0);
    g_assert_cmpuint(utf8_cut_tail("a\xC3", 2), ==, 1);
    g_assert_cmpuint(utf8_cut_tail("a\xE4\xBB", 3), ==, 2);
    g_assert_cmpuint(utf8_cut_tail("a\xF0\x9F\x9A", 4), ==, 3);
    g_assert_cmpuint(utf8_cut_tail("\xF0", 1), ==, 1);
    // Whole characters and bytes that no rest can save are not cut.
    g_assert_cmpuint(utf8_cut_tail("\xC3\xA4", 2), ==, 0);
    g_assert_cmpuint(utf8_cut_tail("\xF0\x9F\x9A\xB0", 4), ==, 0);
    g_assert_cmpuint(utf8_cut_tail("a\xBF\xBF", 3), ==, 0);
    g_assert_cmpuint(utf8_cut_tail("\xED\xA0", 2), ==, 0);
    g_assert_cmpuint(utf8_cut_tail("\xFF", 1), ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/utf8/good_text_stays", good_text_stays);
    g_test_add_func("/utf8/each_bad_sequence_is_one_mark", each_bad_sequence_is_one_mark);
    g_test_add_func("/utf8/nul_is_replaced", nul_is_replaced);
    g_test_add_func("/utf8/a_cut_character_is_found_at_the_end",
                    a_cut_character_is_found_at_the_end);
    return g_test_run();
}
