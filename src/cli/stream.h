// SPDX-License-Identifier: Apache-2.0
//
// cli_stream: the log of one attempt of a node, read piece by piece with GetTaskInstanceLog, also while it grows.
//
// Texts are owned. One thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/find.h"

struct cli_stream {
    struct cli_run_id id;
    char node[24];
    int64_t attempt;  // 0: the newest, until the first reply says which that is
    int64_t offset;   // where the next piece begins
    int64_t dropped;  // bytes left out in front of the last piece, 0 none
    bool is_finished; // no more will come
};

// The next piece, "" when there is none now. The caller frees it. FAULT_… as cli_call.
bool cli_stream_read(struct cli_session *session, struct cli_stream *stream, char **ret_piece,
                     GError **error);
// Moves to where the last `lines` lines begin.
bool cli_stream_seek_tail(struct cli_session *session, struct cli_stream *stream, unsigned lines,
                          GError **error);
