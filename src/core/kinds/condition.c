// SPDX-License-Identifier: Apache-2.0
//
// condition: a CONDITION's content is a struct condition (core/condition). The engine decides it without a program.
#include "core/condition.h"

#include "core/kinds/kind.h"

static bool parse(const char *text, void **ret_value, int64_t *ret_timeout_s, GError **error) {
    struct condition *condition = NULL;
    *ret_timeout_s = 0;
    if (!condition_new(text, &condition, error)) {
        return false;
    }
    *ret_value = condition;
    return true;
}

static void free_value(void *value) {
    condition_free(value);
}

const struct kind kind_condition = { KIND_CONDITION, parse, free_value };
