// SPDX-License-Identifier: Apache-2.0
//
// Who may be named: users of the tenant who can work. Others would hold a right that nobody can use or take back.

#include "store/named_person.h"

#include "base/fault.h"
#include "store/persons.h"

static const char GET_STATE[] = "SELECT state FROM person WHERE id = ?1 AND tenant_id = ?2";

bool named_person_check(struct store_reader *reader, const struct caller *caller, int64_t user_id,
                        const char *field, GError **error) {
    int64_t state = PERSON_DELETED;
    if (!query_int(reader->sql, GET_STATE, VALUES(INT(user_id), INT(caller->tenant_id)),
                   PERSON_DELETED, &state, error)) {
        return false;
    }
    if (state == PERSON_DELETED) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, field,
                        "there is no user %" G_GINT64_FORMAT " in the tenant", user_id);
        return false;
    }
    if (state != PERSON_NORMAL) {
        fault_set_field(error, FAULT_USER_STATE, field,
                        "user %" G_GINT64_FORMAT " is disabled; enable the user first", user_id);
        return false;
    }
    return true;
}

bool named_person_check_all(struct store_reader *reader, const struct caller *caller,
                            const GArray *user_ids, const char *field, GError **error) {
    for (guint i = 0; i < user_ids->len; i++) {
        if (!named_person_check(reader, caller, g_array_index(user_ids, int64_t, i), field,
                                error)) {
            return false;
        }
    }
    return true;
}
