// SPDX-License-Identifier: Apache-2.0
//
// wire_error: every failure the wire knows, with its status, code and literal message (protocol.md §9.6, §9.7; operations.md §1.12).
//
// The message is literal, as clients match on it. What helps a person (the field, the present state, what would do) goes into
// `description`. Handlers report faults (base/fault.h); wire_error_from_fault turns them into wire errors here and nowhere else.
//
// Threads: plain values. A zeroed struct is a valid, empty error.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum wire_code {
    // Refused before an operation is reached.
    WIRE_ACTION_NOT_FOUND,
    WIRE_INVALID_VERSION,
    WIRE_UNSUPPORTED_METHOD,
    WIRE_NEED_TLS,
    WIRE_MISSING,           // Missing{Name}
    WIRE_INVALID,           // Invalid{Name}
    WIRE_INVALID_PARAMETER, // parameters as a whole unreadable; the field fills the message
    WIRE_TARGET_TOO_LONG,   // 414, same code and message
    WIRE_BODY_TOO_LARGE,    // 413, same code and message
    WIRE_HEADERS_TOO_LARGE, // 431, same code and message
    WIRE_HTTP_VERSION,      // 505, same code and message
    WIRE_KEY_NOT_FOUND,
    WIRE_KEY_INACTIVE,
    WIRE_MISSING_SECURITY_TOKEN,
    WIRE_TOKEN_MALFORMED,
    WIRE_TOKEN_EXPIRED,
    WIRE_TOKEN_MISMATCH,
    WIRE_SIGNATURE_METHOD,
    WIRE_INCOMPLETE_SIGNATURE,
    WIRE_SIGNATURE_V1,
    WIRE_SIGNATURE_V3,
    WIRE_TIME_FORMAT,
    WIRE_TIME_EXPIRED,
    WIRE_NONCE_USED,
    WIRE_THROTTLED_USER,
    WIRE_THROTTLED_API,
    WIRE_THROTTLED,
    WIRE_FORBIDDEN_RAM,
    WIRE_INTERNAL,
    WIRE_UNAVAILABLE,

    // Refused by an operation: the reply also carries Success false, ErrorCode and ErrorMessage.
    WIRE_OP_MISSING,       // Missing{Name}
    WIRE_OP_INVALID,       // Invalid{Name}
    WIRE_OP_INVALID_VALUE, // InvalidParameterValid; the field fills the message
    WIRE_OP_NO_PERMISSION,
    WIRE_OP_NOT_SUPPORTED,
    WIRE_OP_USER_EXISTED,
    WIRE_OP_USER_QUOTA,
    WIRE_OP_INSTANCE_EXISTED,
    WIRE_OP_ADDRESS_NOT_EXIST,
    WIRE_OP_REGISTER_FAILED,
    WIRE_OP_USER_NOT_EXIST,
    WIRE_OP_USER_STATUS,
    WIRE_OP_TENANT_NOT_EXIST,
    WIRE_OP_TENANT_EXPIRED,
    WIRE_OP_TENANT_STATUS,
    WIRE_OP_SAFE_RULE_NOT_EXIST,
    WIRE_OP_INTERNAL,
    WIRE_OP_FLOW_NOT_EXIST,
    WIRE_OP_NODE_NOT_EXIST,
    WIRE_OP_EDGE_NOT_EXIST,
    WIRE_OP_RUN_NOT_EXIST,
    WIRE_OP_VERSION_NOT_EXIST,
    WIRE_OP_SCENARIO_NOT_EXIST,
    WIRE_OP_LOG_NOT_EXIST,
    WIRE_OP_INSTANCE_NOT_EXIST,
    WIRE_OP_DATABASE_NOT_EXIST,
    WIRE_OP_SPACE_NOT_EXIST,
    WIRE_OP_TABLE_NOT_EXIST,
    WIRE_OP_KEY_NOT_EXIST,
    WIRE_OP_SPACE_NOT_EMPTY,
    WIRE_OP_KEY_STATE,
    WIRE_OP_TOKEN_OPEN,
    WIRE_OP_OUTCOME_UNKNOWN,
    WIRE_OP_NO_SPACE,
    WIRE_OP_STORE_LOCKED,
    WIRE_OP_FORBIDDEN_RAM,
    WIRE_OP_SCENARIO_NOT_EMPTY,
    WIRE_OP_NAME_EXISTED,
    WIRE_OP_CYCLE,
    WIRE_OP_RUN_STATE,
    WIRE_OP_FLOW_STATE,
    WIRE_OP_NOT_PUBLISHED,
    WIRE_OP_LIMIT,
    WIRE_OP_REVISION,
    WIRE_OP_TOKEN_MISMATCH,
    WIRE_CODE_COUNT,
};

struct wire_error {
    int http; // 0: no error
    char *code;
    const char *row; // the code as the table and docs/errors.md have it: Missing{Name}; static
    char *message;
    char *description; // NULL when there is nothing to add
    bool is_of_operation;
    int64_t retry_after_ms; // > 0 only with throttling (protocol.md §11)
};

// Fills the error from the table. `field` is the name put into the code or message of the rows that have one; a name that is no plain
// identifier of at most 64 characters (it comes from the network) turns the row into InvalidParameter. `format` (may be NULL) makes the description.
// What the error held before is freed.
void wire_error_set(struct wire_error *error, enum wire_code kind, const char *field,
                    const char *format, ...) G_GNUC_PRINTF(4, 5);

// Appends to the message: the string to sign of a signature error.
void wire_error_append(struct wire_error *error, const char *text);

// The wire form of what a handler reported. Texts of internal faults stay in the server: the caller logs them.
void wire_error_from_fault(struct wire_error *error, const GError *fault);

// Marks a throttling or overload error with the time after which to try again.
void wire_error_set_retry(struct wire_error *error, int64_t retry_after_ms);

// Status and literal code of a row; Missing{Name} and its like unexpanded. For tests and tables.
int wire_code_http(enum wire_code kind);
const char *wire_code_name(enum wire_code kind);

void wire_error_done(struct wire_error *error);
