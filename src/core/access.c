// SPDX-License-Identifier: Apache-2.0
//
// The permission table of behaviour.md §8. Pure; it knows no flows, only how the caller stands to one.

#include "core/access.h"

#include "core/model.h"

// Rows: relation of a caller without a managing role; columns: right.
static const bool rights[][ACCESS_RIGHT_COUNT] = {
    [RELATION_OTHER] = { 0 },
    [RELATION_COOPERATOR] = { [ACCESS_VIEW] = true, [ACCESS_OPERATE] = true },
    [RELATION_OWNER] = { [ACCESS_VIEW] = true,
                         [ACCESS_OPERATE] = true,
                         [ACCESS_EDIT] = true,
                         [ACCESS_CHANGE_OWNER] = true },
};

static bool manages(unsigned roles) {
    return (roles & (ROLE_DBA | ROLE_ADMIN)) != 0;
}

bool access_allows(unsigned roles, enum access_relation relation, enum access_right right) {
    if (manages(roles)) {
        return true;
    }
    // Who may only read structures runs nothing, not even an own flow (behaviour.md §8, proposed).
    if (right == ACCESS_OPERATE && (roles & ROLE_STRUCT_READ_ONLY) != 0) {
        return false;
    }
    return rights[relation][right];
}

bool access_manages_sources(unsigned roles) {
    return manages(roles);
}
