// SPDX-License-Identifier: Apache-2.0
//
// dispatch: gives free places to queued nodes: the limits of the server and of a run (behaviour.md §4.5). Engine thread only.
#pragma once

#include "engine/active.h"

// Grants places until none is free or nobody waits. `places` counts the free ones of the whole server. Start orders are added to
// active->starts; nothing is sent. False only when the store can not be trusted.
bool dispatch(struct active *active, int places, GError **error);
