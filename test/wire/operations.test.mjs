#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// A tour through every operation that the server has, with each reply judged by the specification: once by each of the
// vendor's clients in JSON, once in XML.
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { FAILED, RUNNING, SUCCESS, Stage, nodesOf, record, script, tryRun, untilNode, untilStatus } from './lib/flows.mjs';
import { Server } from './lib/server.mjs';
import { called } from './lib/spec.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();

const ACTIONS = (
    'GetUserActiveTenant ListUserTenants CreateTaskFlow DeleteTaskFlow ListTaskFlow UpdateTaskFlowNameAndDesc CreateTask ' +
    'DeleteTask GetTask ListTasksInTaskFlow UpdateTaskName UpdateTaskContent UpdateTaskContentV2 UpdateTaskConfig ' +
    'UpdateTaskOutput UpdateTaskTimeVariables AddTaskFlowEdges UpdateTaskFlowEdges DeleteTaskFlowEdgesByCondition ' +
    'ListTaskFlowEdgesByCondition GetTaskFlowGraph UpdateTaskFlowConstants ListTaskFlowConstants ' +
    'UpdateTaskFlowTimeVariables ListTaskFlowTimeVariables PublishAndDeployTaskFlow OfflineTaskFlow ListDAGVersions ' +
    'TryRunTaskFlow ListTaskFlowInstance GetTaskInstanceRelation SuspendTaskFlowInstance ResumeTaskFlowInstance ' +
    'StopTaskFlowInstance ReRunTaskFlowInstance MakeTaskFlowInstanceSuccess RegisterInstance ListInstances GetInstance ' +
    'ListDatabases RestoreTaskFlowInstance GetTaskInstanceLog'
).split(' ');

async function tenancy(client) {
    const { Tenant } = await client.call('GetUserActiveTenant');
    assert.equal(Tenant.Status, 'ACTIVE');
    assert.equal(String(Tenant.Tid), server.credentials().tenant_id);
    const { TenantList } = await client.call('ListUserTenants', { Tid: Tenant.Tid });
    assert.deepEqual(TenantList.map((tenant) => tenant.Tid), [Tenant.Tid]);
    return Tenant.Tid;
}

async function editing(client, name, Tid) {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: name, Description: 'a tour', Tid });
    await client.call('UpdateTaskFlowNameAndDesc', { DagId, DagName: `${name} renamed`, Description: '' });
    const empty = (await client.call('GetTaskFlowGraph', { DagId })).TaskFlowGraph;
    assert.deepEqual([empty.DagName, empty.Nodes.Node, empty.Edges.Edge], [`${name} renamed`, [], []]);

    const nodes = {};
    for (const [NodeName, NodeType] of [['one', 'AZKABAN_COMMAND_REMOTE'], ['two', 'AZKABAN_COMMAND_REMOTE'], ['three', '1'], ['four', 'CONDITION']]) {
        nodes[NodeName] = (await client.call('CreateTask', { DagId, NodeName, NodeType, GraphParam: '{"x":1,"y":2}' })).NodeId;
    }
    const one = String(nodes.one);
    await client.call('UpdateTaskName', { NodeId: one, NodeName: 'first' });
    await client.call('UpdateTaskContent', { NodeId: one, NodeContent: script('echo old') });
    await client.call('UpdateTaskContentV2', { NodeId: one, NodeContent: script('echo \'{"word":"hello"}\'') });
    const config = '{"rerun":{"rerunEnable":true,"rerunCount":1,"rerunInterval":1},"unknown":{"kept":true}}';
    await client.call('UpdateTaskConfig', { NodeId: one, NodeConfig: config });
    const output = '{"outputs":[{"extractMethod":"json","variableName":"word","description":""}]}';
    await client.call('UpdateTaskOutput', { NodeId: one, NodeOutput: output });
    await client.call('UpdateTaskTimeVariables', { NodeId: one, TimeVariables: '{"variables":[{"name":"day","pattern":"yyyy-MM-dd|-1d"}]}' });
    const { Task } = await client.call('GetTask', { NodeId: nodes.one });
    assert.equal(Task.NodeName, 'first');
    assert.equal(Task.NodeType, 'AZKABAN_COMMAND_REMOTE');
    assert.equal(Task.NodeConfig, config);
    assert.equal(Task.NodeOutput, output);
    assert.equal(Task.GraphParam, '{"x":1,"y":2}');
    assert.equal((await client.call('GetTask', { NodeId: nodes.three })).Task.NodeType, 'NORMAL_SQL');
    await client.call('DeleteTask', { NodeId: String(nodes.three) });
    await client.call('UpdateTaskContent', { NodeId: String(nodes.two), NodeContent: script('test "${word}" = hello && echo "${greeting} ${word} ${month}"') });
    await client.call('UpdateTaskContent', { NodeId: String(nodes.four), NodeContent: '{"conditions":[{"variable":"word","operator":"==","value":"hello"}]}' });
    const { Tasks } = await client.call('ListTasksInTaskFlow', { DagId });
    assert.deepEqual(Tasks.Task.map((task) => task.NodeId), [one, String(nodes.two), String(nodes.four)]);
    return { DagId, nodes };
}

async function wiring(client, { DagId, nodes }) {
    const wrong = [{ NodeFrom: nodes.two, NodeEnd: nodes.one }];
    const { EdgeIds } = await client.call('AddTaskFlowEdges', { DagId, Edges: wrong });
    const Edges = [{ Id: EdgeIds.EdgeId[0], NodeFrom: nodes.one, NodeEnd: nodes.four }];
    await client.call('UpdateTaskFlowEdges', { DagId, Edges });
    await client.call('AddTaskFlowEdges', { DagId, Edges: [{ NodeFrom: String(nodes.four), NodeEnd: String(nodes.two) }, { NodeFrom: nodes.one, NodeEnd: nodes.two }] });
    const from = await client.call('ListTaskFlowEdgesByCondition', { DagId, NodeFrom: nodes.one });
    assert.deepEqual(from.Edges.Edge.map((edge) => edge.NodeEnd).sort(), [nodes.four, nodes.two].sort());
    await client.call('DeleteTaskFlowEdgesByCondition', { DagId, NodeFrom: nodes.one, NodeEnd: nodes.two });
    const all = await client.call('ListTaskFlowEdgesByCondition', { DagId });
    assert.equal(all.Edges.Edge.length, 2);

    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'greeting', Value: 'well, <&>' }] });
    assert.deepEqual((await client.call('ListTaskFlowConstants', { DagId })).DagConstants.DagConstant, [{ Key: 'greeting', Value: 'well, <&>' }]);
    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'greeting', Value: 'well' }] });
    await client.call('UpdateTaskFlowTimeVariables', { DagId, TimeVariables: '{"variables":[{"name":"month","pattern":"yyyyMM|-1M"}]}' });
    assert.deepEqual((await client.call('ListTaskFlowTimeVariables', { DagId })).TimeVariables.TimeVariable, [{ Name: 'month', Pattern: 'yyyyMM|-1M' }]);
}

async function versions(client, { DagId }) {
    const list = { DagId, PageIndex: 1, PageSize: 10 };
    assert.equal((await client.call('ListDAGVersions', list)).TotalCount, 0);
    const first = await client.call('PublishAndDeployTaskFlow', { DagId, VersionComments: 'first' });
    const second = await client.call('PublishAndDeployTaskFlow', { DagId });
    assert.notEqual(first.DeployId, second.DeployId);
    const found = await client.call('ListDAGVersions', list);
    assert.equal(found.TotalCount, 2);
    const [newest, oldest] = found.DagVersionList.DagVersion;
    assert.equal(newest.LastVersionId, oldest.VersionId);
    assert.equal(oldest.VersionComments, 'first');
    const flows = (await client.call('ListTaskFlow')).TaskFlowList.TaskFlow;
    assert.equal(flows.find((flow) => flow.Id === DagId).DeployId, second.DeployId);
    await refused(client, 'DeleteTaskFlow', { DagId }, 403, 'InvalidTaskFlowStatus');
    await client.call('OfflineTaskFlow', { DagId });
    assert.equal((await client.call('GetTaskFlowGraph', { DagId })).TaskFlowGraph.Status, 0);
}

async function running(client, { DagId, nodes }) {
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    const ended = await nodesOf(client, DagId, DagInstanceId);
    assert.deepEqual(Object.keys(ended).sort(), ['first', 'four', 'two']);
    assert.equal(ended.four.NodeType, 31);
    const log = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.two });
    assert.match(log.Content, /well hello \d{6}\n/, 'constants, outputs and time variables are put in');
    const part = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.two, Attempt: 1, Offset: 2, Length: 4 });
    assert.equal(part.Offset, 2);
    assert.ok(part.NextOffset <= 6);
    const page = await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 1, Status: 4, TriggerType: 1, UseBizDate: false });
    assert.equal(page.TotalCount, 1);
    assert.equal(page.DAGInstanceList.DAGInstance[0].Id, DagInstanceId);
    const none = await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 1, Status: 3 });
    assert.deepEqual([none.TotalCount, none.DAGInstanceList.DAGInstance], [0, []]);
}

async function controlling(client, name) {
    const stage = new Stage(server, name);
    const { DagId } = await client.call('CreateTaskFlow', { DagName: `control ${name}` });
    const { NodeId } = await client.call('CreateTask', { DagId, NodeName: 'hold', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: script(stage.wait('hold')) });
    const DagInstanceId = await tryRun(client, DagId);
    const ids = { DagId, DagInstanceId };
    await untilNode(client, DagId, DagInstanceId, 'hold', RUNNING);
    await until(async () => /hold waits/.test((await client.call('GetTaskInstanceLog', { ...ids, NodeId })).Content), 'the log is readable while the node runs');
    await client.call('SuspendTaskFlowInstance', ids);
    await client.call('ResumeTaskFlowInstance', ids);
    await client.call('StopTaskFlowInstance', ids);
    await untilStatus(client, DagId, DagInstanceId, FAILED);
    assert.equal((await record(client, DagId, DagInstanceId)).StateName, 'STOPPED');
    stage.openGate();
    await client.call('RestoreTaskFlowInstance', ids);
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    stage.closeGate();
    await client.call('ReRunTaskFlowInstance', { ...ids, DagVersion: '[]' });
    await untilNode(client, DagId, DagInstanceId, 'hold', RUNNING);
    await client.call('MakeTaskFlowInstanceSuccess', ids);
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    await until(() => stage.processes().length === 0, 'the processes end');
    await client.call('DeleteTaskFlow', { DagId });
    const left = (await client.call('ListTaskFlow')).TaskFlowList.TaskFlow.map((flow) => flow.Id);
    assert.ok(!left.includes(DagId));
}

async function sources(client, name) {
    // The file and its folder must be writable to the uid of the tasks.
    const Host = path.join(server.workspace(), `${name}.db`);
    const source = {
        EnvType: 'dev',
        NetworkType: 'VPC',
        InstanceType: 'sqlite',
        InstanceSource: 'VPC_IDC',
        Host,
        Port: 0,
        DatabaseUser: 'nobody',
        DatabasePassword: 'unused',
        InstanceAlias: name,
        DbaUid: server.credentials().uid,
        SafeRule: 'free',
        QueryTimeout: 60,
        ExportTimeout: 60,
        EcsRegion: 'local',
        VpcId: 'local',
    };
    await client.call('RegisterInstance', source);
    assert.ok(fs.existsSync(Host), 'the file is made');
    await refused(client, 'RegisterInstance', source, 403, 'InstanceExisted');
    const { Instance } = await client.call('GetInstance', { Host, Port: 0 });
    assert.equal(Instance.InstanceAlias, name);
    const found = await client.call('ListInstances', { SearchKey: name, PageNumber: 1, PageSize: 10 });
    assert.deepEqual(found.InstanceList.Instance.map((one) => one.InstanceId), [Instance.InstanceId]);
    assert.ok(!JSON.stringify([found, Instance]).includes('unused'), 'no reply holds a password');
    const databases = (await client.call('ListDatabases', { InstanceId: Instance.InstanceId })).DatabaseList.Database;
    assert.deepEqual(databases.map((one) => one.SchemaName), ['main']);
    const dbId = Number(databases[0].DatabaseId);

    // The database is of use to nodes: a table is filled, a figure is read, a script gets it.
    const { DagId } = await client.call('CreateTaskFlow', { DagName: `sql ${name}` });
    const create = async (NodeName, NodeType, content, NodeOutput) => {
        const params = { DagId, NodeName, NodeType, NodeContent: JSON.stringify(content), ...(NodeOutput ? { NodeOutput } : {}) };
        return (await client.call('CreateTask', params)).NodeId;
    };
    const fill = await create('fill', 'NORMAL_SQL', { dbId, dbType: 'sqlite', sql: "CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (20), (22);" });
    const outputs = { outputs: [{ extractMethod: JSON.stringify({ row: 0, column: 0 }), variableName: 'total', description: '' }] };
    const read = await create('read', '32', { dbId, dbType: 'sqlite', sql: 'SELECT sum(a) FROM t' }, JSON.stringify(outputs));
    const tell = await create('tell', 'AZKABAN_COMMAND_REMOTE', { script: 'echo "total is ${total} and $TF_VAR_total"' });
    await client.call('AddTaskFlowEdges', { DagId, Edges: [{ NodeFrom: fill, NodeEnd: read }, { NodeFrom: read, NodeEnd: tell }] });
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    const log = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: tell });
    assert.match(log.Content, /total is 42 and 42\n/);
}

const TOURISTS = [
    ['pop-core', () => vendorClients(server)[0]],
    ['openapi-client', () => vendorClients(server)[2]],
    ['openapi-core', () => vendorClients(server)[4]],
    ['raw, v1, in XML', () => new Raw(server, { generation: 'v1', format: 'XML' })],
    ['raw, v3, in XML, by GET', () => new Raw(server, { generation: 'v3', format: 'XML', method: 'GET' })],
];

TOURISTS.forEach(([name, make], index) => {
    let client;
    let flow;
    test(`${name}: tenancy and editing`, async () => {
        client = make();
        called.clear();
        flow = await editing(client, `tour ${index}`, await tenancy(client));
    });
    test(`${name}: edges, constants and time variables`, () => wiring(client, flow));
    test(`${name}: publishing`, () => versions(client, flow));
    test(`${name}: running and reading logs`, () => running(client, flow));
    test(`${name}: suspend, resume, stop, restore, rerun, set to successful`, () => controlling(client, `tour-${index}`));
    test(`${name}: data sources and SQL nodes`, () => sources(client, `source-${index}`));
    test(`${name}: no operation was left out`, () => {
        assert.deepEqual(ACTIONS.filter((action) => !called.has(action)), []);
    });
});

test('health, readiness and metrics answer', async () => {
    for (const [target, pattern] of [['/healthz', /./], ['/readyz', /./], ['/metrics', /^# (HELP|TYPE) /m]]) {
        const reply = await fetch(`http://${server.address}${target}`);
        assert.equal(reply.status, 200, target);
        assert.match(await reply.text(), pattern);
    }
});

after(() => server.close());
await run(() => server.start());
