// SPDX-License-Identifier: Apache-2.0
//
// cli_session: errors become text and an exit code here and nowhere else, so that equal causes end equally in every command.
#include "main/cli_session.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/fault.h"

enum cli_exit cli_fail(GError *error) {
    g_assert(error != NULL);
    enum cli_exit code = CLI_REFUSED;
    if (fault_is(error, FAULT_UNAVAILABLE)) {
        code = CLI_UNREACHABLE;
    } else if (fault_is(error, FAULT_INVALID_VALUE)) {
        code = CLI_USAGE;
    }
    (void)fflush(stdout);
    (void)fprintf(stderr, "sluice: %s\n", error->message);
    g_error_free(error);
    return code;
}

enum cli_exit cli_fail_usage(const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    (void)fprintf(stderr,
                  "sluice: %s\nsluice: `--help` behind any command shows its form and examples\n",
                  text);
    return CLI_USAGE;
}

void cli_print_json(const json_t *value) {
    (void)json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    (void)fputc('\n', stdout);
}
