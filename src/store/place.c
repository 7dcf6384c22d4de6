// SPDX-License-Identifier: Apache-2.0
//
// The same file: device and number by the path are those of the handle.

#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

bool place_keep(struct store_place *place, const char *path, GError **error) {
    g_assert(place->count < PLACE_FILES);
    int fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        fault_set(error, FAULT_IO, "opening %s: %s", path, g_strerror(errno));
        return false;
    }
    place->paths[place->count] = g_strdup(path);
    place->fds[place->count] = fd;
    place->count++;
    return true;
}

bool place_check(const struct store_place *place, GError **error) {
    for (int i = 0; i < place->count; i++) {
        struct stat kept = { 0 };
        struct stat present = { 0 };
        bool is_there = lstat(place->paths[i], &present) == 0;
        if (fstat(place->fds[i], &kept) == 0 && is_there && present.st_dev == kept.st_dev &&
            present.st_ino == kept.st_ino) {
            continue;
        }
        fault_set(error, FAULT_IO,
                  "%s was %s while the server ran: nothing is acknowledged any more; restore a "
                  "backup",
                  place->paths[i], is_there ? "replaced" : "deleted");
        return false;
    }
    return true;
}

void place_done(struct store_place *place) {
    for (int i = 0; i < place->count; i++) {
        (void)close(place->fds[i]);
        g_free(place->paths[i]);
    }
    place->count = 0;
}
