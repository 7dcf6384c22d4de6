// SPDX-License-Identifier: Apache-2.0
//
// cli_secret: every copy of a secret is wiped; the file is replaced, never written in place.
#include "cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "cli/session.h"

enum { CREDENTIALS_BYTES_MAX = 64 * 1024 };

// The lines of DIR/credentials and the members of replies that they come from.
static const struct {
    const char *name;
    const char *member;
} credential_rows[] = {
    { "access_key_id", "AccessKeyId" },
    { "access_key_secret", "AccessKeySecret" },
    { "tenant_id", "Tid" },
    { "uid", "AdminUid" },
};

bool cli_secret_print(const json_t *reply, bool is_json, GError **error) {
    if (is_json) {
        cli_print_json(reply);
    }
    for (size_t i = 0; !is_json && i < G_N_ELEMENTS(credential_rows); i++) {
        g_autofree char *value = cli_reply_text(reply, credential_rows[i].member);
        if (value[0] != '\0') {
            (void)printf("%s = %s\n", credential_rows[i].name, value);
        }
        explicit_bzero(value, strlen(value));
    }
    return cli_flush(error);
}

bool cli_secret_probe(GError **error) {
    (void)putchar('\n');
    return cli_flush(error);
}

// What the file says with the new key in it; NULL when it holds another key than the old one. The caller wipes and frees it.
static char *exchange(const char *text, const char *old_key_id, const json_t *reply) {
    GString *changed = g_string_new(NULL);
    bool has_old = false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *equals = strchr(lines[i], '=');
        g_autofree char *name =
            g_strndup(lines[i], equals != NULL ? (gsize)(equals - lines[i]) : 0);
        g_autofree char *value = g_strdup(equals != NULL ? equals + 1 : "");
        (void)g_strstrip(name);
        (void)g_strstrip(value);
        const char *member = strcmp(name, "access_key_id") == 0       ? "AccessKeyId"
                             : strcmp(name, "access_key_secret") == 0 ? "AccessKeySecret"
                                                                      : NULL;
        has_old |= strcmp(name, "access_key_id") == 0 && strcmp(value, old_key_id) == 0;
        if (member != NULL) {
            const char *now = json_string_value(json_object_get(reply, member));
            g_string_append_printf(changed, "%s = %s", name, now != NULL ? now : "");
        } else {
            g_string_append(changed, lines[i]);
        }
        g_string_append(changed, lines[i + 1] != NULL ? "\n" : "");
        explicit_bzero(value, strlen(value));
        explicit_bzero(lines[i], strlen(lines[i]));
    }
    if (!has_old) {
        explicit_bzero(changed->str, changed->len);
    }
    return g_string_free(changed, !has_old);
}

static int exchange_file(int dir_fd, const char *old_key_id, const json_t *reply,
                         bool *ret_is_kept) {
    char text[CREDENTIALS_BYTES_MAX + 1];
    struct stat status;
    size_t len = 0;
    int fd = openat(dir_fd, "credentials", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    int code = fstat(fd, &status) != 0 ? -errno : S_ISREG(status.st_mode) ? 0 : -EINVAL;
    code = code == 0 ? file_read_at(fd, text, CREDENTIALS_BYTES_MAX, 0, &len) : code;
    (void)close(fd);
    text[len] = 0;
    char *changed = code == 0 ? exchange(text, old_key_id, reply) : NULL;
    explicit_bzero(text, sizeof text);
    if (changed != NULL) {
        code = file_replace(dir_fd, "credentials", changed, strlen(changed), status.st_mode & 0777,
                            status.st_uid, status.st_gid);
        explicit_bzero(changed, strlen(changed));
        g_free(changed);
        *ret_is_kept = code == 0;
    }
    return code;
}

bool cli_secret_keep(const char *data_dir, const char *old_key_id, const json_t *reply,
                     bool *ret_is_kept, GError **error) {
    *ret_is_kept = false;
    int dir_fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir_fd < 0 ? -errno : exchange_file(dir_fd, old_key_id, reply, ret_is_kept);
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (code != 0) {
        fault_set(error, FAULT_IO, "%s/credentials can not be given the new key: %s", data_dir,
                  g_strerror(-code));
    }
    return code == 0;
}
