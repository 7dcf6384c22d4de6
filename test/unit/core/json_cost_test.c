// SPDX-License-Identifier: Apache-2.0
//
// What JSON costs is told before it is read: never less than what reading takes, and little for texts.

#include "core/json_cost.h"

#include <glib.h>
#include <malloc.h>
#include <string.h>

#include <jansson.h>

static char *repeated(const char *begin, const char *piece, unsigned count, const char *end) {
    GString *text = g_string_new(begin);
    for (unsigned i = 0; i < count; i++) {
        g_string_append(text, piece);
    }
    g_string_append(text, end);
    return g_string_free(text, FALSE);
}

static size_t heap_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void reading_takes_no_more_than_was_told(void) {
    static const struct {
        const char *begin, *piece, *end;
    } cases[] = {
        { "[", "{},", "1]" },
        { "[", "[],", "1]" },
        { "[", "{\"a\":1},", "1]" },
        { "[", "1,", "1]" },
        { "[", "1.5,", "1]" },
        { "[", "{\"NodeFrom\":1,\"NodeEnd\":2},", "{}]" },
        { "[", "[[[[1]]]],", "1]" },
        { "[", "\"\",", "\"\"]" },
        { "[", "{\"a\":{\"b\":{}}},", "1]" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = repeated(cases[i].begin, cases[i].piece, 20000, cases[i].end);
        size_t before = heap_bytes();
        json_t *value = json_loads(text, 0, NULL);
        size_t took = heap_bytes() - before;
        g_assert_nonnull(value);
        json_decref(value);
        g_test_message("%s took %zu, told %zu", cases[i].piece, took,
                       json_cost(text, strlen(text)));
        // Sanitizers put walls around each piece of memory.
        if (g_getenv("SLUICE_SANITIZED") == NULL) {
            g_assert_cmpuint(took, <=, json_cost(text, strlen(text)) + strlen(text));
        }
    }
}

static void what_is_in_texts_does_not_count(void) {
    static const char text[] = "{\"script\":\"a,b,{,[\\\",{[,\\\\\",\"b\":1}";
    g_assert_cmpuint(json_cost(text, strlen(text)), ==, json_cost("{\"\":\"\",\"b\":1}", 13));
    g_autofree char *script = repeated("{\"script\":\"", "{[,", 5000000, "\"}");
    g_assert_true(json_cost_is_fair(script, strlen(script)));
    g_assert_cmpuint(json_cost("\"\\", 2), ==, json_cost("\"", 1));
    g_assert_cmpuint(json_cost("", 0), ==, json_cost("7", 1));
}

static void bombs_are_not_fair(void) {
    g_autofree char *objects = repeated("[", "{},", 200000, "1]");
    g_autofree char *lists = repeated("[", "[],", 200000, "1]");
    g_autofree char *numbers = repeated("[", "1,", 600000, "1]");
    g_autofree char *edges = repeated("[", "{\"NodeFrom\":1,\"NodeEnd\":2},", 50000, "{}]");
    g_assert_false(json_cost_is_fair(objects, strlen(objects)));
    g_assert_false(json_cost_is_fair(lists, strlen(lists)));
    g_assert_false(json_cost_is_fair(numbers, strlen(numbers)));
    g_assert_true(json_cost_is_fair(edges, strlen(edges)));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json_cost/reading_takes_no_more_than_was_told",
                    reading_takes_no_more_than_was_told);
    g_test_add_func("/json_cost/what_is_in_texts_does_not_count", what_is_in_texts_does_not_count);
    g_test_add_func("/json_cost/bombs_are_not_fair", bombs_are_not_fair);
    return g_test_run();
}
