// SPDX-License-Identifier: Apache-2.0
//
// The context that binds a sealed password to its source.

#include "store/source_seal.h"

#include <glib.h>

char *source_seal_context(int64_t tenant_id, int64_t source_id) {
    return g_strdup_printf("source/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, source_id, tenant_id);
}
