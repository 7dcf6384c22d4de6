// SPDX-License-Identifier: Apache-2.0
//
// source_seal: what a source's password is bound to. Private to this folder.
#pragma once

#include <stdint.h>

// The context of crypto_seal: a sealed password that is moved to another source does not open. The caller frees it.
char *source_seal_context(int64_t tenant_id, int64_t source_id);
