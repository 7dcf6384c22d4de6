// SPDX-License-Identifier: Apache-2.0
//
// The permission tables. Pure; they know no flows and no operations, only how the caller stands to one.

#include "core/access.h"

#include "core/model.h"

// Rows: relation of a caller without a managing role; columns: right.
static const bool rights[RELATION_COUNT][ACCESS_RIGHT_COUNT] = {
    [RELATION_OTHER] = { 0 },
    [RELATION_SPACE_MEMBER] = { [ACCESS_VIEW] = true },
    [RELATION_COOPERATOR] = { [ACCESS_VIEW] = true, [ACCESS_OPERATE] = true },
    [RELATION_DEVELOPER] = { [ACCESS_VIEW] = true, [ACCESS_OPERATE] = true, [ACCESS_EDIT] = true },
    [RELATION_SPACE_ADMIN] = { [ACCESS_VIEW] = true,
                               [ACCESS_OPERATE] = true,
                               [ACCESS_EDIT] = true,
                               [ACCESS_CHANGE_OWNER] = true },
    [RELATION_OWNER] = { [ACCESS_VIEW] = true,
                         [ACCESS_OPERATE] = true,
                         [ACCESS_EDIT] = true,
                         [ACCESS_CHANGE_OWNER] = true },
};

enum { ANYBODY = ROLE_USER | ROLE_DBA | ROLE_ADMIN | ROLE_SECURITY_ADMIN | ROLE_STRUCT_READ_ONLY };

// Rows: class of operation; the roles of which one is enough.
static const struct {
    unsigned roles;
    const char *text;
} classes[CLASS_COUNT] = {
    [CLASS_MEMBER] = { ANYBODY, "users of the tenant" },
    [CLASS_SOURCES] = { ROLE_DBA | ROLE_ADMIN, "DBAs and administrators" },
    [CLASS_USERS] = { ROLE_ADMIN, "administrators" },
    [CLASS_SPACES] = { ROLE_DBA | ROLE_ADMIN, "DBAs and administrators" },
    [CLASS_AUDIT] = { ROLE_ADMIN | ROLE_SECURITY_ADMIN,
                      "administrators and security administrators" },
    [CLASS_OPERATOR] = { 0, "the server's first administrator" },
};

bool access_manages(unsigned roles) {
    return (roles & (ROLE_DBA | ROLE_ADMIN)) != 0;
}

bool access_allows(unsigned roles, enum access_relation relation, enum access_right right) {
    if (access_manages(roles)) {
        return true;
    }
    // Who may only read structures runs nothing, not even an own flow (behaviour.md §8, proposed).
    if (right == ACCESS_OPERATE && (roles & ROLE_STRUCT_READ_ONLY) != 0) {
        return false;
    }
    return rights[relation][right];
}

bool access_permits(const struct caller *caller, enum access_class wanted) {
    if (wanted == CLASS_MEMBER) {
        return true;
    }
    if (wanted == CLASS_OPERATOR) {
        return caller->is_operator && (caller->roles & ROLE_ADMIN) != 0;
    }
    return (caller->roles & classes[wanted].roles) != 0;
}

const char *access_class_text(enum access_class wanted) {
    return classes[wanted].text;
}
