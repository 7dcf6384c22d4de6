#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// Bad input: each gets the documented status, code and message, and changes nothing.
import crypto from 'node:crypto';
import net from 'node:net';

import { ApiError, Raw, refused, send, timestamp, vendorClients } from './lib/clients.mjs';
import { FAILED, RUNNING, SUCCESS, SUSPENDED, Stage, createFlow, tryRun, untilNode, untilStatus } from './lib/flows.mjs';
import { PATIENCE, Server } from './lib/server.mjs';
import { checkFailure, operation } from './lib/spec.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server({ arguments: ['--draft-limit', '64'] });
const UNKNOWN = 900000001;
let client; // raw v1 JSON: nothing stands between the test and the wire
let flow; // two nodes, one edge, one finished run
let other; // a second flow of the same tenant, whose ids are foreign to the first
let finished; // a run of flow, SUCCESS

async function setup() {
    await server.start();
    client = new Raw(server);
    flow = await createFlow(client, 'flow', { a: 'true', b: 'true' }, [['a', 'b']]);
    other = await createFlow(client, 'other', { c: 'true', d: 'true' }, [['c', 'd']]);
    await client.call('UpdateTaskFlowConstants', { DagId: flow.DagId, DagConstants: [{ Key: 'k', Value: 'v' }] });
    finished = await tryRun(client, flow.DagId);
    await untilStatus(client, flow.DagId, finished, SUCCESS);
}

/** Everything that the API shows of both flows, without what differs from call to call. */
async function snapshot() {
    const seen = [];
    const look = async (action, params) => {
        const { RequestId, ...body } = await client.call(action, params);
        assert.ok(RequestId);
        seen.push({ action, params, body });
    };
    await look('ListTaskFlow', {});
    await look('ListInstances', {});
    for (const DagId of [flow.DagId, other.DagId]) {
        await look('GetTaskFlowGraph', { DagId });
        await look('ListTasksInTaskFlow', { DagId });
        await look('ListTaskFlowConstants', { DagId });
        await look('ListTaskFlowTimeVariables', { DagId });
        await look('ListDAGVersions', { DagId, PageIndex: 1, PageSize: 100 });
        await look('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 100 });
    }
    await look('GetTaskInstanceRelation', { DagId: flow.DagId, DagInstanceId: finished });
    return seen;
}

/** What was changed and changed back has other revisions than before, and was edited since its runs. */
const OF_EDITS = ['Revision', 'FlowHasChanged'];
const withoutRevisions = (value) => JSON.parse(JSON.stringify(value, (key, part) => (OF_EDITS.includes(key) ? undefined : part)));

/** A test whose body changes something and gives it back as it was. */
function restoring(name, body) {
    test(name, async () => {
        const before = withoutRevisions(await snapshot());
        await body();
        assert.deepEqual(withoutRevisions(await snapshot()), before, 'everything is as it was');
    });
}

/** A test whose body must leave everything as it was. */
function harmless(name, body) {
    test(name, async () => {
        const before = await snapshot();
        await body();
        assert.deepEqual(await snapshot(), before, 'nothing changed');
    });
}

// ---- missing and mistyped parameters, for every operation ----

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

/** Arguments that would be accepted, so that the one that is broken is the only reason to refuse. */
function goodArguments(action) {
    const values = {
        DagId: flow.DagId,
        DagInstanceId: finished,
        NodeId: flow.nodes.a,
        DagName: 'never created',
        NodeName: 'never-created',
        NodeType: 'AZKABAN_COMMAND_REMOTE',
        NodeConfig: '{"rerun":{"rerunEnable":false,"rerunCount":1,"rerunInterval":1}}',
        TimeVariables: '{"variables":[]}',
        Edges: [{ Id: flow.edges[0], NodeFrom: flow.nodes.a, NodeEnd: flow.nodes.b }],
        DagConstants: [{ Key: 'never', Value: 'set' }],
        PageIndex: 1,
        PageSize: 10,
        InstanceId: '1',
        DatabasePassword: 'x',
        DatabaseUser: 'x',
        DbaUid: 1,
        EnvType: 'dev',
        ExportTimeout: 60,
        QueryTimeout: 60,
        Host: '/var/tmp/never-created.db',
        Port: 0,
        InstanceAlias: 'never',
        InstanceSource: 'VPC_IDC',
        InstanceType: 'sqlite',
        NetworkType: 'VPC',
        SafeRule: 'free',
    };
    const required = operation(action).params.filter((param) => param.required);
    return Object.fromEntries(required.map(({ name }) => [name, values[name]]));
}

function without(params, name) {
    return Object.fromEntries(Object.entries(params).filter(([key]) => key !== name));
}

harmless('a missing parameter is named, for every operation', async () => {
    for (const action of ACTIONS) {
        for (const { name } of operation(action).params.filter((param) => param.required)) {
            const params = without(goodArguments(action), name);
            await refused(client, action, params, 400, `Missing${name}`, `${name} is mandatory for this action.`);
        }
    }
});

harmless('a mistyped number or boolean is named, for every operation', async () => {
    for (const action of ACTIONS) {
        for (const { name, type } of operation(action).params) {
            const bad = {
                long: ['abc', '1.5', '99999999999999999999', '1e3', ' 1', '0x10', '１'],
                integer: ['abc', '4294967296', '1.5'],
                boolean: ['maybe', '2'],
            }[type];
            for (const value of bad ?? []) {
                const params = { ...goodArguments(action), [name]: value };
                await refused(client, action, params, 400, `Invalid${name}`, `Specified parameter ${name} is not valid.`);
            }
        }
    }
});

harmless('a list that is not a JSON list of the right things is named', async () => {
    const id = flow.nodes.a;
    for (const Edges of ['', 'not json', '{}', '[1]', '[{"NodeFrom":1}]', `[{"NodeFrom":"x","NodeEnd":${id}}]`, '[{"NodeFrom":1,"NodeEnd":[]}]', '[{']) {
        const code = Edges === '' ? 'MissingEdges' : 'InvalidEdges';
        await refused(client, 'AddTaskFlowEdges', { DagId: flow.DagId, Edges }, 400, code);
    }
    for (const DagConstants of ['x', '{}', '[1]', '[{"Value":"no key"}]', '[{"Key":[]}]', '[{"Key":"a"},{"Key":"a"}]']) {
        await refused(client, 'UpdateTaskFlowConstants', { DagId: flow.DagId, DagConstants }, 400, 'InvalidDagConstants');
    }
    await refused(client, 'AddTaskFlowEdges', { DagId: flow.DagId, Edges: '['.repeat(100000) }, 400, 'InvalidEdges');
});

harmless('values out of range are named', async () => {
    const list = { DagId: flow.DagId, PageIndex: 1, PageSize: 10 };
    const cases = [
        ['ListTaskFlowInstance', { ...list, PageIndex: 0 }, 'PageIndex'],
        ['ListTaskFlowInstance', { ...list, PageIndex: -1 }, 'PageIndex'],
        ['ListTaskFlowInstance', { ...list, PageSize: 0 }, 'PageSize'],
        ['ListTaskFlowInstance', { ...list, PageSize: 1001 }, 'PageSize'],
        ['ListTaskFlowInstance', { ...list, Status: 6 }, 'Status'],
        ['ListTaskFlowInstance', { ...list, TriggerType: 2 }, 'TriggerType'],
        ['ListTaskFlowInstance', { ...list, StartTimeBegin: 'yesterday' }, 'StartTimeBegin'],
        ['ListTaskFlowInstance', { ...list, StartTimeEnd: '2024-02-30' }, 'StartTimeEnd'],
        ['ListDAGVersions', { ...list, PageSize: 1001 }, 'PageSize'],
        ['CreateTask', { DagId: flow.DagId, NodeName: 'x', NodeType: 'NO_SUCH_KIND' }, 'NodeType'],
        ['CreateTask', { DagId: flow.DagId, NodeName: 'x'.repeat(129), NodeType: 'CONDITION' }, 'NodeName'],
        ['UpdateTaskName', { NodeId: flow.nodes.a, NodeName: 'x'.repeat(129) }, 'NodeName'],
    ];
    for (const [action, params, name] of cases) {
        await refused(client, action, params, 400, `Invalid${name}`, `Specified parameter ${name} is not valid.`);
    }
});

harmless('required but empty text is missing', async () => {
    await refused(client, 'CreateTaskFlow', { DagName: '' }, 400, 'MissingDagName', 'DagName is mandatory for this action.');
    await refused(client, 'UpdateTaskName', { NodeId: flow.nodes.a, NodeName: '' }, 400, 'MissingNodeName');
    await refused(client, 'TryRunTaskFlow', { DagId: '' }, 400, 'MissingDagId');
});

harmless('text that must be JSON and is not is named', async () => {
    const bad = ['not json', '{"a":1', '{"a":1,"a":2}', '"text"', '[1,2]', '{}x', '\u0000', '{"a":NaN}'];
    for (const text of bad) {
        const node = { NodeId: flow.nodes.a };
        await refused(client, 'UpdateTaskContent', { ...node, NodeContent: text }, 400, 'InvalidNodeContent', 'Specified parameter NodeContent is not valid.');
        await refused(client, 'UpdateTaskContentV2', { ...node, NodeContent: text }, 400, 'InvalidNodeContent');
        await refused(client, 'UpdateTaskConfig', { ...node, NodeConfig: text }, 400, 'InvalidNodeConfig');
        await refused(client, 'UpdateTaskOutput', { ...node, NodeOutput: text }, 400, 'InvalidNodeOutput');
        await refused(client, 'UpdateTaskTimeVariables', { ...node, TimeVariables: text }, 400, 'InvalidTimeVariables');
        const created = { DagId: flow.DagId, NodeName: 'x', NodeType: 'CONDITION' };
        await refused(client, 'CreateTask', { ...created, NodeContent: text }, 400, 'InvalidNodeContent');
    }
    await refused(client, 'UpdateTaskFlowTimeVariables', { DagId: flow.DagId, TimeVariables: '{"variables":[{"name":"a"}]}' }, 400, 'InvalidTimeVariables');
    await refused(client, 'UpdateTaskFlowTimeVariables', { DagId: flow.DagId, TimeVariables: '{"variables":[{"name":"a","pattern":"yyyy|-2q"}]}' }, 400, 'InvalidTimeVariables');
});

// ---- ids ----

harmless('an unknown id is answered as missing, for every operation', async () => {
    for (const action of ACTIONS) {
        const names = operation(action).params.map((param) => param.name);
        const good = goodArguments(action);
        const status = { DagId: 'TaskFlowNotExist', DagInstanceId: 'InstanceRecordNotExist', NodeId: 'TaskNotExist', Tid: 'TenantNotExist' };
        for (const [name, code] of Object.entries(status)) {
            if (names.includes(name)) {
                await refused(client, action, { ...good, [name]: UNKNOWN }, 404, code);
            }
        }
    }
    await refused(client, 'ListDatabases', { InstanceId: String(UNKNOWN) }, 404, 'InstanceNotExist');
    await refused(client, 'GetInstance', { Host: '/nowhere', Port: 0 }, 404, 'InstanceNoEnoughNumber');
    await refused(client, 'CreateTaskFlow', { DagName: 'x', ScenarioId: UNKNOWN }, 404, 'ScenarioNotExist');
});

harmless('ids that do not belong together are answered as missing', async () => {
    const { DagId } = other;
    for (const action of ['GetTaskInstanceRelation', 'SuspendTaskFlowInstance', 'ResumeTaskFlowInstance', 'StopTaskFlowInstance', 'ReRunTaskFlowInstance', 'MakeTaskFlowInstanceSuccess', 'RestoreTaskFlowInstance']) {
        await refused(client, action, { DagId, DagInstanceId: finished }, 404, 'InstanceRecordNotExist');
    }
    const foreign = [{ NodeFrom: flow.nodes.a, NodeEnd: other.nodes.c }];
    await refused(client, 'AddTaskFlowEdges', { DagId: flow.DagId, Edges: foreign }, 404, 'TaskNotExist');
    const edge = [{ Id: other.edges[0], NodeFrom: flow.nodes.a, NodeEnd: flow.nodes.b }];
    await refused(client, 'UpdateTaskFlowEdges', { DagId: flow.DagId, Edges: edge }, 404, 'EdgeNotExist');
    await refused(client, 'ReRunTaskFlowInstance', { DagId: flow.DagId, DagInstanceId: finished, DagVersion: '987654' }, 404, 'VersionNotExist');
});

// ---- the graph ----

harmless('a cycle is refused with its path', async () => {
    const Edges = [{ NodeFrom: flow.nodes.b, NodeEnd: flow.nodes.a }];
    const body = await refused(client, 'AddTaskFlowEdges', { DagId: flow.DagId, Edges }, 403, 'GraphHasCycle');
    for (const id of [flow.nodes.a, flow.nodes.b]) {
        assert.match(body.Description, new RegExp(`\\b${id}\\b|\\b[ab]\\b`), 'the offending path is named');
    }
});

harmless('an edge from a node to itself is a cycle', async () => {
    const Edges = [{ NodeFrom: flow.nodes.a, NodeEnd: flow.nodes.a }];
    await refused(client, 'AddTaskFlowEdges', { DagId: flow.DagId, Edges }, 403, 'GraphHasCycle');
    await refused(client, 'UpdateTaskFlowEdges', { DagId: flow.DagId, Edges: [{ Id: flow.edges[0], ...Edges[0] }] }, 403, 'GraphHasCycle');
});

harmless('edges are added all or not at all', async () => {
    const Edges = [
        { NodeFrom: flow.nodes.a, NodeEnd: flow.nodes.b },
        { NodeFrom: flow.nodes.b, NodeEnd: flow.nodes.a },
    ];
    await refused(client, 'AddTaskFlowEdges', { DagId: flow.DagId, Edges }, 403, 'GraphHasCycle');
});

harmless('a deletion of edges without any condition is refused', async () => {
    try {
        await client.call('DeleteTaskFlowEdgesByCondition', { DagId: flow.DagId });
    } catch (error) {
        assert.ok(error instanceof ApiError && error.status === 400, error.message);
        return;
    }
    assert.fail('every edge of the flow would be gone');
});

harmless('a taken name is refused', async () => {
    await refused(client, 'CreateTaskFlow', { DagName: 'flow' }, 403, 'NameExisted', 'The specified name already exists.');
    await refused(client, 'UpdateTaskFlowNameAndDesc', { DagId: flow.DagId, DagName: 'other' }, 403, 'NameExisted');
    await refused(client, 'CreateTask', { DagId: flow.DagId, NodeName: 'a', NodeType: 'CONDITION' }, 403, 'NameExisted');
    await refused(client, 'UpdateTaskName', { NodeId: flow.nodes.a, NodeName: 'b' }, 403, 'NameExisted');
});

test('a flow of 10 000 nodes is edited, shown and refused a cycle in time', async () => {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: 'ten thousand' });
    const ids = [];
    const count = 10000;
    const names = Array.from({ length: count }, (_, index) => index);
    const workers = Array.from({ length: 16 }, async () => {
        for (let index; (index = names.pop()) !== undefined;) {
            const reply = await client.call('CreateTask', { DagId, NodeName: `n${index}`, NodeType: 'AZKABAN_COMMAND_REMOTE' });
            ids[index] = reply.NodeId;
        }
    });
    await Promise.all(workers);
    const form = new Raw(server, { place: 'form' });
    const chain = ids.slice(1).map((id, index) => ({ NodeFrom: ids[index], NodeEnd: id }));
    const begin = Date.now();
    const added = await form.call('AddTaskFlowEdges', { DagId, Edges: chain });
    assert.equal(added.EdgeIds.EdgeId.length, count - 1);
    const closing = [{ NodeFrom: ids[count - 1], NodeEnd: ids[0] }];
    const body = await refused(client, 'AddTaskFlowEdges', { DagId, Edges: closing }, 403, 'GraphHasCycle');
    assert.ok(body.Description.length < 16384, 'a long path is shortened');
    const graph = await client.call('GetTaskFlowGraph', { DagId });
    assert.equal(graph.TaskFlowGraph.Nodes.Node.length, count);
    assert.equal(graph.TaskFlowGraph.Edges.Edge.length, count - 1);
    assert.ok(Date.now() - begin < 9000 * PATIENCE, `three calls took ${Date.now() - begin} ms`);
    await client.call('DeleteTaskFlow', { DagId });
});

// ---- wrong state ----

harmless('an action in a wrong state is refused and names the present state', async () => {
    const ids = { DagId: flow.DagId, DagInstanceId: finished };
    const text = 'The status of the specified task flow instance does not allow this operation.';
    for (const action of ['SuspendTaskFlowInstance', 'ResumeTaskFlowInstance', 'StopTaskFlowInstance', 'MakeTaskFlowInstanceSuccess', 'RestoreTaskFlowInstance']) {
        const body = await refused(client, action, ids, 403, 'InvalidInstanceStatus', text);
        assert.match(body.Description, /\bSUCCESS\b/, `${action} names the present state`);
    }
    await refused(client, 'OfflineTaskFlow', { DagId: flow.DagId }, 403, 'TaskFlowNotPublished');
});

test('each state refuses what the matrix of states says', async () => {
    const stage = new Stage(server, 'matrix');
    const { DagId } = await createFlow(client, 'matrix', { hold: stage.wait('hold') });
    const DagInstanceId = await tryRun(client, DagId);
    const ids = { DagId, DagInstanceId };
    const refuse = async (state, actions) => {
        for (const action of actions) {
            const body = await refused(client, `${action}TaskFlowInstance`, ids, 403, 'InvalidInstanceStatus');
            assert.match(body.Description, new RegExp(`\\b${state}\\b`));
        }
    };
    await untilNode(client, DagId, DagInstanceId, 'hold', RUNNING);
    await refuse('RUNNING', ['Resume', 'ReRun', 'Restore']);
    await refused(client, 'DeleteTaskFlow', { DagId }, 403, 'InvalidTaskFlowStatus');
    await client.call('SuspendTaskFlowInstance', ids);
    await untilStatus(client, DagId, DagInstanceId, SUSPENDED);
    await refuse('SUSPENDED', ['ReRun', 'Restore']);
    await refused(client, 'ResumeTaskFlowInstance', { ...ids, DagVersion: '77' }, 403, 'InvalidParameterValid', 'The specified parameter DagVersion is not valid.');
    await client.call('StopTaskFlowInstance', ids);
    await untilStatus(client, DagId, DagInstanceId, FAILED);
    await until(() => stage.processes().length === 0, 'the processes end');
    await refuse('STOPPED', ['Suspend', 'Resume']);
    await client.call('StopTaskFlowInstance', ids);
    await client.call('MakeTaskFlowInstanceSuccess', ids);
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    await client.call('DeleteTaskFlow', { DagId });
});

harmless('a try run of a flow without nodes is refused', async () => {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: 'empty' });
    try {
        await client.call('TryRunTaskFlow', { DagId });
        assert.fail('an empty flow runs');
    } catch (error) {
        assert.ok(error instanceof ApiError && error.status >= 400 && error.status < 500, error.message);
    }
    await client.call('DeleteTaskFlow', { DagId });
});

// ---- signatures ----

const V1 = () => new Raw(server, { generation: 'v1' });
const V3 = () => new Raw(server, { generation: 'v3' });
const CREATE = ['CreateTaskFlow', { DagName: 'never created' }];

harmless('a bad signature is refused with the string that was signed', async () => {
    const v1 = await refused(V1(), ...CREATE, 400, 'SignatureDoesNotMatch', /^Specified signature is not matched with our calculation\. server string to sign is:POST&%2F&/, { secret: 'not-the-secret-at-all' });
    assert.match(v1.Message, /DagName%3Dnever%2520created/);
    await refused(V3(), ...CREATE, 400, 'SignatureDoesNotMatch', /^Specified signature does not match our calculation\. server StringToSign is \[ACS3-HMAC-SHA256\n[0-9a-f]{64}\] server CanonicalRequest is \[POST\n\/\n/, { secret: 'not-the-secret-at-all' });
    await refused(V1(), ...CREATE, 400, 'SignatureDoesNotMatch', undefined, { pairs: (pairs) => [...pairs, ['Description', 'added after signing']] });
    await refused(V1(), ...CREATE, 400, 'SignatureDoesNotMatch', undefined, { pairs: (pairs) => pairs.map(([name, value]) => [name, name === 'DagName' ? 'changed' : value]) });
    await refused(V3(), ...CREATE, 400, 'SignatureDoesNotMatch', undefined, { suffix: '&Description=added' });
    await refused(V3(), ...CREATE, 400, 'SignatureDoesNotMatch', undefined, { signature: '0'.repeat(64) });
});

harmless('an unreadable signature is refused', async () => {
    await refused(V1(), ...CREATE, 400, 'IncompleteSignature', undefined, { signature: '!!!not base64!!!' });
    await refused(V3(), ...CREATE, 400, 'IncompleteSignature', undefined, { authorization: 'ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b' });
    await refused(V1(), ...CREATE, 400, 'InvalidSignatureMethod', 'Specified signature method is not valid.', { signatureMethod: 'HMAC-SHA256' });
    await refused(V3(), ...CREATE, 400, 'InvalidSignatureMethod', undefined, { scheme: 'ACS3-HMAC-SM3' });
});

harmless('an unknown key is refused', async () => {
    for (const raw of [V1(), V3()]) {
        await refused(raw, ...CREATE, 404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.', { keyId: 'NOBODYSKEY0000000001' });
    }
});

harmless('an old, a future and a malformed time are refused', async () => {
    for (const raw of [V1(), V3()]) {
        for (const offset of [-16 * 60000, 16 * 60000, -86400000]) {
            await refused(raw, ...CREATE, 400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.', { time: timestamp(offset) });
        }
        for (const time of ['2024-05-06 07:08:09', '2024-05-06T07:08:09+00:00', 'now', '2024-13-40T07:08:09Z']) {
            await refused(raw, ...CREATE, 400, 'InvalidTimeStamp.Format', 'Specified time stamp or date value is not well formatted.', { time });
        }
    }
});

harmless('a repeated nonce is refused, whatever the request', async () => {
    for (const raw of [V1(), V3()]) {
        const nonce = crypto.randomUUID();
        await raw.call('ListTaskFlow', {}, { nonce });
        for (const [action, params] of [['ListTaskFlow', {}], CREATE]) {
            await refused(raw, action, params, 400, 'SignatureNonceUsed', 'Specified signature nonce was used already.', { nonce });
        }
        // A request that was signed well and refused for another reason has used its nonce too.
        const failed = crypto.randomUUID();
        await refused(raw, 'TryRunTaskFlow', { DagId: UNKNOWN }, 404, 'TaskFlowNotExist', undefined, { nonce: failed });
        await refused(raw, 'ListTaskFlow', {}, 400, 'SignatureNonceUsed', undefined, { nonce: failed });
        // A badly signed one has not.
        const open = crypto.randomUUID();
        await refused(raw, 'ListTaskFlow', {}, 400, 'SignatureDoesNotMatch', undefined, { nonce: open, secret: 'not-the-secret-at-all' });
        await raw.call('ListTaskFlow', {}, { nonce: open });
    }
});

harmless('a captured request can not be sent twice', async () => {
    for (const raw of [V1(), V3()]) {
        const request = raw.build('UpdateTaskFlowNameAndDesc', { DagId: flow.DagId, DagName: 'flow' });
        assert.equal((await send(server, request)).status, 200);
        const again = await send(server, request);
        assert.equal(again.status, 400);
        assert.equal(JSON.parse(again.text).Code, 'SignatureNonceUsed');
    }
});

harmless('missing authentication values are named', async () => {
    for (const name of ['AccessKeyId', 'SignatureNonce', 'Timestamp']) {
        await refused(V1(), ...CREATE, 400, `Missing${name}`, `${name} is mandatory for this action.`, { without: [name] });
    }
    await refused(V1(), ...CREATE, 400, 'MissingAccessKeyId', undefined, { without: ['Signature', 'AccessKeyId'] });
    for (const name of ['x-acs-date', 'x-acs-signature-nonce', 'x-acs-content-sha256', 'host']) {
        try {
            await V3().call(...CREATE, { without: [name] });
            assert.fail(`${name} may be unsigned`);
        } catch (error) {
            assert.ok(error instanceof ApiError && error.status === 400, error.message);
        }
    }
    await refused(V3(), ...CREATE, 400, 'SignatureDoesNotMatch', undefined, { hash: '0'.repeat(64) }).catch((error) => assert.match(error.message, /400/));
});

harmless('a parameter that comes twice is refused', async () => {
    await refused(V1(), ...CREATE, 400, 'InvalidDagName', undefined, { pairs: (pairs) => [...pairs, ['DagName', 'second']] });
    await refused(V3(), ...CREATE, 400, 'InvalidDagName', undefined, { suffix: '&DagName=second' });
});

harmless('unknown actions and versions are refused', async () => {
    const text = 'Specified api is not found, please check your url and method.';
    const actions = ['NoSuchAction', 'createtaskflow', 'Create TaskFlow', ''];
    // A blank behind the value belongs to a parameter; around a header's value it does not count (RFC 9110, 5.5).
    for (const [raw, wrong] of [[V1(), [...actions, 'CreateTaskFlow ']], [V3(), actions]]) {
        for (const action of wrong) {
            const reply = await send(server, raw.build(action, { DagName: 'x' }));
            assert.equal(reply.status, 404, action);
            const body = checkFailure(action, reply.status, JSON.parse(reply.text));
            assert.equal(body.Code, 'InvalidAction.NotFound');
            assert.equal(body.Message, text);
        }
        await refused(raw, ...CREATE, 400, 'InvalidVersion', 'Specified parameter Version is not valid.', { version: '2018-11-02' });
    }
});

// ---- HTTP ----

harmless('other methods and paths are refused', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const reply = await send(server, { ...V1().build(...CREATE), method });
        assert.equal(reply.status, 400, method);
        assert.match(reply.text, /UnsupportedHTTPMethod/);
    }
    for (const target of ['/prefix/', '//', '/index.html', '/healthz/', '/..', '/x?a']) {
        const reply = await send(server, { ...V1().build(...CREATE), target });
        assert.ok(reply.status === 404 && /InvalidAction\.NotFound/.test(reply.text), `${target}: ${reply.status} ${reply.text}`);
    }
});

harmless('bytes that are no UTF-8 and broken escapes are refused', async () => {
    for (const [piece, code] of [['DagName=%ff%fe', 'InvalidDagName'], ['DagName=%zz', 'InvalidParameter'], ['DagName=%', 'InvalidParameter'], ['%=1', 'InvalidParameter']]) {
        const request = V1().build('CreateTaskFlow', {});
        const reply = await send(server, { ...request, target: `${request.target}&${piece}` });
        assert.equal(reply.status, 400, piece);
        const found = JSON.parse(reply.text).Code;
        // The signature is made over decoded text and cannot be right for these; either reason is a refusal.
        assert.ok([code, 'SignatureDoesNotMatch', 'InvalidParameter'].includes(found), `${piece}: ${found}`);
    }
});

restoring('a request target of almost 1 MiB works and a longer one is refused', async () => {
    const raw = V1();
    const before = await client.call('GetTask', { NodeId: flow.nodes.a });
    const fits = JSON.stringify({ script: `# ${'x'.repeat(900 * 1024)}\ntrue` });
    await raw.call('UpdateTaskContent', { NodeId: flow.nodes.a, NodeContent: fits });
    assert.equal((await client.call('GetTask', { NodeId: flow.nodes.a })).Task.NodeContent, fits);
    const reply = await send(server, raw.build('UpdateTaskContent', { NodeId: flow.nodes.a, NodeContent: JSON.stringify({ script: 'x'.repeat(1024 * 1024) }) }));
    assert.equal(reply.status, 414);
    assert.match(reply.text, /InvalidParameter/);
    await raw.call('UpdateTaskContent', { NodeId: flow.nodes.a, NodeContent: before.Task.NodeContent });
});

restoring('content of 1 MiB is stored whole by UpdateTaskContentV2, from every client, and more than 16 MiB is refused', async () => {
    const NodeId = flow.nodes.a;
    const before = (await client.call('GetTask', { NodeId })).Task.NodeContent;
    for (const vendor of vendorClients(server).filter((one) => one.name !== 'pop-core GET')) {
        const NodeContent = JSON.stringify({ script: `# ${vendor.name} ü€😀 ${'y'.repeat(1024 * 1024)}\ntrue` });
        await vendor.call('UpdateTaskContentV2', { NodeId, NodeContent });
        assert.equal((await client.call('GetTask', { NodeId })).Task.NodeContent, NodeContent, vendor.name);
    }
    const vendor = vendorClients(server)[4];
    const large = JSON.stringify({ script: 'z'.repeat(15 * 1024 * 1024) });
    await vendor.call('UpdateTaskContentV2', { NodeId, NodeContent: large });
    const huge = JSON.stringify({ script: 'z'.repeat(16 * 1024 * 1024 + 1) });
    await refused(vendor, 'UpdateTaskContentV2', { NodeId, NodeContent: huge }, 400, 'InvalidNodeContent');
    await new Raw(server, { place: 'form' }).call('UpdateTaskContentV2', { NodeId, NodeContent: before });
});

harmless('a body over the limit is refused', async () => {
    const request = new Raw(server, { place: 'form' }).build('UpdateTaskFlowNameAndDesc', { DagId: flow.DagId, DagName: 'flow', Description: 'd'.repeat(5 * 1024 * 1024) });
    try {
        const reply = await send(server, request);
        assert.equal(reply.status, 413);
    } catch (error) {
        // The server may close before it has read what it will not take.
        assert.ok(['EPIPE', 'ECONNRESET'].includes(error.code), error.message);
    }
});

/** Sends bytes as they are and resolves to everything that comes back until the server closes. */
function bytes(text, waitMs = 5000 * PATIENCE) {
    return new Promise((resolve, reject) => {
        let answer = '';
        const socket = net.connect(server.port, '127.0.0.1', () => socket.write(text));
        const timer = setTimeout(() => {
            socket.destroy();
            resolve({ answer, closed: false });
        }, waitMs);
        const end = () => {
            clearTimeout(timer);
            socket.destroy();
            resolve({ answer, closed: true });
        };
        socket.setEncoding('latin1');
        socket.on('data', (data) => (answer += data));
        socket.on('end', end);
        socket.on('error', (error) => (error.code === 'ECONNRESET' || error.code === 'EPIPE' ? end() : reject(error)));
    });
}

harmless('a malformed request is refused once and the connection closed', async () => {
    const line = `POST ${V1().build('ListTaskFlow').target} HTTP/1.1\r\n`;
    const host = `Host: ${server.address}\r\n`;
    const cases = {
        'two lengths': `${line}${host}Content-Length: 0\r\nContent-Length: 5\r\n\r\n`,
        'length and chunks': `${line}${host}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        'two hosts': `${line}${host}Host: elsewhere\r\nContent-Length: 0\r\n\r\n`,
        'no host': `${line}Content-Length: 0\r\n\r\n`,
        'a length that is no number': `${line}${host}Content-Length: abc\r\n\r\n`,
        'a negative length': `${line}${host}Content-Length: -1\r\n\r\n`,
        'no request line': 'nonsense\r\n\r\n',
        'headers without end': `${line}${host}${`X-Filler: ${'f'.repeat(1000)}\r\n`.repeat(40)}\r\n`,
        'a broken chunk': `${line}${host}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`,
    };
    for (const [name, text] of Object.entries(cases)) {
        const { answer, closed } = await bytes(text);
        assert.ok(closed, `${name}: the connection stays open`);
        const answers = answer.match(/HTTP\/1\.1 \d\d\d/g) ?? [];
        assert.equal(answers.length, 1, `${name}: ${answers.length} answers`);
        assert.ok(answers.every((status) => /[45]\d\d$/.test(status)), `${name}: ${answer.slice(0, 300)}`);
    }
});

harmless('the same failure is told in XML to whom asks for XML', async () => {
    for (const generation of ['v1', 'v3']) {
        const raw = new Raw(server, { generation, format: 'XML' });
        await refused(raw, 'TryRunTaskFlow', { DagId: UNKNOWN }, 404, 'TaskFlowNotExist', 'The specified task flow does not exist.');
        await refused(raw, ...CREATE, 400, 'SignatureDoesNotMatch', undefined, { secret: 'not-the-secret-at-all' });
    }
    const bare = await send(server, { method: 'GET', target: '/' });
    assert.equal(bare.status, 404);
    assert.equal(bare.headers['content-type'], 'text/xml;charset=utf-8', 'without Format and Accept the answer is XML');
    assert.match(bare.text, /^<\?xml version='1\.0' encoding='UTF-8'\?><Error>.*InvalidAction\.NotFound/);
});

harmless('every client of the vendor sees the failure as an error with its code', async () => {
    for (const vendor of vendorClients(server)) {
        await refused(vendor, 'StopTaskFlowInstance', { DagId: flow.DagId, DagInstanceId: finished }, 403, 'InvalidInstanceStatus');
        await refused(vendor, 'GetTaskFlowGraph', { DagId: UNKNOWN }, 404, 'TaskFlowNotExist');
        await refused(vendor, 'ListTaskFlowInstance', { DagId: flow.DagId, PageIndex: 1, PageSize: 'many' }, 400, 'InvalidPageSize');
    }
});

test('markup, quotes and odd characters come back as they were given', async () => {
    const odd = 'a<b>&"\'\\ / %41 +*~!() \u00fc \u20ac \ud83d\ude00 ]]> |';
    const { DagId } = await client.call('CreateTaskFlow', { DagName: odd, Description: odd });
    for (const reader of [...vendorClients(server), new Raw(server, { format: 'XML' }), new Raw(server, { generation: 'v3', format: 'XML' })]) {
        const graph = await reader.call('GetTaskFlowGraph', { DagId });
        assert.equal(graph.TaskFlowGraph.DagName, odd, reader.name);
        await reader.call('UpdateTaskFlowNameAndDesc', { DagId, DagName: odd });
    }
    await client.call('DeleteTaskFlow', { DagId });
});

test('a node of any kind is stored, and one without an executor fails at run time with its name', async () => {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: 'no executor' });
    await client.call('CreateTask', { DagId, NodeName: 'spark', NodeType: 'LINDORM_SPARK', NodeContent: '{}' });
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, FAILED);
    const node = await untilNode(client, DagId, DagInstanceId, 'spark', FAILED);
    assert.match(node.Message, /LINDORM_SPARK/);
    await client.call('DeleteTaskFlow', { DagId });
});

after(() => server.close());
await run(setup, 120000 * PATIENCE);
