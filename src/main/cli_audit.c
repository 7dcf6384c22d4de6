// SPDX-License-Identifier: Apache-2.0
//
// cli_audit: `sluice audit verify`. It asks no server: it reads the directory, while a server runs or not, and changes nothing there.
#include "main/cli_commands.h"

#include <stdio.h>

#include "store/audit.h"
#include "store/audit_heads.h"
#include "store/people.h"

struct verdict {
    int64_t row_count;
    int64_t head_count;
    char *fault; // the first that does not fit; NULL: whole
};

// True with a verdict, false when something can not be read.
static bool verify(const char *dir, struct verdict *ret_verdict, GError **error) {
    struct store_reader *reader = NULL;
    if (!store_reader_open(dir, &reader, error)) {
        return false;
    }
    struct verdict verdict = { 0 };
    GError *failure = NULL;
    bool is_read =
        store_reader_master_key(reader, dir, &failure) &&
        (store_audit_verify(reader, &verdict.row_count, &verdict.fault, &failure) ||
         verdict.fault != NULL) &&
        (verdict.fault != NULL ||
         store_audit_heads_verify(reader, dir, &verdict.head_count, &verdict.fault, &failure) ||
         verdict.fault != NULL);
    store_reader_close(reader);
    if (!is_read) {
        g_propagate_error(error, failure);
        return false;
    }
    *ret_verdict = verdict;
    return true;
}

static void print(const struct verdict *verdict, bool is_json) {
    if (is_json) {
        json_t *value =
            json_pack("{s:b, s:I, s:I}", "Whole", verdict->fault == NULL, "Rows",
                      (json_int_t)verdict->row_count, "Heads", (json_int_t)verdict->head_count);
        if (verdict->fault != NULL) {
            json_object_set_new(value, "Fault", json_string(verdict->fault));
        }
        cli_print_json(value);
        json_decref(value);
    } else if (verdict->fault != NULL) {
        (void)printf("broken: %s\n", verdict->fault);
    } else {
        (void)printf(
            "whole: %" G_GINT64_FORMAT " rows, %" G_GINT64_FORMAT " signed heads%s\n",
            verdict->row_count, verdict->head_count,
            verdict->head_count == 0 ? "; without one, rows taken from the end are not seen" : "");
    }
}

enum cli_exit command_audit_verify(struct cli_session *session) {
    const char *dir = session->options->values[OPTION_DATA];
    if (dir == NULL) {
        return cli_fail_usage("which log? say --data DIR, the server's directory");
    }
    GError *error = NULL;
    bool is_json = false;
    struct verdict verdict = { 0 };
    if (!cli_options_output(session->options, &is_json, &error)) {
        return cli_fail(error);
    }
    if (!verify(dir, &verdict, &error)) {
        (void)fprintf(stderr, "sluice: the operation log of %s can not be read: %s\n", dir,
                      error->message);
        g_error_free(error);
        return CLI_USAGE;
    }
    print(&verdict, is_json);
    enum cli_exit code = verdict.fault == NULL ? CLI_OK : CLI_RUN_FAILED;
    g_free(verdict.fault);
    return code;
}
