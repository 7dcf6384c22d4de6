// SPDX-License-Identifier: Apache-2.0
//
// access: who may do what to a flow: the permission table of behaviour.md §8 as one function. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ACCESS_NAME_BYTES = 128 };

// Who calls: found by the signature, never by a parameter. A plain value.
struct caller {
    int64_t tenant_id;
    int64_t user_id;
    unsigned roles;               // set of enum user_role
    char name[ACCESS_NAME_BYTES]; // nickname, for messages and logs
    char access_key_id[ACCESS_NAME_BYTES];
};

// What is asked for, from the table's columns.
enum access_right {
    ACCESS_VIEW,
    ACCESS_OPERATE,
    ACCESS_EDIT,
    ACCESS_CHANGE_OWNER,
    ACCESS_RIGHT_COUNT
};

// How the caller stands to the flow.
enum access_relation { RELATION_OTHER, RELATION_COOPERATOR, RELATION_OWNER };

bool access_allows(unsigned roles, enum access_relation relation, enum access_right right);

// Data sources are registered by DBAs and administrators (operations.md §4.1).
bool access_manages_sources(unsigned roles);
