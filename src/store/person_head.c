// SPDX-License-Identifier: Apache-2.0
//
// Finding a user, and the guard of the way in.

#include "store/person_head.h"

#include <assert.h>

#include "base/fault.h"

#define HEAD_COLUMNS "SELECT id, uid, roles, state, is_operator FROM person"
static const char FIND_UID[] = HEAD_COLUMNS " WHERE tenant_id = ?1 AND uid = ?2";
static const char FIND_ID[] = HEAD_COLUMNS " WHERE tenant_id = ?1 AND id = ?2";

#define HAS_KEY                                                                                    \
    " AND EXISTS (SELECT 1 FROM access_key k WHERE k.tenant_id = p.tenant_id"                      \
    " AND k.person_id = p.id AND k.is_active = 1)"
// A policy can take everything from an administrator, so one who has one does not count.
#define HAS_NO_POLICY                                                                              \
    " AND NOT EXISTS (SELECT 1 FROM policy o WHERE o.person_id = p.id AND o.tenant_id = "          \
    "p.tenant_id)"
#define CAN_CALL " AND p.state = 0 AND (p.roles & 4) <> 0" HAS_KEY HAS_NO_POLICY
static_assert(PERSON_NORMAL == 0 && ROLE_ADMIN == 4, "CAN_CALL says 0 and 4");
static const char HAS_ADMINISTRATOR[] =
    "SELECT EXISTS (SELECT 1 FROM person p WHERE p.tenant_id = ?1" CAN_CALL ")";
// Every tenant but the first is without an operator.
static const char HAS_OPERATOR[] =
    "SELECT NOT EXISTS (SELECT 1 FROM person p WHERE p.tenant_id = ?1 AND p.is_operator = 1)"
    " OR EXISTS (SELECT 1 FROM person p WHERE p.tenant_id = ?1 AND p.is_operator = 1" CAN_CALL ")";

static bool read_head(struct sql_statement *row, const struct caller *caller,
                      struct person_head *ret_head, GError **error) {
    int state = PERSON_NORMAL;
    if (!query_enum(row, 3, PERSON_STATE_COUNT, "the state of a user", &state, error)) {
        return false;
    }
    struct person_head head = {
        .id = sql_column_int(row, 0),
        .tenant_id = caller->tenant_id,
        .roles = (unsigned)sql_column_int(row, 2),
        .state = (enum person_state)state,
        .is_operator = sql_column_int(row, 4) != 0,
    };
    (void)g_strlcpy(head.uid, sql_column_text(row, 1), sizeof head.uid);
    *ret_head = head;
    return true;
}

bool person_head_find(struct store_reader *reader, const struct caller *caller, const char *uid,
                      int64_t user_id, const char *field, struct person_head *ret_head,
                      GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    struct person_head head = { 0 };
    bool is_asked =
        uid != NULL ? query_one(reader->sql, FIND_UID, VALUES(INT(caller->tenant_id), TEXT(uid)),
                                &row, &has_row, error)
                    : query_one(reader->sql, FIND_ID, VALUES(INT(caller->tenant_id), INT(user_id)),
                                &row, &has_row, error);
    if (!is_asked) {
        return false;
    }
    bool is_good = !has_row || read_head(row, caller, &head, error);
    if (has_row) {
        sql_reset(row);
    }
    if (!is_good) {
        return false;
    }
    if (!has_row && uid != NULL) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, field,
                        "the tenant has no user with uid %.128s", uid);
    } else if (!has_row) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, field,
                        "the tenant has no user %" G_GINT64_FORMAT, user_id);
    } else if (user_id != 0 && head.id != user_id) {
        // proposed: both given must name the same user (operations.md §3.2).
        fault_set_field(error, FAULT_USER_NOT_EXIST, field,
                        "the tenant has no user %" G_GINT64_FORMAT " with uid %.128s", user_id,
                        uid);
    } else {
        *ret_head = head;
        return true;
    }
    return false;
}

bool person_head_check_manager(const struct caller *caller, const struct person_head *head,
                               GError **error) {
    if (head->id == caller->user_id) {
        return true;
    }
    if (!access_permits(caller, CLASS_USERS)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not manage other users; %s may", caller->name,
                  access_class_text(CLASS_USERS));
        return false;
    }
    if (head->is_operator) {
        // proposed: who could give oneself a key of that user could make tenants.
        fault_set(error, FAULT_NO_PERMISSION,
                  "user %s is the server's first administrator, whom nobody else may manage",
                  head->uid);
        return false;
    }
    return true;
}

bool person_head_check_way_in(struct store *store, int64_t tenant_id, enum fault kind,
                              GError **error) {
    int64_t has_administrator = 0;
    int64_t has_operator = 0;
    if (!query_int(store->reader.sql, HAS_ADMINISTRATOR, VALUES(INT(tenant_id)), 0,
                   &has_administrator, error) ||
        !query_int(store->reader.sql, HAS_OPERATOR, VALUES(INT(tenant_id)), 0, &has_operator,
                   error)) {
        return false;
    }
    if (has_administrator == 0) {
        fault_set(error, kind,
                  "this would leave the tenant without an administrator who has an active key; "
                  "give another user the role ADMIN and a key first");
        return false;
    }
    if (has_operator == 0) {
        fault_set(error, kind,
                  "this would lock out the server's first administrator, who alone makes tenants; "
                  "it keeps the role ADMIN and one active key");
        return false;
    }
    return true;
}
