// SPDX-License-Identifier: Apache-2.0
//
// tls: certificate and key of the server, read and checked before anything is served; and connections that speak TLS 1.2 or 1.3 with
// them. The only room that includes GnuTLS.
//
// The key's text is never printed. A session belongs to one thread at a time; the context is shared and never written.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls_pair {
    char *certificate; // PEM, the server's own first
    char *key;         // PEM, wiped by tls_pair_done
};

// Reads both files. FAULT_INVALID_DATA names the file and what is wrong: it can not be read, is larger than 1 MiB, is no PEM, its key can
// be read by everybody or written by others, or the two do not belong together.
bool tls_pair_read(const char *certificate_path, const char *key_path, struct tls_pair *ret_pair,
                   GError **error);
void tls_pair_done(struct tls_pair *pair);

// What all sessions share.
struct tls_context;

// Copies what it needs of the pair. FAULT_INVALID_DATA when GnuTLS does not take it.
bool tls_context_new(const struct tls_pair *pair, struct tls_context **ret_context, GError **error);
void tls_context_free(struct tls_context *context);

struct tls_session;

enum { TLS_RECORD_BYTES = 16 * 1024 };

// Over a socket that does not block, and that stays the caller's. NULL: no memory for it.
struct tls_session *tls_session_new(const struct tls_context *context, int fd);
// Says goodbye where that is possible without waiting. NULL is fine.
void tls_session_free(struct tls_session *session);

// Both shake hands first. Returns bytes; 0: the other side has ended; -EAGAIN: not now, see tls_wants_write; -EIO: the session is over.
ssize_t tls_receive(struct tls_session *session, char *bytes, size_t len);
// At most TLS_RECORD_BYTES; after -EAGAIN the same bytes are to be given again.
ssize_t tls_send(struct tls_session *session, const char *bytes, size_t len);

// After -EAGAIN: does it wait for the socket to take bytes, and not for bytes to come?
bool tls_wants_write(const struct tls_session *session);
// Are there bytes that the socket has given already?
bool tls_has_pending(const struct tls_session *session);
