#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// Backfill: the dates and their order, which nodes run, what ends a row, what is refused, and a server that is killed in the middle.
import fs from 'node:fs';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { FAILED, RUNNING, SUCCESS, SUSPENDED, Stage, createFlow, nodesOf, record, script, untilNode, untilStatus } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();

const TELL = 'echo "day ${bizdate} at ${businessTime} run ${runTime}"';

async function publish(client, DagId) {
    await client.call('PublishAndDeployTaskFlow', { DagId });
}

async function published(client, name, scripts, edges) {
    const flow = await createFlow(client, name, scripts, edges);
    await publish(client, flow.DagId);
    return flow;
}

/** The runs of a row in the order in which they were made. */
async function runsOf(client, DagId, BackFillId) {
    const reply = await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 100 });
    return reply.DAGInstanceList.DAGInstance.filter((one) => one.BackFillId === BackFillId).sort((a, b) => a.Id - b.Id);
}

async function untilRuns(client, DagId, BackFillId, count, status = SUCCESS) {
    let runs;
    return until(
        async () => {
            runs = await runsOf(client, DagId, BackFillId);
            return runs.length === count && runs.at(-1).Status === status && runs;
        },
        () => `backfill ${BackFillId} has ${count} runs and the last has status ${status}; they are ${JSON.stringify(runs)}`,
        60000,
    );
}

async function told(client, DagId, DagInstanceId, NodeId) {
    const log = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId });
    return /OUT day (\S+) at (\S+ \S+) run (\S+ \S+)/.exec(log.Content).slice(1);
}

/** Fills and resolves to what the script of each run said: [bizdate, businessTime, runTime]. */
async function fill(client, flow, params, count) {
    const reply = await client.call('BackFill', { DagId: flow.DagId, ...params });
    assert.equal(reply.RunCount, count);
    assert.equal(reply.NodeId, flow.nodes.tell);
    const runs = await untilRuns(client, flow.DagId, reply.BackFillId, count);
    assert.equal(runs[0].Id, reply.DagInstanceId, 'the reply names the first run');
    const days = [];
    for (const one of runs) {
        assert.equal(one.Status, SUCCESS);
        assert.equal(one.TriggerType, 1);
        const said = await told(client, flow.DagId, one.Id, flow.nodes.tell);
        assert.equal(said[1], one.BusinessTime);
        days.push(said);
    }
    for (let i = 1; i < runs.length; i++) {
        assert.ok(runs[i - 1].EndTime <= runs[i].startTime, 'a run starts when the one before it has ended');
    }
    return days;
}

async function dates(client, name) {
    const flow = await published(client, name, { tell: TELL });
    const range = { BackFillDateBegin: '2024-02-28', BackFillDateEnd: '2024-03-01' };
    assert.deepEqual(await fill(client, flow, range, 3), [
        ['2024-02-28', '2024-02-28 00:00:00', '2024-02-29 00:00:00'],
        ['2024-02-29', '2024-02-29 00:00:00', '2024-03-01 00:00:00'],
        ['2024-03-01', '2024-03-01 00:00:00', '2024-03-02 00:00:00'],
    ]);
    const descending = await fill(client, flow, { ...range, Asc: false }, 3);
    assert.deepEqual(descending.map((said) => said[0]), ['2024-03-01', '2024-02-29', '2024-02-28']);
    assert.deepEqual(await fill(client, flow, { BackFillDate: '2023-12-31' }, 1), [['2023-12-31', '2023-12-31 00:00:00', '2024-01-01 00:00:00']]);
}

for (const index of [0, 1, 2, 3, 4, 5]) {
    test(`dates come in order with their own business time, by vendor client ${index}`, async () => {
        const client = vendorClients(server)[index];
        await dates(client, `dates ${index}`);
    });
}

test('dates come in order with their own business time, in XML', () => dates(new Raw(server, { generation: 'v3', format: 'XML' }), 'dates in XML'));

test('Asc is understood as 1 and 0, and steps may be shorter than a day', async () => {
    const client = new Raw(server, { generation: 'v1' });
    const flow = await published(client, 'half days', { tell: TELL });
    const half = { BackFillDateBegin: '2024-01-01', BackFillDateEnd: '2024-01-02', Interval: 12 };
    const expected = ['2024-01-01 00:00:00', '2024-01-01 12:00:00', '2024-01-02 00:00:00'];
    assert.deepEqual((await fill(client, flow, { ...half, Asc: '1' }, 3)).map((said) => said[1]), expected);
    assert.deepEqual((await fill(client, flow, { ...half, Asc: '0' }, 3)).map((said) => said[1]), [...expected].reverse());
});

// first → tell → last, beside → last
async function diamond(client, stage, name) {
    const scripts = { first: stage.note('first'), tell: stage.note('tell'), last: stage.note('last'), beside: stage.note('beside') };
    return published(client, name, scripts, [['first', 'tell'], ['tell', 'last'], ['beside', 'last']]);
}

async function ranNodes(client, flow, params) {
    const reply = await client.call('BackFill', { DagId: flow.DagId, BackFillDate: '2024-01-01', ...params });
    await untilStatus(client, flow.DagId, reply.DagInstanceId, SUCCESS);
    const nodes = await nodesOf(client, flow.DagId, reply.DagInstanceId);
    for (const node of Object.values(nodes)) {
        assert.ok(node.StateName === 'SUCCESS' || (node.StateName === 'SKIPPED' && node.SkipReason === 'USER'), JSON.stringify(node));
    }
    return [reply.NodeId, Object.keys(nodes).filter((name) => nodes[name].StateName === 'SUCCESS').sort()];
}

test('filter, start nodes and subtree choose the nodes that run', async () => {
    for (const client of [vendorClients(server)[2], new Raw(server, { format: 'XML' })]) {
        const stage = new Stage(server, `choose-${client.format ?? 'json'}`);
        const flow = await diamond(client, stage, `choose ${client.format ?? 'json'}`);
        const { first, tell, beside } = flow.nodes;
        const ids = (...list) => list.map(Number);
        assert.deepEqual(await ranNodes(client, flow, {}), [first, ['beside', 'first', 'last', 'tell']]);
        assert.deepEqual(await ranNodes(client, flow, { FilterNodeIds: ids(tell) }), [first, ['beside', 'first', 'last']]);
        assert.deepEqual(await ranNodes(client, flow, { StartNodeIds: ids(tell) }), [tell, ['last', 'tell']]);
        assert.deepEqual(await ranNodes(client, flow, { StartNodeIds: ids(tell), IsTriggerSubTree: false }), [tell, ['tell']]);
        assert.deepEqual(await ranNodes(client, flow, { StartNodeIds: ids(beside, first), FilterNodeIds: ids(first) }), [beside, ['beside', 'last', 'tell']]);
        assert.ok(stage.starts('last') === 4 && stage.starts('first') === 2, stage.ledger().join());
    }
});

test('outputs of a node that is left out come from the run of the same business time, or the node that needs them fails', async () => {
    const client = vendorClients(server)[4];
    const { DagId, nodes } = await createFlow(
        client,
        'outputs',
        { count: 'echo \'{"total":"42 on ${bizdate}"}\'', tell: 'echo "total is ${total}"', idle: 'true' },
        [['count', 'tell'], ['count', 'idle']],
    );
    const NodeOutput = '{"outputs":[{"extractMethod":"json","variableName":"total","description":""}]}';
    await client.call('UpdateTaskOutput', { NodeId: String(nodes.count), NodeOutput });
    await publish(client, DagId);
    const all = await client.call('BackFill', { DagId, BackFillDate: '2024-05-01' });
    await untilStatus(client, DagId, all.DagInstanceId, SUCCESS);
    const part = await client.call('BackFill', { DagId, BackFillDateBegin: '2024-05-01', BackFillDateEnd: '2024-05-02', FilterNodeIds: [nodes.count] });
    const [good, bad] = await untilRuns(client, DagId, part.BackFillId, 2, FAILED);
    assert.equal(good.Status, SUCCESS);
    const log = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId: good.Id, NodeId: nodes.tell });
    assert.match(log.Content, /total is 42 on 2024-05-01\n/);
    const failed = await nodesOf(client, DagId, bad.Id);
    assert.equal(failed.tell.StateName, 'FAIL');
    assert.match(failed.tell.Message, /output variable total of node count is not there/);
});

test('a date that fails stops the rest, and restoring it does not revive the row', async () => {
    const client = vendorClients(server)[0];
    const stage = new Stage(server, 'failing');
    const { DagId } = await published(client, 'failing', { tell: `echo \${bizdate} >> ${stage.folder}/ledger; test \${bizdate} != 2024-01-02 -o -e ${stage.gate}` });
    const { BackFillId, RunCount } = await client.call('BackFill', { DagId, BackFillDateBegin: '2024-01-01', BackFillDateEnd: '2024-01-05' });
    assert.equal(RunCount, 5);
    const [, bad] = await untilRuns(client, DagId, BackFillId, 2, FAILED);
    stage.openGate();
    await client.call('RestoreTaskFlowInstance', { DagId, DagInstanceId: bad.Id });
    await untilStatus(client, DagId, bad.Id, SUCCESS);
    assert.equal((await runsOf(client, DagId, BackFillId)).length, 2);
    assert.deepEqual(stage.ledger(), ['2024-01-01', '2024-01-02', '2024-01-02']);
});

test('suspending makes the row wait, stopping ends it', async () => {
    const client = vendorClients(server)[2];
    const stage = new Stage(server, 'stopping');
    const { DagId } = await published(client, 'stopping', { hold: stage.wait('hold') });
    const { BackFillId, DagInstanceId } = await client.call('BackFill', { DagId, BackFillDateBegin: '2024-01-01', BackFillDateEnd: '2024-01-05' });
    await untilNode(client, DagId, DagInstanceId, 'hold', RUNNING);
    await until(() => stage.starts('hold') === 1, 'the script starts');
    await client.call('SuspendTaskFlowInstance', { DagId, DagInstanceId });
    stage.openGate();
    await untilNode(client, DagId, DagInstanceId, 'hold', SUCCESS);
    assert.equal((await record(client, DagId, DagInstanceId)).Status, SUSPENDED);
    assert.equal((await runsOf(client, DagId, BackFillId)).length, 1);
    stage.closeGate();
    await client.call('ResumeTaskFlowInstance', { DagId, DagInstanceId });
    const [, second] = await untilRuns(client, DagId, BackFillId, 2, RUNNING);
    await until(() => stage.starts('hold') === 2, 'the script starts again');
    await client.call('OfflineTaskFlow', { DagId });
    await refused(client, 'DeleteTaskFlow', { DagId }, 403, 'InvalidTaskFlowStatus');
    await client.call('StopTaskFlowInstance', { DagId, DagInstanceId: second.Id });
    await untilStatus(client, DagId, second.Id, FAILED);
    assert.equal((await record(client, DagId, second.Id)).StateName, 'STOPPED');
    assert.equal((await runsOf(client, DagId, BackFillId)).length, 2);
    await client.call('DeleteTaskFlow', { DagId });
});

test('a version may be named; the newest published one is the default', async () => {
    const client = new Raw(server);
    const { DagId, nodes } = await createFlow(client, 'versions', { tell: 'echo draft' });
    await refused(client, 'BackFill', { DagId, BackFillDate: '2024-01-01' }, 403, 'TaskFlowNotPublished');
    await client.call('UpdateTaskContent', { NodeId: String(nodes.tell), NodeContent: script('echo old') });
    await publish(client, DagId);
    await client.call('UpdateTaskContent', { NodeId: String(nodes.tell), NodeContent: script('echo new') });
    await publish(client, DagId);
    await client.call('UpdateTaskContent', { NodeId: String(nodes.tell), NodeContent: script('echo draft') });
    const [newest, oldest] = (await client.call('ListDAGVersions', { DagId, PageIndex: 1, PageSize: 10 })).DagVersionList.DagVersion;
    for (const [version, params, word] of [[newest, {}, 'new'], [oldest, { HistoryDagId: oldest.VersionId }, 'old']]) {
        const { DagInstanceId } = await client.call('BackFill', { DagId, BackFillDate: '2024-01-01', ...params });
        const done = await untilStatus(client, DagId, DagInstanceId, SUCCESS);
        assert.equal(done.HistoryDagId, version.VersionId);
        const log = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.tell });
        assert.match(log.Content, new RegExp(`OUT ${word}\n`));
    }
});

test('a repeated call with the same client token makes no second row', async () => {
    const client = new Raw(server);
    const { DagId } = await published(client, 'token', { tell: TELL });
    const params = { DagId, BackFillDate: '2024-01-01', ClientToken: `token-${process.pid}` };
    const first = await client.call('BackFill', params);
    const again = await client.call('BackFill', params);
    for (const name of ['DagInstanceId', 'NodeId', 'BackFillId', 'RunCount']) {
        assert.equal(again[name], first[name], name);
    }
    await untilStatus(client, DagId, first.DagInstanceId, SUCCESS);
    assert.equal((await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 10 })).TotalCount, 1);
});

test('what can not be filled is refused and leaves nothing', async () => {
    const client = new Raw(server);
    const { DagId, nodes } = await published(client, 'refusals', { tell: TELL });
    const other = await published(client, 'not this one', { tell: TELL });
    const one = { DagId, BackFillDate: '2024-01-01' };
    const range = { DagId, BackFillDateBegin: '2024-01-01', BackFillDateEnd: '2024-01-02' };
    await refused(client, 'BackFill', { ...one, ...range }, 403, 'InvalidParameterValid');
    await refused(client, 'BackFill', { ...one, BackFillDateEnd: '2024-01-02' }, 403, 'InvalidParameterValid');
    await refused(client, 'BackFill', { DagId }, 400, 'MissingBackFillDate');
    await refused(client, 'BackFill', { DagId, BackFillDateBegin: '2024-01-01' }, 400, 'MissingBackFillDateEnd');
    await refused(client, 'BackFill', { DagId, BackFillDateEnd: '2024-01-01' }, 400, 'MissingBackFillDateBegin');
    for (const BackFillDate of ['yesterday', '2024-02-30', '2024-01-01 10:00:00', '20240101']) {
        await refused(client, 'BackFill', { DagId, BackFillDate }, 400, 'InvalidBackFillDate');
    }
    await refused(client, 'BackFill', { ...range, BackFillDateBegin: '2024-01-03' }, 403, 'InvalidParameterValid');
    await refused(client, 'BackFill', { ...range, Interval: 0 }, 400, 'InvalidInterval');
    await refused(client, 'BackFill', { ...range, Asc: 'newest' }, 400, 'InvalidAsc');
    const { Code } = await refusal(client, { DagId, BackFillDateBegin: '2024-01-01', BackFillDateEnd: '2025-02-04' });
    assert.match(Code, /Limit|Quota|Exceed/i);
    await refused(client, 'BackFill', { ...one, StartNodeIds: [other.nodes.tell] }, 404, 'TaskNotExist');
    await refused(client, 'BackFill', { ...one, FilterNodeIds: [987654321] }, 404, 'TaskNotExist');
    await refused(client, 'BackFill', { ...one, FilterNodeIds: [nodes.tell] }, 403, 'InvalidParameterValid');
    await refused(client, 'BackFill', { ...one, HistoryDagId: 987654321 }, 404, 'VersionNotExist');
    await refused(client, 'BackFill', { ...one, DagId: 987654321 }, 404, 'TaskFlowNotExist');
    assert.equal((await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 10 })).TotalCount, 0);
});

async function refusal(client, params) {
    try {
        await client.call('BackFill', params);
    } catch (error) {
        return { Code: error.code, status: error.status };
    }
    throw new Error('it was not refused');
}

test('only who may run the flow may fill it, and a foreign tenant sees none', async () => {
    const admin = new Raw(server);
    const owner = await makeUser(server);
    const other = await makeUser(server);
    const foreign = await makeTenant(server);
    const client = owner.make((at) => vendorClients(at)[0]);
    const flow = await published(client, 'of a plain user', { tell: TELL });
    assert.equal((await fill(client, flow, { BackFillDate: '2024-01-01' }, 1)).length, 1);
    assert.equal((await fill(admin, flow, { BackFillDate: '2024-01-02' }, 1)).length, 1);
    const params = { DagId: flow.DagId, BackFillDate: '2024-01-01' };
    await refused(other.client, 'BackFill', params, 403, 'NoPermission');
    await refused(foreign.client, 'BackFill', params, 404, 'TaskFlowNotExist');
    const theirs = await published(foreign.client, 'of strangers', { tell: TELL });
    await refused(foreign.client, 'BackFill', { ...params, DagId: theirs.DagId, StartNodeIds: [flow.nodes.tell] }, 404, 'TaskNotExist');
});

test('a server that is killed in the middle of a row goes on where it was: no date twice, none left out', async () => {
    const stage = new Stage(server, 'killed');
    const days = Array.from({ length: 12 }, (_, i) => `2024-01-${String(i + 1).padStart(2, '0')}`);
    const text = (word) => `umask 0; echo "${word} \${bizdate}" >> ${stage.folder}/ledger; sleep 0.1`;
    let client = vendorClients(server)[0];
    const flow = await published(client, 'killed', { one: text('one'), two: text('two') }, [['one', 'two']]);
    const { BackFillId } = await client.call('BackFill', { DagId: flow.DagId, BackFillDateBegin: days[0], BackFillDateEnd: days.at(-1) });
    const ledger = () => (fs.existsSync(`${stage.folder}/ledger`) ? stage.ledger() : []);
    for (const lines of [2, 5, 9, 14, 20]) {
        await until(() => ledger().length >= lines, () => `the ledger has ${lines} lines: ${ledger()}`, 60000);
        await server.kill();
        await server.start();
    }
    client = vendorClients(server)[0];
    const runs = await untilRuns(client, flow.DagId, BackFillId, days.length);
    assert.ok(runs.every((one) => one.Status === SUCCESS));
    assert.deepEqual(runs.map((one) => one.BusinessTime.slice(0, 10)), days);
    assert.deepEqual(ledger(), days.flatMap((day) => [`one ${day}`, `two ${day}`]));
});

after(() => server.close());
await run(() => server.start());
