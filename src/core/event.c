// SPDX-License-Identifier: Apache-2.0
//
// The list of effects owns its texts.

#include "core/event.h"

static void clear_effect(gpointer item) {
    struct effect *effect = item;
    g_free(effect->message);
}

struct effects *effects_new(void) {
    struct effects *effects = g_new0(struct effects, 1);
    effects->items = g_array_new(FALSE, FALSE, sizeof(struct effect));
    g_array_set_clear_func(effects->items, clear_effect);
    return effects;
}

void effects_clear(struct effects *effects) {
    g_array_set_size(effects->items, 0);
}

void effects_free(struct effects *effects) {
    if (effects != NULL) {
        g_array_unref(effects->items);
        g_free(effects);
    }
}
