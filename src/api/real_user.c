// SPDX-License-Identifier: Apache-2.0
//
// Acting for another user. Only administrators may (proposed: the documentation has no more than the name).
#include "api/real_user.h"

#include "base/fault.h"
#include "core/model.h"
#include "store/persons.h"

static const char FIELD[] = "RealLoginUserUid";

OWNED_DEFINE(person_row)

bool real_user_find(const struct call *call, struct store_reader *reader, struct caller *ret_user,
                    GError **error) {
    const char *uid = args_text(call->args, FIELD);
    if (uid == NULL || uid[0] == '\0') {
        *ret_user = *call->caller;
        return true;
    }
    if ((call->caller->roles & ROLE_ADMIN) == 0) {
        fault_set_field(error, FAULT_NO_PERMISSION, FIELD,
                        "%s may not act for other users; administrators may", call->caller->name);
        return false;
    }
    OWNED(person_row) person = NULL;
    if (!store_person_get(reader, call->caller, uid, 0, &person, error)) {
        return false;
    }
    if (person->state != PERSON_NORMAL) {
        fault_set_field(error, FAULT_USER_STATE, FIELD, "the user %s is not active", uid);
        return false;
    }
    struct caller user = { .tenant_id = call->caller->tenant_id,
                           .user_id = person->id,
                           .roles = person->roles };
    (void)g_strlcpy(user.name, person->name, sizeof user.name);
    (void)g_strlcpy(user.uid, person->uid, sizeof user.uid);
    *ret_user = user;
    return true;
}
