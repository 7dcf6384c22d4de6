// SPDX-License-Identifier: Apache-2.0
//
// variables: how a script gets the variables that its node sees (docs/nodes/script.md): each as TF_VAR_NAME in the environment, as far as
// there is room, and all of them in a file.
//
// A variable that a script does not use never makes it fail: what has no room or no name of its own in the environment is left out, always
// the same for the same variables, and the log says which. Pure but for the task's remarks.
#pragma once

#include "exec/task.h"

enum {
    VARIABLES_ENVIRONMENT_BYTES =
        1024 * 1024, // of names and values, as the system counts them (behaviour.md §2.6)
    VARIABLES_ENVIRONMENT_MAX = 16384,      // variables
    VARIABLES_FILE_BYTES = 8 * 1024 * 1024, // of names and values
};

// Adds the environment's TF_VAR_ values and gives the file's content: a JSON object name → text or null, which the caller owns.
void variables_export(const struct task *task, GPtrArray *environment, GBytes **ret_file);
