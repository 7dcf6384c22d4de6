// SPDX-License-Identifier: Apache-2.0
// folder: core
//
// policy: any document is read or refused with a reason that names the parameter; what was read answers for any operation, and a
// document that denies everything allows nothing.
#include <assert.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "base/fault.h"
#include "core/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct policy *policy = NULL;
    GError *error = NULL;
    if (!policy_new((const char *)data, size, &policy, &error)) {
        assert(error != NULL);
        assert(g_strcmp0(fault_field(error), "Policy") == 0);
        assert(g_utf8_validate(error->message, -1, NULL));
        g_error_free(error);
        return 0;
    }
    assert(size <= POLICY_BYTES_MAX);
    (void)policy_allows(policy, "ListTaskFlow");
    (void)policy_allows(policy, "");
    policy_free(policy);

    // The document as a pattern against itself: a text without wildcards matches itself.
    g_autofree char *text = g_strndup((const char *)data, MIN(size, 256));
    if (strpbrk(text, "*?") == NULL) {
        assert(policy_matches(text, text));
    }
    assert(policy_matches("*", text));
    (void)policy_matches(text, "ListTaskFlowInstance");
    return 0;
}
