// SPDX-License-Identifier: Apache-2.0
//
// cli_find: from what a person types (a flow's name, a run's id alone, a node's name) to the ids that the API wants. One thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/session.h"

// Ids as the digits that calls take.
struct cli_run_id {
    char flow[24];
    char run[24];
};

// The flow of that number, or of exactly that name; id:15 and name:15 say which is meant. FAULT_INVALID_VALUE: the text means two flows.
// CLI_FAULT_NOT_FOUND: no flow of that name.
bool cli_find_flow(struct cli_session *session, const char *text, char ret_flow[24],
                   GError **error);

// The command's words as FLOW RUN, or as RUN alone: then the flows that the caller can see are asked one by one.
// FAULT_INVALID_VALUE: RUN is no number. CLI_FAULT_NOT_FOUND: no such run in any of them.
bool cli_find_run(struct cli_session *session, struct cli_run_id *ret_id, GError **error);

// The service's number of the user with this uid; of the caller when uid is NULL.
bool cli_find_user(struct cli_session *session, const char *uid, char ret_user[24], GError **error);
