// SPDX-License-Identifier: Apache-2.0
//
// cli_session: errors become text and an exit code here and nowhere else, so that equal causes end equally in every command.
#include "cli/session.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "cli/text.h"

bool cli_flush(GError **error) {
    errno = 0;
    // A write that failed before, when a buffer was full, left only the mark that ferror reads.
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return true;
    }
    fault_set(error, FAULT_IO, "standard output can not be written%s%s", errno != 0 ? ": " : "",
              errno != 0 ? g_strerror(errno) : "");
    return false;
}

enum cli_exit cli_finish(enum cli_exit code) {
    GError *error = NULL;
    if (cli_flush(&error)) {
        return code;
    }
    return cli_fail(error);
}

enum cli_exit cli_fail(GError *error) {
    g_assert(error != NULL);
    enum cli_exit code = CLI_REFUSED;
    if (fault_is(error, FAULT_UNAVAILABLE)) {
        code = CLI_UNREACHABLE;
    } else if (fault_is(error, CLI_FAULT_NOT_FOUND)) {
        code = CLI_NOT_FOUND;
    } else if (fault_is(error, CLI_FAULT_UNKNOWN)) {
        code = CLI_UNKNOWN;
    } else if (fault_is(error, FAULT_INVALID_VALUE)) {
        code = CLI_USAGE;
    } else if (fault_is(error, FAULT_IO)) {
        code = CLI_UNWRITTEN;
    }
    (void)fflush(stdout);
    g_autofree char *text = g_strdup_printf("sluice: %s\n", error->message);
    cli_text_put(stderr, text); // a server's words may be in it
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

static void print_json(const json_t *value, size_t flags) {
    char *text = json_dumps(value, flags);
    if (text != NULL) {
        cli_text_put(stdout, text);
        (void)fputc('\n', stdout);
        explicit_bzero(text, strlen(text));
        free(text);
    }
}

void cli_print_json_line(const json_t *value) {
    print_json(value, JSON_COMPACT);
}

void cli_print_json(const json_t *value) {
    print_json(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
}
