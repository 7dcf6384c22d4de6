// SPDX-License-Identifier: Apache-2.0
//
// Only the paths of the table are served, each as its policy says; every refusal has the API's form.
#include "web/routes.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000 };

struct house {
    struct api *api;
    struct routes *routes;
    struct http_server *server;
};

static bool no_key(void *ctx, const char *id, struct api_key *ret_key) {
    return false;
}

static char *some_trouble(void *ctx) {
    return g_strdup("no supervisor listens");
}

static char *some_metrics(void *ctx) {
    return g_strdup("sluice_up 1\n");
}

static void house_open(struct house *house, const char *token) {
    house->api = api_new(&(struct api_options){ .key_find = no_key });
    house->routes = routes_new(&(struct routes_options){ .api = house->api,
                                                         .trouble = some_trouble,
                                                         .metrics = some_metrics,
                                                         .metrics_token = token });
    struct http_options options = {
        .gate = routes_gate, .handler = routes_handle, .refuse = routes_refuse, .ctx = house->routes
    };
    GError *error = NULL;
    g_assert_true(http_listen("127.0.0.1:0", &options.listen_fd, &error));
    g_assert_true(http_server_start(&options, &house->server, &error));
}

static void house_close(struct house *house) {
    http_server_stop(house->server, 2000);
    routes_free(house->routes);
    api_free(house->api);
}

// The whole reply to one request that asks for closing.
static char *ask(const struct house *house, const char *line, const char *headers,
                 const char *body) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(http_server_port(house->server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(
        text,
        "%s HTTP/1.1\r\nHost: sluice.test:1\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
        line, strlen(body), headers);
    g_string_append(text, body);
    for (size_t at = 0; at < text->len;) {
        ssize_t sent = send(fd, text->str + at, text->len - at, MSG_NOSIGNAL);
        g_assert_cmpint(sent, >, 0);
        at += (size_t)sent;
    }
    GString *got = g_string_new(NULL);
    for (;;) {
        struct pollfd poller = { .fd = fd, .events = POLLIN };
        g_assert_cmpint(poll(&poller, 1, DEADLINE_MS), ==, 1);
        char bytes[4096];
        ssize_t len = recv(fd, bytes, sizeof bytes, 0);
        if (len <= 0) {
            break;
        }
        g_string_append_len(got, bytes, len);
    }
    (void)close(fd);
    return g_string_free(got, FALSE);
}

static void only_the_paths_of_the_table_are_served(void) {
    static const struct {
        const char *line;
        const char *status;
        const char *holds;
    } cases[] = {
        { "GET /", "404", "<Code>InvalidAction.NotFound</Code>" },
        { "GET /?Action=ListTaskFlow&Version=2018-11-01", "400",
          "<Code>MissingAccessKeyId</Code>" },
        { "GET /?Action=ListTaskFlow&Version=2018-11-01&Format=JSON", "400",
          "\"Code\":\"MissingAccessKeyId\"" },
        { "PUT /?Format=JSON", "400", "\"Code\":\"UnsupportedHTTPMethod\"" },
        { "DELETE /healthz", "400", "UnsupportedHTTPMethod" },
        { "GET /healthz", "200", "ok" },
        { "GET /healthz?x=1", "200", "ok" },
        { "GET /readyz", "503", "not ready: no supervisor listens" },
        { "GET /healthz/", "404", "InvalidAction.NotFound" },
        { "GET /Healthz", "404", "InvalidAction.NotFound" },
        { "GET //healthz", "404", "InvalidAction.NotFound" },
        { "GET /%68ealthz", "404", "InvalidAction.NotFound" },
        { "GET /x/healthz", "404", "InvalidAction.NotFound" },
        { "GET /./", "404", "InvalidAction.NotFound" },
        { "GET /;/", "404", "InvalidAction.NotFound" },
        { "GET http://sluice.test/", "404", "InvalidAction.NotFound" },
        { "POST /prefix/?Action=ListTaskFlow", "404", "InvalidAction.NotFound" },
        { "GET /actuator", "404", "InvalidAction.NotFound" },
    };
    struct house house;
    house_open(&house, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reply = ask(&house, cases[i].line, "", "");
        g_test_message("%s: %s", cases[i].line, reply);
        g_assert_true(g_str_has_prefix(reply, "HTTP/1.1 "));
        g_assert_cmpint(strncmp(reply + 9, cases[i].status, 3), ==, 0);
        g_assert_nonnull(strstr(reply, cases[i].holds));
    }
    house_close(&house);
}

static void an_api_reply_has_its_headers(void) {
    struct house house;
    house_open(&house, NULL);
    g_autofree char *reply = ask(&house, "POST /", "Accept: application/json\r\n", "");
    const char *id = strstr(reply, "x-acs-request-id: ");
    g_assert_nonnull(id);
    g_autofree char *in_body =
        g_strdup_printf("\"RequestId\":\"%.36s\"", id + strlen("x-acs-request-id: "));
    g_assert_nonnull(strstr(reply, in_body));
    g_assert_nonnull(strstr(reply, "Content-Type: application/json;charset=utf-8\r\n"));
    g_assert_nonnull(strstr(reply, "\"HostId\":\"sluice.test:1\""));
    g_assert_null(strstr(reply, "x-acs-retry-after"));
    house_close(&house);
}

static void a_refused_upload_gets_its_answer(void) {
    struct house house;
    house_open(&house, NULL);
    g_autofree char *body = g_strnfill(3 * 1024 * 1024, 'b');
    g_autofree char *lost = ask(&house, "POST /nowhere", "", body);
    g_assert_nonnull(strstr(lost, "InvalidAction.NotFound"));
    g_autofree char *large = g_strnfill(5 * 1024 * 1024, 'b');
    g_autofree char *refused = ask(&house, "POST /?Format=JSON", "", large);
    g_assert_true(g_str_has_prefix(refused, "HTTP/1.1 413"));
    g_assert_nonnull(strstr(refused, "\"Code\":\"InvalidParameter\""));
    g_autofree char *content =
        ask(&house, "POST /?Format=JSON&Action=UpdateTaskContentV2", "", large);
    g_assert_nonnull(strstr(content, "\"Code\":\"MissingVersion\""));
    g_autofree char *named =
        ask(&house, "POST /?Format=JSON", "x-acs-action: UpdateTaskContentV2\r\n", large);
    g_assert_nonnull(strstr(named, "\"Code\":\"MissingVersion\""));
    g_autofree char *target = g_strnfill(HTTP_TARGET_BYTES_MAX, 'a');
    g_autofree char *line = g_strconcat("GET /?Format=JSON&x=", target, NULL);
    g_autofree char *longer = ask(&house, line, "", "");
    g_assert_true(g_str_has_prefix(longer, "HTTP/1.1 414"));
    g_assert_nonnull(strstr(longer, "\"Code\":\"InvalidParameter\""));
    house_close(&house);
}

static void metrics_ask_for_the_operators_token(void) {
    struct house house;
    house_open(&house, "abcdef");
    static const struct {
        const char *headers;
        const char *status;
    } cases[] = { { "", "401" },
                  { "Authorization: Bearer abcdeg\r\n", "401" },
                  { "Authorization: Bearer abcdef \r\n", "200" },
                  { "Authorization: Bearer abcdefg\r\n", "401" },
                  { "Authorization: Basic abcdef\r\n", "401" } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reply = ask(&house, "GET /metrics", cases[i].headers, "");
        g_test_message("%s: %s", cases[i].headers, reply);
        g_assert_cmpint(strncmp(reply + 9, cases[i].status, 3), ==, 0);
        g_assert_true((strstr(reply, "sluice_up") != NULL) ==
                      (strcmp(cases[i].status, "200") == 0));
    }
    house_close(&house);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/routes/only_the_paths_of_the_table_are_served",
                    only_the_paths_of_the_table_are_served);
    g_test_add_func("/routes/an_api_reply_has_its_headers", an_api_reply_has_its_headers);
    g_test_add_func("/routes/a_refused_upload_gets_its_answer", a_refused_upload_gets_its_answer);
    g_test_add_func("/routes/metrics_ask_for_the_operators_token",
                    metrics_ask_for_the_operators_token);
    return g_test_run();
}
