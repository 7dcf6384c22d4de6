// SPDX-License-Identifier: Apache-2.0
//
// quota: the three tables of buckets and the clock they are asked with, which is the monotonic one.
#include "api/wire/quota.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "api/wire/throttle.h"

enum {
    ADDRESSES_MAX = 100000, // about 20 MB
    KEYS_MAX = 100000,
    // proposed: after a pause, two seconds' worth of calls may come at once; ten seconds' worth of failures, since somebody who sets a client
    // up tries a few times.
    BURST_SECONDS = 2,
    FAILURE_BURST_SECONDS = 10,
};

struct quota {
    struct throttle *keys;
    struct throttle *addresses;
    struct throttle *failures;
};

struct quota *quota_new(const struct quota_options *options) {
    struct quota *quota = g_new0(struct quota, 1);
    quota->keys = throttle_new(options->key_rate, options->key_rate * BURST_SECONDS, KEYS_MAX);
    quota->addresses =
        throttle_new(options->address_rate, options->address_rate * BURST_SECONDS, ADDRESSES_MAX);
    quota->failures = throttle_new(options->failure_rate,
                                   options->failure_rate * FAILURE_BURST_SECONDS, ADDRESSES_MAX);
    return quota;
}

void quota_free(struct quota *quota) {
    if (quota != NULL) {
        throttle_free(quota->keys);
        throttle_free(quota->addresses);
        throttle_free(quota->failures);
        g_free(quota);
    }
}

char *quota_address_name(const char *peer) {
    const char *colon = strrchr(peer, ':');
    g_autofree char *host = g_strndup(peer, colon == NULL ? strlen(peer) : (size_t)(colon - peer));
    struct in6_addr address;
    if (inet_pton(AF_INET6, host, &address) != 1) {
        return g_steal_pointer(&host);
    }
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        char text[INET_ADDRSTRLEN];
        return g_strdup(inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text));
    }
    memset(&address.s6_addr[8], 0, 8);
    char text[INET6_ADDRSTRLEN];
    return g_strdup(inet_ntop(AF_INET6, &address, text, sizeof text));
}

bool quota_admit_key(void *quota, const char *access_key_id, const struct operation *operation,
                     int64_t *ret_retry_ms) {
    (void)operation;
    return throttle_take(((struct quota *)quota)->keys, access_key_id, g_get_monotonic_time(),
                         ret_retry_ms);
}

bool quota_admit_address(void *quota, const char *peer, int64_t *ret_retry_ms) {
    return quota_admit_stranger(quota, peer, false, ret_retry_ms);
}

bool quota_admit_stranger(void *quota, const char *peer, bool is_guess, int64_t *ret_retry_ms) {
    struct quota *all = quota;
    g_autofree char *name = quota_address_name(peer);
    int64_t now_us = g_get_monotonic_time();
    bool has_failures = is_guess ? throttle_take(all->failures, name, now_us, ret_retry_ms)
                                 : throttle_has(all->failures, name, now_us, ret_retry_ms);
    return has_failures && throttle_take(all->addresses, name, now_us, ret_retry_ms);
}
