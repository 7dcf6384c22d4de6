// SPDX-License-Identifier: Apache-2.0
//
// tls: the two files are loaded as the context will load them later, so that what is wrong with them is said at the start, by name.
#include "web/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "base/fault.h"
#include "base/file.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

// TLS 1.2 and newer, the server's order of ciphers.
static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:%SERVER_PRECEDENCE";

struct tls_context {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
};

struct tls_session {
    gnutls_session_t gnutls;
    bool is_ready; // hands were shaken
};

static bool read_fd(int fd, const char *option, const char *path, bool is_key, char **ret_text,
                    GError **error) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_BYTES_MAX) {
        fault_set(error, FAULT_INVALID_DATA, "--%s %s is no file of at most 1 MiB", option, path);
        return false;
    }
    if (is_key && (status.st_mode & 027) != 0) {
        fault_set(
            error, FAULT_INVALID_DATA,
            "--%s %s can be read by everybody, or written by others; make its mode 0600 or 0640",
            option, path);
        return false;
    }
    size_t len = 0;
    char *text = g_malloc0((gsize)status.st_size + 1);
    if (file_read_at(fd, text, (size_t)status.st_size, 0, &len) != 0) {
        explicit_bzero(text, (size_t)status.st_size);
        g_free(text);
        fault_set(error, FAULT_INVALID_DATA, "--%s %s can not be read", option, path);
        return false;
    }
    *ret_text = text;
    return true;
}

static bool read_text(const char *option, const char *path, bool is_key, char **ret_text,
                      GError **error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        fault_set(error, FAULT_INVALID_DATA, "--%s %s: %s", option, path, g_strerror(errno));
        return false;
    }
    bool is_read = read_fd(fd, option, path, is_key, ret_text, error);
    (void)close(fd);
    return is_read;
}

static int load_pair(const struct tls_pair *pair, gnutls_certificate_credentials_t *ret_loaded) {
    gnutls_certificate_credentials_t credentials;
    int code = gnutls_certificate_allocate_credentials(&credentials);
    g_assert(code == GNUTLS_E_SUCCESS);
    gnutls_datum_t certificate = { (unsigned char *)pair->certificate,
                                   (unsigned)strlen(pair->certificate) };
    gnutls_datum_t key = { (unsigned char *)pair->key, (unsigned)strlen(pair->key) };
    code = gnutls_certificate_set_x509_key_mem2(credentials, &certificate, &key,
                                                GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code < 0) {
        gnutls_certificate_free_credentials(credentials);
        return code;
    }
    *ret_loaded = credentials;
    return 0;
}

static bool check_pair(const struct tls_pair *pair, const char *certificate_path,
                       const char *key_path, GError **error) {
    gnutls_certificate_credentials_t credentials;
    int code = load_pair(pair, &credentials);
    if (code < 0) {
        fault_set(error, FAULT_INVALID_DATA, "--tls-cert %s and --tls-key %s: %s", certificate_path,
                  key_path,
                  code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH
                      ? "the key does not belong to the certificate"
                      : gnutls_strerror(code));
        return false;
    }
    gnutls_certificate_free_credentials(credentials);
    return true;
}

bool tls_pair_read(const char *certificate_path, const char *key_path, struct tls_pair *ret_pair,
                   GError **error) {
    struct tls_pair pair = { 0 };
    if (!read_text("tls-cert", certificate_path, false, &pair.certificate, error) ||
        !read_text("tls-key", key_path, true, &pair.key, error) ||
        !check_pair(&pair, certificate_path, key_path, error)) {
        tls_pair_done(&pair);
        return false;
    }
    *ret_pair = pair;
    return true;
}

void tls_pair_done(struct tls_pair *pair) {
    if (pair->key != NULL) {
        explicit_bzero(pair->key, strlen(pair->key));
    }
    g_free(pair->certificate);
    g_free(pair->key);
    *pair = (struct tls_pair){ 0 };
}

// ---- Sessions

bool tls_context_new(const struct tls_pair *pair, struct tls_context **ret_context,
                     GError **error) {
    struct tls_context context = { 0 };
    int code = load_pair(pair, &context.credentials);
    if (code < 0) {
        fault_set(error, FAULT_INVALID_DATA, "certificate and key: %s", gnutls_strerror(code));
        return false;
    }
    code = gnutls_priority_init(&context.priority, priorities, NULL);
    if (code < 0) {
        gnutls_certificate_free_credentials(context.credentials);
        fault_set(error, FAULT_UNAVAILABLE, "TLS does not start: %s", gnutls_strerror(code));
        return false;
    }
    *ret_context = g_new(struct tls_context, 1);
    **ret_context = context;
    return true;
}

void tls_context_free(struct tls_context *context) {
    if (context != NULL) {
        gnutls_priority_deinit(context->priority);
        gnutls_certificate_free_credentials(context->credentials);
        g_free(context);
    }
}

struct tls_session *tls_session_new(const struct tls_context *context, int fd) {
    gnutls_session_t gnutls;
    if (gnutls_init(&gnutls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
        return NULL;
    }
    if (gnutls_priority_set(gnutls, context->priority) < 0 ||
        gnutls_credentials_set(gnutls, GNUTLS_CRD_CERTIFICATE, context->credentials) < 0) {
        gnutls_deinit(gnutls);
        return NULL;
    }
    gnutls_transport_set_int(gnutls, fd);
    gnutls_handshake_set_timeout(gnutls, 0); // time is the server's
    struct tls_session *session = g_new0(struct tls_session, 1);
    session->gnutls = gnutls;
    return session;
}

void tls_session_free(struct tls_session *session) {
    if (session != NULL) {
        if (session->is_ready) {
            (void)gnutls_bye(session->gnutls, GNUTLS_SHUT_WR);
        }
        gnutls_deinit(session->gnutls);
        g_free(session);
    }
}

static ssize_t to_errno(ssize_t code) {
    return code == GNUTLS_E_AGAIN ? -EAGAIN : -EIO;
}

// What is no end: interrupted, or told something that needs no answer.
static bool is_again(ssize_t code) {
    return code == GNUTLS_E_INTERRUPTED || code == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

static ssize_t shake_hands(struct tls_session *session) {
    int code = 0;
    while (!session->is_ready && is_again(code = gnutls_handshake(session->gnutls))) {
    }
    session->is_ready |= code == GNUTLS_E_SUCCESS;
    return session->is_ready ? 0 : to_errno(code);
}

ssize_t tls_receive(struct tls_session *session, char *bytes, size_t len) {
    ssize_t got = shake_hands(session);
    if (got < 0) {
        return got;
    }
    while (is_again(got = gnutls_record_recv(session->gnutls, bytes, len))) {
    }
    return got >= 0 ? got : to_errno(got);
}

ssize_t tls_send(struct tls_session *session, const char *bytes, size_t len) {
    ssize_t sent = shake_hands(session);
    if (sent < 0) {
        return sent;
    }
    while (
        is_again(sent = gnutls_record_send(session->gnutls, bytes, MIN(len, TLS_RECORD_BYTES)))) {
    }
    return sent >= 0 ? sent : to_errno(sent);
}

bool tls_wants_write(const struct tls_session *session) {
    return gnutls_record_get_direction(session->gnutls) == 1;
}

bool tls_has_pending(const struct tls_session *session) {
    return session->is_ready && gnutls_record_check_pending(session->gnutls) > 0;
}
