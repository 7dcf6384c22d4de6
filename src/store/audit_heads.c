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

enum { LINE_MAX_BYTES = 256 };
G_STATIC_ASSERT(SIGNED_HEAD_TEXT_BYTES + 1 < LINE_MAX_BYTES);

#define FILE_NAME "audit.heads"

static void derive_key(const struct store_reader *reader, uint8_t ret_key[CRYPTO_SHA256_BYTES]) {
    static const char purpose[] = "sluice audit heads 1";
    g_assert(reader->has_master);
    crypto_hmac_sha256(reader->master, CRYPTO_KEY_BYTES, purpose, strlen(purpose), ret_key);
}

static void sign(const struct store_reader *reader, const struct signed_head *head,
                 uint8_t ret_mac[CRYPTO_SHA256_BYTES]) {
    uint8_t key[CRYPTO_SHA256_BYTES];
    g_autofree char *subject = signed_head_subject(head);
    derive_key(reader, key);
    crypto_hmac_sha256(key, sizeof key, subject, strlen(subject), ret_mac);
    explicit_bzero(key, sizeof key);
}

static bool is_ours(const struct store_reader *reader, const struct signed_head *head) {
    uint8_t mac[CRYPTO_SHA256_BYTES];
    sign(reader, head, mac);
    return crypto_equal(mac, head->mac, sizeof mac);
}

// ---- Signing ----

bool store_audit_heads_sign(struct store *store, int64_t now_ms, struct signed_head *ret_head,
                            GError **error) {
    struct audit_head end = { 0 };
    if (!store_audit_head(&store->reader, &end, error)) {
        return false;
    }
    struct signed_head head = { .seq = end.seq, .at_ms = MAX(now_ms, 0) };
    memcpy(head.hash, end.hash, sizeof head.hash);
    sign(&store->reader, &head, head.mac);
    *ret_head = head;
    return true;
}

// Reads the end of the file: how long it is up to its last whole line, and that line; its number is 0 when it is no head.
static bool read_end(int fd, uint64_t *ret_size, struct signed_head *ret_last) {
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
    *ret_last = (struct signed_head){ 0 };
    if (len > 0) {
        const char *feed = memrchr(tail, '\n', len - 1);
        const char *line = feed != NULL ? feed + 1 : tail;
        (void)signed_head_parse(line, (size_t)(tail + len - 1 - line), ret_last, NULL);
    }
    return true;
}

static bool append_line(const struct store_reader *reader, int fd, struct signed_head *head) {
    uint64_t size = 0;
    struct signed_head last = { 0 };
    if (!read_end(fd, &size, &last)) {
        return false;
    }
    if (last.seq == head->seq && memcmp(last.hash, head->hash, sizeof head->hash) == 0 &&
        is_ours(reader, &last)) {
        *head = last;
        return true;
    }
    g_autofree char *text = signed_head_print(head);
    g_autofree char *line = g_strdup_printf("%s\n", text);
    return ftruncate(fd, (off_t)size) == 0 && file_write_at(fd, line, strlen(line), size) == 0 &&
           fdatasync(fd) == 0;
}

bool store_audit_heads_append(struct store *store, const char *dir, struct signed_head *head,
                              GError **error) {
    g_assert(head->seq > 0);
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = dir_fd < 0 ? -1
                        : openat(dir_fd, FILE_NAME,
                                 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    bool is_done = fd >= 0 && append_line(&store->reader, fd, head) && fsync(dir_fd) == 0;
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

// Where a head comes from, and what has fitted so far.
struct judge {
    struct store_reader *reader;
    char *source;       // "line 2 of audit.heads"
    int64_t fitted_seq; // the greatest number of those that fit: rows up to it are as they were
};

// "row 9", "rows 9 to 12"; the caller frees it.
static char *name_rows(int64_t first, int64_t last) {
    return first == last
               ? g_strdup_printf("row %" G_GINT64_FORMAT, last)
               : g_strdup_printf("rows %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, first, last);
}

// The row that was signed is not there: it was taken from the end, with all behind the present end, or out of the middle.
static bool name_missing(const struct judge *judge, int64_t seq, char **ret_fault, GError **error) {
    struct audit_head end = { 0 };
    if (!store_audit_head(judge->reader, &end, error)) {
        return false;
    }
    g_autofree char *rows = name_rows(end.seq < seq ? end.seq + 1 : seq, seq);
    *ret_fault =
        g_strdup_printf("%s of the operation log %s missing: %s signed row "
                        "%" G_GINT64_FORMAT,
                        rows, g_str_has_prefix(rows, "rows") ? "are" : "is", judge->source, seq);
    return true;
}

static char *name_changed(const struct judge *judge, int64_t seq) {
    int64_t first = MIN(judge->fitted_seq + 1, seq);
    g_autofree char *rows = name_rows(first, seq);
    return g_strdup_printf("row %" G_GINT64_FORMAT " of the operation log is not the one that %s "
                           "signed: %s%s changed and the chain made anew",
                           seq, judge->source, first < seq ? "at least one of " : "", rows);
}

// A sentence when the head does not fit, else NULL; false on an error.
static bool judge_head(struct judge *judge, const struct signed_head *head, char **ret_fault,
                       GError **error) {
    uint8_t hash[AUDIT_HASH_BYTES];
    bool is_there = false;
    if (!is_ours(judge->reader, head)) {
        *ret_fault = g_strdup_printf("%s was changed, or was signed under another master key",
                                     judge->source);
        return true;
    }
    if (!store_audit_hash(judge->reader, head->seq, &is_there, hash, error)) {
        return false;
    }
    if (!is_there) {
        return name_missing(judge, head->seq, ret_fault, error);
    }
    if (memcmp(hash, head->hash, sizeof hash) != 0) {
        *ret_fault = name_changed(judge, head->seq);
        return true;
    }
    judge->fitted_seq = MAX(judge->fitted_seq, head->seq);
    return true;
}

// A line that is no head has number 0, which no key has signed.
static bool judge_line(struct judge *judge, int number, const char *line, size_t len,
                       char **ret_fault, GError **error) {
    struct signed_head head = { 0 };
    (void)signed_head_parse(line, len, &head, NULL);
    g_free(judge->source);
    judge->source = g_strdup_printf("line %d of " FILE_NAME, number);
    return judge_head(judge, &head, ret_fault, error);
}

static bool read_file(const char *dir, char **ret_text, size_t *ret_len, GError **error) {
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); // a pipe would let us wait
    int code = fd < 0 ? errno : 0;
    struct stat status = { 0 };
    g_autofree char *text = NULL;
    size_t len = 0;
    if (fd >= 0) {
        bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
        text = is_file ? g_malloc((size_t)status.st_size + 1) : NULL;
        code = is_file ? -file_read_at(fd, text, (size_t)status.st_size, 0, &len) : EINVAL;
        (void)close(fd);
    }
    if (code != 0 && code != ENOENT) {
        fault_set(error, FAULT_UNAVAILABLE, "reading %s: %s", path, g_strerror(code));
        return false;
    }
    *ret_text = text == NULL ? g_strdup("") : g_steal_pointer(&text);
    (*ret_text)[len] = '\0';
    *ret_len = len;
    return true;
}

bool store_audit_heads_verify(struct store_reader *reader, const char *dir, int64_t *ret_count,
                              char **ret_fault, GError **error) {
    g_autofree char *text = NULL;
    size_t len = 0;
    if (!read_file(dir, &text, &len, error)) {
        return false;
    }
    char *fault = NULL;
    int count = 0;
    bool is_read = true;
    struct judge judge = { .reader = reader };
    const char *line = text;
    for (const char *feed = NULL; is_read && fault == NULL &&
                                  (feed = memchr(line, '\n', (size_t)(text + len - line))) != NULL;
         line = feed + 1) {
        is_read = judge_line(&judge, ++count, line, (size_t)(feed - line), &fault, error);
    }
    g_free(judge.source);
    if (fault != NULL) {
        *ret_fault = fault;
    }
    if (!is_read || fault != NULL) {
        return false;
    }
    *ret_count = count;
    return true;
}

bool store_audit_heads_prove(struct store_reader *reader, const GArray *heads, char **ret_fault,
                             GError **error) {
    char *fault = NULL;
    bool is_read = true;
    struct judge judge = { .reader = reader };
    for (guint i = 0; is_read && fault == NULL && i < heads->len; i++) {
        const struct signed_head *head = &g_array_index(heads, struct signed_head, i);
        g_free(judge.source);
        judge.source = heads->len == 1
                           ? g_strdup("the head given")
                           : g_strdup_printf("the given head of row %" G_GINT64_FORMAT, head->seq);
        is_read = judge_head(&judge, head, &fault, error);
    }
    g_free(judge.source);
    if (fault != NULL) {
        *ret_fault = fault;
    }
    return is_read && fault == NULL;
}
