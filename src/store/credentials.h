// SPDX-License-Identifier: Apache-2.0
//
// credentials: DIR/credentials, the key of the first administrator as the command line reads it. Private to this folder.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

// Texts are borrowed.
struct credentials {
    const char *key_id;
    const char *secret;
    int64_t tenant_id;
    const char *uid;
};

// Replaces the file in one step, mode 0600. FAULT_IO.
bool credentials_write(const char *dir, const struct credentials *credentials, GError **error);
