// SPDX-License-Identifier: Apache-2.0
//
// load: the client of `make bench`. It signs before it measures and keeps its connections, so that what is measured is the server.
//
//   bench-load DIR run FLOW                      one run, from the call to its end
//   bench-load DIR burst FLOW N CONNECTIONS      N runs started as fast as possible, until all have succeeded
//   bench-load DIR start FLOW N FILE             N runs of one node, one after the other, from the call until the node's process runs,
//                                                which writes its time into FILE (bench-stamp)
//   bench-load DIR read FLOW N CONNECTIONS       N signed reads (GetTaskFlowGraph) as fast as possible
//   bench-load DIR read-one FLOW N CONNECTIONS   the same with a reading of one row (GetTaskFlowNotification)
//
// DIR is the server's directory: its address and key are read there. Prints one JSON object with `seconds`.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <jansson.h>

#include "base/crypto.h"
#include "api/wire/sign.h"
#include "cli/profile.h"

enum {
    REPLY_BYTES_MAX = 1024 * 1024,
    CONNECTIONS_MAX = 64,
    RUN_DEADLINE_S = 120,
    POLL_US = 2000,
    STAMP_POLL_US = 100,
};

static _Noreturn void die(const char *what, const char *detail) {
    (void)fprintf(stderr, "bench-load: %s: %s\n", what, detail);
    exit(1);
}

static double now_s(void) {
    return (double)g_get_monotonic_time() / 1e6;
}

// One signed request as the bytes of the wire.
static char *request_new(const struct cli_profile *profile, const char *action,
                         const char *const *names, const char *const *values) {
    g_autofree char *nonce = crypto_random_text(32);
    struct sign_call call = {
        .host = strstr(profile->endpoint, "://") + 3,
        .action = action,
        .names = names,
        .values = values,
        .access_key_id = profile->access_key_id,
        .secret = profile->secret,
        .accept = "application/json",
        .nonce = nonce,
        .now_ms = g_get_real_time() / 1000,
    };
    struct signed_call request;
    sign_call_make(&call, &request);
    g_autofree char *lines = g_strjoinv("\r\n", request.headers);
    char *text = g_strdup_printf("POST %s HTTP/1.1\r\n%s\r\nContent-Length: 0\r\n\r\n",
                                 request.target, lines);
    signed_call_done(&request);
    return text;
}

static char *start_request(const struct cli_profile *profile, const char *flow) {
    const char *names[] = { "DagId", NULL };
    const char *values[] = { flow, NULL };
    return request_new(profile, "TryRunTaskFlow", names, values);
}

// `status` NULL: all runs.
static char *list_request(const struct cli_profile *profile, const char *flow, const char *status) {
    const char *names[] = { "DagId", "PageIndex", "PageSize", status != NULL ? "Status" : NULL,
                            NULL };
    const char *values[] = { flow, "1", "1", status, NULL };
    return request_new(profile, "ListTaskFlowInstance", names, values);
}

static int connect_to(const struct cli_profile *profile) {
    const char *colon = strrchr(profile->endpoint, ':');
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) {
        die("connect", g_strerror(errno));
    }
    return fd;
}

// Sends a request and reads its reply, whose body it points to. False: refused.
static bool ask(int fd, const char *request, char *buf, const char **ret_body) {
    size_t len = strlen(request);
    if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
        die("send", g_strerror(errno));
    }
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(fd, buf + have, REPLY_BYTES_MAX - 1 - have, 0);
        if (got <= 0) {
            die("receive", got == 0 ? "the server closed the connection" : g_strerror(errno));
        }
        have += (size_t)got;
        buf[have] = 0;
        const char *body = strstr(buf, "\r\n\r\n");
        const char *length = body != NULL ? strcasestr(buf, "\r\nContent-Length:") : NULL;
        if (body != NULL && length == NULL) {
            die("reply", "no Content-Length");
        }
        if (body != NULL && have - (size_t)(body + 4 - buf) >= strtoul(length + 17, NULL, 10)) {
            *ret_body = body + 4;
            return strncmp(buf, "HTTP/1.1 200", 12) == 0;
        }
    }
}

static json_t *ask_json(int fd, char *request_take, char *buf) {
    const char *body = NULL;
    if (!ask(fd, request_take, buf, &body)) {
        die("refused", body);
    }
    g_free(request_take);
    json_t *reply = json_loads(body, 0, NULL);
    if (reply == NULL) {
        die("reply", body);
    }
    return reply;
}

static int64_t count_runs(int fd, const struct cli_profile *profile, const char *flow,
                          const char *status, char *buf) {
    json_t *reply = ask_json(fd, list_request(profile, flow, status), buf);
    int64_t total = json_integer_value(json_object_get(reply, "TotalCount"));
    json_decref(reply);
    return total;
}

// Waits until the newest run has ended and dies unless it succeeded. The pauses grow with the time passed: a fiftieth is precise enough.
static void wait_for_newest(int fd, const struct cli_profile *profile, const char *flow,
                            double start, char *buf) {
    for (;;) {
        json_t *reply = ask_json(fd, list_request(profile, flow, NULL), buf);
        json_t *runs = json_object_get(json_object_get(reply, "DAGInstanceList"), "DAGInstance");
        json_int_t status = json_integer_value(json_object_get(json_array_get(runs, 0), "Status"));
        json_decref(reply);
        if (status == 4) {
            return;
        }
        if (status == 3 || now_s() - start > RUN_DEADLINE_S) {
            die("run", status == 3 ? "it FAILED" : "it does not end");
        }
        g_usleep((gulong)MAX(POLL_US, (now_s() - start) * 1e6 / 50));
    }
}

static void run_once(const struct cli_profile *profile, const char *flow) {
    g_autofree char *buf = g_malloc(REPLY_BYTES_MAX);
    int fd = connect_to(profile);
    char *request = start_request(profile, flow);
    double start = now_s();
    json_decref(ask_json(fd, request, buf));
    wait_for_newest(fd, profile, flow, start, buf);
    (void)printf("{\"seconds\": %.9f}\n", now_s() - start);
    (void)close(fd);
}

struct burst {
    const struct cli_profile *profile;
    char **requests;
    gint count;
    gint next;
    gint refused;
};

static void *burst_client(void *user) {
    struct burst *burst = user;
    g_autofree char *buf = g_malloc(REPLY_BYTES_MAX);
    int fd = connect_to(burst->profile);
    for (gint i = g_atomic_int_add(&burst->next, 1); i < burst->count;
         i = g_atomic_int_add(&burst->next, 1)) {
        const char *body = NULL;
        if (!ask(fd, burst->requests[i], buf, &body)) {
            (void)fprintf(stderr, "bench-load: refused: %s\n", body);
            (void)g_atomic_int_add(&burst->refused, 1);
        }
    }
    (void)close(fd);
    return NULL;
}

// Sends all requests over so many connections; the seconds until the last reply.
static double ask_all(struct burst *burst, int connections) {
    GThread *threads[CONNECTIONS_MAX];
    double start = now_s();
    for (int i = 0; i < connections; i++) {
        threads[i] = g_thread_new("burst", burst_client, burst);
    }
    for (int i = 0; i < connections; i++) {
        (void)g_thread_join(threads[i]);
    }
    if (burst->refused > 0) {
        die("burst", "calls were refused");
    }
    return now_s() - start;
}

static void run_burst(const struct cli_profile *profile, const char *flow, gint count,
                      int connections) {
    g_autofree char *buf = g_malloc(REPLY_BYTES_MAX);
    int fd = connect_to(profile);
    int64_t before = count_runs(fd, profile, flow, "4", buf);
    struct burst burst = { .profile = profile,
                           .requests = g_new0(char *, (gsize)count + 1),
                           .count = count };
    for (gint i = 0; i < count; i++) {
        burst.requests[i] = start_request(profile, flow);
    }
    double start = now_s();
    double accepted = ask_all(&burst, connections);
    while (count_runs(fd, profile, flow, "4", buf) < before + count) {
        if (now_s() - start > RUN_DEADLINE_S) {
            die("burst", "not all runs succeed");
        }
        g_usleep(5 * POLL_US);
    }
    (void)printf("{\"seconds\": %.9f, \"accepted_seconds\": %.9f}\n", now_s() - start, accepted);
    g_strfreev(burst.requests);
    (void)close(fd);
}

// What a client that looks at its flow asks for; the other side of the HTTP library's hello page.
static void run_read(const struct cli_profile *profile, const char *action, const char *flow,
                     gint count, int connections) {
    const char *names[] = { "DagId", NULL };
    const char *values[] = { flow, NULL };
    struct burst burst = { .profile = profile,
                           .requests = g_new0(char *, (gsize)count + 1),
                           .count = count };
    for (gint i = 0; i < count; i++) {
        burst.requests[i] = request_new(profile, action, names, values);
    }
    double seconds = ask_all(&burst, connections);
    (void)printf("{\"count\": %d, \"seconds\": %.9f}\n", count, seconds);
    g_strfreev(burst.requests);
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void run_start(const struct cli_profile *profile, const char *flow, unsigned count,
                      const char *path) {
    g_autofree char *buf = g_malloc(REPLY_BYTES_MAX);
    g_autofree double *times = g_new0(double, count);
    int fd = connect_to(profile);
    int stamps = open(path, O_RDONLY | O_CLOEXEC);
    off_t at = stamps >= 0 ? lseek(stamps, 0, SEEK_END) : -1;
    if (at < 0) {
        die(path, g_strerror(errno));
    }
    for (unsigned i = 0; i < count; i++) {
        int64_t ns = 0;
        char *request = start_request(profile, flow);
        double start = now_s();
        json_decref(ask_json(fd, request, buf));
        // A look at the file disturbs the machine less than asking the server does.
        while (lseek(stamps, 0, SEEK_END) <= at && now_s() - start < RUN_DEADLINE_S) {
            g_usleep(STAMP_POLL_US);
        }
        wait_for_newest(fd, profile, flow, start, buf);
        if (pread(stamps, &ns, sizeof ns, at) != (ssize_t)sizeof ns) {
            die("start", "the process left no stamp");
        }
        at += (off_t)sizeof ns;
        times[i] = (double)ns / 1e9 - start;
    }
    qsort(times, count, sizeof *times, compare_doubles);
    (void)printf("{\"seconds\": %.9f, \"least_seconds\": %.9f}\n", times[count / 2], times[0]);
    (void)close(fd);
    (void)close(stamps);
}

int main(int argc, char **argv) {
    const char *work = argc > 3 ? argv[2] : "";
    const char *flow = argc > 3 ? argv[3] : "";
    unsigned long count = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    unsigned long connections = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
    struct cli_profile profile;
    GError *error = NULL;
    struct cli_profile_choice choice = { .data_dir = argc > 1 ? argv[1] : "" };
    bool is_run = argc == 4 && strcmp(work, "run") == 0;
    bool is_many = argc == 6 && count > 0 && count <= 100000 && connections > 0 &&
                   connections <= CONNECTIONS_MAX;
    bool is_burst = is_many && strcmp(work, "burst") == 0;
    bool is_read_one = is_many && strcmp(work, "read-one") == 0;
    bool is_read = is_read_one || (is_many && strcmp(work, "read") == 0);
    bool is_start = argc == 6 && strcmp(work, "start") == 0 && count > 0 && count <= 10000;
    if (!is_run && !is_burst && !is_start && !is_read) {
        (void)fprintf(stderr,
                      "usage: bench-load DIR run FLOW | burst FLOW N CONNECTIONS | start "
                      "FLOW N FILE | read FLOW N CONNECTIONS | read-one FLOW N CONNECTIONS\n");
        return 2;
    }
    if (!cli_profile_load(&choice, &profile, &error)) {
        die("profile", error->message);
    }
    if (is_run) {
        run_once(&profile, flow);
    } else if (is_burst) {
        run_burst(&profile, flow, (gint)count, (int)connections);
    } else if (is_read) {
        run_read(&profile, is_read_one ? "GetTaskFlowNotification" : "GetTaskFlowGraph", flow,
                 (gint)count, (int)connections);
    } else {
        run_start(&profile, flow, (unsigned)count, argv[5]);
    }
    cli_profile_done(&profile);
    return 0;
}
