// SPDX-License-Identifier: Apache-2.0
//
// script: the kind AZKABAN_COMMAND_REMOTE (behaviour.md §2.6). Content:
//
//   {"gatewayId":…, "script":"text", "args":["…"], "workDir":"/abs", "timeoutSeconds":3600}
//
// The text goes to descriptor 3, run by /bin/sh or, when it begins with "#!", by the kernel; it never becomes part of a command
// line. gatewayId is kept for its owner and not read: there is one place where scripts run, this server's supervisor.
// Variables of "script", "args" and "workDir" are replaced; all visible ones are in the environment as TF_VAR_….
#pragma once

#include "exec/task.h"

bool script_prepare(const struct task *task, struct attempt_spec **ret_spec, GError **error);
