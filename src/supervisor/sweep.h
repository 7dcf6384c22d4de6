// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_SWEEP_H
#define SLUICE_SUPERVISOR_SWEEP_H

/* What a predecessor left behind: attempts that were started and not recorded as ended. Left-overs
 * of them are killed, by pid only if boot id and identity match (reliability.md G7), then they are recorded as
 * LOST. */

#include "supervisor/attempt.h"

/* Runs before the supervisor listens; waits up to five seconds for left-overs to die. */
int sweep_predecessor(struct attempt_context *context);

#endif
