// SPDX-License-Identifier: Apache-2.0
// folder: exec
//
// The result line of a program, as the supervisor reports it: what a task can say to the server.
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "core/vars.h"
#include "exec/sqlnode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *line = (const char *)data;
    json_t *outputs = NULL;
    g_autoptr(GError) error = NULL;
    if (sqlnode_outputs(line, size, &outputs, &error)) {
        g_assert_true(json_is_object(outputs));
        g_assert_no_error(error);
    } else {
        g_assert_nonnull(error);
    }
    json_decref(outputs);

    g_autofree char *words = sqlnode_error(line, size);
    g_assert_true(words == NULL || g_utf8_validate(words, -1, NULL));

    json_t *variables = NULL;
    g_autofree char *left_out = NULL;
    vars_script_outputs(line, size, &variables, &left_out);
    g_assert_true(left_out == NULL || g_utf8_validate(left_out, -1, NULL));
    g_assert_true(json_is_object(variables));
    json_decref(variables);
    return 0;
}
