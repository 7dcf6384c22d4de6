// SPDX-License-Identifier: Apache-2.0
// folder: web
//
// The judge of heads gives one verdict on any bytes, in one piece and in pieces of any size, and what it accepts has one Host, one length
// and no byte that ends a line early. What comes behind a head changes nothing.
#include "web/head.h"

#include <assert.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

struct verdict {
    enum http_refusal refusal;
    size_t head_len;
};

static struct verdict scan_in_pieces(const char *bytes, size_t len, size_t piece) {
    struct verdict verdict = { HTTP_ACCEPTED, 0 };
    struct head_scan scan = { 0 };
    for (size_t at = 0; at < len && verdict.refusal == HTTP_ACCEPTED && verdict.head_len == 0;) {
        at = MIN(len, at + piece);
        verdict.refusal = head_scan(&scan, bytes, at, &verdict.head_len);
        assert(verdict.head_len <= at);
    }
    return verdict;
}

static void check(const struct head *head) {
    unsigned hosts = 0;
    unsigned lengths = 0;
    assert(head->method != NULL && head->method[0] != 0);
    assert(head->target[0] != 0 && strpbrk(head->target, " \t\r\n") == NULL);
    for (guint i = 0; i < head->headers->len; i++) {
        const struct api_header *header = &g_array_index(head->headers, struct api_header, i);
        assert(header->name[0] != 0 && strpbrk(header->name, " \t\r\n:") == NULL);
        assert(strpbrk(header->value, "\r\n") == NULL);
        hosts += strcasecmp(header->name, "host") == 0;
        lengths += strcasecmp(header->name, "content-length") == 0 ||
                   strcasecmp(header->name, "transfer-encoding") == 0;
    }
    assert(hosts == 1 || (hosts == 0 && !head->is_http11));
    assert(lengths <= 1);
    assert(!head->is_chunked || (head->length == 0 && head->is_http11));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *bytes = (const char *)data;
    struct verdict whole = scan_in_pieces(bytes, size, size == 0 ? 1 : size);
    struct verdict pieces = scan_in_pieces(bytes, size, size == 0 ? 1 : 1 + data[0] % 16);
    assert(pieces.refusal == whole.refusal && pieces.head_len == whole.head_len);
    if (whole.head_len > 0) {
        g_autofree char *text = g_malloc(size + 1);
        memcpy(text, data, size);
        text[size] = 0;
        struct head head = { .headers = g_array_new(FALSE, FALSE, sizeof(struct api_header)) };
        if (head_read(text, whole.head_len, &head) == HTTP_ACCEPTED) {
            check(&head);
        }
        assert(memcmp(text + whole.head_len, data + whole.head_len, size - whole.head_len) == 0);
        g_array_unref(head.headers);
    }
    return 0;
}
