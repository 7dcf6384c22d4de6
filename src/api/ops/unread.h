// SPDX-License-Identifier: Apache-2.0
//
// unread: warnings about what a call's documents hold and the server does not read, by the judges of the core (core/keys, core/plan). A warning
// never refuses. On the request's thread.
#pragma once

#include "api/api.h"
#include "core/keys.h"
#include "core/remark.h"

// Adds the remarks to the call's warnings.
void call_warn(const struct call *call, const struct remarks *remarks);

// Warns of unknown keys in the JSON text of that parameter. An absent text, and one that is no object, has none.
void call_warn_keys(const struct call *call, enum keys_document document, const char *param);
// The same of NodeContent for a node of that kind.
void call_warn_content(const struct call *call, enum node_kind kind);
// Warns when nothing runs nodes of that kind.
void call_warn_kind(const struct call *call, enum node_kind kind, const char *node_name);
