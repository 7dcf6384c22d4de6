// SPDX-License-Identifier: Apache-2.0
//
// acting: the named user's roles count, never the caller's, so that nobody gains by acting for another.
#include "api/ops/acting.h"

#include "base/fault.h"
#include "core/model.h"
#include "store/persons.h"

OWNED_DEFINE(person_row)

bool acting_caller(const struct call *call, struct store_reader *reader, struct caller *ret_caller,
                   GError **error) {
    const char *uid = args_text(call->args, "RealLoginUserUid");
    *ret_caller = *call->caller;
    if (uid == NULL || uid[0] == '\0') {
        return true;
    }
    if ((call->caller->roles & ROLE_ADMIN) == 0) {
        fault_set_field(error, FAULT_NO_PERMISSION, "RealLoginUserUid",
                        "%s may not act for another user; an administrator may",
                        call->caller->name);
        return false;
    }
    OWNED(person_row) person = NULL;
    if (!store_person_get(reader, call->caller, uid, 0, &person, error)) {
        return false;
    }
    if (person->state != PERSON_NORMAL) {
        fault_set_field(error, FAULT_USER_STATE, "RealLoginUserUid",
                        "the user %s is disabled or deleted", uid);
        return false;
    }
    ret_caller->user_id = person->id;
    ret_caller->roles = person->roles;
    ret_caller->is_operator = false;
    (void)g_strlcpy(ret_caller->name, person->name, sizeof ret_caller->name);
    (void)g_strlcpy(ret_caller->uid, person->uid, sizeof ret_caller->uid);
    return true;
}
