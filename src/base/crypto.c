// SPDX-License-Identifier: Apache-2.0
//
// The door to OpenSSL. A failing hash or random generator means a broken machine: the process ends, and recovery is the tested one.

#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/fault.h"

enum { NONCE_BYTES = 12, TAG_BYTES = 16 };

void crypto_begin(void) {
    g_assert(OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL) == 1);
}

// Looking an algorithm up by name takes OpenSSL longer than hashing a request does, so each is looked up once.
static const EVP_MD *sha256(void) {
    static EVP_MD *found;
    if (g_once_init_enter(&found)) {
        EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
        g_assert(fetched != NULL);
        g_once_init_leave(&found, fetched);
    }
    return found;
}

void crypto_sha256(const void *data, size_t len, uint8_t ret_hash[CRYPTO_SHA256_BYTES]) {
    unsigned int hash_len = 0;
    g_assert(EVP_Digest(data, len, ret_hash, &hash_len, sha256(), NULL) == 1);
    g_assert(hash_len == CRYPTO_SHA256_BYTES);
}

void crypto_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len,
                      uint8_t ret_mac[CRYPTO_SHA1_BYTES]) {
    unsigned int mac_len = 0;
    g_assert(HMAC(EVP_sha1(), key, (int)key_len, data, len, ret_mac, &mac_len) != NULL);
    g_assert(mac_len == CRYPTO_SHA1_BYTES);
}

static void free_mac(gpointer mac) {
    EVP_MAC_CTX_free(mac);
}

// HMAC-SHA256 without a key yet: one for each thread.
static EVP_MAC_CTX *thread_mac(void) {
    static GPrivate of_thread = G_PRIVATE_INIT(free_mac);
    EVP_MAC_CTX *mac = g_private_get(&of_thread);
    if (mac == NULL) {
        char digest[] = "SHA256";
        OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                OSSL_PARAM_construct_end() };
        EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
        mac = EVP_MAC_CTX_new(hmac);
        EVP_MAC_free(hmac); // the context holds it
        g_assert(mac != NULL && EVP_MAC_CTX_set_params(mac, params) == 1);
        g_private_set(&of_thread, mac);
    }
    return mac;
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                        uint8_t ret_mac[CRYPTO_SHA256_BYTES]) {
    static const uint8_t no_key[CRYPTO_SHA256_BYTES] = {
        0
    }; // padded with zeros, as an empty one is
    static const uint8_t no_more[CRYPTO_SHA256_BYTES] = { 0 };
    EVP_MAC_CTX *mac = thread_mac();
    size_t mac_len = 0;
    g_assert(EVP_MAC_init(mac, key_len == 0 ? no_key : key, key_len == 0 ? sizeof no_key : key_len,
                          NULL) == 1);
    g_assert(EVP_MAC_update(mac, data, len) == 1);
    g_assert(EVP_MAC_final(mac, ret_mac, &mac_len, CRYPTO_SHA256_BYTES) == 1);
    g_assert(mac_len == CRYPTO_SHA256_BYTES);
    g_assert(EVP_MAC_init(mac, no_more, sizeof no_more, NULL) == 1); // forgets the key
}

char *crypto_hex(const void *data, size_t len) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    char *text = g_malloc(len * 2 + 1);
    for (size_t i = 0; i < len; i++) {
        text[i * 2] = digits[bytes[i] >> 4];
        text[i * 2 + 1] = digits[bytes[i] & 15];
    }
    text[len * 2] = '\0';
    return text;
}

bool crypto_equal(const void *left, const void *right, size_t len) {
    return CRYPTO_memcmp(left, right, len) == 0;
}

void crypto_random(void *ret_data, size_t len) {
    g_assert(len <= G_MAXINT);
    g_assert(RAND_bytes(ret_data, (int)len) == 1);
}

char *crypto_random_text(size_t len) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    enum { LETTER_COUNT = sizeof letters - 1, FAIR_LIMIT = 256 - 256 % LETTER_COUNT };
    char *text = g_malloc(len + 1);
    for (size_t i = 0; i < len;) {
        uint8_t byte = 0;
        crypto_random(&byte, 1);
        if (byte < FAIR_LIMIT) { // the rest would favour the first letters
            text[i++] = letters[byte % LETTER_COUNT];
        }
    }
    text[len] = '\0';
    return text;
}

GBytes *crypto_seal(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const void *data,
                    size_t len) {
    g_assert(context != NULL);
    g_assert(len <= G_MAXINT / 2);
    uint8_t *sealed = g_malloc(len + CRYPTO_SEAL_OVERHEAD_BYTES);
    crypto_random(sealed, NONCE_BYTES);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;
    int rest = 0;
    g_assert(ctx != NULL);
    g_assert(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, sealed) == 1);
    g_assert(EVP_EncryptUpdate(ctx, NULL, &done, (const uint8_t *)context, (int)strlen(context)) ==
             1);
    g_assert(EVP_EncryptUpdate(ctx, sealed + NONCE_BYTES, &done, data, (int)len) == 1);
    g_assert(EVP_EncryptFinal_ex(ctx, sealed + NONCE_BYTES + done, &rest) == 1);
    g_assert((size_t)(done + rest) == len);
    g_assert(
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, sealed + NONCE_BYTES + len) == 1);
    EVP_CIPHER_CTX_free(ctx);
    return g_bytes_new_take(sealed, len + CRYPTO_SEAL_OVERHEAD_BYTES);
}

// What was sealed is a secret: it is wiped when nobody holds it any more.
struct opened {
    size_t len;
    uint8_t bytes[];
};

static void opened_free(gpointer data) {
    struct opened *opened = data;
    explicit_bzero(opened->bytes, opened->len);
    g_free(opened);
}

bool crypto_open(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const void *sealed,
                 size_t len, GBytes **ret_data, GError **error) {
    g_assert(context != NULL);
    if (len < CRYPTO_SEAL_OVERHEAD_BYTES || len > G_MAXINT) {
        fault_set(error, FAULT_INVALID_DATA, "sealed bytes of impossible length %zu", len);
        return false;
    }
    const uint8_t *bytes = sealed;
    size_t data_len = len - CRYPTO_SEAL_OVERHEAD_BYTES;
    uint8_t tag[TAG_BYTES];
    memcpy(tag, bytes + len - TAG_BYTES, TAG_BYTES);
    struct opened *opened = g_malloc(sizeof *opened + data_len + 1);
    opened->len = data_len;
    uint8_t *data = opened->bytes;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;
    int rest = 0;
    g_assert(ctx != NULL);
    bool good =
        EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, bytes) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &done, (const uint8_t *)context, (int)strlen(context)) == 1 &&
        EVP_DecryptUpdate(ctx, data, &done, bytes + NONCE_BYTES, (int)data_len) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
        EVP_DecryptFinal_ex(ctx, data + done, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!good) {
        opened_free(opened);
        fault_set(error, FAULT_INVALID_DATA,
                  "sealed bytes do not open: wrong master key, or the bytes were changed");
        return false;
    }
    *ret_data = g_bytes_new_with_free_func(data, data_len, opened_free, opened);
    return true;
}
