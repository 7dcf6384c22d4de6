// SPDX-License-Identifier: Apache-2.0
//
// attempt: making and freeing the description of one try. Nothing here knows what a node is or how a program is started.
//
// What always holds: the four lists exist, and they own what is in them.
#include "exec/attempt.h"

struct attempt_spec *attempt_spec_new(const char *program) {
    g_assert(program != NULL);
    g_assert(program[0] != '\0');

    struct attempt_spec *spec = g_new(struct attempt_spec, 1);
    *spec = (struct attempt_spec){
        .program = g_strdup(program),
        .arguments = g_ptr_array_new_with_free_func(g_free),
        .environment = g_ptr_array_new_with_free_func(g_free),
        .contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref),
        .grace_ms = ATTEMPT_GRACE_MS,
        .result_max_bytes = ATTEMPT_RESULT_SCRIPT_BYTES,
    };
    return spec;
}

void attempt_spec_free(struct attempt_spec *spec) {
    if (spec == NULL) {
        return;
    }
    g_free(spec->program);
    g_ptr_array_unref(spec->arguments);
    g_ptr_array_unref(spec->environment);
    g_ptr_array_unref(spec->contents);
    g_free(spec->note);
    g_free(spec->work_dir);
    g_free(spec);
}
