// SPDX-License-Identifier: Apache-2.0
// One of everything that has an id, in one tenant: what tests that go over all operations take their arguments from.
import path from 'node:path';

import { createFlow, tryRun, untilStatus, SUCCESS } from './flows.mjs';
import { until } from './tap.mjs';

/** Makes it all through the API with the tenant's administrator; `name` keeps names and files of several worlds apart. */
export async function makeWorld(server, client, name) {
    const world = { name };
    world.tenant = (await client.call('GetUserActiveTenant')).Tenant.Tid;
    world.admin = (await client.call('GetUser')).User;
    world.uid = `${name}-user`;
    await client.call('RegisterUser', { Uid: world.uid, UserNick: `${name} user`, RoleNames: 'USER' });
    world.user = (await client.call('GetUser', { Uid: world.uid })).User.UserId;
    world.key = (await client.call('CreateAccessKey', { UserId: world.user })).AccessKeyId;

    world.host = path.join(server.workspace(), `${name}.db`);
    await client.call('AddInstance', {
        Host: world.host, Port: 0, InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'CLASSIC', EnvType: 'dev', InstanceAlias: name,
        DatabaseUser: 'u', DatabasePassword: 'p', DbaId: Number(world.admin.UserId), EnableSellTrust: 'N', QueryTimeout: 60, ExportTimeout: 60,
    });
    world.source = (await client.call('GetInstance', { Host: world.host, Port: 0 })).Instance.InstanceId;
    world.database = (await client.call('ListDatabases', { InstanceId: world.source })).DatabaseList.Database[0].DatabaseId;
    await client.call('ExecuteScript', { DbId: Number(world.database), Logic: false, Script: 'CREATE TABLE item (a INTEGER, b TEXT)' });
    await client.call('SyncDatabaseMeta', { DbId: world.database });
    world.table = await until(async () => {
        const { TableList } = await client.call('ListTables', { DatabaseId: world.database });
        return TableList.Table.find((table) => table.TableName === 'item')?.TableId;
    }, 'the table is known');

    world.spaceName = `${name} space`;
    const space = { SpaceName: world.spaceName, DevDbId: world.database, DwDbType: '14', Mode: '1', SpaceConfig: '{}' };
    world.space = (await client.call('CreateLakeHouseSpace', space)).SpaceId;
    await client.call('AddLhMembers', { ObjectType: 0, ObjectId: world.space, Members: [{ UserId: Number(world.user), Roles: ['MEMBER'] }] });
    world.spaceFlow = (await client.call('CreateTaskFlow', { DagName: `${name} in space`, SpaceId: world.space })).DagId;
    world.scenario = (await client.call('CreateScenario', { ScenarioName: `${name} scenario` })).ScenarioId;

    const flow = await createFlow(client, `${name} flow`, { a: 'true', b: 'true', c: 'true' }, [['a', 'b']]);
    Object.assign(world, { flow: flow.DagId, node: flow.nodes.a, otherNode: flow.nodes.b, thirdNode: flow.nodes.c, edge: flow.edges[0] });
    await client.call('PublishAndDeployTaskFlow', { DagId: world.flow });
    const versions = await client.call('ListDAGVersions', { DagId: world.flow, PageIndex: 1, PageSize: 1 });
    world.version = versions.DagVersionList.DagVersion[0].VersionId;
    world.run = await tryRun(client, world.flow);
    await untilStatus(client, world.flow, world.run, SUCCESS);
    return world;
}

const DAY = '2024-05-06';

/** Arguments of each operation that name things of this world and would be accepted, as far as a test needs them. */
export function argumentsFor(action, world) {
    const flow = { DagId: world.flow };
    const run = { ...flow, DagInstanceId: world.run };
    const node = { NodeId: String(world.node) };
    const page = { PageIndex: 1, PageSize: 10 };
    const times = { StartTime: '2024-01-01 00:00:00', EndTime: '2034-01-01 00:00:00' };
    const instance = {
        Host: world.host, Port: 0, InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'CLASSIC', EnvType: 'dev', InstanceAlias: 'x',
        DatabaseUser: 'u', DatabasePassword: 'p', QueryTimeout: 60, ExportTimeout: 60, SkipTest: true,
    };
    const { NetworkType, ...older } = instance;
    const edge = { Id: world.edge, NodeFrom: world.node, NodeEnd: world.otherNode };
    return {
        AddInstance: { ...instance, DbaId: Number(world.admin.UserId), EnableSellTrust: 'N' },
        AddLhMembers: { ObjectType: 0, ObjectId: world.space, Members: [{ UserId: Number(world.user), Roles: ['MEMBER'] }] },
        AddTaskFlowEdges: { ...flow, Edges: [{ NodeFrom: world.node, NodeEnd: world.otherNode }] },
        BackFill: { ...flow, BackFillDate: DAY, HistoryDagId: world.version, StartNodeIds: [world.node], FilterNodeIds: [world.otherNode] },
        ChangeLhDagOwner: { DagId: world.spaceFlow, OwnerUserId: Number(world.user) },
        CreateAccessKey: { UserId: world.user },
        CreateLakeHouseSpace: { SpaceName: 'other', DevDbId: world.database, ProdDbId: world.database, DwDbType: '14', Mode: '1', SpaceConfig: '{}' },
        CreateScenario: { ScenarioName: 'other', SpaceId: world.space },
        CreateSessionKey: {},
        CreateTask: { ...flow, NodeName: 'other', NodeType: 'CONDITION' },
        CreateTaskFlow: { DagName: 'other', ScenarioId: world.scenario },
        CreateTenant: { TenantName: 'other' },
        DeleteAccessKey: { UserAccessKeyId: world.key },
        DeleteInstance: { Host: world.host, Port: 0 },
        DeleteLakeHouseSpace: { SpaceId: world.space },
        DeleteLhMembers: { ObjectType: 0, ObjectId: world.space, MemberIds: [Number(world.user)] },
        DeleteScenario: { ScenarioId: world.scenario },
        DeleteTask: node,
        DeleteTaskFlow: flow,
        DeleteTaskFlowEdgesByCondition: { ...flow, Id: world.edge },
        DeleteUser: { Uid: world.uid },
        DisableUser: { Uid: world.uid },
        EnableUser: { Uid: world.uid },
        ExecuteScript: { DbId: Number(world.database), Logic: false, Script: 'SELECT 1' },
        GetDatabase: { Host: world.host, Port: 0, SchemaName: 'main' },
        GetInstance: { Host: world.host, Port: 0 },
        GetIntervalLimitOfSLA: flow,
        GetLhSpaceByName: { SpaceName: world.spaceName },
        GetOpLog: { ...times, PageNumber: 1, PageSize: 30 },
        GetPagedInstance: { OrderId: 1 },
        GetRuleNumLimitOfSLA: flow,
        GetTask: { NodeId: world.node },
        GetTaskFlowGraph: flow,
        GetTaskFlowNotification: flow,
        GetTaskInstanceLog: { ...run, NodeId: world.node },
        GetTaskInstanceRelation: run,
        GetUser: { Uid: world.uid, UserId: world.user },
        GetUserActiveTenant: {},
        GetUserPolicy: { UserId: world.user },
        ListAccessKeys: { UserId: world.user },
        ListColumns: { TableId: world.table },
        ListDAGVersions: { ...flow, ...page },
        ListDatabases: { InstanceId: world.source },
        ListDefaultSLARules: flow,
        ListInstances: {},
        ListLhTaskFlowAndScenario: { SpaceId: world.space, UserId: Number(world.user) },
        ListSLARules: flow,
        ListSQLExecAuditLog: times,
        ListScenarios: { SpaceId: world.space },
        ListTableColumns: { DbId: Number(world.database), TableName: 'item' },
        ListTables: { DatabaseId: world.database },
        ListTaskFlow: {},
        ListTaskFlowConstants: flow,
        ListTaskFlowCooperators: flow,
        ListTaskFlowEdgesByCondition: { ...flow, Id: world.edge, NodeFrom: world.node, NodeEnd: world.otherNode },
        ListTaskFlowInstance: { ...flow, ...page },
        ListTaskFlowTimeVariables: flow,
        ListTaskFlowsByPage: { ...page, DagIdList: [world.flow], ScenarioId: world.scenario },
        ListTasksInTaskFlow: flow,
        ListUserTenants: {},
        ListUsers: {},
        MakeTaskFlowInstanceSuccess: run,
        ModifyInstance: { InstanceId: world.source, DbaId: Number(world.admin.UserId), Host: world.host, SkipTest: true },
        MoveTaskFlowToScenario: { ...flow, ScenarioId: world.scenario },
        OfflineTaskFlow: flow,
        PublishAndDeployTaskFlow: flow,
        PutUserPolicy: { UserId: world.user, Policy: '' },
        ReDeployLhDagVersion: { ...flow, DagVersion: world.version },
        ReRunTaskFlowInstance: { ...run, DagVersion: String(world.version) },
        RegisterInstance: { ...instance, DbaUid: Number(world.admin.Uid), SafeRule: 'r' },
        RegisterUser: { Uid: 'another' },
        RestoreTaskFlowInstance: run,
        ResumeTaskFlowInstance: { ...run, DagVersion: String(world.version) },
        SearchDatabase: { SearchKey: world.name },
        SimplyAddInstance: { Host: world.host, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' },
        StopTaskFlowInstance: run,
        SuspendTaskFlowInstance: run,
        SyncDatabaseMeta: { DbId: world.database },
        SyncInstanceMeta: { InstanceId: world.source },
        TryRunTaskFlow: flow,
        UpdateAccessKey: { UserAccessKeyId: world.key, Status: 'Inactive' },
        UpdateInstance: { ...older, InstanceId: world.source, DbaId: world.admin.UserId, SafeRuleId: 'r' },
        UpdateSLARules: { ...flow, SlaRuleList: [{ DagId: world.flow, NodeId: world.node, Type: 1, IntervalMinutes: 5 }] },
        UpdateScenario: { ScenarioId: String(world.scenario), ScenarioName: 'renamed' },
        UpdateTaskConfig: { ...node, NodeConfig: '{}' },
        UpdateTaskContent: { ...node, NodeContent: '{"script":"true"}' },
        UpdateTaskContentV2: { ...node, NodeContent: '{"script":"true"}' },
        UpdateTaskFlowConstants: { ...flow, DagConstants: [] },
        UpdateTaskFlowCooperators: { ...flow, CooperatorIds: [world.user] },
        UpdateTaskFlowEdges: { ...flow, Edges: [edge] },
        UpdateTaskFlowNameAndDesc: { ...flow, DagName: 'renamed' },
        UpdateTaskFlowNotification: { ...flow, DagNotificationFail: true, DagNotificationSuccess: true, DagNotificationSla: true },
        UpdateTaskFlowOwner: { ...flow, NewOwnerId: world.user },
        UpdateTaskFlowRelations: { ...flow, Edges: [edge] },
        UpdateTaskFlowSchedule: { ...flow, ScheduleSwitch: true, TriggerType: 'Event', ScheduleParam: eventParam(world.spaceFlow) },
        UpdateTaskFlowTimeVariables: { ...flow, TimeVariables: '{"variables":[]}' },
        UpdateTaskName: { ...node, NodeName: 'renamed' },
        UpdateTaskOutput: node,
        UpdateTaskTimeVariables: { ...node, TimeVariables: '{"variables":[]}' },
        UpdateUser: { Uid: 1, UidString: world.uid, UserNick: 'renamed' },
    }[action];
}

export function eventParam(dagId, nodeId = null) {
    return JSON.stringify({ triggerType: '2', timeout: 60, listenTryRun: true, events: [{ dagId, nodeId }] });
}
