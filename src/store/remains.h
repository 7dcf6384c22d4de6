// SPDX-License-Identifier: Apache-2.0
//
// remains: what a store that is gone has left in its directory. A directory with traces and without a store is not a new one: founding it
// anew without a word would give up every flow, user and log entry of it, and its logs to whoever gets their numbers next.
//
// Called before store_open, by the thread that starts the server. Nothing is changed but by remains_set_aside.
#pragma once

#include <glib.h>
#include <stdbool.h>

// *ret_remains: the names of what was found, joined by commas (caller frees), when DIR/state.db is missing, empty or without a user beside
// them; NULL: there is a store, or the directory is new. FAULT_IO when the database can not be read.
bool remains_find(const char *dir, char **ret_remains, GError **error);

// Moves all that belonged to the store that is gone into a new folder DIR/before-TIME (UTC). *ret_moved says what and where (caller frees).
bool remains_set_aside(const char *dir, char **ret_moved, GError **error);
