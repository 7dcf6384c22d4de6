// SPDX-License-Identifier: Apache-2.0
//
// source_path: may a source be the file at this path? (reliability.md R9)
//
// The check keeps users from pointing a source at the server's own data by mistake or by a link that stands now. It is the first of two:
// the program that opens the file looks again, as another uid that may not read the data directory.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "core/database_kind.h"

// `path` must be absolute and, after every link that can be followed, not in `dir` (the data directory). The file need not exist.
// FAULT_INVALID_FIELD for a path of a wrong form (core/database_kind), FAULT_INVALID_VALUE for one that is not allowed; both name `Host`. Any thread.
bool source_path_check(const char *dir, const char *path, GError **error);

// The same where a source of that kind is a file; other addresses are not looked up. `kind` may be NULL, not known yet: then only what holds
// for all kinds that are served is asked.
bool source_host_check(const char *dir, const struct database_kind *kind, const char *host,
                       GError **error);
