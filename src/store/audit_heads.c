// SPDX-License-Identifier: Apache-2.0
//
// Signed ends of the chain. A line that a crash has cut short is taken away before the next one is appended, and ignored until then.

#include "store/audit_heads.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "store/audit.h"
#include "store/private.h"

enum { LINE_MAX_BYTES = 256, HEX_BYTES = 2 * AUDIT_HASH_BYTES };

#define FILE_NAME "audit.heads"

static void derive_key(const struct store_reader *reader, uint8_t ret_key[CRYPTO_SHA256_BYTES]) {
    static const char purpose[] = "sluice audit heads 1";
    g_assert(reader->has_master);
    crypto_hmac_sha256(reader->master, CRYPTO_KEY_BYTES, purpose, strlen(purpose), ret_key);
}

// "seq time hash" → the HMAC in hexadecimal; the caller frees it.
static char *sign(const struct store_reader *reader, const char *text) {
    uint8_t key[CRYPTO_SHA256_BYTES];
    uint8_t mac[CRYPTO_SHA256_BYTES];
    derive_key(reader, key);
    crypto_hmac_sha256(key, sizeof key, text, strlen(text), mac);
    explicit_bzero(key, sizeof key);
    return crypto_hex(mac, sizeof mac);
}

// ---- Appending ----

// Reads the end of the file: how long it is up to its last whole line, and the row number of that line (0: none).
static bool read_end(int fd, uint64_t *ret_size, int64_t *ret_seq) {
    struct stat status;
    char tail[2 * LINE_MAX_BYTES + 1];
    size_t len = 0;
    if (fstat(fd, &status) != 0) {
        return false;
    }
    uint64_t size = (uint64_t)status.st_size;
    uint64_t from = size > 2 * LINE_MAX_BYTES ? size - 2 * LINE_MAX_BYTES : 0;
    if (file_read_at(fd, tail, sizeof tail - 1, from, &len) != 0) {
        return false;
    }
    while (len > 0 && tail[len - 1] != '\n') {
        len--;
    }
    *ret_size = from + len;
    *ret_seq = 0;
    if (len > 0) {
        tail[len - 1] = 0;
        const char *line = strrchr(tail, '\n');
        *ret_seq = g_ascii_strtoll(line != NULL ? line + 1 : tail, NULL, 10);
    }
    return true;
}

static bool append_line(const struct store_reader *reader, int fd, const struct audit_head *head,
                        int64_t now_ms) {
    uint64_t size = 0;
    int64_t last_seq = 0;
    if (!read_end(fd, &size, &last_seq)) {
        return false;
    }
    if (last_seq == head->seq) {
        return true;
    }
    g_autofree char *hash = crypto_hex(head->hash, sizeof head->hash);
    g_autofree char *text =
        g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s", head->seq, now_ms, hash);
    g_autofree char *mac = sign(reader, text);
    g_autofree char *line = g_strdup_printf("%s %s\n", text, mac);
    g_assert(strlen(line) < LINE_MAX_BYTES);
    return ftruncate(fd, (off_t)size) == 0 && file_write_at(fd, line, strlen(line), size) == 0 &&
           fdatasync(fd) == 0;
}

bool store_audit_heads_append(struct store *store, const char *dir, int64_t now_ms,
                              GError **error) {
    struct audit_head head = { 0 };
    if (!store_audit_head(&store->reader, &head, error)) {
        return false;
    }
    if (head.seq == 0) {
        return true;
    }
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = dir_fd < 0
                 ? -1
                 : openat(dir_fd, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_done = fd >= 0 && append_line(&store->reader, fd, &head, now_ms) && fsync(dir_fd) == 0;
    if (!is_done) {
        fault_set(error, FAULT_UNAVAILABLE, "writing %s/" FILE_NAME ": %s", dir, g_strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    return is_done;
}

// ---- Verifying ----

// A sentence when the line does not fit, else NULL; false on an error.
static bool judge_line(struct store_reader *reader, int number, const char *line, char **ret_fault,
                       GError **error) {
    const char *mac = strrchr(line, ' ');
    g_autofree char *text = mac != NULL ? g_strndup(line, (gsize)(mac - line)) : g_strdup("");
    g_autofree char *expected = sign(reader, text);
    if (mac == NULL || strlen(mac + 1) != HEX_BYTES ||
        !crypto_equal(mac + 1, expected, HEX_BYTES)) {
        *ret_fault = g_strdup_printf("line %d of " FILE_NAME " was changed, or was signed under "
                                     "another master key",
                                     number);
        return true;
    }
    int64_t seq = g_ascii_strtoll(text, NULL, 10);
    uint8_t hash[AUDIT_HASH_BYTES];
    bool is_there = false;
    if (!store_audit_hash(reader, seq, &is_there, hash, error)) {
        return false;
    }
    g_autofree char *found = is_there ? crypto_hex(hash, sizeof hash) : NULL;
    if (!is_there) {
        *ret_fault = g_strdup_printf("row %" G_GINT64_FORMAT " of the operation log is missing: "
                                     "line %d of " FILE_NAME " signed it",
                                     seq, number);
    } else if (!g_str_has_suffix(text, found)) {
        *ret_fault = g_strdup_printf("row %" G_GINT64_FORMAT " of the operation log is not the one "
                                     "that line %d of " FILE_NAME " signed",
                                     seq, number);
    }
    return true;
}

static bool read_file(const char *dir, char **ret_text, GError **error) {
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    g_autoptr(GError) failure = NULL;
    if (g_file_get_contents(path, ret_text, NULL, &failure)) {
        return true;
    }
    if (g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        *ret_text = g_strdup("");
        return true;
    }
    fault_set(error, FAULT_UNAVAILABLE, "%s", failure->message);
    return false;
}

bool store_audit_heads_verify(struct store_reader *reader, const char *dir, int64_t *ret_count,
                              char **ret_fault, GError **error) {
    g_autofree char *text = NULL;
    char *fault = NULL;
    int count = 0;
    if (!read_file(dir, &text, error)) {
        return false;
    }
    char *line = text;
    for (char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        *end = 0;
        count++;
        if (!judge_line(reader, count, line, &fault, error)) {
            return false;
        }
        if (fault != NULL) {
            *ret_fault = fault;
            return false;
        }
        line = end + 1;
    }
    *ret_count = count;
    return true;
}
