// SPDX-License-Identifier: Apache-2.0
//
// place: is what the store writes still what stands at its path? A directory that is deleted or replaced under a running server goes on
// taking writes that nobody will ever find. Private to this folder.
//
// Engine thread only.
#pragma once

#include <glib.h>
#include <stdbool.h>

enum { PLACE_FILES = 2 };

// Files by path and by a handle that neither reads nor locks (O_PATH): closing another descriptor of a database would drop its locks.
struct store_place {
    char *paths[PLACE_FILES];
    int fds[PLACE_FILES];
    int count;
};

// Remembers the file that stands at the path now. FAULT_IO.
bool place_keep(struct store_place *place, const char *path, GError **error);
// Does each file still stand at its path? FAULT_IO names the first that does not and what to do. Two system calls for each.
bool place_check(const struct store_place *place, GError **error);
void place_done(struct store_place *place);
