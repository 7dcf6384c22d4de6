// SPDX-License-Identifier: Apache-2.0
//
// control: DIR/control.sock, over which an operator on this machine asks the running server to stop everything (docs/running.md). No key:
// the peer must be the server's own user or root (SO_PEERCRED).
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "engine/engine.h"

enum { CONTROL_STOP_ALL_MS = 30000 };

struct control;

// Serves the socket on a thread of its own. After a stop-all that was answered, `done` is called on that thread.
bool control_start(const char *dir, struct engine *engine, void (*done)(void *user), void *user,
                   struct control **ret_control, GError **error);
void control_stop(struct control *control);

// The asking side: true when a server answered; *ret_alive counts what it could not end. False when nobody serves DIR.
bool control_ask_stop_all(const char *dir, int *ret_alive);
