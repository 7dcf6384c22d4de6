// SPDX-License-Identifier: Apache-2.0
//
// Policy documents of users. What always holds: a stored document was read by core/policy without a fault.
//
// proposed: nobody puts a policy on himself. So nobody can lift what was put on him, and of two administrators who forbid each other
// everything, one is left who can take it back.

#include "store/policies.h"

#include "base/fault.h"
#include "core/policy.h"
#include "store/changes.h"
#include "store/persons.h"

#include <string.h>

static const char HAS_PERSON[] =
    "SELECT count(*) FROM person WHERE id = ?1 AND tenant_id = ?2 AND state <> ?3";
static const char GET_POLICY[] =
    "SELECT document FROM policy WHERE person_id = ?1 AND tenant_id = ?2";
static const char PUT_POLICY[] =
    "INSERT INTO policy (person_id, tenant_id, document, changed_ms) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (person_id) DO UPDATE SET document = excluded.document,"
    " changed_ms = excluded.changed_ms";
static const char REMOVE_POLICY[] = "DELETE FROM policy WHERE person_id = ?1 AND tenant_id = ?2";

static bool check_person(struct sql *sql, const struct caller *caller, int64_t user_id,
                         GError **error) {
    int64_t count = 0;
    if (!query_int(sql, HAS_PERSON,
                   VALUES(INT(user_id), INT(caller->tenant_id), INT(PERSON_DELETED)), 0, &count,
                   error)) {
        return false;
    }
    if (count == 0) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, "UserId", "there is no user %" G_GINT64_FORMAT,
                        user_id);
    }
    return count > 0;
}

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
    g_assert(document != NULL);
    if (!access_permits(caller, CLASS_USERS)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not put policies; %s may", caller->name,
                  access_class_text(CLASS_USERS));
        return false;
    }
    if (change->user_id == caller->user_id) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "nobody puts or removes a policy of their own; ask another administrator");
        return false;
    }
    if (!check_person(store->reader.sql, caller, change->user_id, error)) {
        return false;
    }
    result->id = change->user_id;
    if (document[0] == 0) {
        return query_run(store_change_sql(store), REMOVE_POLICY,
                         VALUES(INT(change->user_id), INT(caller->tenant_id)), error);
    }
    return check_document(document, error) &&
           query_run(
               store_change_sql(store), PUT_POLICY,
               VALUES(INT(change->user_id), INT(caller->tenant_id), TEXT(document), INT(now_ms)),
               error);
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
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!check_person(reader->sql, caller, wanted, error) ||
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
