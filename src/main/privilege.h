// SPDX-License-Identifier: Apache-2.0
//
// privilege: what the server may do: dropping root, and hardening of the process (docs/ARCHITECTURE.md, docs/running.md).
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

// Do processes that are not ours already run under one of these uids? FAULT_INVALID_DATA names them and the options that choose others.
// Ours: programs called like ours, and everything below a sluice-supervisor.
bool privilege_check_uids(uid_t server_uid, uid_t task_uid, GError **error);

// Becomes uid (and the gid of the same number) without groups, for good.
bool privilege_drop(uid_t uid, GError **error);

// No core dumps, not traceable, files closed to others; files as large as the hard limit allows, and beyond it a failed write, not a signal.
void privilege_harden(void);

// As many open files as the hard limit allows, which is raised to `wished` where we may. FAULT_INVALID_DATA when fewer than `needed` remain.
bool privilege_files(int64_t needed, int64_t wished, GError **error);

// When memory is short, the kernel gives up others first: oom_score_adj -500 where we may, and a lower one is kept. Children inherit it;
// attempts give it up (supervisor/init).
void privilege_outlast(void);
