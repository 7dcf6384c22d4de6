// SPDX-License-Identifier: Apache-2.0
//
// cli_session: what every command of `sluice` gets, and how it ends: exit codes and the one place that prints errors.
//
// One thread; everything lives as long as the process runs its one command.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "cli/client.h"
#include "cli/options.h"

// Exit codes are a contract (docs/cli.md): scripts depend on them.
enum cli_exit {
    CLI_OK = 0,          // done; a watched run ended SUCCESS
    CLI_RUN_FAILED = 1,  // a watched run ended FAILED or STOPPED; a verified log is broken
    CLI_USAGE = 2,       // command line, profile or key not usable; nothing was sent
    CLI_UNREACHABLE = 3, // no answer, or an answer that is not the API's
    CLI_REFUSED = 4,     // the server refused the call and changed nothing
    CLI_NOT_FOUND = 5,   // what was named does not exist, or the caller may not know of it
    CLI_UNKNOWN = 6,     // the call was sent and its outcome is not known: it may have been done
    CLI_UNWRITTEN =
        7, // standard output, or DIR/credentials, did not take what there was to say; what was asked for may be done
    CLI_UNPROVEN =
        8, // audit verify: nothing is broken, but whether the log's end is whole can not be known
};

struct cli_session {
    const struct cli_options *options;
    struct cli_client *client;
};

// Whether everything printed so far has left the process. FAULT_IO when a disk, a pipe or a terminal did not take it.
bool cli_flush(GError **error);
// The end of a command: its exit code, or CLI_UNWRITTEN with a sentence when its output was lost.
enum cli_exit cli_finish(enum cli_exit code);

// Prints the error on standard error and gives the exit code it means. Frees the error.
enum cli_exit cli_fail(GError *error);

// Prints a usage mistake with a pointer to --help.
enum cli_exit cli_fail_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);

// Writes a JSON value on standard output, indented or on one line, with a line feed.
void cli_print_json(const json_t *value);
void cli_print_json_line(const json_t *value);
