// SPDX-License-Identifier: Apache-2.0
// folder: core
// A snapshot as it might lie damaged in the store: it is refused as damage, or gives a plan that holds together.
#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "core/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *snapshot = g_strndup((const char *)data, size);
    struct plan *plan = NULL;
    g_autoptr(GError) error = NULL;
    if (!plan_new(1, snapshot, &plan, &error)) {
        g_assert(fault_is(error, FAULT_INVALID_DATA));
        return 0;
    }
    g_assert(graph_node_count(plan->graph) == plan->node_count);
    for (int i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        g_assert(plan_position(plan, node->id) == i);
        g_assert(kind_find(node->kind) == NULL ||
                 (node->value == NULL) == (node->content_error != NULL));
    }
    if (!plan_check_publish(plan, &error)) {
        g_assert(fault_is(error, FAULT_FLOW_STATE));
    }
    plan_unref(plan);
    return 0;
}
