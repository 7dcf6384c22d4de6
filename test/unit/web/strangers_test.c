// SPDX-License-Identifier: Apache-2.0
//
// Who sends what never ends takes neither memory nor places from others, and is noticed when he leaves.
#include "desk.h"

static void wait_for_body_bytes(const struct desk *desk, size_t least, size_t most) {
    int64_t until_us = g_get_monotonic_time() + DEADLINE_MS * 1000;
    size_t held = 0;
    while ((held = http_server_body_bytes(desk->server)) < least || held > most) {
        g_assert_cmpint(g_get_monotonic_time(), <, until_us);
        g_usleep(1000);
    }
}

enum { MIB = 1024 * 1024, OWN = 64 * 1024 };

// Sends all of a body but its last byte.
static int upload(const struct desk *desk, const char *path, size_t len, const char *more) {
    g_autoptr(GString) text = post(path, len, more);
    int fd = dial(desk);
    say(fd, text->str, text->len - 1);
    return fd;
}

static void a_complete_body_takes_the_place_of_an_unfinished_one(void) {
    struct desk desk;
    desk_open(&desk);
    int first = upload(&desk, "/large/1", 40 * MIB, "");
    wait_for_body_bytes(&desk, 40 * MIB - OWN, SIZE_MAX);
    g_autoptr(GString) second = post("/large/2", 30 * MIB, "");
    g_assert_cmpint(ask(&desk, second->str, second->len, NULL), ==, 200);
    // At once, although it has sent nothing since.
    g_assert_cmpint(listen_to(first, NULL, NULL), ==, 503);
    wait_for_body_bytes(&desk, 0, 0);
    (void)close(first);
    desk_close(&desk);
}

static void a_body_that_is_vouched_for_gives_way_to_no_stranger(void) {
    enum { STRANGERS = 16 };
    struct desk desk;
    desk_open(&desk);
    int known = upload(&desk, "/large/known", 40 * MIB, "X-Known: key\r\n");
    wait_for_body_bytes(&desk, 40 * MIB - OWN, SIZE_MAX);
    int strangers[STRANGERS];
    for (int i = 0; i < STRANGERS; i++) {
        strangers[i] = upload(&desk, "/", 4 * MIB, "");
    }
    int large = upload(&desk, "/large/stranger", 45 * MIB, "");
    g_assert_cmpint(listen_to(large, NULL, NULL), ==, 503); // there are 24 MiB for all of them
    g_autoptr(GString) other = post("/large/other", 20 * MIB, "X-Known: other\r\n");
    g_assert_cmpint(ask(&desk, other->str, other->len, NULL), ==, 200);
    say_text(known, "b");
    g_assert_cmpint(listen_to(known, NULL, NULL), ==, 200);
    (void)close(known);
    (void)close(large);
    for (int i = 0; i < STRANGERS; i++) {
        (void)close(strangers[i]);
    }
    wait_for_body_bytes(&desk, 0, 0);
    desk_close(&desk);
}

static void a_client_that_leaves_in_the_middle_is_noticed_at_once(void) {
    static const char *const beginnings[] = {
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Enc",
    };
    struct desk desk;
    desk_open(&desk);
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(beginnings); i++) {
        int fd = dial(&desk);
        if (i >= G_N_ELEMENTS(beginnings)) { // after a request that was answered
            say_text(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            g_assert_cmpint(listen_to(fd, NULL, NULL), ==, 200);
        }
        say_text(fd, beginnings[i % G_N_ELEMENTS(beginnings)]);
        (void)shutdown(fd, SHUT_WR);
        int64_t begin_us = g_get_monotonic_time();
        g_assert_true(is_closed(fd));
        g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 3 * G_TIME_SPAN_SECOND);
        (void)close(fd);
    }
    int fd = upload(&desk, "/large/left", 30 * MIB, "");
    wait_for_body_bytes(&desk, 30 * MIB - OWN, SIZE_MAX);
    (void)close(fd);
    int64_t begin_us = g_get_monotonic_time();
    wait_for_body_bytes(&desk, 0, 0);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 3 * G_TIME_SPAN_SECOND);
    desk_close(&desk);
}

static int dial_from(const struct desk *desk, const char *address) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in from = { .sin_family = AF_INET };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(http_server_port(desk->server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    g_assert_cmpint(inet_pton(AF_INET, address, &from.sin_addr), ==, 1);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&from, sizeof from), ==, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&to, sizeof to), ==, 0);
    return fd;
}

// From three addresses, one of them the good client's own.
static void unfinished_heads_hold_up_nobody(void) {
    enum { HEADS = 90, GOOD = 20 };
    static const char *const addresses[] = { "127.0.0.1", "127.0.0.2", "127.0.0.3" };
    static const char good[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    struct desk desk;
    desk_open_with(&desk,
                   (struct http_options){ .connections_max = 40, .address_connections_max = 20 });
    int kept = dial_from(&desk, "127.0.0.4");
    say_text(kept, good);
    g_assert_cmpint(listen_to(kept, NULL, NULL), ==, 200);
    int heads[HEADS];
    int64_t begin_us = g_get_monotonic_time();
    for (int i = 0; i < HEADS; i++) {
        heads[i] = dial_from(&desk, addresses[i % 3]);
        say_text(heads[i], "GET / HTTP/1.1\r\nHost: ");
        if (i % 4 == 3) {
            int fd = dial_from(&desk, addresses[i % 2]);
            say_text(fd, good);
            g_assert_cmpint(listen_to(fd, NULL, NULL), ==, 200);
            (void)close(fd);
        }
    }
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 5 * G_TIME_SPAN_SECOND);
    say_text(kept, good); // an address with one connection never gives way to those with many
    g_assert_cmpint(listen_to(kept, NULL, NULL), ==, 200);
    (void)close(kept);
    for (int i = 0; i < HEADS; i++) {
        (void)close(heads[i]);
    }
    desk_close(&desk);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/strangers/a_complete_body_takes_the_place_of_an_unfinished_one",
                    a_complete_body_takes_the_place_of_an_unfinished_one);
    g_test_add_func("/strangers/a_body_that_is_vouched_for_gives_way_to_no_stranger",
                    a_body_that_is_vouched_for_gives_way_to_no_stranger);
    g_test_add_func("/strangers/a_client_that_leaves_in_the_middle_is_noticed_at_once",
                    a_client_that_leaves_in_the_middle_is_noticed_at_once);
    g_test_add_func("/strangers/unfinished_heads_hold_up_nobody", unfinished_heads_hold_up_nobody);
    return g_test_run();
}
