// SPDX-License-Identifier: Apache-2.0
//
// The real server on loopback, spoken to in bytes.
#include "desk.h"

static void a_request_is_answered_and_the_connection_kept(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = dial(&desk);
    for (int i = 0; i < 3; i++) {
        g_autofree char *body = NULL;
        g_autofree char *head = NULL;
        say_text(fd, "POST /?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        g_assert_cmpint(listen_to(fd, &body, &head), ==, 200);
        g_assert_cmpstr(body, ==, "POST 5 3 96354");
        g_autofree char *lower = g_ascii_strdown(head, -1);
        g_assert_nonnull(strstr(lower, "connection: keep-alive"));
        g_assert_nonnull(strstr(lower, "keep-alive: timeout=25"));
        g_assert_nonnull(strstr(lower, "date: "));
        g_assert_null(strstr(lower, "content-encoding"));
    }
    (void)close(fd);
    desk_close(&desk);
}

static void chunks_are_joined(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = dial(&desk);
    g_autofree char *body = NULL;
    say_text(fd, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                 "chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n");
    g_assert_cmpint(listen_to(fd, &body, NULL), ==, 200);
    g_assert_cmpstr(body, ==, "POST 1 3 96354");
    (void)close(fd);
    desk_close(&desk);
}

static void pipelined_requests_are_answered_in_order(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = dial(&desk);
    say_text(fd, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /22 HTTP/1.1\r\nHost: "
                 "h\r\nContent-Length: 1\r\n\r\nxGET "
                 "/elsewhere HTTP/1.1\r\nHost: h\r\n\r\n");
    static const char *const expected[] = { "GET 2 0 0", "POST 3 1 120", "GET 10 0 0" };
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *body = NULL;
        g_assert_cmpint(listen_to(fd, &body, NULL), ==, 200);
        g_assert_cmpstr(body, ==, expected[i]);
    }
    (void)close(fd);
    desk_close(&desk);
}

static void what_two_readers_could_frame_differently_is_refused(void) {
    static const char *const cases[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: "
        "3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1x\r\n\r\na",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "nonsense\r\n\r\n",
    };
    struct desk desk;
    desk_open(&desk);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i]);
        g_autofree char *twice =
            g_strconcat(cases[i], "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", NULL);
        int fd = dial(&desk);
        say_text(fd, twice);
        g_autofree char *all = read_to_end(fd);
        g_assert_true(g_str_has_prefix(all, "HTTP/1.1 400 "));
        g_assert_null(strstr(all + 1, "HTTP/1.1 ")); // one answer, one head
        (void)close(fd);
    }
    g_assert_cmpuint(desk.handled, ==, 0);
    desk_close(&desk);
}

static void a_long_target_passes_and_a_longer_one_does_not(void) {
    struct desk desk;
    desk_open(&desk);
    static const struct {
        size_t len;
        int status;
    } cases[] = { { HTTP_TARGET_BYTES_MAX, 200 },
                  { HTTP_TARGET_BYTES_MAX + 1, 414 },
                  { HTTP_TARGET_BYTES_MAX + 64 * 1024, 414 },
                  { 3 * HTTP_TARGET_BYTES_MAX, 414 } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new("POST /?NodeContent=");
        while (text->len < cases[i].len + 5) {
            g_string_append_c(text, 'x');
        }
        g_string_append(
            text, " HTTP/1.1\r\nHost: h\r\nUser-Agent: a client\r\nContent-Length: 0\r\n\r\n");
        g_assert_cmpint(ask(&desk, text->str, text->len, NULL), ==, cases[i].status);
    }
    desk_close(&desk);
}

static void too_many_headers_are_refused(void) {
    struct desk desk;
    desk_open(&desk);
    g_autoptr(GString) many = g_string_new("GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < HTTP_HEADERS_MAX; i++) {
        g_string_append_printf(many, "X-%d: 1\r\n", i);
    }
    g_string_append(many, "\r\n");
    g_assert_cmpint(ask(&desk, many->str, many->len, NULL), ==, 431);
    g_autofree char *filler = g_strnfill(HTTP_HEADER_BYTES_MAX, 'v');
    g_autofree char *wide = g_strdup_printf("GET / HTTP/1.1\r\nHost: h\r\nX: %s\r\n\r\n", filler);
    g_assert_cmpint(ask(&desk, wide, strlen(wide), NULL), ==, 431);
    desk_close(&desk);
}

static void a_body_has_the_limit_that_the_gate_gives(void) {
    struct desk desk;
    desk_open(&desk);
    static const struct {
        const char *path;
        size_t len;
        int status;
    } cases[] = { { "/", HTTP_BODY_BYTES_MAX, 200 },
                  { "/", HTTP_BODY_BYTES_MAX + 1, 413 },
                  { "/large", 20 * 1024 * 1024, 200 },
                  { "/closed", 1, 403 } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = post(cases[i].path, cases[i].len, "");
        g_assert_cmpint(ask(&desk, text->str, text->len, NULL), ==, cases[i].status);
    }
    g_autoptr(GString) chunked =
        g_string_new("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    g_autofree char *chunk = g_strnfill(0x100000, 'c');
    for (int i = 0; i < 5; i++) {
        g_string_append_printf(chunked, "100000\r\n%s\r\n", chunk);
    }
    g_string_append(chunked, "0\r\n\r\n");
    g_assert_cmpint(ask(&desk, chunked->str, chunked->len, NULL), ==, 413);
    g_assert_cmpuint(http_server_body_bytes(desk.server), ==, 0);
    desk_close(&desk);
}

static void a_client_that_waits_for_100_is_told_to_go_on_or_not_to(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = dial(&desk);
    say_text(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
    g_assert_cmpint(listen_to(fd, NULL, NULL), ==, 100);
    say_text(fd, "x");
    g_assert_cmpint(listen_to(fd, NULL, NULL), ==, 200);
    (void)close(fd);
    fd = dial(&desk);
    say_text(
        fd,
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n");
    g_assert_cmpint(listen_to(fd, NULL, NULL), ==, 413);
    (void)close(fd);
    desk_close(&desk);
}

static void a_hundred_slow_handlers_do_not_hold_up_a_quick_one(void) {
    enum { SLOW = 100 };
    struct desk desk;
    desk_open(&desk);
    int slow[SLOW];
    for (int i = 0; i < SLOW; i++) {
        slow[i] = dial(&desk);
        say_text(slow[i], "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    g_mutex_lock(&desk.mutex);
    int64_t until_us = g_get_monotonic_time() + DEADLINE_MS * 1000;
    while (desk.slow_now < SLOW) {
        g_assert_true(g_cond_wait_until(&desk.changed, &desk.mutex, until_us));
    }
    g_mutex_unlock(&desk.mutex);
    static const char quick[] = "GET /elsewhere HTTP/1.1\r\nHost: h\r\n\r\n";
    g_assert_cmpint(ask(&desk, quick, strlen(quick), NULL), ==, 200);
    let_go(&desk);
    for (int i = 0; i < SLOW; i++) {
        g_assert_cmpint(listen_to(slow[i], NULL, NULL), ==, 200);
        (void)close(slow[i]);
    }
    desk_close(&desk);
}

static void a_client_that_leaves_while_it_is_served_harms_nobody(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = dial(&desk);
    say_text(fd, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    g_mutex_lock(&desk.mutex);
    int64_t until_us = g_get_monotonic_time() + DEADLINE_MS * 1000;
    while (desk.slow_now < 1) {
        g_assert_true(g_cond_wait_until(&desk.changed, &desk.mutex, until_us));
    }
    g_mutex_unlock(&desk.mutex);
    (void)close(fd);
    let_go(&desk);
    static const char next[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    g_assert_cmpint(ask(&desk, next, strlen(next), NULL), ==, 200);
    desk_close(&desk);
}

static void slow_clients_are_cut(void) {
    struct desk desk;
    desk_open_with(&desk, (struct http_options){ .header_timeout_ms = 200,
                                                 .body_timeout_ms = 300,
                                                 .idle_timeout_ms = 2000 });
    int head = dial(&desk);
    say_text(head, "GET / HTTP/1.1\r\nHo");
    int body = dial(&desk);
    say_text(body, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx");
    int silent = dial(&desk);
    int field = dial(&desk); // its first line is complete
    say_text(field, "GET / HTTP/1.1\r\nHost: h\r\nX-");
    g_assert_true(is_closed(head));
    int64_t begin_us = g_get_monotonic_time();
    g_assert_true(is_closed(field));
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 1500 * 1000); // not after the idle time
    (void)close(field);
    g_assert_true(is_closed(body));
    g_assert_true(is_closed(silent));
    (void)close(head);
    (void)close(body);
    (void)close(silent);
    g_assert_cmpuint(desk.handled, ==, 0);
    desk_close(&desk);
}

// Takes a reply that fills every buffer on its way, and reads none of it.
static void a_client_that_does_not_read_its_reply_is_cut(void) {
    struct desk desk;
    desk_open_with(&desk, (struct http_options){ .slow_grace_ms = 200 });
    int fd = dial(&desk);
    say_text(fd, "GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
    int64_t until_us = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    g_assert_cmpint(poll(&poller, 1, DEADLINE_MS), ==, 1); // the reply has begun
    while (http_server_connections(desk.server) > 0) {
        g_assert_cmpint(g_get_monotonic_time(), <, until_us);
        g_usleep(10 * 1000);
    }
    (void)close(fd);
    desk_close(&desk);
}

// A sanitizer's shadow memory counts as ours.
static bool is_sanitized(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
    return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
    return false;
#endif
}

static size_t resident_kb(void) {
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    return (size_t)g_ascii_strtoull(strchr(text, ' ') + 1, NULL, 10) * 4;
}

static void only_so_many_idle_connections_are_kept(void) {
    enum { CONNECTIONS = 200, KEPT = 20 };
    struct desk desk;
    desk_open_with(&desk, (struct http_options){ .kept_connections_max = KEPT });
    int fds[CONNECTIONS];
    size_t before_kb = resident_kb();
    int kept = 0;
    for (int i = 0; i < CONNECTIONS; i++) {
        fds[i] = dial(&desk);
        say_text(fds[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        g_autofree char *head = NULL;
        g_assert_cmpint(listen_to(fds[i], NULL, &head), ==, 200);
        kept += strstr(head, "timeout=25") != NULL;
    }
    g_assert_cmpint(kept, ==, KEPT);
    size_t grown_kb = resident_kb() - before_kb;
    g_test_message("%d connections, %d kept: %zu KiB more", CONNECTIONS, KEPT, grown_kb);
    if (!is_sanitized()) {
        g_assert_cmpuint(grown_kb, <, 40 * 1024);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        (void)close(fds[i]);
    }
    desk_close(&desk);
}

static gpointer stop_it(gpointer data) {
    http_server_stop(((struct desk *)data)->server, 2000);
    return NULL;
}

static void a_stop_lets_the_running_handler_answer(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = dial(&desk);
    say_text(fd, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    g_mutex_lock(&desk.mutex);
    int64_t until_us = g_get_monotonic_time() + DEADLINE_MS * 1000;
    while (desk.slow_now < 1) {
        g_assert_true(g_cond_wait_until(&desk.changed, &desk.mutex, until_us));
    }
    g_mutex_unlock(&desk.mutex);
    GThread *stopper = g_thread_new("stop", stop_it, &desk);
    let_go(&desk);
    g_assert_cmpint(listen_to(fd, NULL, NULL), ==, 200);
    (void)g_thread_join(stopper);
    (void)close(fd);
    g_mutex_clear(&desk.mutex);
    g_cond_clear(&desk.changed);
}

static void addresses_are_read_strictly(void) {
    static const char *const wrong[] = {
        "",       ":1",   "127.0.0.1",       "127.0.0.1:",     "::1:0",
        "[::1:0", "[]:0", "127.0.0.1:99999", "127.0.0.1:http", "no such host:1"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        int fd = -1;
        GError *error = NULL;
        g_test_message("%s", wrong[i]);
        g_assert_false(http_listen(wrong[i], &fd, &error));
        g_assert_nonnull(error);
        g_clear_error(&error);
    }
}

static void plain_http_is_for_loopback_whatever_the_address_is_called(void) {
    static const char *const far[] = { "0.0.0.0:0",   "[::]:0",          "0:0",
                                       "192.0.2.1:0", "[2001:db8::1]:0", "[::ffff:127.0.0.1]:0" };
    static const char *const near[] = { "127.0.0.1:0", "127.8.9.1:0", "localhost:0",
                                        "2130706433:0" };
    for (size_t i = 0; i < G_N_ELEMENTS(far); i++) {
        int fd = -1;
        GError *error = NULL;
        g_test_message("%s", far[i]);
        g_assert_false(http_listen_on_loopback(far[i], &fd, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_nonnull(strstr(error->message, "--allow-plain"));
        g_clear_error(&error);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(near); i++) {
        int fd = -1;
        GError *error = NULL;
        g_test_message("%s", near[i]);
        g_assert_true(http_listen_on_loopback(near[i], &fd, &error));
        g_assert_true(http_is_loopback(fd));
        (void)close(fd);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/a_request_is_answered_and_the_connection_kept",
                    a_request_is_answered_and_the_connection_kept);
    g_test_add_func("/http/chunks_are_joined", chunks_are_joined);
    g_test_add_func("/http/pipelined_requests_are_answered_in_order",
                    pipelined_requests_are_answered_in_order);
    g_test_add_func("/http/what_two_readers_could_frame_differently_is_refused",
                    what_two_readers_could_frame_differently_is_refused);
    g_test_add_func("/http/a_long_target_passes_and_a_longer_one_does_not",
                    a_long_target_passes_and_a_longer_one_does_not);
    g_test_add_func("/http/too_many_headers_are_refused", too_many_headers_are_refused);
    g_test_add_func("/http/a_body_has_the_limit_that_the_gate_gives",
                    a_body_has_the_limit_that_the_gate_gives);
    g_test_add_func("/http/a_client_that_waits_for_100_is_told_to_go_on_or_not_to",
                    a_client_that_waits_for_100_is_told_to_go_on_or_not_to);
    g_test_add_func("/http/a_hundred_slow_handlers_do_not_hold_up_a_quick_one",
                    a_hundred_slow_handlers_do_not_hold_up_a_quick_one);
    g_test_add_func("/http/a_client_that_leaves_while_it_is_served_harms_nobody",
                    a_client_that_leaves_while_it_is_served_harms_nobody);
    g_test_add_func("/http/slow_clients_are_cut", slow_clients_are_cut);
    g_test_add_func("/http/a_client_that_does_not_read_its_reply_is_cut",
                    a_client_that_does_not_read_its_reply_is_cut);
    g_test_add_func("/http/only_so_many_idle_connections_are_kept",
                    only_so_many_idle_connections_are_kept);
    g_test_add_func("/http/a_stop_lets_the_running_handler_answer",
                    a_stop_lets_the_running_handler_answer);
    g_test_add_func("/http/addresses_are_read_strictly", addresses_are_read_strictly);
    g_test_add_func("/http/plain_http_is_for_loopback_whatever_the_address_is_called",
                    plain_http_is_for_loopback_whatever_the_address_is_called);
    return g_test_run();
}
