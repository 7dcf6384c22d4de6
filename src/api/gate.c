// SPDX-License-Identifier: Apache-2.0
//
// gate: one row for each operation that is served says what the caller must be. An operation without a row is refused, so that none
// can be added without a decision.
#include "api/gate.h"

#include "base/fault.h"
#include "base/log.h"
#include "store/people.h"

#include <string.h>

enum policy {
    POLICY_MEMBER,  // any user of the tenant; what it concerns decides the rest
    POLICY_SOURCES, // DBAs and administrators (operations.md §4.1)
};

struct policy_row {
    const char *action;
    enum policy policy;
};

static const struct policy_row policies[] = {
    { "AddTaskFlowEdges", POLICY_MEMBER },
    { "CreateTask", POLICY_MEMBER },
    { "CreateTaskFlow", POLICY_MEMBER },
    { "DeleteTask", POLICY_MEMBER },
    { "DeleteTaskFlow", POLICY_MEMBER },
    { "DeleteTaskFlowEdgesByCondition", POLICY_MEMBER },
    { "GetInstance", POLICY_MEMBER },
    { "GetTask", POLICY_MEMBER },
    { "GetTaskFlowGraph", POLICY_MEMBER },
    { "GetTaskInstanceLog", POLICY_MEMBER },
    { "GetTaskInstanceRelation", POLICY_MEMBER },
    { "GetUserActiveTenant", POLICY_MEMBER },
    { "ListDAGVersions", POLICY_MEMBER },
    { "ListDatabases", POLICY_MEMBER },
    { "ListInstances", POLICY_MEMBER },
    { "ListTaskFlow", POLICY_MEMBER },
    { "ListTaskFlowConstants", POLICY_MEMBER },
    { "ListTaskFlowEdgesByCondition", POLICY_MEMBER },
    { "ListTaskFlowInstance", POLICY_MEMBER },
    { "ListTaskFlowTimeVariables", POLICY_MEMBER },
    { "ListTasksInTaskFlow", POLICY_MEMBER },
    { "ListUserTenants", POLICY_MEMBER },
    { "MakeTaskFlowInstanceSuccess", POLICY_MEMBER },
    { "OfflineTaskFlow", POLICY_MEMBER },
    { "PublishAndDeployTaskFlow", POLICY_MEMBER },
    { "ReRunTaskFlowInstance", POLICY_MEMBER },
    { "RegisterInstance", POLICY_SOURCES },
    { "RestoreTaskFlowInstance", POLICY_MEMBER },
    { "ResumeTaskFlowInstance", POLICY_MEMBER },
    { "StopTaskFlowInstance", POLICY_MEMBER },
    { "SuspendTaskFlowInstance", POLICY_MEMBER },
    { "TryRunTaskFlow", POLICY_MEMBER },
    { "UpdateTaskConfig", POLICY_MEMBER },
    { "UpdateTaskContent", POLICY_MEMBER },
    { "UpdateTaskContentV2", POLICY_MEMBER },
    { "UpdateTaskFlowConstants", POLICY_MEMBER },
    { "UpdateTaskFlowEdges", POLICY_MEMBER },
    { "UpdateTaskFlowNameAndDesc", POLICY_MEMBER },
    { "UpdateTaskFlowTimeVariables", POLICY_MEMBER },
    { "UpdateTaskName", POLICY_MEMBER },
    { "UpdateTaskOutput", POLICY_MEMBER },
    { "UpdateTaskTimeVariables", POLICY_MEMBER },
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

static const struct policy_row *find_row(const char *action) {
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        if (strcmp(policies[i].action, action) == 0) {
            return &policies[i];
        }
    }
    return NULL;
}

bool gate_permit(void *ctx, const struct caller *caller, const struct operation *operation,
                 GError **error) {
    (void)ctx;
    const struct policy_row *row = find_row(operation->action);
    if (row == NULL) {
        fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
                  operation->action);
        return false;
    }
    switch (row->policy) {
    case POLICY_MEMBER: return true;
    case POLICY_SOURCES:
        if (access_manages_sources(caller->roles)) {
            return true;
        }
        fault_set(error, FAULT_NO_PERMISSION, "%s may not call %s; DBAs and administrators may",
                  caller->name, operation->action);
        return false;
    }
    g_assert_not_reached();
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
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        if (!is_handled(handlers, policies[i].action)) {
            *ret_action = policies[i].action;
            return false;
        }
    }
    return true;
}
