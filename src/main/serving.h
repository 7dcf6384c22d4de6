// SPDX-License-Identifier: Apache-2.0
//
// serving: wires the API to the network: keys from the store, permission, pages for operators.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "engine/engine.h"
#include "main/config.h"
#include "store/store.h"
#include "web/tls.h"

struct serving;

// Takes over listen_fd. `tls` (NULL: plain HTTP) is read here only. What the arguments point to must outlive the serving.
bool serving_start(const struct config *config, const char *dir, struct engine *engine,
                   const struct store *store, int listen_fd, const struct tls_pair *tls,
                   struct serving **ret_serving, GError **error);
// "http://127.0.0.1:8080"; lives as long as the serving.
const char *serving_address(const struct serving *serving);
// Stops taking requests, lets those under way finish.
void serving_stop(struct serving *serving);
