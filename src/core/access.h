// SPDX-License-Identifier: Apache-2.0
//
// access: who may do what, as two matrices: roles and relation against the rights on one flow (behaviour.md §8), and roles against
// classes of operations. docs/permissions.md shows both; a test compares. A user's policy (core/policy) can only take away from them.
// Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ACCESS_NAME_BYTES = 128 };

// Who calls: found by the signature, never by a parameter. A plain value.
struct caller {
    int64_t tenant_id;
    int64_t user_id;
    unsigned roles;               // set of enum user_role
    bool is_operator;             // the server's first administrator, who alone makes tenants
    bool is_temporary;            // called with a session key, which can not make further keys
    char name[ACCESS_NAME_BYTES]; // nickname, for messages and logs
    char uid[ACCESS_NAME_BYTES];  // of the cloud account (operations.md §3.2)
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

// How the caller stands to the flow; the strongest that applies.
enum access_relation {
    RELATION_OTHER,
    RELATION_SPACE_MEMBER, // of the workspace the flow is in
    RELATION_COOPERATOR,
    RELATION_DEVELOPER,   // of the flow
    RELATION_SPACE_ADMIN, // of the workspace the flow is in
    RELATION_OWNER,
    RELATION_COUNT
};

bool access_allows(unsigned roles, enum access_relation relation, enum access_right right);
// "OPERATE", "COOPERATOR": as docs/permissions.md has them.
const char *access_right_name(enum access_right right);
const char *access_relation_name(enum access_relation relation);

// What an operation as a whole asks of its caller; rights on the single thing come on top and are checked with its row in hand.
enum access_class {
    CLASS_MEMBER, // any user of the tenant
    CLASS_RUNS, // makes something run, or acts on a run: not who may only read structures (behaviour.md §8)
    CLASS_SOURCES,  // registers data sources: DBA, administrator (operations.md §4.1)
    CLASS_USERS,    // manages users, their keys and policies: administrator (operations.md §3.2)
    CLASS_SPACES,   // finds and makes workspaces: DBA, administrator (operations.md §3.3)
    CLASS_AUDIT,    // reads the logs: administrator, security administrator (operations.md §5)
    CLASS_OPERATOR, // makes tenants: the server's first administrator
    CLASS_COUNT
};

bool access_permits(const struct caller *caller, enum access_class wanted);
// Who may, for a message: "DBAs and administrators".
const char *access_class_text(enum access_class wanted);
// "SOURCES": as docs/permissions.md has it.
const char *access_class_name(enum access_class wanted);

// A DBA or an administrator: stands above all flows.
bool access_manages(unsigned roles);

// May run SQL by a call: every user of the tenant but those who may only read structures, as in flows (proposed: the documentation names no
// rights on single databases).
bool access_runs_sql(unsigned roles);
