// SPDX-License-Identifier: Apache-2.0
// folder: core
//
// Documents of time variables and outputs are read or refused; what a read one names is valid.
#include <assert.h>
#include <glib.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "core/vars.h"

static void check_variables(const json_t *variables) {
    assert(json_is_array(variables));
    for (size_t i = 0; i < json_array_size(variables); i++) {
        const json_t *variable = json_array_get(variables, i);
        const char *name = json_string_value(json_object_get(variable, "name"));
        assert(name != NULL);
        assert(var_name_is_valid(name, strlen(name)));
        assert(var_pattern_check(json_string_value(json_object_get(variable, "pattern")), NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    json_t *variables = NULL;
    if (vars_time_parse(text, &variables, NULL)) {
        check_variables(variables);
        json_decref(variables);
    }
    GError *error = NULL;
    bool is_good = vars_output_check(text, true, &error);
    assert(is_good == (error == NULL));
    g_clear_error(&error);
    is_good = vars_output_check(text, false, &error);
    assert(is_good == (error == NULL));
    g_clear_error(&error);
    json_t *none = json_object();
    (void)vars_outputs_complete(text, none, NULL);
    json_decref(none);
    return 0;
}
