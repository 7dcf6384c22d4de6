// SPDX-License-Identifier: Apache-2.0
//
// The error domain: a GError whose private part carries the parameter's name.

#include "base/fault.h"

struct fault_private {
    char *field;
};
// GLib generates functions over this name, fault_quark among them; the typedef exists for that alone.
typedef struct fault_private FaultPrivate;

static void fault_private_init(FaultPrivate *priv) {
    g_assert(priv != NULL);
    priv->field = NULL;
}

static void fault_private_copy(const FaultPrivate *from, FaultPrivate *to) {
    g_assert(from != NULL);
    g_assert(to != NULL);
    to->field = g_strdup(from->field);
}

static void fault_private_clear(FaultPrivate *priv) {
    g_assert(priv != NULL);
    g_free(priv->field);
}

// The macro finds the private part by byte arithmetic; GLib aligns what it allocates.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-align"
G_DEFINE_EXTENDED_ERROR(Fault, fault)
#pragma GCC diagnostic pop

void fault_set(GError **error, enum fault kind, const char *format, ...) {
    g_assert(kind < FAULT_COUNT);
    if (error == NULL) {
        return;
    }
    g_assert(*error == NULL);
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(FAULT, (int)kind, format, args);
    va_end(args);
}

void fault_set_field(GError **error, enum fault kind, const char *field, const char *format, ...) {
    g_assert(kind < FAULT_COUNT);
    g_assert(field != NULL);
    if (error == NULL) {
        return;
    }
    g_assert(*error == NULL);
    va_list args;
    va_start(args, format);
    *error = g_error_new_valist(FAULT, (int)kind, format, args);
    va_end(args);
    FaultPrivate *priv = fault_get_private(*error);
    g_assert(priv != NULL);
    priv->field = g_strdup(field);
}

const char *fault_field(const GError *error) {
    g_assert(error != NULL);
    if (error->domain != FAULT) {
        return NULL;
    }
    const FaultPrivate *priv = fault_get_private(error);
    g_assert(priv != NULL);
    return priv->field;
}

bool fault_is(const GError *error, enum fault kind) {
    return error != NULL && error->domain == FAULT && error->code == (int)kind;
}

bool fault_is_passing(const GError *error) {
    return fault_is(error, FAULT_NO_SPACE) || fault_is(error, FAULT_STORE_LOCKED);
}

const char *fault_name(enum fault kind) {
    static const char *const names[FAULT_COUNT] = {
        [FAULT_INTERNAL] = "INTERNAL",
        [FAULT_UNAVAILABLE] = "UNAVAILABLE",
        [FAULT_IO] = "IO",
        [FAULT_NO_SPACE] = "NO_SPACE",
        [FAULT_STORE_LOCKED] = "STORE_LOCKED",
        [FAULT_MISSING_FIELD] = "MISSING_FIELD",
        [FAULT_INVALID_FIELD] = "INVALID_FIELD",
        [FAULT_INVALID_VALUE] = "INVALID_VALUE",
        [FAULT_INVALID_DATA] = "INVALID_DATA",
        [FAULT_FLOW_NOT_EXIST] = "FLOW_NOT_EXIST",
        [FAULT_NODE_NOT_EXIST] = "NODE_NOT_EXIST",
        [FAULT_EDGE_NOT_EXIST] = "EDGE_NOT_EXIST",
        [FAULT_RUN_NOT_EXIST] = "RUN_NOT_EXIST",
        [FAULT_VERSION_NOT_EXIST] = "VERSION_NOT_EXIST",
        [FAULT_SCENARIO_NOT_EXIST] = "SCENARIO_NOT_EXIST",
        [FAULT_USER_NOT_EXIST] = "USER_NOT_EXIST",
        [FAULT_TENANT_NOT_EXIST] = "TENANT_NOT_EXIST",
        [FAULT_INSTANCE_NOT_EXIST] = "INSTANCE_NOT_EXIST",
        [FAULT_ADDRESS_NOT_EXIST] = "ADDRESS_NOT_EXIST",
        [FAULT_DATABASE_NOT_EXIST] = "DATABASE_NOT_EXIST",
        [FAULT_SAFE_RULE_NOT_EXIST] = "SAFE_RULE_NOT_EXIST",
        [FAULT_LOG_NOT_EXIST] = "LOG_NOT_EXIST",
        [FAULT_SPACE_NOT_EXIST] = "SPACE_NOT_EXIST",
        [FAULT_TABLE_NOT_EXIST] = "TABLE_NOT_EXIST",
        [FAULT_KEY_NOT_EXIST] = "KEY_NOT_EXIST",
        [FAULT_NO_PERMISSION] = "NO_PERMISSION",
        [FAULT_FORBIDDEN_BY_POLICY] = "FORBIDDEN_BY_POLICY",
        [FAULT_NAME_EXISTED] = "NAME_EXISTED",
        [FAULT_GRAPH_HAS_CYCLE] = "GRAPH_HAS_CYCLE",
        [FAULT_RUN_STATE] = "RUN_STATE",
        [FAULT_FLOW_STATE] = "FLOW_STATE",
        [FAULT_FLOW_NOT_PUBLISHED] = "FLOW_NOT_PUBLISHED",
        [FAULT_SCENARIO_NOT_EMPTY] = "SCENARIO_NOT_EMPTY",
        [FAULT_INSTANCE_EXISTED] = "INSTANCE_EXISTED",
        [FAULT_REGISTER_FAILED] = "REGISTER_FAILED",
        [FAULT_USER_EXISTED] = "USER_EXISTED",
        [FAULT_USER_STATE] = "USER_STATE",
        [FAULT_USER_QUOTA] = "USER_QUOTA",
        [FAULT_TENANT_STATE] = "TENANT_STATE",
        [FAULT_SPACE_NOT_EMPTY] = "SPACE_NOT_EMPTY",
        [FAULT_KEY_STATE] = "KEY_STATE",
        [FAULT_OUTCOME_UNKNOWN] = "OUTCOME_UNKNOWN",
        [FAULT_TOKEN_OPEN] = "TOKEN_OPEN",
        [FAULT_LIMIT_EXCEEDED] = "LIMIT_EXCEEDED",
        [FAULT_REVISION_STALE] = "REVISION_STALE",
        [FAULT_TOKEN_MISMATCH] = "TOKEN_MISMATCH",
        [FAULT_NOT_SUPPORTED] = "NOT_SUPPORTED",
    };
    g_assert(kind < FAULT_COUNT);
    return names[kind];
}
