// SPDX-License-Identifier: Apache-2.0
// folder: core
// A text with references: a lax substitution always succeeds, a strict one unless a name is unknown; with every value the reference
// itself, the text comes back but for the doubled signs.
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/fault.h"
#include "core/vars.h"

static const char *look_up_nothing(const char *name, void *user) {
    (void)user;
    g_assert(var_name_is_valid(name, strlen(name)));
    return NULL;
}

static const char *look_up_some(const char *name, void *user) {
    (void)user;
    return name[0] == 'a' ? "${a}$${a}" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *lax = NULL;
    g_autofree char *strict = NULL;
    g_autofree char *some = NULL;
    g_autoptr(GError) error = NULL;
    g_assert(vars_substitute(text, look_up_nothing, NULL, false, &lax, unknown, NULL));
    g_assert(strlen(lax) <= strlen(text));
    g_assert(strstr(text, "$$") != NULL || strcmp(lax, text) == 0);
    bool is_known = vars_substitute(text, look_up_nothing, NULL, true, &strict, NULL, &error);
    g_assert(is_known == (unknown->len == 0));
    g_assert(is_known || fault_is(error, FAULT_INVALID_DATA));
    g_assert(!is_known || strcmp(strict, lax) == 0);
    g_assert(vars_substitute(text, look_up_some, NULL, false, &some, NULL, NULL));

    json_t *outputs = NULL;
    g_autofree char *left_out = NULL;
    vars_script_outputs((const char *)data, size, &outputs, &left_out);
    g_assert(json_is_object(outputs));
    json_decref(outputs);
    return 0;
}
