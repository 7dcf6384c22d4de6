// SPDX-License-Identifier: Apache-2.0
//
// quota: how often may they call: per key where the signature holds; per address where none does, and again where one is wrong.
// Hooks for api_options and routes_options; the buckets are throttle.h.
//
// An address is an IPv4 address or the /64 of an IPv6 address, since a single host may use any address of its /64. Threads: any.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/wire/operation.h"

struct quota;

// Requests per second; 0: no limit.
struct quota_options {
    int64_t key_rate;
    int64_t address_rate;
    int64_t failure_rate; // failed authentications
};

struct quota *quota_new(const struct quota_options *options);
void quota_free(struct quota *quota);

// For api_options.admit: one call of this key.
bool quota_admit_key(void *quota, const char *access_key_id, const struct operation *operation,
                     int64_t *ret_retry_ms);
// For routes_options.admit: one request of this peer ("127.0.0.1:4711", "::1:4711") for something else than the API.
bool quota_admit_address(void *quota, const char *peer, int64_t *ret_retry_ms);
// For api_options.admit_stranger: one request of this peer whose signature does not hold. is_guess: its key is unknown or its signature wrong.
bool quota_admit_stranger(void *quota, const char *peer, bool is_guess, int64_t *ret_retry_ms);

// The name of the peer's bucket. The caller frees it.
char *quota_address_name(const char *peer);
