// SPDX-License-Identifier: Apache-2.0
// folder: api/wire
//
// Any text given for a JSON array is refused with a reason or comes out in the form of its schema.
#include "api/wire/json_args.h"

#include <glib.h>
#include <stdint.h>

static void try_one(const char *action, const char *name, const char *text) {
    const struct param *param = operation_param(operation_find(action), name);
    struct warnings warnings = { 0 };
    json_t *array = NULL;
    g_autofree char *reason = NULL;
    if (!json_args_parse(param->shape, name, text, &warnings, &array, &reason)) {
        g_assert_nonnull(reason);
    }
    g_assert_cmpuint(json_array_size(warnings.list), <=, WARNINGS_MAX);
    warnings_done(&warnings);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        g_assert_true(param->shape->items->kind == VALUE_OBJECT
                          ? json_is_object(item)
                          : json_is_integer(item) || json_is_string(item));
    }
    json_decref(array);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    try_one("AddTaskFlowEdges", "Edges", text);
    try_one("BackFill", "StartNodeIds", text);
    try_one("AddLhMembers", "Members", text);
    try_one("UpdateTaskFlowConstants", "DagConstants", text);
    return 0;
}
