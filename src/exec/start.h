// SPDX-License-Identifier: Apache-2.0
//
// start: an attempt as the START message of base/frame: its texts and contents in memory files that the supervisor takes over.
#pragma once

#include <stdint.h>

#include "base/frame.h"
#include "exec/attempt.h"

// Fills the message; `dir` is the server's directory as an absolute path, from which a fresh work directory, the attempt's HOME, gets its name.
// The texts point into `spec`. 0, or -errno with no descriptor left open: -E2BIG when a program could not take that much.
int start_fill(const char *dir, int64_t fence, const struct attempt_spec *spec,
               struct frame_start *ret_start);
// Closes the descriptors of a message that nobody took over.
void start_close(struct frame_start *start);
