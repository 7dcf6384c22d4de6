// SPDX-License-Identifier: Apache-2.0
//
// cli_follow: watching a run until it has ended. One thread.
#pragma once

#include "cli/find.h"

// CLI_OK when the run ended SUCCESS, CLI_RUN_FAILED when it did not; otherwise as cli_fail.
enum cli_exit cli_follow_run(struct cli_session *session, const struct cli_run_id *id);
