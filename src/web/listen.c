// SPDX-License-Identifier: Apache-2.0
//
// listen: from an address as people write it to a listening socket. Apart from the server, because the socket is bound before the
// rights are dropped and served after it. Declared in http.h.
#include "web/http.h"

#include "base/fault.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// "[::1]:80" → "::1" and "80"; "127.0.0.1:80" → "127.0.0.1" and "80".
static bool split_address(const char *address, char **ret_host, char **ret_port) {
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || colon[1] == 0) {
        return false;
    }
    size_t host_len = (size_t)(colon - address);
    if (address[0] == '[') {
        if (colon[-1] != ']' || host_len < 3) {
            return false;
        }
        *ret_host = g_strndup(address + 1, host_len - 2); // freed by the caller in any case
    } else if (memchr(address, ':', host_len) != NULL) {
        return false; // an IPv6 address without brackets: which colon is meant is a guess
    } else {
        *ret_host = g_strndup(address, host_len);
    }
    *ret_port = g_strdup(colon + 1);
    // Checked here, because the resolver takes 65536 and more for something else.
    return strlen(*ret_port) <= 5 && strspn(*ret_port, G_CSET_DIGITS) == strlen(*ret_port) &&
           g_ascii_strtoull(*ret_port, NULL, 10) <= UINT16_MAX;
}

static int open_listener(const struct addrinfo *info) {
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
    if (fd < 0) {
        return -errno;
    }
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, 1024) < 0) {
        int failure = -errno;
        (void)close(fd);
        return failure;
    }
    return fd;
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

bool http_is_loopback(int listen_fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in6 in6;
    } address = { 0 };
    socklen_t len = sizeof address;
    return getsockname(listen_fd, &address.any, &len) == 0 && is_loopback(&address.any);
}

static bool listen_on(const char *address, bool only_loopback, int *ret_fd, GError **error) {
    g_autofree char *host = NULL;
    g_autofree char *port = NULL;
    if (!split_address(address, &host, &port)) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "listen address %s is not of the form 127.0.0.1:8080 or [::1]:8080", address);
        return false;
    }
    struct addrinfo hints = { .ai_family = AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICSERV | AI_PASSIVE };
    struct addrinfo *found = NULL;
    int status = getaddrinfo(host, port, &hints, &found);
    if (status != 0) {
        fault_set(error, FAULT_INVALID_VALUE, "listen address %s: %s", address,
                  gai_strerror(status));
        return false;
    }
    if (only_loopback && !is_loopback(found->ai_addr)) {
        freeaddrinfo(found);
        fault_set(
            error, FAULT_INVALID_DATA,
            "--listen %s is not loopback: plain HTTP shows requests and replies to the network; "
            "give --tls-cert and --tls-key, put a TLS proxy in front, or say --allow-plain",
            address);
        return false;
    }
    int fd = open_listener(found);
    freeaddrinfo(found);
    if (fd < 0) {
        fault_set(error, FAULT_UNAVAILABLE, "cannot listen on %s: %s", address, g_strerror(-fd));
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool http_listen(const char *address, int *ret_fd, GError **error) {
    return listen_on(address, false, ret_fd, error);
}

bool http_listen_on_loopback(const char *address, int *ret_fd, GError **error) {
    return listen_on(address, true, ret_fd, error);
}
