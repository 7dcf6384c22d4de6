// SPDX-License-Identifier: Apache-2.0
//
// The keyed hash against known values, and against texts that fall together in GLib's.

#include "base/keyed_hash.h"

#include <string.h>

static void the_function_has_its_known_values(void) {
    // By an implementation that gives the published values of SipHash-2-4 with its rounds; key bytes 00 … 0f, data bytes 00, 01, 02, …
    static const struct {
        size_t len;
        uint64_t hash;
    } cases[] = {
        { 0, 0xabac0158050fc4dc }, { 1, 0xc9f49bf37d57ca93 },  { 7, 0xd3927d989bb11140 },
        { 8, 0x369095118d299a8e }, { 15, 0xd320d86d2a519956 },
    };
    static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    uint8_t data[16];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmphex(keyed_hash_under(key, data, cases[i].len), ==, cases[i].hash);
    }
}

// "bA" and "ab" have one hash in GLib's function (33 h + c), and so has every row of them.
static void texts_that_fall_together_without_a_key_do_not(void) {
    g_autoptr(GHashTable) values = g_hash_table_new(g_direct_hash, g_direct_equal);
    char text[2 * 12 + 1] = { 0 };
    guint first = 0;
    for (unsigned number = 0; number < 1U << 12; number++) {
        for (unsigned bit = 0; bit < 12; bit++) {
            memcpy(text + (size_t)2 * bit, (number >> bit & 1) != 0 ? "bA" : "ab", 2);
        }
        first = number == 0 ? g_str_hash(text) : first;
        g_assert_cmpuint(g_str_hash(text), ==, first);
        (void)g_hash_table_add(values, GUINT_TO_POINTER(keyed_hash_text(text)));
    }
    g_assert_cmpuint(g_hash_table_size(values), >, (1U << 12) - 50);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyed_hash/the_function_has_its_known_values",
                    the_function_has_its_known_values);
    g_test_add_func("/keyed_hash/texts_that_fall_together_without_a_key_do_not",
                    texts_that_fall_together_without_a_key_do_not);
    return g_test_run();
}
