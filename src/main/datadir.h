// SPDX-License-Identifier: Apache-2.0
//
// datadir: the data directory: its shape and owners, the lock that one server holds, and the files that say who does (docs/running.md).
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

enum { DATADIR_LOCK_WAIT_MS = 3000 };

// Creates DIR and what lies in it, with modes and owners: as root DIR is 0711 of server_uid, work/ 0711 of root; otherwise DIR is 0700.
// *ret_path is absolute; the caller frees it. must_exist: DIR that is missing is FAULT_INVALID_DATA.
bool datadir_prepare(const char *dir, bool must_exist, uid_t server_uid, char **ret_path,
                     GError **error);

// Can this process, which has given up root, still reach DIR? As root that was no question: /root is closed to everybody else. Names the
// first directory on the way that may not be entered.
bool datadir_check_way(const char *dir, GError **error);

// Takes DIR/server.lock, waiting up to DATADIR_LOCK_WAIT_MS. False with FAULT_UNAVAILABLE, naming the holder's pid and address. Must
// come after every fork without exec: a forked helper would keep the lock past our death. *ret_fd is kept open for life.
bool datadir_lock(const char *dir, int *ret_fd, GError **error);
// Is the named lock of DIR free now ("server.lock", "supervisor.lock")?
bool datadir_is_free(const char *dir, const char *lock_name);

// Writes DIR/server.pid and DIR/server.address; removes them. FAULT_NO_SPACE where neither a new file nor writing over the old one has room.
bool datadir_announce(const char *dir, const char *address, GError **error);
void datadir_withdraw(const char *dir);
