// SPDX-License-Identifier: Apache-2.0
//
// content: what the readers of NodeContent share. Faults are FAULT_INVALID_DATA and name the key. Pure.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// The document: an object that the caller owns.
bool content_load(const char *text, json_t **ret_content, GError **error);

// The text of a key, which lives as long as the content; NULL when the key is absent or null.
bool content_text(const json_t *content, const char *key, const char **ret_text, GError **error);

// timeoutSeconds: a whole number of at least 1; 0 when it is absent or null.
bool content_timeout(const json_t *content, int64_t *ret_timeout_s, GError **error);
