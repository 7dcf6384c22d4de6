// SPDX-License-Identifier: Apache-2.0
//
// The one place that writes the secret of a key in clear.

#include "store/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"

bool credentials_write(const char *dir, const struct credentials *credentials, GError **error) {
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir_fd < 0 ? -errno : 0;
    g_autofree char *text = g_strdup_printf(
        "access_key_id = %s\naccess_key_secret = %s\ntenant_id = %" G_GINT64_FORMAT "\nuid = %s\n",
        credentials->key_id, credentials->secret, credentials->tenant_id, credentials->uid);
    if (code == 0) {
        code = file_replace(dir_fd, "credentials", text, strlen(text), 0600, (uid_t)-1, (gid_t)-1);
        (void)close(dir_fd);
    }
    explicit_bzero(text, strlen(text));
    if (code != 0) {
        fault_set(error, FAULT_IO, "writing credentials: %s", g_strerror(-code));
    }
    return code == 0;
}
