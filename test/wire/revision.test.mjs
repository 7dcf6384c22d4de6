#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Who replaces a whole list, graph or document can say which revision was read: a stale one is refused, with the name of who
// was faster; without one the last writer wins.
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { createFlow, script } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { operation, operations } from './lib/spec.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();
const raw = new Raw(server);
let grace; // another administrator, who changes things in between

after(() => server.close());

/** What has a revision: how it is read, and every operation that replaces it. `by` is who calls. */
async function subjects(name) {
    const { DagId, nodes } = await createFlow(raw, name, { a: 'true', b: 'true' });
    const space = await raw.call('GetUser');
    const user = await makeUser(server, { nick: `${name} user` });
    const Host = path.join(server.workspace(), `${name}.db`);
    await raw.call('SimplyAddInstance', { Host, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' });
    const { Instance } = await raw.call('GetInstance', { Host, Port: 0 });
    const NodeId = String(nodes.a);
    const task = { read: async (by) => (await by.call('GetTask', { NodeId: nodes.a })).Task };
    const listed = async (by) => (await by.call('ListTaskFlowsByPage', { DagIdList: [DagId] })).TaskFlowList.TaskFlow[0];
    const full = {
        InstanceId: Instance.InstanceId, InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', EnvType: 'dev', Host, Port: 0, InstanceAlias: name, DatabaseUser: 'u',
        DatabasePassword: 'p', DbaId: space.User.UserId, SafeRuleId: 'free', QueryTimeout: 60, ExportTimeout: 60,
    };
    return [
        { read: async (by) => (await by.call('GetTaskFlowGraph', { DagId })).TaskFlowGraph, writes: [['UpdateTaskFlowRelations', { DagId, Edges: [] }]] },
        { read: (by) => by.call('ListTaskFlowEdgesByCondition', { DagId }), writes: [['UpdateTaskFlowRelations', { DagId, Edges: [] }]] },
        { read: (by) => by.call('ListTaskFlowConstants', { DagId }), writes: [['UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'k', Value: 'v' }] }]] },
        { read: (by) => by.call('ListTaskFlowTimeVariables', { DagId }), writes: [['UpdateTaskFlowTimeVariables', { DagId, TimeVariables: '{"variables":[]}' }]] },
        { read: (by) => by.call('ListTaskFlowCooperators', { DagId }), writes: [['UpdateTaskFlowCooperators', { DagId, CooperatorIds: [user.userId] }], ['UpdateTaskFlowOwner', { DagId, NewOwnerId: space.User.UserId }]] },
        { read: listed, writes: [['UpdateTaskFlowSchedule', { DagId, ScheduleSwitch: false, TriggerType: 'Cron', CronStr: '0 0 1 * * ?', ScheduleParam: '{}' }]] },
        { read: async (by) => (await by.call('GetTaskFlowNotification', { DagId })).Notification, writes: [['UpdateTaskFlowNotification', { DagId, DagNotificationFail: true, DagNotificationSla: false, DagNotificationSuccess: false }]] },
        { read: (by) => by.call('ListSLARules', { DagId }), writes: [['UpdateSLARules', { DagId, SlaRuleList: [{ DagId, IntervalMinutes: 5, Type: 0 }] }]] },
        { ...task, writes: [['UpdateTaskContent', { NodeId, NodeContent: script('echo') }], ['UpdateTaskContentV2', { NodeId, NodeContent: script('echo 2') }],
            ['UpdateTaskConfig', { NodeId, NodeConfig: '{}' }], ['UpdateTaskOutput', { NodeId, NodeOutput: '{"outputs":[]}' }], ['UpdateTaskTimeVariables', { NodeId, TimeVariables: '{"variables":[]}' }]] },
        { read: async (by) => (await by.call('ListTasksInTaskFlow', { DagId })).Tasks.Task.find((one) => one.NodeId === NodeId), writes: [['UpdateTaskConfig', { NodeId, NodeConfig: '{}' }]] },
        { read: async (by) => (await by.call('GetUser', { Uid: user.uid })).User, writes: [['UpdateUser', { Uid: user.uid, RoleNames: 'DBA' }]] },
        { read: async (by) => (await by.call('ListUsers', { SearchKey: user.uid })).UserList.User[0], writes: [['UpdateUser', { Uid: user.uid, RoleNames: 'USER' }]] },
        { read: (by) => by.call('GetUserPolicy', { UserId: user.userId }), writes: [['PutUserPolicy', { UserId: user.userId, Policy: '' }]] },
        { read: async (by) => (await by.call('GetInstance', { Host, Port: 0 })).Instance, writes: [['UpdateInstance', full], ['ModifyInstance', { InstanceId: Instance.InstanceId, InstanceAlias: 'x' }]] },
        { read: async (by) => (await by.call('ListInstances', { SearchKey: Host })).InstanceList.Instance[0], writes: [['ModifyInstance', { InstanceId: Instance.InstanceId, InstanceAlias: 'y' }]] },
    ];
}

const seen = new Set(['ChangeLhDagOwner']); // is tested below, in a workspace

for (const number of [0, 2, 4, 6]) {
    test(`every replacing operation takes the revision that was read and refuses a stale one: client ${number}`, async () => {
        const client = [...vendorClients(server), new Raw(server, { format: 'XML', generation: 'v3' })][number];
        for (const { read, writes } of await subjects(`replaced ${number}`)) {
            for (const [action, params] of writes) {
                seen.add(action);
                const { Revision } = await read(client);
                assert.equal(typeof Revision, 'number', action);
                const first = await client.call(action, { ...params, Revision });
                assert.equal(first.Revision, Revision + 1, action);
                assert.equal((await read(client)).Revision, Revision + 1, action);
                // Somebody else is faster, and knows no revision: the last writer wins.
                await grace.client.call(action, params);
                const before = await read(client);
                const body = await refused(client, action, { ...params, Revision: Revision + 1 }, 409, 'RevisionConflict', 'The specified revision is not the present one.');
                assert.match(body.Description, new RegExp(`Revision ${Revision + 1} is not the present one, which is ${Revision + 2}: grace changed it at UTC \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d`));
                assert.deepEqual({ ...(await read(client)), RequestId: '' }, { ...before, RequestId: '' }, 'a refused call changes nothing');
                assert.equal(before.Revision, Revision + 2);
                await client.call(action, { ...params, Revision: Revision + 2 });
            }
        }
    });
}

test('there is no further operation with a revision', () => {
    const taking = operations().filter((action) => operation(action).params.some((param) => param.name === 'Revision'));
    assert.deepEqual(taking.sort(), [...seen].sort());
});

test('what is changed on the way counts: edges and rules of a deleted node, lists that a deleted user was in', async () => {
    const { DagId, nodes } = await createFlow(raw, 'on the way', { a: 'true', b: 'true' }, [['a', 'b']]);
    const helper = await makeUser(server, { nick: 'helper' });
    await raw.call('UpdateTaskFlowCooperators', { DagId, CooperatorIds: [helper.userId] });
    const edges = (await raw.call('GetTaskFlowGraph', { DagId })).TaskFlowGraph.Revision;
    const rules = (await raw.call('ListSLARules', { DagId })).Revision;
    const people = (await raw.call('ListTaskFlowCooperators', { DagId })).Revision;
    await grace.client.call('DeleteTask', { NodeId: String(nodes.b) });
    await grace.client.call('DisableUser', { Uid: helper.uid });
    for (const [action, params, stale] of [
        ['UpdateTaskFlowRelations', { Edges: [] }, edges],
        ['UpdateSLARules', { SlaRuleList: [] }, rules],
        ['UpdateTaskFlowCooperators', { CooperatorIds: [] }, people],
    ]) {
        const { Description } = await refused(raw, action, { DagId, ...params, Revision: stale }, 409, 'RevisionConflict');
        assert.match(Description, /grace changed it/);
    }
    // Operations that change single edges count as well.
    const { Revision } = await raw.call('ListTaskFlowEdgesByCondition', { DagId });
    const c = await raw.call('CreateTask', { DagId, NodeName: 'c', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: script('true') });
    await grace.client.call('AddTaskFlowEdges', { DagId, Edges: [{ NodeFrom: nodes.a, NodeEnd: c.NodeId }] });
    await refused(raw, 'UpdateTaskFlowRelations', { DagId, Edges: [], Revision }, 409, 'RevisionConflict');
});

test('two writers at once with one revision: one has its way, the other is told', async () => {
    const { DagId } = await createFlow(raw, 'at once', { a: 'true' });
    for (let round = 0; round < 10; round++) {
        const { Revision } = await raw.call('ListTaskFlowConstants', { DagId });
        const calls = [raw, grace.client, raw, grace.client].map((client, i) =>
            client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'k', Value: String(i) }], Revision }).then(() => i, (error) => error.code));
        const ends = await Promise.all(calls);
        const winners = ends.filter((end) => typeof end === 'number');
        assert.deepEqual([winners.length, ends.filter((end) => end === 'RevisionConflict').length], [1, 3], String(ends));
        const { DagConstants } = await raw.call('ListTaskFlowConstants', { DagId });
        assert.equal(DagConstants.DagConstant[0].Value, String(winners[0]));
    }
});

test('the owner of a flow of a workspace, a restart, and what another tenant is told', async () => {
    const Host = path.join(server.workspace(), 'space.db');
    await raw.call('SimplyAddInstance', { Host, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' });
    const { Database } = await raw.call('GetDatabase', { Host, Port: 0, SchemaName: 'main' });
    const { SpaceId } = await raw.call('CreateLakeHouseSpace', { SpaceName: 'place', Mode: '1', DwDbType: '14', DevDbId: Database.DatabaseId, ProdDbId: Database.DatabaseId, SpaceConfig: '{}' });
    const { DagId } = await raw.call('CreateTaskFlow', { DagName: 'in the place', SpaceId });
    const me = (await raw.call('GetUser')).User.UserId;
    const { Revision } = await raw.call('ListTaskFlowCooperators', { DagId });
    await raw.call('ChangeLhDagOwner', { DagId, OwnerUserId: Number(me), Revision });
    await refused(raw, 'ChangeLhDagOwner', { DagId, OwnerUserId: Number(me), Revision }, 409, 'RevisionConflict');
    await server.kill();
    await server.start();
    assert.equal((await raw.call('ListTaskFlowCooperators', { DagId })).Revision, Revision + 1);
    const other = await makeTenant(server);
    await refused(other.client, 'UpdateTaskFlowConstants', { DagId, DagConstants: [], Revision: 77 }, 404, 'TaskFlowNotExist');
    await refused(raw, 'UpdateTaskFlowConstants', { DagId, DagConstants: [], Revision: 'x' }, 400, 'InvalidRevision');
    await refused(raw, 'UpdateTaskFlowConstants', { DagId, DagConstants: [], Revision: -1 }, 409, 'RevisionConflict');
});

await run(async () => {
    await server.start();
    grace = await makeUser(server, { roles: ['ADMIN', 'DBA'], nick: 'grace' });
});
