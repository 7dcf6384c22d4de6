// SPDX-License-Identifier: Apache-2.0
//
// gate: one row for each operation that is served says what the caller must be. An operation without a row is refused, so that none
// can be added without a decision.
#include "api/gate.h"

#include "base/fault.h"
#include "base/log.h"
#include "store/people.h"

#include <string.h>

struct gate_row {
    const char *action;
    enum access_class wanted;
    bool makes_keys; // a temporary key may not: what it made would outlive it
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
    { "DeleteAccessKey", CLASS_MEMBER },
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
    { "UpdateAccessKey", CLASS_MEMBER },
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

static void free_caller(struct caller *caller) {
    g_free(caller);
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
        }
        return false;
    }
    *ret_key = (struct api_key){
        .secret = g_steal_pointer(&row->secret),
        .is_active = row->is_active,
        .caller = g_memdup2(&row->caller, sizeof row->caller),
        .caller_free = free_caller,
    };
    key_row_free(row);
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

bool gate_permit(void *ctx, const struct caller *caller, const struct operation *operation,
                 GError **error) {
    (void)ctx;
    const struct gate_row *row = find_row(operation->action);
    if (row == NULL) {
        fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
                  operation->action);
        return false;
    }
    if (access_permits(caller, row->wanted)) {
        return true;
    }
    fault_set(error, FAULT_NO_PERMISSION, "%s may not call %s; %s may", caller->name,
              operation->action, access_class_text(row->wanted));
    return false;
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
