// SPDX-License-Identifier: Apache-2.0
//
// Policy documents of users. What always holds: a stored document was read by core/policy without a fault.
//
// proposed: nobody puts a policy on himself, so nobody lifts what was put on him; each tenant keeps an administrator without one, who can
// take back what others have put (person_head_check_way_in); the server's first administrator, whom nobody else manages, has none.

#include "store/policies.h"

#include <string.h>

#include "base/fault.h"
#include "core/policy.h"
#include "store/changes.h"
#include "store/person_head.h"

static const char GET_POLICY[] =
    "SELECT document FROM policy WHERE person_id = ?1 AND tenant_id = ?2";
static const char PUT_POLICY[] =
    "INSERT INTO policy (person_id, tenant_id, document, changed_ms) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (person_id) DO UPDATE SET document = excluded.document,"
    " changed_ms = excluded.changed_ms";
static const char REMOVE_POLICY[] = "DELETE FROM policy WHERE person_id = ?1 AND tenant_id = ?2";

static bool check_document(const char *document, GError **error) {
    struct policy *policy = NULL;
    bool is_good = policy_new(document, strlen(document), &policy, error);
    if (is_good) {
        policy_free(policy);
    }
    return is_good;
}

bool change_policy_put(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    const struct caller *caller = &change->caller;
    const char *document = change->document;
    struct person_head head = { 0 };
    g_assert(document != NULL);
    if (!access_permits(caller, CLASS_USERS)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not put policies; %s may", caller->name,
                  access_class_text(CLASS_USERS));
        return false;
    }
    if (change->user_id < 1) {
        fault_set_field(error, FAULT_INVALID_FIELD, "UserId", "UserId is a number from 1");
        return false;
    }
    if (change->user_id == caller->user_id) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "nobody puts or removes a policy of their own; ask another administrator");
        return false;
    }
    if (!person_head_find(&store->reader, caller, NULL, change->user_id, "UserId", &head, error) ||
        !person_head_check_manager(caller, &head, error)) {
        return false;
    }
    if (head.state == PERSON_DELETED) {
        fault_set_field(error, FAULT_USER_STATE, "UserId",
                        "user %s is deleted; RegisterUser brings it back", head.uid);
        return false;
    }
    result->id = head.id;
    if (document[0] == 0) {
        return query_run(store_change_sql(store), REMOVE_POLICY,
                         VALUES(INT(change->user_id), INT(caller->tenant_id)), error);
    }
    return check_document(document, error) &&
           query_run(store_change_sql(store), PUT_POLICY,
                     VALUES(INT(head.id), INT(caller->tenant_id), TEXT(document), INT(now_ms)),
                     error) &&
           person_head_check_way_in(store, caller->tenant_id, FAULT_USER_STATE, error);
}

bool store_policy_get(struct store_reader *reader, const struct caller *caller, int64_t user_id,
                      int64_t *ret_user_id, char **ret_document, GError **error) {
    int64_t wanted = user_id == 0 ? caller->user_id : user_id;
    if (wanted != caller->user_id && !access_permits(caller, CLASS_USERS)) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "%s may read the own policy; those of others are for %s", caller->name,
                  access_class_text(CLASS_USERS));
        return false;
    }
    struct person_head head = { 0 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!person_head_find(reader, caller, NULL, wanted, "UserId", &head, error) ||
        !query_one(reader->sql, GET_POLICY, VALUES(INT(wanted), INT(caller->tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    *ret_document = has_row ? query_text(row, 0) : NULL;
    *ret_user_id = wanted;
    if (has_row) {
        sql_reset(row);
    }
    return true;
}
