// SPDX-License-Identifier: Apache-2.0
//
// condition: what a CONDITION node says (behaviour.md §2.5). Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "core/vars.h"

// Run states a condition can ask for.
enum condition_state {
    CONDITION_ALL_SUCCESS, // the default
    CONDITION_ALL_DONE,
    CONDITION_ALL_FAILED,
    CONDITION_ONE_SUCCESS,
    CONDITION_ONE_FAILED,
    CONDITION_STATE_COUNT,
};

// How the direct upstream nodes ended. Branch-skipped ones count in total only.
struct condition_upstream {
    int total;
    int succeeded; // SUCCESS and user-skipped
    int failed;    // FAIL, killed, CANCELLED
};

struct condition;

// Reads the content document; FAULT_INVALID_DATA says what is wrong (unknown operator, two states, …).
bool condition_new(const char *content, struct condition **ret_condition, GError **error);
void condition_free(struct condition *condition);

enum condition_state condition_state(const struct condition *condition);

// True or false. A variable that does not exist is FAULT_INVALID_DATA: the node fails.
bool condition_evaluate(const struct condition *condition,
                        const struct condition_upstream *upstream, var_lookup_fn lookup, void *user,
                        bool *ret_holds, GError **error);
