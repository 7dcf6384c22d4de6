// SPDX-License-Identifier: Apache-2.0
//
// person_head: a user's identity and state, and the two rules that guard the way in: the server's first administrator is managed by
// nobody else, and no tenant is left without an administrator who can call. Private to this folder.
#pragma once

#include "base/fault.h"
#include "core/access.h"
#include "core/model.h"
#include "store/private.h"

struct person_head {
    int64_t id;
    int64_t tenant_id;
    char uid[ACCESS_NAME_BYTES];
    unsigned roles;
    enum person_state state;
    bool is_operator; // the server's first administrator
};

// The user of the caller's tenant with this uid (NULL: any) and this id (0: any). FAULT_USER_NOT_EXIST, naming `field`.
bool person_head_find(struct store_reader *reader, const struct caller *caller, const char *uid,
                      int64_t user_id, const char *field, struct person_head *ret_head,
                      GError **error);

// May the caller change this user and its keys? Oneself: a key always, the rest as any administrator. FAULT_NO_PERMISSION.
bool person_head_check_manager(const struct caller *caller, const struct person_head *head,
                               GError **error);

// After a change, inside its savepoint: somebody must be left who can administrate the tenant, and the server's first administrator
// who can make tenants, each with an active key and without a policy. Otherwise the fault `kind`, and the change is undone.
bool person_head_check_way_in(struct store *store, int64_t tenant_id, enum fault kind,
                              GError **error);
