// SPDX-License-Identifier: Apache-2.0
//
// sharing: owners and stakeholders of flows (operations.md §2.3, behaviour.md §8).
#pragma once

#include "store/store.h"

struct cooperator_row {
    int64_t user_id;
    char *login_name; // the uid
    char *nick_name;
    char *email; // NULL: none
};
void cooperator_row_free(struct cooperator_row *row);

// By user id; needs ACCESS_VIEW. GPtrArray of struct cooperator_row *.
bool store_cooperator_list(struct store_reader *reader, const struct caller *caller,
                           int64_t flow_id, GPtrArray **ret_cooperators, GError **error);
