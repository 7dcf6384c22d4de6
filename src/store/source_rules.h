// SPDX-License-Identifier: Apache-2.0
//
// source_rules: what the fields of a data source must be, alone and together (operations.md §4.1). Pure. Private to this folder.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/sources.h"

// The whole record, after defaults and earlier values were put in. Faults name the wire's parameter.
bool source_rules_check(const struct source_fields *fields, GError **error);
