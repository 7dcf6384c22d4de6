// SPDX-License-Identifier: Apache-2.0
//
// founding: the first rows of a tenant: itself, its administrator and the administrator's key. Private to this folder.
#pragma once

#include "store/private.h"

// A tenant on its way into the store. Texts are borrowed but for uid.
struct founding {
    const char *tenant_name;
    const char *key_id;
    const char *secret;
    bool is_operator; // its administrator may make further tenants
    int64_t tenant_id;
    int64_t person_id;
    char *uid;
};

// Gives the ids and makes the administrator's uid, inside the open transaction; founding_done frees it.
void founding_number(struct store *store, struct founding *founding);
// Stores the three rows, inside the open transaction.
bool founding_insert(struct store *store, const struct founding *founding, int64_t now_ms,
                     GError **error);
void founding_done(struct founding *founding);
