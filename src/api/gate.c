// SPDX-License-Identifier: Apache-2.0
//
// gate: one row for each operation that is served says what the caller must be. An operation without a row is refused, so that none
// can be added without a decision. What always holds: roles first, then the policy, which only takes away.
#include "api/gate.h"

#include "base/fault.h"
#include "base/log.h"
#include "core/policy.h"
#include "store/people.h"

#include <assert.h>
#include <string.h>

struct gate_row {
    const char *action;
    enum access_class wanted;
    bool makes_keys; // or changes them; a temporary key may not: what it did would outlive it
};

static const struct gate_row rows[] = {
    { "AddInstance", CLASS_SOURCES },
    { "AddLhMembers", CLASS_MEMBER },
    { "AddTaskFlowEdges", CLASS_MEMBER },
    { "BackFill", CLASS_RUNS },
    { "ChangeLhDagOwner", CLASS_MEMBER },
    { "CreateAccessKey", CLASS_MEMBER, .makes_keys = true },
    { "CreateLakeHouseSpace", CLASS_SPACES },
    { "CreateScenario", CLASS_MEMBER },
    { "CreateSessionKey", CLASS_MEMBER, .makes_keys = true },
    { "CreateTask", CLASS_MEMBER },
    { "CreateTaskFlow", CLASS_MEMBER },
    { "CreateTenant", CLASS_OPERATOR, .makes_keys = true },
    { "DeleteAccessKey", CLASS_MEMBER, .makes_keys = true },
    { "DeleteInstance", CLASS_SOURCES },
    { "DeleteLakeHouseSpace", CLASS_SPACES },
    { "DeleteLhMembers", CLASS_MEMBER },
    { "DeleteScenario", CLASS_MEMBER },
    { "DeleteTask", CLASS_MEMBER },
    { "DeleteTaskFlow", CLASS_MEMBER },
    { "DeleteTaskFlowEdgesByCondition", CLASS_MEMBER },
    { "DeleteUser", CLASS_USERS },
    { "DisableUser", CLASS_USERS },
    { "EnableUser", CLASS_USERS },
    { "ExecuteScript", CLASS_RUNS },
    { "GetDatabase", CLASS_MEMBER },
    { "GetInstance", CLASS_MEMBER },
    { "GetIntervalLimitOfSLA", CLASS_MEMBER },
    { "GetLhSpaceByName", CLASS_SPACES },
    { "GetOpLog", CLASS_AUDIT },
    { "GetPagedInstance", CLASS_MEMBER },
    { "GetRuleNumLimitOfSLA", CLASS_MEMBER },
    { "GetTask", CLASS_MEMBER },
    { "GetTaskFlowGraph", CLASS_MEMBER },
    { "GetTaskFlowNotification", CLASS_MEMBER },
    { "GetTaskInstanceLog", CLASS_MEMBER },
    { "GetTaskInstanceRelation", CLASS_MEMBER },
    { "GetUser", CLASS_MEMBER },
    { "GetUserActiveTenant", CLASS_MEMBER },
    { "GetUserPolicy", CLASS_MEMBER },
    { "ListAccessKeys", CLASS_MEMBER },
    { "ListColumns", CLASS_MEMBER },
    { "ListDAGVersions", CLASS_MEMBER },
    { "ListDatabases", CLASS_MEMBER },
    { "ListDefaultSLARules", CLASS_MEMBER },
    { "ListInstances", CLASS_MEMBER },
    { "ListLhTaskFlowAndScenario", CLASS_MEMBER },
    { "ListSLARules", CLASS_MEMBER },
    { "ListSQLExecAuditLog", CLASS_AUDIT },
    { "ListScenarios", CLASS_MEMBER },
    { "ListTableColumns", CLASS_MEMBER },
    { "ListTables", CLASS_MEMBER },
    { "ListTaskFlow", CLASS_MEMBER },
    { "ListTaskFlowConstants", CLASS_MEMBER },
    { "ListTaskFlowCooperators", CLASS_MEMBER },
    { "ListTaskFlowEdgesByCondition", CLASS_MEMBER },
    { "ListTaskFlowInstance", CLASS_MEMBER },
    { "ListTaskFlowTimeVariables", CLASS_MEMBER },
    { "ListTaskFlowsByPage", CLASS_MEMBER },
    { "ListTasksInTaskFlow", CLASS_MEMBER },
    { "ListUserTenants", CLASS_MEMBER },
    { "ListUsers", CLASS_MEMBER },
    { "MakeTaskFlowInstanceSuccess", CLASS_RUNS },
    { "ModifyInstance", CLASS_SOURCES },
    { "MoveTaskFlowToScenario", CLASS_MEMBER },
    { "OfflineTaskFlow", CLASS_MEMBER },
    { "PublishAndDeployTaskFlow", CLASS_MEMBER },
    { "PutUserPolicy", CLASS_USERS },
    { "ReDeployLhDagVersion", CLASS_MEMBER },
    { "ReRunTaskFlowInstance", CLASS_RUNS },
    { "RegisterInstance", CLASS_SOURCES },
    { "RegisterUser", CLASS_USERS },
    { "RestoreTaskFlowInstance", CLASS_RUNS },
    { "ResumeTaskFlowInstance", CLASS_RUNS },
    { "SearchDatabase", CLASS_MEMBER },
    { "SimplyAddInstance", CLASS_SOURCES },
    { "StopTaskFlowInstance", CLASS_RUNS },
    { "SuspendTaskFlowInstance", CLASS_RUNS },
    { "SyncDatabaseMeta", CLASS_SOURCES },
    { "SyncInstanceMeta", CLASS_SOURCES },
    { "TryRunTaskFlow", CLASS_RUNS },
    { "UpdateAccessKey", CLASS_MEMBER, .makes_keys = true },
    { "UpdateInstance", CLASS_SOURCES },
    { "UpdateSLARules", CLASS_MEMBER },
    { "UpdateScenario", CLASS_MEMBER },
    { "UpdateTaskConfig", CLASS_MEMBER },
    { "UpdateTaskContent", CLASS_MEMBER },
    { "UpdateTaskContentV2", CLASS_MEMBER },
    { "UpdateTaskFlowConstants", CLASS_MEMBER },
    { "UpdateTaskFlowCooperators", CLASS_MEMBER },
    { "UpdateTaskFlowEdges", CLASS_MEMBER },
    { "UpdateTaskFlowNameAndDesc", CLASS_MEMBER },
    { "UpdateTaskFlowNotification", CLASS_MEMBER },
    { "UpdateTaskFlowOwner", CLASS_MEMBER },
    { "UpdateTaskFlowRelations", CLASS_MEMBER },
    { "UpdateTaskFlowSchedule", CLASS_MEMBER },
    { "UpdateTaskFlowTimeVariables", CLASS_MEMBER },
    { "UpdateTaskName", CLASS_MEMBER },
    { "UpdateTaskOutput", CLASS_MEMBER },
    { "UpdateTaskTimeVariables", CLASS_MEMBER },
    { "UpdateUser", CLASS_USERS },
};

static void free_row(void *row) {
    key_row_free(row);
}

bool gate_key_find(void *readers, const char *access_key_id, struct api_key *ret_key) {
    READER_LOAN loan = { 0 };
    struct key_row *row = NULL;
    g_autoptr(GError) error = NULL;
    if (!reader_borrow(readers, &loan, &error) ||
        !store_key_find(loan.reader, access_key_id, &row, &error)) {
        if (!fault_is(error, FAULT_USER_NOT_EXIST)) {
            g_autofree char *text = log_quote(error->message);
            log_error("api", "event=key_lookup_failed error=%s", text);
            ret_key->is_unreadable = true;
        }
        return false;
    }
    *ret_key = (struct api_key){
        .secret = g_steal_pointer(&row->secret),
        .is_active = row->is_active,
        .is_temporary = row->caller.is_temporary,
        .expires_ms = row->expires_ms,
        .caller = &row->caller,
        .owner = row,
        .owner_free = free_row,
    };
    static_assert(sizeof ret_key->token_hash == sizeof row->token_hash, "the same hash");
    memcpy(ret_key->token_hash, row->token_hash, sizeof row->token_hash);
    return true;
}

bool gate_row_at(size_t index, const char **ret_action, enum access_class *ret_class,
                 bool *ret_makes_keys) {
    if (index >= G_N_ELEMENTS(rows)) {
        return false;
    }
    *ret_action = rows[index].action;
    *ret_class = rows[index].wanted;
    *ret_makes_keys = rows[index].makes_keys;
    return true;
}

static const struct gate_row *find_row(const char *action) {
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].action, action) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

// The states of user and tenant are told only behind a good signature.
static bool check_standing(const struct key_row *row, GError **error) {
    const char *name = row->caller.name;
    if (!row->is_tenant_active) {
        fault_set(error, FAULT_TENANT_STATE, "tenant %" G_GINT64_FORMAT " is not active",
                  row->caller.tenant_id);
        return false;
    }
    switch (row->person_state) {
    case PERSON_NORMAL: return true;
    case PERSON_DISABLED:
        fault_set(error, FAULT_USER_STATE, "%s is disabled; an administrator can enable the user",
                  name);
        return false;
    case PERSON_DELETED:
        fault_set(error, FAULT_USER_NOT_EXIST,
                  "%s was deleted; an administrator can register the user again", name);
        return false;
    case PERSON_STATE_COUNT: break;
    }
    g_assert_not_reached();
}

// proposed: a user without a policy may do everything that the roles permit; once there is one, only what it allows (protocol.md §12).
// The document is read anew for each request: it is at most POLICY_BYTES_MAX long, and so it can never be an old one.
static bool check_policy(const struct key_row *row, const char *action, GError **error) {
    if (row->policy == NULL) {
        return true;
    }
    struct policy *policy = NULL;
    g_autoptr(GError) reason = NULL;
    if (!policy_new(row->policy, strlen(row->policy), &policy, &reason)) {
        fault_set(error, FAULT_INVALID_DATA, "the stored policy of user %" G_GINT64_FORMAT ": %s",
                  row->caller.user_id, reason->message);
        return false;
    }
    bool is_allowed = policy_allows(policy, action);
    policy_free(policy);
    if (!is_allowed) {
        fault_set(error, FAULT_FORBIDDEN_BY_POLICY, "the policy of %s does not allow dms:%s",
                  row->caller.name, action);
    }
    return is_allowed;
}

bool gate_permit(void *ctx, const struct api_key *key, const struct operation *operation,
                 GError **error) {
    (void)ctx;
    const struct key_row *owner = key->owner;
    const struct gate_row *row = find_row(operation->action);
    if (!check_standing(owner, error)) {
        return false;
    }
    if (row == NULL) {
        fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
                  operation->action);
        return false;
    }
    if (!access_permits(&owner->caller, row->wanted)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not call %s; %s may", owner->caller.name,
                  operation->action, access_class_text(row->wanted));
        return false;
    }
    if (row->makes_keys && owner->caller.is_temporary) {
        fault_set(
            error, FAULT_NO_PERMISSION,
            "a temporary key may not call %s, as it makes or changes keys; use a permanent one",
            operation->action);
        return false;
    }
    return check_policy(owner, operation->action, error);
}

static bool is_handled(const struct op_handler *const *handlers, const char *action) {
    for (size_t i = 0; handlers[i] != NULL; i++) {
        for (const struct op_handler *handler = handlers[i]; handler->action != NULL; handler++) {
            if (strcmp(handler->action, action) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool gate_is_complete(const struct op_handler *const *handlers, const char **ret_action) {
    for (size_t i = 0; handlers[i] != NULL; i++) {
        for (const struct op_handler *handler = handlers[i]; handler->action != NULL; handler++) {
            if (find_row(handler->action) == NULL) {
                *ret_action = handler->action;
                return false;
            }
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!is_handled(handlers, rows[i].action)) {
            *ret_action = rows[i].action;
            return false;
        }
    }
    return true;
}
