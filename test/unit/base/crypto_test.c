// SPDX-License-Identifier: Apache-2.0
// Expected values are the published ones: FIPS 180 for SHA-256, RFC 2202 and RFC 4231 for the codes.
#include <glib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/fault.h"

static void sha256_of_abc_is_the_published_one(void) {
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256("abc", 3, hash);
    g_autofree char *hex = crypto_hex(hash, sizeof hash);
    g_assert_cmpstr(hex, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void codes_are_the_published_ones(void) {
    static const char key[] = "Jefe";
    static const char data[] = "what do ya want for nothing?";
    uint8_t short_mac[CRYPTO_SHA1_BYTES];
    uint8_t long_mac[CRYPTO_SHA256_BYTES];
    crypto_hmac_sha1(key, strlen(key), data, strlen(data), short_mac);
    crypto_hmac_sha256(key, strlen(key), data, strlen(data), long_mac);
    g_autofree char *short_hex = crypto_hex(short_mac, sizeof short_mac);
    g_autofree char *long_hex = crypto_hex(long_mac, sizeof long_mac);
    g_assert_cmpstr(short_hex, ==, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    g_assert_cmpstr(long_hex, ==,
                    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void equal_bytes_are_equal_and_others_are_not(void) {
    g_assert_true(crypto_equal("same", "same", 4));
    g_assert_false(crypto_equal("same", "sane", 4));
    g_assert_true(crypto_equal("", "", 0));
}

static void random_texts_differ_and_keep_to_their_letters(void) {
    g_autofree char *first = crypto_random_text(40);
    g_autofree char *second = crypto_random_text(40);
    g_assert_cmpuint(strlen(first), ==, 40);
    g_assert_cmpstr(first, !=, second);
    for (const char *c = first; *c != '\0'; c++) {
        g_assert_true(g_ascii_isalnum(*c));
    }
}

static void what_was_sealed_opens(void) {
    uint8_t key[CRYPTO_KEY_BYTES] = { 7 };
    g_autoptr(GError) error = NULL;
    for (size_t len = 0; len <= 100; len += 50) {
        char data[100] = "a secret of some length";
        g_autoptr(GBytes) sealed = crypto_seal(key, "source/1", data, len);
        g_assert_cmpuint(g_bytes_get_size(sealed), ==, len + CRYPTO_SEAL_OVERHEAD_BYTES);
        g_autoptr(GBytes) opened = NULL;
        g_assert_true(crypto_open(key, "source/1", g_bytes_get_data(sealed, NULL),
                                  g_bytes_get_size(sealed), &opened, &error));
        g_assert_no_error(error);
        g_assert_cmpmem(g_bytes_get_data(opened, NULL), g_bytes_get_size(opened), data, len);
    }
}

static void sealing_twice_gives_different_bytes(void) {
    uint8_t key[CRYPTO_KEY_BYTES] = { 7 };
    g_autoptr(GBytes) first = crypto_seal(key, "", "same", 4);
    g_autoptr(GBytes) second = crypto_seal(key, "", "same", 4);
    g_assert_false(g_bytes_equal(first, second));
}

static void refuse(const uint8_t *key, const char *context, const uint8_t *data, size_t len) {
    g_autoptr(GError) error = NULL;
    GBytes *opened = NULL;
    g_assert_false(crypto_open(key, context, data, len, &opened, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_assert_null(opened);
}

static void any_change_is_noticed(void) {
    uint8_t key[CRYPTO_KEY_BYTES] = { 7 };
    uint8_t other_key[CRYPTO_KEY_BYTES] = { 8 };
    g_autoptr(GBytes) sealed = crypto_seal(key, "source/1", "secret", 6);
    size_t len = g_bytes_get_size(sealed);
    g_autofree uint8_t *bytes = g_memdup2(g_bytes_get_data(sealed, NULL), len);
    refuse(other_key, "source/1", bytes, len);
    refuse(key, "source/2", bytes, len);
    for (size_t i = 0; i < len; i++) {
        refuse(key, "source/1", bytes, i);
        bytes[i] ^= 1;
        refuse(key, "source/1", bytes, len);
        bytes[i] ^= 1;
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crypto/sha256_of_abc_is_the_published_one",
                    sha256_of_abc_is_the_published_one);
    g_test_add_func("/crypto/codes_are_the_published_ones", codes_are_the_published_ones);
    g_test_add_func("/crypto/equal_bytes_are_equal_and_others_are_not",
                    equal_bytes_are_equal_and_others_are_not);
    g_test_add_func("/crypto/random_texts_differ_and_keep_to_their_letters",
                    random_texts_differ_and_keep_to_their_letters);
    g_test_add_func("/crypto/what_was_sealed_opens", what_was_sealed_opens);
    g_test_add_func("/crypto/sealing_twice_gives_different_bytes",
                    sealing_twice_gives_different_bytes);
    g_test_add_func("/crypto/any_change_is_noticed", any_change_is_noticed);
    return g_test_run();
}
