// SPDX-License-Identifier: Apache-2.0
// folder: core
//
// condition: any document is read or refused with a reason; what was read gives an answer or a reason.
#include <assert.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "core/condition.h"

static const char *lookup(const char *name, void *user) {
    (void)user;
    return strcmp(name, "a") == 0 ? "1.50" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    struct condition *condition = NULL;
    GError *error = NULL;
    if (!condition_new(text, &condition, &error)) {
        assert(error != NULL);
        g_error_free(error);
        return 0;
    }
    assert(condition_state(condition) < CONDITION_STATE_COUNT);
    struct condition_upstream upstream = { .total = 3, .succeeded = 1, .failed = 1 };
    bool holds = false;
    bool is_answered = condition_evaluate(condition, &upstream, lookup, NULL, &holds, &error);
    assert(is_answered == (error == NULL));
    g_clear_error(&error);
    condition_free(condition);
    return 0;
}
