// SPDX-License-Identifier: Apache-2.0
//
// node_output: the judge of NodeOutput at an edit and at publishing. Runs read what earlier releases stored, and ask vars_output_check alone. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

// What vars_output_check refuses, known keys in a wrong place or of a wrong type, and those within an SQL assignment's extractMethod.
// NULL and "" declare nothing. FAULT_INVALID_DATA.
bool node_output_check(const char *text, bool is_sql, GError **error);
