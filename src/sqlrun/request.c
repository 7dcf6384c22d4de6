// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_request: reading a request, and finding the file it means. Not for opening the file.
//
// What always holds: the text of the request, which may hold a password, is wiped before anything else runs.
#include "sqlrun/request.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

enum { REQUEST_BYTES_MAX = 64 * 1024 * 1024, READ_BYTES = 64 * 1024 };

static bool read_text(int fd, GString *text, GError **error) {
    for (;;) {
        size_t used = text->len;
        g_string_set_size(text, used + READ_BYTES);
        ssize_t got = read(fd, text->str + used, READ_BYTES);
        int reason = errno;
        g_string_set_size(text, used + (got > 0 ? (size_t)got : 0));
        if (got == 0) {
            return true;
        }
        if (got < 0 && reason != EINTR) {
            fault_set(error, FAULT_INVALID_DATA, "no request on descriptor %d: %s", fd,
                      g_strerror(reason));
            return false;
        }
        if (text->len > REQUEST_BYTES_MAX) {
            fault_set(error, FAULT_INVALID_DATA, "the request is longer than %d MiB",
                      REQUEST_BYTES_MAX / (1024 * 1024));
            return false;
        }
    }
}

static bool read_mode(const json_t *root, enum request_mode *ret_mode) {
    static const char *const names[] = { "run", "assign", "probe", "execute", "metadata" };
    const char *name = json_string_value(json_object_get(root, "mode"));
    for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_mode = (enum request_mode)i;
            return true;
        }
    }
    return false;
}

// realpath, with memory that g_free takes; NULL and errno when it fails.
static char *real_path(const char *path) {
    char buf[PATH_MAX];
    return realpath(path, buf) != NULL ? g_strdup(buf) : NULL;
}

// Of a file that does not exist yet: its directory without links, and its name.
static char *resolve_new(const char *path, GError **error) {
    struct stat status;
    g_autofree char *name = g_path_get_basename(path);
    if (lstat(path, &status) == 0 || g_str_has_suffix(path, "/") || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        fault_set(error, FAULT_INVALID_DATA, "%s names no file that could be made", path);
        return NULL;
    }
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *directory = real_path(parent);
    if (directory == NULL) {
        fault_set(error, FAULT_INVALID_DATA, "the directory of %s can not be reached: %s", path,
                  g_strerror(errno));
        return NULL;
    }
    return g_build_filename(directory, name, NULL);
}

static bool is_below(const char *path, const char *directory) {
    size_t len = strlen(directory);
    while (len > 0 && directory[len - 1] == '/') {
        len--;
    }
    return strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool request_resolve(const char *path, const char *forbidden, char **ret_path, GError **error) {
    g_assert(path != NULL);
    g_assert(ret_path != NULL);

    if (path[0] != '/') {
        fault_set(error, FAULT_INVALID_DATA,
                  "the database file must be an absolute path, not \"%s\"", path);
        return false;
    }
    g_autofree char *found = real_path(path);
    struct stat status;
    if (found == NULL && errno != ENOENT) {
        fault_set(error, FAULT_INVALID_DATA, "%s can not be reached: %s", path, g_strerror(errno));
        return false;
    }
    if (found == NULL) {
        found = resolve_new(path, error);
        if (found == NULL) {
            return false;
        }
    } else if (stat(found, &status) != 0 || !S_ISREG(status.st_mode)) {
        fault_set(error, FAULT_INVALID_DATA, "%s is no regular file", path);
        return false;
    }
    g_autofree char *real_forbidden = forbidden != NULL ? real_path(forbidden) : NULL;
    if (forbidden != NULL && (is_below(found, forbidden) ||
                              (real_forbidden != NULL && is_below(found, real_forbidden)))) {
        fault_set(error, FAULT_INVALID_DATA,
                  "%s lies in the server's own directory, which no data source may be in", path);
        return false;
    }
    *ret_path = g_steal_pointer(&found);
    return true;
}

static char *text_of(const json_t *connection, const char *name) {
    return g_strdup(json_string_value(json_object_get(connection, name)));
}

static bool parse(const json_t *root, struct request *ret_request, GError **error) {
    const json_t *connection = json_object_get(root, "connection");
    const char *kind = json_string_value(json_object_get(connection, "kind"));
    const char *host = json_string_value(json_object_get(connection, "host"));
    const char *sql = json_string_value(json_object_get(root, "sql"));
    json_t *outputs = json_object_get(root, "outputs");
    struct request request = { 0 };
    if (!read_mode(root, &request.mode) || kind == NULL || host == NULL ||
        (sql == NULL && request.mode != REQUEST_PROBE && request.mode != REQUEST_METADATA) ||
        (outputs != NULL && !json_is_array(outputs))) {
        fault_set(error, FAULT_INVALID_DATA,
                  "the request lacks \"mode\", \"connection\" or \"sql\"");
        return false;
    }
    request.kind = g_strdup(kind);
    request.host = g_strdup(host);
    request.port = (int)CLAMP(json_integer_value(json_object_get(connection, "port")), 0, G_MAXINT);
    request.schema = text_of(connection, "schema");
    request.user = text_of(connection, "user");
    request.password = text_of(connection, "password");
    request.forbidden = g_strdup(json_string_value(json_object_get(root, "forbidden")));
    request.sql = g_strdup(sql != NULL ? sql : "");
    request.wants_tables = json_is_true(json_object_get(root, "tables"));
    request.skipped_count = MAX(json_integer_value(json_object_get(root, "skip")), 0);
    request.outputs = outputs != NULL ? json_incref(outputs) : json_array();
    *ret_request = request;
    return true;
}

bool request_read(int fd, struct request *ret_request, GError **error) {
    g_assert(fd >= 0);
    g_assert(ret_request != NULL);

    GString *text = g_string_sized_new(READ_BYTES);
    bool is_read = read_text(fd, text, error);
    (void)close(fd);
    json_t *root = is_read ? json_loadb(text->str, text->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    explicit_bzero(text->str, text->len);
    (void)g_string_free(text, TRUE);
    if (!is_read) {
        return false;
    }
    if (!json_is_object(root)) {
        json_decref(root);
        fault_set(error, FAULT_INVALID_DATA, "the request is not a JSON object");
        return false;
    }
    bool is_good = parse(root, ret_request, error);
    json_decref(root);
    return is_good;
}

void request_done(struct request *request) {
    if (request->password != NULL) {
        explicit_bzero(request->password, strlen(request->password));
    }
    g_free(request->kind);
    g_free(request->host);
    g_free(request->schema);
    g_free(request->user);
    g_free(request->password);
    g_free(request->forbidden);
    g_free(request->sql);
    json_decref(request->outputs);
    *request = (struct request){ 0 };
}
