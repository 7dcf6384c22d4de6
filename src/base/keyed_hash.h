// SPDX-License-Identifier: Apache-2.0
//
// keyed_hash: hashes for tables whose keys come from outside (SipHash-1-3 under a random key of this process), so that nobody can choose keys
// that fall together. GLib's own functions for texts and numbers have no key; the house refuses them where a caller's bytes are hashed.
//
// The values differ from one process to the next: they are for tables in memory and never stored. core/, which knows no random numbers, orders
// its keys instead (GTree). Any thread.
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

// For g_hash_table_new, beside g_str_equal and g_int64_equal.
guint keyed_hash_text(gconstpointer text);
guint keyed_hash_int64(gconstpointer number);

uint64_t keyed_hash_bytes(const void *data, size_t len);
// The function itself, under a key of the caller's; for tests against its published values.
uint64_t keyed_hash_under(const uint64_t key[2], const void *data, size_t len);
