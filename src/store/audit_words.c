// SPDX-License-Identifier: Apache-2.0
//
// The one table of modules and sentences. Which operation belongs to which module is our decision (operations.md §5, proposed).

#include "store/audit_words.h"

#include <glib.h>
#include <string.h>

struct audit_word {
    const char *action;
    const char *module;
    const char *phrase;
};

static const struct audit_word words[] = {
    { "BackFill", "DB_TASK", "start runs for past business dates" },
    { "ChangeLhDagOwner", "DB_TASK", "change the owner of a task flow of a workspace" },
    { "AddTaskFlowEdges", "DB_TASK", "add edges to a task flow" },
    { "CreateScenario", "DB_TASK", "create a scenario" },
    { "CreateTask", "DB_TASK", "create a task" },
    { "CreateTaskFlow", "DB_TASK", "create a task flow" },
    { "DeleteScenario", "DB_TASK", "delete a scenario" },
    { "DeleteTask", "DB_TASK", "delete a task" },
    { "DeleteTaskFlow", "DB_TASK", "delete a task flow" },
    { "DeleteTaskFlowEdgesByCondition", "DB_TASK", "delete edges of a task flow" },
    { "MakeTaskFlowInstanceSuccess", "DB_TASK", "set a run to success" },
    { "MoveTaskFlowToScenario", "DB_TASK", "move a task flow to a scenario" },
    { "OfflineTaskFlow", "DB_TASK", "take a task flow offline" },
    { "PublishAndDeployTaskFlow", "DB_TASK", "publish a task flow" },
    { "ReDeployLhDagVersion", "DB_TASK", "deploy a version of a task flow" },
    { "ReRunTaskFlowInstance", "DB_TASK", "run an instance again" },
    { "RestoreTaskFlowInstance", "DB_TASK", "restore a run" },
    { "ResumeTaskFlowInstance", "DB_TASK", "resume a run" },
    { "StopTaskFlowInstance", "DB_TASK", "stop a run" },
    { "SuspendTaskFlowInstance", "DB_TASK", "suspend a run" },
    { "TryRunTaskFlow", "DB_TASK", "try a task flow" },
    { "UpdateSLARules", "DB_TASK", "set the SLA rules of a task flow" },
    { "UpdateScenario", "DB_TASK", "change a scenario" },
    { "UpdateTaskConfig", "DB_TASK", "configure a task" },
    { "UpdateTaskContent", "DB_TASK", "write the content of a task" },
    { "UpdateTaskContentV2", "DB_TASK", "write the content of a task" },
    { "UpdateTaskFlowConstants", "DB_TASK", "set the constants of a task flow" },
    { "UpdateTaskFlowCooperators", "DB_TASK", "set the stakeholders of a task flow" },
    { "UpdateTaskFlowEdges", "DB_TASK", "change edges of a task flow" },
    { "UpdateTaskFlowNameAndDesc", "DB_TASK", "rename a task flow" },
    { "UpdateTaskFlowNotification", "DB_TASK", "set the notifications of a task flow" },
    { "UpdateTaskFlowOwner", "DB_TASK", "change the owner of a task flow" },
    { "UpdateTaskFlowRelations", "DB_TASK", "replace the edges of a task flow" },
    { "UpdateTaskFlowSchedule", "DB_TASK", "schedule a task flow" },
    { "UpdateTaskFlowTimeVariables", "DB_TASK", "set the time variables of a task flow" },
    { "UpdateTaskName", "DB_TASK", "rename a task" },
    { "UpdateTaskOutput", "DB_TASK", "set the outputs of a task" },
    { "UpdateTaskTimeVariables", "DB_TASK", "set the time variables of a task" },
    { "FoundAnew", "CONFIG_MANAGE",
      "begin a new store where one was lost, by the operator's order" },
    { "StopAll", "DB_TASK", "stop a run by the operator's order" },
    { "CreateAccessKey", "USER_MANAGE", "create an access key" },
    { "CreateSessionKey", "USER_MANAGE", "create a temporary key" },
    { "CreateTenant", "USER_MANAGE", "create a tenant" },
    { "DeleteAccessKey", "USER_MANAGE", "delete an access key" },
    { "DeleteUser", "USER_MANAGE", "remove a user" },
    { "DisableUser", "USER_MANAGE", "disable a user" },
    { "EnableUser", "USER_MANAGE", "enable a user" },
    { "RegisterUser", "USER_MANAGE", "register a user" },
    { "ResetAdministratorKey", "USER_MANAGE", "give the first administrator a new key, offline" },
    { "UpdateAccessKey", "USER_MANAGE", "enable or disable an access key" },
    { "UpdateUser", "USER_MANAGE", "change a user" },
    { "AddLhMembers", "PERMISSION", "add members" },
    { "DeleteLhMembers", "PERMISSION", "remove members" },
    { "PutUserPolicy", "PERMISSION", "set the policy of a user" },
    { "AddInstance", "INSTANCE_MANAGE", "add a data source" },
    { "DeleteInstance", "INSTANCE_MANAGE", "remove a data source" },
    { "ModifyInstance", "INSTANCE_MANAGE", "change a data source" },
    { "RegisterInstance", "INSTANCE_MANAGE", "register a data source" },
    { "SimplyAddInstance", "INSTANCE_MANAGE", "add a data source" },
    { "SyncDatabaseMeta", "INSTANCE_MANAGE", "read the metadata of a database" },
    { "SyncInstanceMeta", "INSTANCE_MANAGE", "read the metadata of a data source" },
    { "UpdateInstance", "INSTANCE_MANAGE", "change a data source" },
    { "ExecuteScript", "SQL_CONSOLE", "execute SQL" },
    { "CreateLakeHouseSpace", "CONFIG_MANAGE", "create a workspace" },
    { "DeleteLakeHouseSpace", "CONFIG_MANAGE", "delete a workspace" },
    { "DropNotes", "CONFIG_MANAGE", "drop entries of refused calls" },
};

static const struct audit_word *find(const char *action) {
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].action, action) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

const char *audit_module(const char *action) {
    const struct audit_word *word = find(action);
    return word != NULL ? word->module : "CONFIG_MANAGE";
}

const char *audit_phrase(const char *action) {
    const struct audit_word *word = find(action);
    return word != NULL ? word->phrase : NULL;
}
