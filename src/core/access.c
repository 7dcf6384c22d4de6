// SPDX-License-Identifier: Apache-2.0
//
// The permission tables. Pure; they know no flows and no operations, only how the caller stands to one.
//
// What always holds: a user with no role at all may do nothing; a managing role is never forbidden anything on a flow.

#include "core/access.h"

#include <assert.h>
#include <glib.h>

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

// Rows: class of operation; the roles of which one is enough, and those that forbid what only a managing role makes good.
static const struct {
    const char *name;
    unsigned roles;
    unsigned forbidding_roles;
    const char *text;
} classes[] = {
    [CLASS_MEMBER] = { "MEMBER", ANYBODY, 0, "users of the tenant" },
    [CLASS_RUNS] = { "RUNS", ANYBODY, ROLE_STRUCT_READ_ONLY,
                     "users of the tenant who may not only read structures" },
    [CLASS_SOURCES] = { "SOURCES", ROLE_DBA | ROLE_ADMIN, 0, "DBAs and administrators" },
    [CLASS_USERS] = { "USERS", ROLE_ADMIN, 0, "administrators" },
    [CLASS_SPACES] = { "SPACES", ROLE_DBA | ROLE_ADMIN, 0, "DBAs and administrators" },
    [CLASS_AUDIT] = { "AUDIT", ROLE_ADMIN | ROLE_SECURITY_ADMIN, 0,
                      "administrators and security administrators" },
    [CLASS_OPERATOR] = { "OPERATOR", ROLE_ADMIN, 0, "the server's first administrator" },
};
static_assert(G_N_ELEMENTS(classes) == CLASS_COUNT, "a row for each class");

static const char *const right_names[] = {
    [ACCESS_VIEW] = "VIEW",
    [ACCESS_OPERATE] = "OPERATE",
    [ACCESS_EDIT] = "EDIT",
    [ACCESS_CHANGE_OWNER] = "CHANGE_OWNER",
};
static_assert(G_N_ELEMENTS(right_names) == ACCESS_RIGHT_COUNT, "a name for each right");

static const char *const relation_names[] = {
    [RELATION_OTHER] = "OTHER",
    [RELATION_SPACE_MEMBER] = "SPACE_MEMBER",
    [RELATION_COOPERATOR] = "COOPERATOR",
    [RELATION_DEVELOPER] = "DEVELOPER",
    [RELATION_SPACE_ADMIN] = "SPACE_ADMIN",
    [RELATION_OWNER] = "OWNER",
};
static_assert(G_N_ELEMENTS(relation_names) == RELATION_COUNT, "a name for each relation");

bool access_manages(unsigned roles) {
    return (roles & (ROLE_DBA | ROLE_ADMIN)) != 0;
}

// Does the class let these roles in? proposed: who may only read structures runs nothing, not even an own flow, unless another role of
// theirs manages (behaviour.md §8).
static bool class_admits(enum access_class wanted, unsigned roles) {
    bool is_forbidden = (roles & classes[wanted].forbidding_roles) != 0 && !access_manages(roles);
    return (roles & classes[wanted].roles) != 0 && !is_forbidden;
}

bool access_allows(unsigned roles, enum access_relation relation, enum access_right right) {
    g_assert(relation < RELATION_COUNT);
    g_assert(right < ACCESS_RIGHT_COUNT);
    if (access_manages(roles)) {
        return true;
    }
    if (right == ACCESS_OPERATE && !class_admits(CLASS_RUNS, roles)) {
        return false;
    }
    return rights[relation][right];
}

bool access_runs_sql(unsigned roles) {
    return access_manages(roles) || (roles & ROLE_STRUCT_READ_ONLY) == 0;
}

bool access_permits(const struct caller *caller, enum access_class wanted) {
    g_assert(wanted < CLASS_COUNT);
    return class_admits(wanted, caller->roles) && (wanted != CLASS_OPERATOR || caller->is_operator);
}

const char *access_right_name(enum access_right right) {
    g_assert(right < ACCESS_RIGHT_COUNT);
    return right_names[right];
}

const char *access_relation_name(enum access_relation relation) {
    g_assert(relation < RELATION_COUNT);
    return relation_names[relation];
}

const char *access_class_text(enum access_class wanted) {
    g_assert(wanted < CLASS_COUNT);
    return classes[wanted].text;
}

const char *access_class_name(enum access_class wanted) {
    g_assert(wanted < CLASS_COUNT);
    return classes[wanted].name;
}
