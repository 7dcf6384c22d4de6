// SPDX-License-Identifier: Apache-2.0
//
// fault: the one error domain of Sluice.
//
// Every function that can fail returns bool and takes `GError **error` last. The code says what kind of refusal it is; api/wire/wire_error
// maps each code to one wire code, status and literal message (protocol.md §9.6, §9.7; operations.md §1.12). The text is for a
// person: what was asked, what stood in the way, what would help; it becomes the reply's `Description`.
//
// Threads: errors are plain values; pass them on like any other.
#pragma once

#include <glib.h>
#include <stdbool.h>

enum fault {
    FAULT_INTERNAL,    // a mistake of ours, or the machine failed us
    FAULT_UNAVAILABLE, // starting, stopping, overloaded: try again
    FAULT_IO, // the state store can not be trusted any more: the server ends (reliability.md G15)
    FAULT_NO_SPACE, // the disk has no room for changes: nothing was changed, and it is over when there is room (G10)
    FAULT_STORE_LOCKED, // another program holds the state store: nothing was changed, and it is over when it lets go

    // Invalid input. The field says which parameter.
    FAULT_MISSING_FIELD, // 400 Missing{Name}
    FAULT_INVALID_FIELD, // 400 Invalid{Name}
    FAULT_INVALID_VALUE, // 403 InvalidParameterValid: well-formed, but this operation can not take it
    FAULT_INVALID_DATA, // bytes from inside (content, result, stored row) that do not parse; not a parameter of the call

    // Missing things: also what another tenant's things look like (reliability.md G13).
    FAULT_FLOW_NOT_EXIST,
    FAULT_NODE_NOT_EXIST,
    FAULT_EDGE_NOT_EXIST,
    FAULT_RUN_NOT_EXIST,
    FAULT_VERSION_NOT_EXIST,
    FAULT_SCENARIO_NOT_EXIST,
    FAULT_USER_NOT_EXIST,
    FAULT_TENANT_NOT_EXIST,
    FAULT_INSTANCE_NOT_EXIST, // a data source
    FAULT_ADDRESS_NOT_EXIST,  // the same, named by its address: InstanceNoEnoughNumber
    FAULT_DATABASE_NOT_EXIST,
    FAULT_SAFE_RULE_NOT_EXIST,
    FAULT_LOG_NOT_EXIST,
    FAULT_SPACE_NOT_EXIST, // a workspace
    FAULT_TABLE_NOT_EXIST,
    FAULT_KEY_NOT_EXIST, // an access key as the object of a call

    // Rules and states that forbid.
    FAULT_NO_PERMISSION,
    FAULT_FORBIDDEN_BY_POLICY, // Forbidden.RAM
    FAULT_NAME_EXISTED,
    FAULT_GRAPH_HAS_CYCLE,
    FAULT_RUN_STATE, // InvalidInstanceStatus: the text names the present state and the states that would do
    FAULT_FLOW_STATE, // the flow is published, not published, has no node, …
    FAULT_FLOW_NOT_PUBLISHED,
    FAULT_SCENARIO_NOT_EMPTY,
    FAULT_INSTANCE_EXISTED,
    FAULT_REGISTER_FAILED, // a data source failed its connection test: RegisterInstanceFailure
    FAULT_USER_EXISTED,
    FAULT_USER_STATE,   // UserStatusIllegal
    FAULT_USER_QUOTA,   // UserNoEnoughNumber: the tenant has as many users as it may
    FAULT_TENANT_STATE, // TenantStatusIllegal
    FAULT_SPACE_NOT_EMPTY,
    FAULT_KEY_STATE,       // an access key is active that must be disabled first, …
    FAULT_OUTCOME_UNKNOWN, // it was begun outside, and what became of it will not be known
    FAULT_TOKEN_OPEN,      // the first call with this client token has no known outcome
    FAULT_LIMIT_EXCEEDED,
    FAULT_REVISION_STALE, // somebody else has changed it since the caller read it
    FAULT_TOKEN_MISMATCH, // IdempotentParameterMismatch
    FAULT_NOT_SUPPORTED,

    FAULT_COUNT,
};

#define FAULT fault_quark()
GQuark fault_quark(void);

// Sets *error (when error is not NULL) to the kind and the sentence.
void fault_set(GError **error, enum fault kind, const char *format, ...) G_GNUC_PRINTF(3, 4);

// The same with the wire name of the parameter at fault ("DagName").
void fault_set_field(GError **error, enum fault kind, const char *field, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

// The parameter's name, or NULL. Lives as long as the error.
const char *fault_field(const GError *error);

// Is this error one of ours, of that kind?
bool fault_is(const GError *error, enum fault kind);

// Does the store take no changes at present, and will again by itself?
bool fault_is_passing(const GError *error);

// "FLOW_NOT_EXIST": for logs and tests.
const char *fault_name(enum fault kind);
