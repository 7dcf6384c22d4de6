// SPDX-License-Identifier: Apache-2.0
//
// Opening a database. What differs between kinds stands in core/database_kind; what differs between client libraries in src/sql/.
#include "sqlrun/open.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fault.h"
#include "sql/drivers.h"

static const struct sql_driver *find_driver(const struct database_kind *kind, const char *word,
                                            GError **error) {
    const struct sql_driver *driver = kind != NULL ? sql_driver_find(kind->driver) : NULL;
    if (driver == NULL) {
        g_autofree char *served = database_kind_list(true);
        fault_set(error, FAULT_NOT_SUPPORTED, "no driver for databases of kind %s; there is: %s",
                  word, served);
    }
    return driver;
}

bool place_open(const struct request *request, struct place *ret_place, struct sql **ret_sql,
                GError **error) {
    *ret_place = (struct place){ .kind = database_kind_find(request->kind) };
    const struct sql_driver *driver = find_driver(ret_place->kind, request->kind, error);
    if (driver == NULL) {
        return false;
    }
    if (ret_place->kind->address == ADDRESS_FILE &&
        !request_resolve(request->host, request->forbidden, &ret_place->path, error)) {
        return false;
    }
    struct sql_target target = {
        .kind = ret_place->kind->word,
        .host = ret_place->path != NULL ? ret_place->path : request->host,
        .port = request->port,
        .schema = request->schema,
        .user = request->user,
        .password = request->password,
        .mode = SQL_USER,
    };
    return sql_open(driver, &target, ret_sql, error);
}

void place_done(struct place *place) {
    g_free(place->path);
    *place = (struct place){ 0 };
}

bool place_check_writable(const struct place *place, GError **error) {
    if (place->path == NULL) {
        return true;
    }
    g_autofree char *directory = g_path_get_dirname(place->path);
    if (faccessat(AT_FDCWD, place->path, W_OK, AT_EACCESS) != 0 ||
        faccessat(AT_FDCWD, directory, W_OK, AT_EACCESS) != 0) {
        fault_set(
            error, FAULT_INVALID_DATA,
            "%s and its directory must be writable to the user that tasks run as (uid %d): %s",
            place->path, (int)geteuid(), g_strerror(errno));
        return false;
    }
    return true;
}
