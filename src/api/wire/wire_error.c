// SPDX-License-Identifier: Apache-2.0
//
// wire_error: one table of all failures, and the one place where a fault becomes a wire code. Codes and messages are wire facts and stay
// literal; a row with {Name} takes the parameter's name.
#include "api/wire/wire_error.h"

#include "base/fault.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

enum { MESSAGE_BYTES_MAX = 2000 };

struct wire_row {
    int http;
    const char *code;
    const char *message;
};

#define OP_INVALID_TEXT "The specified parameter {Name} is not valid."

static const struct wire_row wire_rows[] = {
    [WIRE_ACTION_NOT_FOUND] = { 404, "InvalidAction.NotFound",
                                "Specified api is not found, please check your url and method." },
    [WIRE_INVALID_VERSION] = { 400, "InvalidVersion", "Specified parameter Version is not valid." },
    [WIRE_UNSUPPORTED_METHOD] = { 400, "UnsupportedHTTPMethod",
                                  "This http method is not supported." },
    [WIRE_NEED_TLS] = { 400, "InvalidProtocol.NeedSsl",
                        "Your request is denied as lack of ssl protect." },
    [WIRE_MISSING] = { 400, "Missing{Name}", "{Name} is mandatory for this action." },
    [WIRE_INVALID] = { 400, "Invalid{Name}", "Specified parameter {Name} is not valid." },
    [WIRE_INVALID_PARAMETER] = { 400, "InvalidParameter",
                                 "The specified parameter \"{Name}\" is not valid." },
    [WIRE_TARGET_TOO_LONG] = { 414, "InvalidParameter",
                               "The specified parameter \"{Name}\" is not valid." },
    [WIRE_BODY_TOO_LARGE] = { 413, "InvalidParameter",
                              "The specified parameter \"{Name}\" is not valid." },
    [WIRE_HEADERS_TOO_LARGE] = { 431, "InvalidParameter",
                                 "The specified parameter \"{Name}\" is not valid." },
    [WIRE_HTTP_VERSION] = { 505, "InvalidParameter",
                            "The specified parameter \"{Name}\" is not valid." },
    [WIRE_KEY_NOT_FOUND] = { 404, "InvalidAccessKeyId.NotFound",
                             "Specified access key is not found." },
    [WIRE_KEY_INACTIVE] = { 400, "InvalidAccessKeyId.Inactive",
                            "Specified access key is disabled." },
    [WIRE_MISSING_SECURITY_TOKEN] = { 400, "MissingSecurityToken",
                                      "SecurityToken is mandatory for this action." },
    [WIRE_TOKEN_MALFORMED] = { 400, "InvalidSecurityToken.Malformed",
                               "Specified SecurityToken is malformed." },
    [WIRE_TOKEN_EXPIRED] = { 400, "InvalidSecurityToken.Expired",
                             "Specified SecurityToken is expired." },
    [WIRE_TOKEN_MISMATCH] = { 400, "InvalidSecurityToken.MismatchWithAccessKey",
                              "Specified SecurityToken mismatch with the AccessKey." },
    [WIRE_SIGNATURE_METHOD] = { 400, "InvalidSignatureMethod",
                                "Specified signature method is not valid." },
    [WIRE_INCOMPLETE_SIGNATURE] = { 400, "IncompleteSignature",
                                    "The request signature does not conform to standards. "
                                    "server string to sign is:" },
    [WIRE_SIGNATURE_V1] = { 400, "SignatureDoesNotMatch",
                            "Specified signature is not matched with our calculation. "
                            "server string to sign is:" },
    [WIRE_SIGNATURE_V3] = { 400, "SignatureDoesNotMatch",
                            "Specified signature does not match our calculation. server "
                            "StringToSign is " },
    [WIRE_TIME_FORMAT] = { 400, "InvalidTimeStamp.Format",
                           "Specified time stamp or date value is not well formatted." },
    [WIRE_TIME_EXPIRED] = { 400, "InvalidTimeStamp.Expired",
                            "Specified time stamp or date value is expired." },
    [WIRE_NONCE_USED] = { 400, "SignatureNonceUsed",
                          "Specified signature nonce was used already." },
    [WIRE_THROTTLED_USER] = { 400, "Throttling.User",
                              "Request was denied due to user flow control." },
    [WIRE_THROTTLED_API] = { 400, "Throttling.Api", "Request was denied due to api flow control." },
    [WIRE_THROTTLED] = { 400, "Throttling", "Request was denied due to request throttling." },
    [WIRE_FORBIDDEN_RAM] = { 403, "Forbidden.RAM",
                             "You are not authorized to perform this operation by RAM." },
    [WIRE_INTERNAL] = { 500, "InternalError",
                        "The request processing has failed due to some unknown error, exception or "
                        "failure." },
    [WIRE_UNAVAILABLE] = { 503, "ServiceUnavailable",
                           "The request has failed due to a temporary failure of the server." },

    [WIRE_OP_MISSING] = { 400, "Missing{Name}", "{Name} is mandatory for this action." },
    [WIRE_OP_INVALID] = { 400, "Invalid{Name}", "Specified parameter {Name} is not valid." },
    [WIRE_OP_INVALID_VALUE] = { 403, "InvalidParameterValid", OP_INVALID_TEXT },
    [WIRE_OP_NO_PERMISSION] = { 403, "NoPermission",
                                "You are not authorized to perform this operation." },
    [WIRE_OP_NOT_SUPPORTED] = { 403, "NotSupportYet", "This feature is not supported." },
    [WIRE_OP_USER_EXISTED] = { 403, "UserExisted", "The specified user already exists." },
    [WIRE_OP_USER_QUOTA] = { 403, "UserNoEnoughNumber",
                             "The maximum number of users allowed for the enterprise is "
                             "exceeded." },
    [WIRE_OP_INSTANCE_EXISTED] = { 403, "InstanceExisted",
                                   "The specified instance already exists." },
    // proposed: not the quota that the catalogue has this code for; the vendor's tools take it alone for "there is no such instance".
    [WIRE_OP_ADDRESS_NOT_EXIST] = { 404, "InstanceNoEnoughNumber",
                                    "The specified instance does not exist." },
    [WIRE_OP_REGISTER_FAILED] = { 403, "RegisterInstanceFailure",
                                  "The instance could not be registered: it can not be reached." },
    [WIRE_OP_USER_NOT_EXIST] = { 404, "UserNotExist",
                                 "The specified user does not exist in DMS, Please contact Admin "
                                 "to add your "
                                 "account UID into DMS." },
    [WIRE_OP_USER_STATUS] = { 404, "UserStatusIllegal", "The user status is invalid." },
    [WIRE_OP_TENANT_NOT_EXIST] = { 404, "TenantNotExist", "The specified tenant does not exist." },
    [WIRE_OP_TENANT_EXPIRED] = { 404, "TenantExpired", "The tenant has expired." },
    [WIRE_OP_TENANT_STATUS] = { 404, "TenantStatusIllegal", "The tenant status is invalid." },
    [WIRE_OP_SAFE_RULE_NOT_EXIST] = { 404, "SecurityRuleNotExist",
                                      "The specified security rule does not exist." },
    [WIRE_OP_INTERNAL] = { 500, "InternalError", "Internal server error." },
    [WIRE_OP_FLOW_NOT_EXIST] = { 404, "TaskFlowNotExist",
                                 "The specified task flow does not exist." },
    [WIRE_OP_NODE_NOT_EXIST] = { 404, "TaskNotExist", "The specified task does not exist." },
    [WIRE_OP_EDGE_NOT_EXIST] = { 404, "EdgeNotExist", "The specified edge does not exist." },
    [WIRE_OP_RUN_NOT_EXIST] = { 404, "InstanceRecordNotExist",
                                "The specified task flow instance does not exist." },
    [WIRE_OP_VERSION_NOT_EXIST] = { 404, "VersionNotExist",
                                    "The specified version does not exist." },
    [WIRE_OP_SCENARIO_NOT_EXIST] = { 404, "ScenarioNotExist",
                                     "The specified scenario does not exist." },
    [WIRE_OP_LOG_NOT_EXIST] = { 404, "TaskLogNotExist", "The specified task log does not exist." },
    [WIRE_OP_INSTANCE_NOT_EXIST] = { 404, "InstanceNotExist",
                                     "The specified instance does not exist." },
    [WIRE_OP_DATABASE_NOT_EXIST] = { 404, "DatabaseNotExist",
                                     "The specified database does not exist." },
    [WIRE_OP_SPACE_NOT_EXIST] = { 404, "SpaceNotExist", "The specified workspace does not exist." },
    [WIRE_OP_TABLE_NOT_EXIST] = { 404, "TableNotExist", "The specified table does not exist." },
    [WIRE_OP_KEY_NOT_EXIST] = { 404, "AccessKeyNotExist",
                                "The specified access key does not exist." },
    [WIRE_OP_SPACE_NOT_EMPTY] = { 403, "SpaceNotEmpty", "The specified workspace is not empty." },
    [WIRE_OP_KEY_STATE] = { 403, "InvalidAccessKeyStatus",
                            "The status of the specified access key does not allow this "
                            "operation." },
    [WIRE_OP_TOKEN_OPEN] = { 403, "IdempotentRequestUnknown",
                             "The outcome of the previous request with this client token is "
                             "unknown." },
    [WIRE_OP_OUTCOME_UNKNOWN] = { 504, "OutcomeUnknown",
                                  "The operation was begun and its outcome is not known." },
    [WIRE_OP_NO_SPACE] = { 503, "StorageFull",
                           "The server has no room to store changes. Nothing was changed." },
    [WIRE_OP_STORE_LOCKED] = { 503, "StorageLocked",
                               "The server's store is locked by another program. Nothing was "
                               "changed." },
    [WIRE_OP_FORBIDDEN_RAM] = { 403, "Forbidden.RAM",
                                "You are not authorized to perform this operation by RAM." },
    [WIRE_OP_SCENARIO_NOT_EMPTY] = { 403, "ScenarioNotEmpty",
                                     "The specified scenario is not empty." },
    [WIRE_OP_NAME_EXISTED] = { 403, "NameExisted", "The specified name already exists." },
    [WIRE_OP_CYCLE] = { 403, "GraphHasCycle", "The task flow would contain a cycle." },
    [WIRE_OP_RUN_STATE] = { 403, "InvalidInstanceStatus",
                            "The status of the specified task flow instance does not allow this "
                            "operation." },
    [WIRE_OP_FLOW_STATE] = { 403, "InvalidTaskFlowStatus",
                             "The status of the specified task flow does not allow this "
                             "operation." },
    [WIRE_OP_NOT_PUBLISHED] = { 403, "TaskFlowNotPublished",
                                "The specified task flow is not published." },
    [WIRE_OP_LIMIT] = { 403, "LimitExceeded", "The limit of this resource is exceeded." },
    [WIRE_OP_REVISION] = { 409, "RevisionConflict",
                           "The specified revision is not the present one." },
    [WIRE_OP_TOKEN_MISMATCH] = { 400, "IdempotentParameterMismatch",
                                 "The request uses the same client token as a previous, but "
                                 "non-identical "
                                 "request." },
};
static_assert(G_N_ELEMENTS(wire_rows) == WIRE_CODE_COUNT, "one row for each code");

static const enum wire_code fault_codes[] = {
    [FAULT_INTERNAL] = WIRE_OP_INTERNAL,
    [FAULT_UNAVAILABLE] = WIRE_UNAVAILABLE,
    [FAULT_IO] = WIRE_OP_INTERNAL,
    [FAULT_NO_SPACE] = WIRE_OP_NO_SPACE,
    [FAULT_STORE_LOCKED] = WIRE_OP_STORE_LOCKED,
    [FAULT_MISSING_FIELD] = WIRE_OP_MISSING,
    [FAULT_INVALID_FIELD] = WIRE_OP_INVALID,
    [FAULT_INVALID_VALUE] = WIRE_OP_INVALID_VALUE,
    [FAULT_INVALID_DATA] = WIRE_OP_INTERNAL,
    [FAULT_FLOW_NOT_EXIST] = WIRE_OP_FLOW_NOT_EXIST,
    [FAULT_NODE_NOT_EXIST] = WIRE_OP_NODE_NOT_EXIST,
    [FAULT_EDGE_NOT_EXIST] = WIRE_OP_EDGE_NOT_EXIST,
    [FAULT_RUN_NOT_EXIST] = WIRE_OP_RUN_NOT_EXIST,
    [FAULT_VERSION_NOT_EXIST] = WIRE_OP_VERSION_NOT_EXIST,
    [FAULT_SCENARIO_NOT_EXIST] = WIRE_OP_SCENARIO_NOT_EXIST,
    [FAULT_USER_NOT_EXIST] = WIRE_OP_USER_NOT_EXIST,
    [FAULT_TENANT_NOT_EXIST] = WIRE_OP_TENANT_NOT_EXIST,
    [FAULT_INSTANCE_NOT_EXIST] = WIRE_OP_INSTANCE_NOT_EXIST,
    [FAULT_ADDRESS_NOT_EXIST] = WIRE_OP_ADDRESS_NOT_EXIST,
    [FAULT_DATABASE_NOT_EXIST] = WIRE_OP_DATABASE_NOT_EXIST,
    [FAULT_SAFE_RULE_NOT_EXIST] = WIRE_OP_SAFE_RULE_NOT_EXIST,
    [FAULT_LOG_NOT_EXIST] = WIRE_OP_LOG_NOT_EXIST,
    [FAULT_SPACE_NOT_EXIST] = WIRE_OP_SPACE_NOT_EXIST,
    [FAULT_TABLE_NOT_EXIST] = WIRE_OP_TABLE_NOT_EXIST,
    [FAULT_KEY_NOT_EXIST] = WIRE_OP_KEY_NOT_EXIST,
    [FAULT_NO_PERMISSION] = WIRE_OP_NO_PERMISSION,
    [FAULT_FORBIDDEN_BY_POLICY] = WIRE_OP_FORBIDDEN_RAM,
    [FAULT_NAME_EXISTED] = WIRE_OP_NAME_EXISTED,
    [FAULT_GRAPH_HAS_CYCLE] = WIRE_OP_CYCLE,
    [FAULT_RUN_STATE] = WIRE_OP_RUN_STATE,
    [FAULT_FLOW_STATE] = WIRE_OP_FLOW_STATE,
    [FAULT_FLOW_NOT_PUBLISHED] = WIRE_OP_NOT_PUBLISHED,
    [FAULT_SCENARIO_NOT_EMPTY] = WIRE_OP_SCENARIO_NOT_EMPTY,
    [FAULT_INSTANCE_EXISTED] = WIRE_OP_INSTANCE_EXISTED,
    [FAULT_REGISTER_FAILED] = WIRE_OP_REGISTER_FAILED,
    [FAULT_USER_EXISTED] = WIRE_OP_USER_EXISTED,
    [FAULT_USER_STATE] = WIRE_OP_USER_STATUS,
    [FAULT_USER_QUOTA] = WIRE_OP_USER_QUOTA,
    [FAULT_TENANT_STATE] = WIRE_OP_TENANT_STATUS,
    [FAULT_SPACE_NOT_EMPTY] = WIRE_OP_SPACE_NOT_EMPTY,
    [FAULT_KEY_STATE] = WIRE_OP_KEY_STATE,
    [FAULT_OUTCOME_UNKNOWN] = WIRE_OP_OUTCOME_UNKNOWN,
    [FAULT_TOKEN_OPEN] = WIRE_OP_TOKEN_OPEN,
    [FAULT_LIMIT_EXCEEDED] = WIRE_OP_LIMIT,
    [FAULT_REVISION_STALE] = WIRE_OP_REVISION,
    [FAULT_TOKEN_MISMATCH] = WIRE_OP_TOKEN_MISMATCH,
    [FAULT_NOT_SUPPORTED] = WIRE_OP_NOT_SUPPORTED,
};
static_assert(G_N_ELEMENTS(fault_codes) == FAULT_COUNT, "one wire code for each fault");

static bool is_plain_name(const char *name) {
    size_t len = strlen(name);
    return len > 0 && len <= 64 &&
           strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-") == len;
}

static char *fill_name(const char *text, const char *name) {
    GString *filled = g_string_new(text);
    (void)g_string_replace(filled, "{Name}", name, 0);
    return g_string_free(filled, FALSE);
}

void wire_error_set(struct wire_error *error, enum wire_code kind, const char *field,
                    const char *format, ...) {
    g_assert(kind < WIRE_CODE_COUNT);
    wire_error_done(error);
    bool is_of_operation = kind >= WIRE_OP_MISSING;
    if (field == NULL || !is_plain_name(field)) {
        if (strstr(wire_rows[kind].code, "{Name}") != NULL) {
            kind = WIRE_INVALID_PARAMETER;
        }
        field = "Parameters";
    }
    *error = (struct wire_error){
        .http = wire_rows[kind].http,
        .code = fill_name(wire_rows[kind].code, field),
        .row = wire_rows[kind].code,
        .message = fill_name(wire_rows[kind].message, field),
        .is_of_operation = is_of_operation,
    };
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->description = g_strdup_vprintf(format, arguments);
        va_end(arguments);
    }
}

void wire_error_append(struct wire_error *error, const char *text) {
    g_assert(error->message != NULL);
    char *longer = g_strconcat(error->message, text, NULL);
    g_free(error->message);
    error->message = longer;
}

void wire_error_from_fault(struct wire_error *error, const GError *fault) {
    g_assert(fault != NULL);
    // It may quote what the caller sent, which can be megabytes. What is cut within a character is repaired by the encoder.
    g_autofree char *text = g_strndup(fault->message, MESSAGE_BYTES_MAX);
    bool is_ours = fault->domain == FAULT && fault->code >= 0 && fault->code < FAULT_COUNT;
    enum wire_code kind = is_ours ? fault_codes[fault->code] : WIRE_OP_INTERNAL;
    if (kind == WIRE_OP_INTERNAL) {
        wire_error_set(error, kind, NULL, NULL);
        return;
    }
    wire_error_set(error, kind, fault_field(fault), "%s", text);
    if (kind == WIRE_OP_INVALID_VALUE && fault_field(fault) == NULL) {
        // The published catalogue has a free text for this code where no single parameter is at fault.
        g_free(error->message);
        error->message = g_strdup(text);
    }
}

void wire_error_set_retry(struct wire_error *error, int64_t retry_after_ms) {
    g_assert(error->http == 503 || g_str_has_prefix(error->code, "Throttling"));
    error->retry_after_ms = retry_after_ms;
}

int wire_code_http(enum wire_code kind) {
    g_assert(kind < WIRE_CODE_COUNT);
    return wire_rows[kind].http;
}

const char *wire_code_name(enum wire_code kind) {
    g_assert(kind < WIRE_CODE_COUNT);
    return wire_rows[kind].code;
}

void wire_error_done(struct wire_error *error) {
    g_free(error->code);
    g_free(error->message);
    g_free(error->description);
    *error = (struct wire_error){ 0 };
}
