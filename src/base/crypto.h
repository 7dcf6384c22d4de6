// SPDX-License-Identifier: Apache-2.0
//
// crypto: hashes, message authentication, sealing and random bytes. The only room that includes OpenSSL.
//
// Functions that can only fail when the machine is broken end the process instead of returning an error. Safe from any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CRYPTO_SHA1_BYTES = 20,
    CRYPTO_SHA256_BYTES = 32,
    CRYPTO_KEY_BYTES = 32,                // AES-256
    CRYPTO_SEAL_OVERHEAD_BYTES = 12 + 16, // nonce in front, tag behind
};

void crypto_sha256(const void *data, size_t len, uint8_t ret_hash[CRYPTO_SHA256_BYTES]);
void crypto_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                      uint8_t ret_mac[CRYPTO_SHA1_BYTES]);
void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                        uint8_t ret_mac[CRYPTO_SHA256_BYTES]);

// Lower-case hexadecimal; the caller frees it.
char *crypto_hex(const void *data, size_t len);

// Equal? Takes the same time wherever the difference is; the length is not secret.
bool crypto_equal(const void *left, const void *right, size_t len);

// Cryptographically strong random bytes.
void crypto_random(void *ret_data, size_t len);

// A random text of `len` characters out of A-Z a-z 0-9; the caller frees it.
char *crypto_random_text(size_t len);

// For a program whose threads may still run when main returns, before anything else of this room: the library then frees nothing of its
// own at exit, under threads that use it.
void crypto_begin(void);

// Seals data with AES-256-GCM under a random nonce: nonce, cipher text, tag. `context` is authenticated, not stored: the same
// text must be given to open it. The caller frees the bytes.
GBytes *crypto_seal(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const void *data,
                    size_t len);

// Opens what crypto_seal made; the bytes are wiped with their last reference. FAULT_INVALID_DATA when key, context or bytes do not fit.
bool crypto_open(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const void *sealed,
                 size_t len, GBytes **ret_data, GError **error);
