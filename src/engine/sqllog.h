// SPDX-License-Identifier: Apache-2.0
//
// sqllog: what SQL nodes ran, for the log of executed SQL (operations.md §5). Engine thread only, inside the open transaction.
#pragma once

#include "engine/active.h"
#include "exec/client.h"

// An attempt of the node has ended as the report says, before the machine hears of it. Nodes of other kinds leave nothing.
// `message` is what the node will say; NULL for nothing.
bool sqllog_exited(struct active *active, const struct run *run, int node,
                   const struct report *report, const char *message, GError **error);
// What became of the attempt is not known.
bool sqllog_lost(struct active *active, const struct run *run, int node, const char *message,
                 GError **error);
