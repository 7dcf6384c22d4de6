// SPDX-License-Identifier: Apache-2.0
//
// side_command: runs one program of the operator's beside the server, without a shell, in a bounded time.
//
// The program gets the input on its standard input and nothing else of ours: no descriptor, no environment but the one given, the
// working directory /, a session of its own, the soft limit of 1024 descriptors. It has the server's uid and can not gain rights. It ends
// with the server, however that ends, and whatever it has left running ends with it (main/warden).
#pragma once

#include <glib.h>
#include <stdint.h>

struct side_command {
    char *const *argv;        // NULL-ended; argv[0] is an absolute path
    char *const *environment; // NULL-ended
    const char *input;        // at most SIDE_COMMAND_INPUT_BYTES
    int64_t limit_ms;
    int stop_fd; // readable: end it now
};

enum { SIDE_COMMAND_INPUT_BYTES = 4096 }; // what a pipe takes without a reader

// Blocks its thread up to the limit; longer only when the kernel does not let the program go,
// until stop_fd is readable. NULL: it ended with 0; else a sentence with the beginning of what it printed, which the caller frees.
char *side_command_run(const struct side_command *command);
