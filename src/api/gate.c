// SPDX-License-Identifier: Apache-2.0
//
// gate: the operation's row says what the caller must be; the generator takes no row without that. What always holds: roles first, then
// the policy, which only takes away.
#include "api/gate.h"

#include "base/fault.h"
#include "base/log.h"
#include "core/policy.h"
#include "store/people.h"

#include <assert.h>
#include <string.h>

static void free_row(void *row) {
    key_row_free(row);
}

bool gate_key_find(void *readers, const char *access_key_id, struct api_key *ret_key) {
    READER_LOAN loan = { 0 };
    struct key_row *row = NULL;
    g_autoptr(GError) error = NULL;
    if (!reader_borrow(readers, &loan, &error) ||
        !store_key_find(loan.reader, access_key_id, &row, &error)) {
        if (!fault_is(error, FAULT_USER_NOT_EXIST)) {
            g_autofree char *text = log_quote(error->message);
            log_error("api", "event=key_lookup_failed error=%s", text);
            ret_key->is_unreadable = true;
        }
        return false;
    }
    *ret_key = (struct api_key){
        .secret = g_steal_pointer(&row->secret),
        .is_active = row->is_active,
        .is_temporary = row->caller.is_temporary,
        .expires_ms = row->expires_ms,
        .caller = &row->caller,
        .owner = row,
        .owner_free = free_row,
    };
    static_assert(sizeof ret_key->token_hash == sizeof row->token_hash, "the same hash");
    memcpy(ret_key->token_hash, row->token_hash, sizeof row->token_hash);
    return true;
}

// The states of user and tenant are told only behind a good signature.
static bool check_standing(const struct key_row *row, GError **error) {
    const char *name = row->caller.name;
    if (!row->is_tenant_active) {
        fault_set(error, FAULT_TENANT_STATE, "tenant %" G_GINT64_FORMAT " is not active",
                  row->caller.tenant_id);
        return false;
    }
    switch (row->person_state) {
    case PERSON_NORMAL: return true;
    case PERSON_DISABLED:
        fault_set(error, FAULT_USER_STATE, "%s is disabled; an administrator can enable the user",
                  name);
        return false;
    case PERSON_DELETED:
        fault_set(error, FAULT_USER_NOT_EXIST,
                  "%s was deleted; an administrator can register the user again", name);
        return false;
    case PERSON_STATE_COUNT: break;
    }
    g_assert_not_reached();
}

// proposed: a user without a policy may do everything that the roles permit; once there is one, only what it allows (protocol.md §12).
// The document is read anew for each request: it is at most POLICY_BYTES_MAX long, and so it can never be an old one.
static bool check_policy(const struct key_row *row, const char *action, GError **error) {
    if (row->policy == NULL) {
        return true;
    }
    struct policy *policy = NULL;
    g_autoptr(GError) reason = NULL;
    if (!policy_new(row->policy, strlen(row->policy), &policy, &reason)) {
        fault_set(error, FAULT_INVALID_DATA, "the stored policy of user %" G_GINT64_FORMAT ": %s",
                  row->caller.user_id, reason->message);
        return false;
    }
    bool is_allowed = policy_allows(policy, action);
    policy_free(policy);
    if (!is_allowed) {
        fault_set(error, FAULT_FORBIDDEN_BY_POLICY, "the policy of %s does not allow dms:%s",
                  row->caller.name, action);
    }
    return is_allowed;
}

bool gate_permit(void *ctx, const struct api_key *key, const struct operation *operation,
                 GError **error) {
    (void)ctx;
    const struct key_row *owner = key->owner;
    if (!check_standing(owner, error)) {
        return false;
    }
    if (!access_permits(&owner->caller, operation->access)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not call %s; %s may", owner->caller.name,
                  operation->action, access_class_text(operation->access));
        return false;
    }
    if (operation->makes_keys && owner->caller.is_temporary) {
        fault_set(
            error, FAULT_NO_PERMISSION,
            "a temporary key may not call %s, as it makes or changes keys; use a permanent one",
            operation->action);
        return false;
    }
    return check_policy(owner, operation->action, error);
}
