// SPDX-License-Identifier: Apache-2.0
#include "web/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "web/stream.h"

// "Sun, 06 Nov 1994 08:49:37 GMT". The names are English whatever the locale.
static void append_date(GString *head) {
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    struct tm at;
    if (gmtime_r(&now, &at) != NULL) {
        char text[64];
        (void)snprintf(text, sizeof text, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n",
                       days + 3 * at.tm_wday, at.tm_mday, months + 3 * at.tm_mon, 1900 + at.tm_year,
                       at.tm_hour, at.tm_min, at.tm_sec);
        g_string_append(head, text);
    }
}

static const char *reason_of(unsigned status) {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Answer";
    }
}

static void append_header(GString *head, const char *name, const char *value) {
    g_string_append(head, name);
    g_string_append(head, ": ");
    g_string_append(head, value);
    g_string_append(head, "\r\n");
}

void reply_make_head(struct http_reply *exchange, const char *content_type) {
    GString *head = g_string_sized_new(512);
    char line[96];
    (void)snprintf(line, sizeof line, "HTTP/1.1 %u %s\r\n", exchange->status,
                   reason_of(exchange->status));
    g_string_append(head, line);
    append_date(head);
    append_header(head, "Content-Type", content_type);
    for (guint i = 0; exchange->extra != NULL && i + 1 < exchange->extra->len; i += 2) {
        append_header(head, g_ptr_array_index(exchange->extra, i),
                      g_ptr_array_index(exchange->extra, i + 1));
    }
    g_string_append(head, exchange->keeps ? "Connection: Keep-Alive\r\nKeep-Alive: timeout=25\r\n"
                                          : "Connection: close\r\n");
    (void)snprintf(line, sizeof line, "Content-Length: %zu\r\n\r\n", exchange->reply_bytes);
    g_string_append(head, line);
    exchange->reply_head = head;
}

int reply_write(struct http_reply *exchange) {
    size_t head_len = exchange->reply_head->len;
    bool has_body = exchange->head.method == NULL || strcmp(exchange->head.method, "HEAD") != 0;
    size_t total = head_len + (has_body ? exchange->reply_bytes : 0);
    while (exchange->sent_bytes < total) {
        size_t done = exchange->sent_bytes;
        size_t head_done = MIN(done, head_len);
        size_t body_done = done - head_done;
        struct iovec pieces[] = {
            { exchange->reply_head->str + head_done, head_len - head_done },
            { has_body ? exchange->reply_body + body_done : NULL, total - head_len - body_done },
        };
        ssize_t sent = stream_send(exchange->peer, pieces, G_N_ELEMENTS(pieces));
        if (sent < 0) {
            return (int)sent;
        }
        exchange->sent_bytes += (size_t)sent;
    }
    return 0;
}

bool reply_continue(struct peer *peer) {
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec piece = { (void *)(uintptr_t)text, strlen(text) };
    // Nothing else is on its way to the client, so there is room for it.
    return stream_send(peer, &piece, 1) == (ssize_t)strlen(text);
}
