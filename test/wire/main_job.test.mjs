#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// The main job, through the vendor's own clients: create a flow, run it, suspend, resume, stop, rerun and list it.
import { Raw, vendorClients } from './lib/clients.mjs';
import { FAILED, RUNNING, SUCCESS, SUSPENDED, Stage, createFlow, nodesOf, record, tryRun, untilNode, untilStatus } from './lib/flows.mjs';
import { PATIENCE, Server } from './lib/server.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();
const GONE_MS = (10000 + 2000) * PATIENCE; // grace and what the promise adds

const EDGES = [
    ['first', 'hold'],
    ['hold', 'last'],
];

function scripts(stage) {
    return { first: stage.note('first'), hold: stage.wait('hold'), last: stage.note('last') };
}

async function untilGone(stage) {
    await until(() => stage.processes().length === 0, () => `the processes end: ${stage.processes()}`, GONE_MS);
}

/** Everything that one client has to be able to do. `client` is made late, since the port is known late. */
async function mainJob(client, stage) {
    const { DagId } = await createFlow(client, `main job of ${client.name}`, scripts(stage), EDGES);
    const DagInstanceId = await tryRun(client, DagId);
    const ids = { DagId, DagInstanceId };

    // Suspend: at once SUSPENDED, the running node finishes, nothing new starts.
    await untilNode(client, DagId, DagInstanceId, 'hold', RUNNING);
    await until(() => stage.starts('hold') === 1, 'the waiting script starts');
    await client.call('SuspendTaskFlowInstance', ids);
    assert.equal((await record(client, DagId, DagInstanceId)).Status, SUSPENDED);
    stage.openGate();
    await untilNode(client, DagId, DagInstanceId, 'hold', SUCCESS);
    await client.call('SuspendTaskFlowInstance', ids);
    assert.equal((await record(client, DagId, DagInstanceId)).Status, SUSPENDED, 'suspending twice changes nothing');
    assert.equal(stage.starts('last'), 0, 'no node starts while suspended');

    // Resume: the rest runs.
    await client.call('ResumeTaskFlowInstance', { ...ids, DagVersion: '[]' });
    const done = await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    assert.equal(done.DagId, String(DagId));
    assert.equal(done.TriggerType, 1);
    assert.equal(done.DagVersion, '[]');
    assert.ok(done.EndTime >= done.startTime);
    assert.deepEqual(stage.ledger(), ['start first', 'end first', 'start hold', 'end hold', 'start last', 'end last']);

    // Rerun and stop: the same record, and no process is left.
    stage.closeGate();
    await client.call('ReRunTaskFlowInstance', ids);
    await untilNode(client, DagId, DagInstanceId, 'hold', RUNNING);
    await until(() => stage.processes().length >= 2, 'the processes of the waiting script show up');
    assert.equal(stage.starts('first'), 2, 'a rerun runs every node again');
    await client.call('StopTaskFlowInstance', ids);
    await untilGone(stage);
    const stopped = await untilStatus(client, DagId, DagInstanceId, FAILED);
    assert.equal(stopped.StateName, 'STOPPED');
    const nodes = await nodesOf(client, DagId, DagInstanceId);
    assert.equal(nodes.first.Status, SUCCESS);
    assert.equal(nodes.hold.Status, FAILED);
    assert.match(nodes.hold.Message, /kill/i);
    assert.equal(stage.starts('last'), 1, 'nothing starts after a stop');

    // Rerun to the end, and the list.
    stage.openGate();
    await client.call('ReRunTaskFlowInstance', ids);
    const again = await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    assert.equal(again.RunNumber, 3);
    assert.equal(again.BusinessTime, done.BusinessTime, 'a rerun keeps the business time');
    assert.equal(stage.starts('last'), 2);
    const flows = (await client.call('ListTaskFlow')).TaskFlowList.TaskFlow;
    assert.equal(flows.find((flow) => flow.Id === DagId).LatestInstanceStatus, SUCCESS);
    const ended = await nodesOf(client, DagId, DagInstanceId);
    assert.ok(Object.values(ended).every((node) => node.Status === SUCCESS));
    const log = await client.call('GetTaskInstanceLog', { ...ids, NodeId: ended.last.NodeId });
    assert.match(log.Content, /last was here\n/);
    assert.match(log.Content, /status SUCCEEDED\s*$/);
    assert.equal(log.Finished, true);
}

const NAMES = ['pop-core POST', 'pop-core GET', 'openapi-client v3', 'openapi-client v1', 'openapi-core v3', 'openapi-core v1'];
NAMES.forEach((name, index) => {
    test(`${name} creates, runs, suspends, resumes, stops, reruns and lists a flow`, async () => {
        await mainJob(vendorClients(server)[index], new Stage(server, `client-${index}`));
    });
});

for (const generation of ['v1', 'v3']) {
    test(`suspend, resume and stop are answered in XML, signed by ${generation}`, async () => {
        const client = new Raw(server, { generation, format: 'XML' });
        const stage = new Stage(server, `xml-${generation}`);
        const { DagId } = await createFlow(client, `in XML, ${generation}`, scripts(stage), EDGES);
        const DagInstanceId = await tryRun(client, DagId);
        const ids = { DagId, DagInstanceId };
        await untilNode(client, DagId, DagInstanceId, 'hold', RUNNING);
        await client.call('SuspendTaskFlowInstance', ids);
        assert.equal((await record(client, DagId, DagInstanceId)).Status, SUSPENDED);
        await client.call('ResumeTaskFlowInstance', ids);
        assert.equal((await record(client, DagId, DagInstanceId)).Status, RUNNING);
        await client.call('StopTaskFlowInstance', ids);
        await untilStatus(client, DagId, DagInstanceId, FAILED);
        await untilGone(stage);
        assert.equal(stage.starts('last'), 0);
    });
}

test('a run goes on while the server is away, and its end is taken over', async () => {
    const stage = new Stage(server, 'restart');
    const before = vendorClients(server)[0];
    const { DagId } = await createFlow(before, 'over a restart', scripts(stage), EDGES);
    const DagInstanceId = await tryRun(before, DagId);
    await untilNode(before, DagId, DagInstanceId, 'hold', RUNNING);
    await until(() => stage.processes().length >= 2, 'the script runs');
    await server.terminate();
    assert.ok(stage.processes().length >= 2, 'SIGTERM to the server ends no script');
    stage.openGate();
    await until(() => stage.ledger().includes('end hold'), 'the script ends by itself');
    assert.equal(stage.starts('last'), 0, 'nobody starts nodes while the server is away');
    await server.start();
    const client = vendorClients(server)[0];
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    assert.deepEqual(stage.ledger(), ['start first', 'end first', 'start hold', 'end hold', 'start last', 'end last']);
});

test('--stop-all ends every run, the supervisor and the server', async () => {
    const stage = new Stage(server, 'stop-all');
    const client = vendorClients(server)[0];
    const { DagId } = await createFlow(client, 'to be ended', scripts(stage), EDGES);
    const DagInstanceId = await tryRun(client, DagId);
    await until(() => stage.processes().length >= 2, 'the script runs');
    await server.stopAll();
    assert.deepEqual(stage.processes(), []);
    await server.start();
    const found = await record(vendorClients(server)[0], DagId, DagInstanceId);
    assert.equal(found.StateName, 'STOPPED');
});

after(() => server.close());
await run(() => server.start());
