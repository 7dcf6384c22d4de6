// SPDX-License-Identifier: Apache-2.0
//
// The judge of heads and the reader of chunks: what they say of bytes, in one piece and in many.
#include "web/chunked.h"
#include "web/head.h"

#include <glib.h>
#include <string.h>

struct verdict {
    enum http_refusal refusal;
    size_t head_len; // 0: not complete
    struct head head;
    char *text;
};

static void verdict_done(struct verdict *verdict) {
    g_clear_pointer(&verdict->head.headers, g_array_unref);
    g_clear_pointer(&verdict->text, g_free);
}

// Reads the text in pieces of that size.
static struct verdict judge(const char *text, size_t piece) {
    struct verdict verdict = { 0 };
    struct head_scan scan = { 0 };
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        at = MIN(len, at + piece);
        verdict.refusal = head_scan(&scan, text, at, &verdict.head_len);
        if (verdict.refusal != HTTP_ACCEPTED || verdict.head_len > 0) {
            break;
        }
    }
    if (verdict.head_len > 0) {
        verdict.text = g_strdup(text);
        verdict.head.headers = g_array_new(FALSE, FALSE, sizeof(struct api_header));
        verdict.refusal = head_read(verdict.text, verdict.head_len, &verdict.head);
    }
    return verdict;
}

static struct verdict judge_in_all_pieces(const char *text) {
    struct verdict whole = judge(text, SIZE_MAX / 2);
    for (size_t piece = 1; piece < 9; piece++) {
        struct verdict other = judge(text, piece);
        g_assert_cmpint(other.refusal, ==, whole.refusal);
        g_assert_cmpuint(other.head_len, ==, whole.head_len);
        verdict_done(&other);
    }
    return whole;
}

static void a_head_says_how_long_its_request_is(void) {
    static const struct {
        const char *text;
        uint64_t length;
        bool is_chunked;
        bool keeps;
        bool expects;
    } cases[] = {
        { "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0, false, true, false },
        { "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 0, false, true, false },
        { "POST / HTTP/1.1\r\nHost:h\r\nContent-Length: 5 \r\n\r\n", 5, false, true, false },
        { "POST / HTTP/1.1\r\nHost: h\r\ncontent-length:\t005\t\r\n\r\n", 5, false, true, false },
        { "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked \r\n\r\n", 0, true, true,
          false },
        { "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-Continue\r\n\r\n", 9,
          false, true, true },
        { "GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n", 0, false, false, false },
        { "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n", 0, false, true, false },
        { "GET / HTTP/1.0\r\n\r\n", 0, false, false, false },
        { "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, false, true, false },
        { "M-X http://h/ HTTP/1.1\r\nHost: h\r\nX: \xc3\xa9\r\nY:\r\n\r\n", 0, false, true, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        struct verdict verdict = judge_in_all_pieces(cases[i].text);
        g_assert_cmpint(verdict.refusal, ==, HTTP_ACCEPTED);
        g_assert_cmpuint(verdict.head_len, ==, strlen(cases[i].text));
        g_assert_cmpuint(verdict.head.length, ==, cases[i].length);
        g_assert_cmpint(verdict.head.is_chunked, ==, cases[i].is_chunked);
        g_assert_cmpint(verdict.head.keeps, ==, cases[i].keeps);
        g_assert_cmpint(verdict.head.expects_continue, ==, cases[i].expects);
        verdict_done(&verdict);
    }
}

static void what_could_be_read_in_two_ways_is_refused(void) {
#define START "POST / HTTP/1.1\r\nHost: h\r\n"
    static const char *const cases[] = {
        "nonsense\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / \r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\n\n",
        "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1x\r\nHost: h\r\n\r\n",
        "GET / HTTP/11\r\nHost: h\r\n\r\n",
        "GET / http/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        START "Host: h\r\n\r\n",
        START "Host : h\r\n\r\n",
        START "X\r\n\r\n",
        START ": x\r\n\r\n",
        START "X y: z\r\n\r\n",
        START "X: a\rb\r\n\r\n",
        START "X: a\x01z\r\n\r\n",
        START "X: a\r\n folded\r\n\r\n",
        START "X: a\r\n\tfolded\r\n\r\n",
        START "Content-Length:\r\n\r\n",
        START "Content-Length: abc\r\n\r\n",
        START "Content-Length: +1\r\n\r\n",
        START "Content-Length: -1\r\n\r\n",
        START "Content-Length: 0x1\r\n\r\n",
        START "Content-Length: 1 1\r\n\r\n",
        START "Content-Length: 1, 1\r\n\r\n",
        START "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
        START "Content-Length: 18446744073709551615\r\n\r\n",
        START "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        START "Transfer-Encoding: gzip, chunked\r\n\r\n",
        START "Transfer-Encoding: identity\r\n\r\n",
        START "Transfer-Encoding:\r\n\r\n",
        START "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        START "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n",
        START "Expect: 200-ok\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
#undef START
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i]);
        struct verdict verdict = judge_in_all_pieces(cases[i]);
        g_assert_cmpint(verdict.refusal, ==, HTTP_MALFORMED);
        verdict_done(&verdict);
    }
    static const char nul[] = "GET /healthz\0x HTTP/1.1\r\nHost: h\r\n\r\n";
    struct head head = { .headers = g_array_new(FALSE, FALSE, sizeof(struct api_header)) };
    g_autofree char *text = g_memdup2(nul, sizeof nul);
    g_assert_cmpint(head_read(text, sizeof nul - 1, &head), ==, HTTP_MALFORMED);
    g_array_unref(head.headers);
}

static void other_versions_and_sizes_have_words_of_their_own(void) {
    g_autofree char *target = g_strnfill(HTTP_TARGET_BYTES_MAX + 1, 'x');
    g_autofree char *field = g_strnfill(HTTP_HEADER_BYTES_MAX, 'x');
    g_autofree char *many = g_strnfill(HTTP_HEADERS_MAX * 6, '-');
    for (size_t i = 0; i < HTTP_HEADERS_MAX; i++) {
        memcpy(many + 6 * i, "X: y\r\n", 6);
    }
    char *texts[] = {
        g_strdup("GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
        g_strdup("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        g_strdup("GET / HTTP/1.2\r\nHost: h\r\n\r\n"),
        g_strdup_printf("GET /%s HTTP/1.1\r\nHost: h\r\n\r\n", target),
        g_strdup_printf("GET /%s%s", target, target), // no end is needed to see it
        g_strdup_printf("GET / HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n", field),
        g_strdup_printf("GET / HTTP/1.1\r\nX: %s%s", field, field),
        g_strdup_printf("GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", many),
    };
    static const enum http_refusal expected[] = {
        HTTP_VERSION_UNKNOWN,   HTTP_VERSION_UNKNOWN,   HTTP_VERSION_UNKNOWN,
        HTTP_TARGET_TOO_LONG,   HTTP_TARGET_TOO_LONG,   HTTP_HEADERS_TOO_LARGE,
        HTTP_HEADERS_TOO_LARGE, HTTP_HEADERS_TOO_LARGE,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_test_message("%.40s", texts[i]);
        struct verdict verdict = judge_in_all_pieces(texts[i]);
        g_assert_cmpint(verdict.refusal, ==, expected[i]);
        verdict_done(&verdict);
        g_free(texts[i]);
    }
}

// The data, or NULL when it is no chunked body; "…" is added while its end has not come.
static char *unchunk(const char *text, size_t piece, size_t *ret_used) {
    struct chunked chunked = { 0 };
    GString *data = g_string_new(NULL);
    size_t len = strlen(text);
    size_t at = 0;
    while (at < len && chunked.place != CHUNKED_DONE) {
        g_autofree char *bytes = g_strndup(text + at, piece);
        size_t data_len = 0;
        size_t used = 0;
        if (!chunked_read(&chunked, bytes, strlen(bytes), &data_len, &used)) {
            g_string_free(data, TRUE);
            return NULL;
        }
        g_string_append_len(data, bytes, (gssize)data_len);
        at += used;
    }
    *ret_used = at;
    if (chunked.place != CHUNKED_DONE) {
        g_string_append(data, "…");
    }
    return g_string_free(data, FALSE);
}

static void chunks_are_read_in_any_pieces(void) {
    static const struct {
        const char *text;
        const char *data; // NULL: refused
        size_t behind;    // bytes that are not the body's
    } cases[] = {
        { "0\r\n\r\n", "", 0 },
        { "1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\nGET", "abc", 3 },
        { "00003\r\nabc\r\n0;y\r\nT: x\r\nU: y\r\n\r\n", "abc", 0 },
        { "A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0 },
        { "a\r\n0123456789\r\n", "0123456789…", 0 },
        { "3\r\nab", "ab…", 0 },
        { "zz\r\n", NULL, 0 },
        { "\r\n", NULL, 0 },
        { ";x\r\n", NULL, 0 },
        { "3 \r\nabc\r\n0\r\n\r\n", NULL, 0 },
        { "3\nabc\r\n0\r\n\r\n", NULL, 0 },
        { "3\r\nabcd\r\n0\r\n\r\n", NULL, 0 },
        { "3\r\nabc\n0\r\n\r\n", NULL, 0 },
        { "-3\r\nabc\r\n0\r\n\r\n", NULL, 0 },
        { "0x3\r\nabc\r\n0\r\n\r\n", NULL, 0 },
        { "1000000000000000\r\n", NULL, 0 },
        { "3;\x01\r\nabc\r\n0\r\n\r\n", NULL, 0 },
        { "0\r\n folded\r\n\r\n", NULL, 0 },
        { "0\r\nT: x\n\r\n", NULL, 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t piece = 1; piece < 40; piece++) {
            size_t used = 0;
            g_autofree char *data = unchunk(cases[i].text, piece, &used);
            g_test_message("%s in pieces of %zu", cases[i].text, piece);
            g_assert_cmpstr(data, ==, cases[i].data);
            g_assert_true(data == NULL || used == strlen(cases[i].text) - cases[i].behind);
        }
    }
}

static void extensions_and_trailers_have_limits(void) {
    g_autofree char *filler = g_strnfill(20000, 'x');
    g_autofree char *extension = g_strdup_printf("3;%s\r\nabc\r\n0\r\n\r\n", filler);
    g_autofree char *trailer = g_strdup_printf("0\r\nX: %s\r\n\r\n", filler);
    size_t used = 0;
    g_assert_null(unchunk(extension, 1000, &used));
    g_assert_null(unchunk(trailer, 1000, &used));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/head/a_head_says_how_long_its_request_is",
                    a_head_says_how_long_its_request_is);
    g_test_add_func("/head/what_could_be_read_in_two_ways_is_refused",
                    what_could_be_read_in_two_ways_is_refused);
    g_test_add_func("/head/other_versions_and_sizes_have_words_of_their_own",
                    other_versions_and_sizes_have_words_of_their_own);
    g_test_add_func("/head/chunks_are_read_in_any_pieces", chunks_are_read_in_any_pieces);
    g_test_add_func("/head/extensions_and_trailers_have_limits",
                    extensions_and_trailers_have_limits);
    return g_test_run();
}
