// SPDX-License-Identifier: Apache-2.0
//
// source_args: what a call says about a data source, whichever of the five operations it is (operations.md §4.1).
#pragma once

#include "api/services.h"
#include "store/sources.h"

// Reads the parameters that the operation has and that were given; texts that were not are NULL, numbers -1, dba_id 0. The engine's word is
// checked. The caller frees it.
bool source_args_read(const struct call *call, struct source_fields **ret_fields, GError **error);
