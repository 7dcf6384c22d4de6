// SPDX-License-Identifier: Apache-2.0
#include "web/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

enum { DISCARD_BYTES = 64 * 1024 };

static ssize_t or_errno(ssize_t status) {
    if (status >= 0) {
        return status;
    }
    return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

ssize_t stream_receive(struct peer *peer, char *bytes, size_t len) {
    return peer->tls != NULL ? tls_receive(peer->tls, bytes, len)
                             : or_errno(recv(peer->fd, bytes, len, MSG_DONTWAIT));
}

// Head and body of a small reply make one record.
static ssize_t send_record(struct peer *peer, const struct iovec *pieces, size_t count) {
    char record[TLS_RECORD_BYTES];
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        size_t part = MIN(pieces[i].iov_len, sizeof record - len);
        if (part > 0) {
            memcpy(record + len, pieces[i].iov_base, part);
        }
        len += part;
    }
    return tls_send(peer->tls, record, len);
}

ssize_t stream_send(struct peer *peer, const struct iovec *pieces, size_t count) {
    if (peer->tls != NULL) {
        return send_record(peer, pieces, count);
    }
    struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = count };
    return or_errno(sendmsg(peer->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

uint32_t stream_events(const struct peer *peer, uint32_t usual) {
    if (peer->tls == NULL) {
        return usual;
    }
    return tls_wants_write(peer->tls) ? EPOLLOUT : EPOLLIN;
}

bool stream_has_pending(const struct peer *peer) {
    return peer->tls != NULL && tls_has_pending(peer->tls);
}

void stream_end(struct peer *peer) {
    tls_session_free(g_steal_pointer(&peer->tls));
    (void)shutdown(peer->fd, SHUT_WR);
}

ssize_t stream_discard(struct peer *peer) {
    return or_errno(recv(peer->fd, NULL, DISCARD_BYTES, MSG_TRUNC | MSG_DONTWAIT));
}
