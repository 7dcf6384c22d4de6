// SPDX-License-Identifier: Apache-2.0
//
// floor_http: what one request costs at best: the HTTP library's hello page on loopback, asked over kept connections.
//
//   bench-http N CONNECTIONS
//
// Prints one JSON object: `seconds` for all N, `median_seconds` of one.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

enum { CONNECTIONS_MAX = 64, COUNT_MAX = 100000, SERVER_THREADS = 2 };

static const char page[] = "{\"RequestId\":\"0C1CB646-1DE4-4AD0-B4A4-7D47DD52E931\",\"Success\":"
                           "true,\"InstanceId\":\"1001\"}";
static const char request[] =
    "POST /?DagId=1001 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n";

static _Noreturn void die(const char *what) {
    (void)fprintf(stderr, "bench-http: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **state) {
    static int seen;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(page), (void *)(uintptr_t)page, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

struct client {
    pthread_t thread;
    uint16_t port;
    unsigned count; // of all clients together
    atomic_uint *next;
    double *times; // of all requests
};

static int client_connect(uint16_t port) {
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) {
        die("connect");
    }
    return fd;
}

// The reply is complete when its body's last byte is there.
static void client_ask(int fd) {
    char reply[2048];
    size_t len = 0;
    if (write(fd, request, strlen(request)) != (ssize_t)strlen(request)) {
        die("write");
    }
    while (len < sizeof reply - 1) {
        ssize_t got = read(fd, reply + len, sizeof reply - 1 - len);
        if (got <= 0) {
            die("read");
        }
        len += (size_t)got;
        reply[len] = 0;
        if (reply[len - 1] == '}') {
            return;
        }
    }
    die("reply");
}

static void *client_run(void *user) {
    struct client *client = user;
    int fd = client_connect(client->port);
    for (unsigned i = atomic_fetch_add(client->next, 1); i < client->count;
         i = atomic_fetch_add(client->next, 1)) {
        double before = now_s();
        client_ask(fd);
        client->times[i] = now_s() - before;
    }
    (void)close(fd);
    return NULL;
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

// The clients live in a process of their own, as they do for the server that is measured.
static void run_clients(uint16_t port, unsigned count, unsigned connections) {
    static struct client clients[CONNECTIONS_MAX];
    static atomic_uint next;
    double *times = calloc(count, sizeof *times);
    if (times == NULL) {
        die("memory");
    }
    double start = now_s();
    for (unsigned i = 0; i < connections; i++) {
        clients[i] = (struct client){ .port = port, .count = count, .next = &next, .times = times };
        if (pthread_create(&clients[i].thread, NULL, client_run, &clients[i]) != 0) {
            die("thread");
        }
    }
    for (unsigned i = 0; i < connections; i++) {
        (void)pthread_join(clients[i].thread, NULL);
    }
    double seconds = now_s() - start;
    qsort(times, count, sizeof *times, compare_doubles);
    (void)printf("{\"count\": %u, \"seconds\": %.9f, \"median_seconds\": %.9f}\n", count, seconds,
                 times[count / 2]);
    (void)fflush(stdout);
    free(times);
}

int main(int argc, char **argv) {
    unsigned long count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long connections = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (count < 1 || count > COUNT_MAX || connections < 1 || connections > CONNECTIONS_MAX) {
        (void)fprintf(stderr, "usage: bench-http N CONNECTIONS\n");
        return 2;
    }
    // The clients are forked first, since threads do not survive a fork; they learn the port through a pipe.
    int port_pipe[2];
    if (pipe2(port_pipe, O_CLOEXEC) != 0) {
        die("pipe");
    }
    pid_t pid = fork();
    uint16_t port = 0;
    if (pid == 0) {
        if (read(port_pipe[0], &port, sizeof port) != (ssize_t)sizeof port) {
            die("port");
        }
        run_clients(port, (unsigned)count, (unsigned)connections);
        return 0;
    }
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SERVER_THREADS, MHD_OPTION_END);
    if (pid < 0 || daemon == NULL) {
        die("start");
    }
    port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    int status = 1;
    if (write(port_pipe[1], &port, sizeof port) != (ssize_t)sizeof port ||
        waitpid(pid, &status, 0) != pid) {
        die("clients");
    }
    MHD_stop_daemon(daemon);
    return status == 0 ? 0 : 1;
}
