// SPDX-License-Identifier: Apache-2.0
//
// tls: the two files are loaded the way the HTTP library will load them later, so that what it would refuse silently is said here.
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

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:%SERVER_PRECEDENCE";

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

static bool check_pair(const struct tls_pair *pair, const char *certificate_path,
                       const char *key_path, GError **error) {
    gnutls_certificate_credentials_t credentials;
    int code = gnutls_certificate_allocate_credentials(&credentials);
    g_assert(code == GNUTLS_E_SUCCESS);
    gnutls_datum_t certificate = { (unsigned char *)pair->certificate,
                                   (unsigned)strlen(pair->certificate) };
    gnutls_datum_t key = { (unsigned char *)pair->key, (unsigned)strlen(pair->key) };
    code = gnutls_certificate_set_x509_key_mem2(credentials, &certificate, &key,
                                                GNUTLS_X509_FMT_PEM, NULL, 0);
    gnutls_certificate_free_credentials(credentials);
    if (code < 0) {
        fault_set(error, FAULT_INVALID_DATA, "--tls-cert %s and --tls-key %s: %s", certificate_path,
                  key_path,
                  code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH
                      ? "the key does not belong to the certificate"
                      : gnutls_strerror(code));
    }
    return code >= 0;
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
