// SPDX-License-Identifier: Apache-2.0
//
// Reading is strict, so that one head has one text and a damaged one is not taken for another.

#include "store/signed_head.h"

#include <string.h>

#include "base/fault.h"

// ---- One head ----

struct cursor {
    const char *at;
    const char *end;
};

static bool take_number(struct cursor *cursor, int64_t *ret_number) {
    const char *begin = cursor->at;
    int64_t number = 0;
    for (; cursor->at < cursor->end && g_ascii_isdigit(*cursor->at); cursor->at++) {
        int digit = *cursor->at - '0';
        if (number > (INT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    size_t digits = (size_t)(cursor->at - begin);
    if (digits == 0 || (digits > 1 && begin[0] == '0')) {
        return false;
    }
    *ret_number = number;
    return true;
}

static bool take_blank(struct cursor *cursor) {
    return cursor->at < cursor->end && *cursor->at++ == ' ';
}

static bool take_hex(struct cursor *cursor, uint8_t *ret_bytes, size_t count) {
    if ((size_t)(cursor->end - cursor->at) < 2 * count) {
        return false;
    }
    for (size_t i = 0; i < 2 * count; i++) {
        char digit = *cursor->at++;
        if (!g_ascii_isxdigit(digit) || g_ascii_isupper(digit)) {
            return false;
        }
        int value = g_ascii_xdigit_value(digit);
        ret_bytes[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : ret_bytes[i / 2] | value);
    }
    return true;
}

bool signed_head_parse(const char *text, size_t len, struct signed_head *ret_head, GError **error) {
    struct cursor cursor = { .at = text, .end = text + len };
    struct signed_head head = { 0 };
    bool is_head = take_number(&cursor, &head.seq) && head.seq > 0 && take_blank(&cursor) &&
                   take_number(&cursor, &head.at_ms) && take_blank(&cursor) &&
                   take_hex(&cursor, head.hash, sizeof head.hash) && take_blank(&cursor) &&
                   take_hex(&cursor, head.mac, sizeof head.mac) && cursor.at == cursor.end;
    if (!is_head) {
        fault_set(error, FAULT_INVALID_DATA,
                  "this is no signed head of an operation log: it has the form NUMBER TIME HASH "
                  "HMAC, as a line of audit.heads");
        return false;
    }
    *ret_head = head;
    return true;
}

char *signed_head_subject(const struct signed_head *head) {
    g_autofree char *hash = crypto_hex(head->hash, sizeof head->hash);
    return g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %s", head->seq, head->at_ms,
                           hash);
}

char *signed_head_print(const struct signed_head *head) {
    g_autofree char *subject = signed_head_subject(head);
    g_autofree char *mac = crypto_hex(head->mac, sizeof head->mac);
    return g_strdup_printf("%s %s", subject, mac);
}

// ---- Many ----

// Behind the last mark of the line, without blanks around it.
static struct cursor find_head(const char *line, size_t len) {
    struct cursor found = { .at = line, .end = line + len };
    const char *mark = g_strrstr_len(line, (gssize)len, SIGNED_HEAD_MARK);
    if (mark != NULL) {
        found.at = mark + strlen(SIGNED_HEAD_MARK);
    }
    while (found.at < found.end && g_ascii_isspace(found.end[-1])) {
        found.end--;
    }
    while (found.at < found.end && g_ascii_isspace(*found.at)) {
        found.at++;
    }
    return found;
}

static gint by_number(gconstpointer left, gconstpointer right) {
    const struct signed_head *a = left;
    const struct signed_head *b = right;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

bool signed_heads_read(const char *text, size_t len, GArray **ret_heads, GError **error) {
    g_autoptr(GArray) heads = g_array_new(FALSE, FALSE, sizeof(struct signed_head));
    const char *end = text + len;
    int number = 1;
    for (const char *line = text; line < end; number++) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = feed != NULL ? feed : end;
        struct cursor found = find_head(line, (size_t)(line_end - line));
        struct signed_head head = { 0 };
        if (found.at < found.end) {
            if (!signed_head_parse(found.at, (size_t)(found.end - found.at), &head, error)) {
                g_prefix_error(error, "line %d: ", number);
                return false;
            }
            g_array_append_val(heads, head);
        }
        line = feed != NULL ? feed + 1 : end;
    }
    g_array_sort(heads, by_number);
    *ret_heads = g_steal_pointer(&heads);
    return true;
}
