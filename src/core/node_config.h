// SPDX-License-Identifier: Apache-2.0
//
// node_config: NodeConfig as far as we read it (behaviour.md §2.13); unknown keys survive in the stored text. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/remark.h"

struct node_settings {
    bool is_disabled;
    bool has_rerun;
    int rerun_count_max;
    int64_t rerun_interval_ms;
    bool reruns_on_lost;
    int64_t timeout_ms; // 0: the kind's default
    bool has_strict_variables;
};

// Reads NodeConfig text; NULL or "" gives the defaults. FAULT_INVALID_DATA names the key. Takes what earlier releases stored: a known key in a
// wrong place means nothing here.
bool node_settings_parse(const char *config, struct node_settings *ret_settings, GError **error);

// The judge of an edit and of publishing: what node_settings_parse refuses, and known keys in a wrong place. FAULT_INVALID_DATA.
bool node_config_check(const char *config, GError **error);

// Remarks on the keys that mean nothing; `what` begins their names. What is no JSON object has none.
void node_config_remarks(const char *config, const char *what, struct remarks *remarks);
