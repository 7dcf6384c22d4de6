#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// What one draft may hold in all, and hence how large the replies that tell of it get, and what the server takes for several of them at once.
import fs from 'node:fs';

import { Raw, refused, send } from './lib/clients.mjs';
import { createFlow, script, tryRun } from './lib/flows.mjs';
import { PATIENCE, Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const MIB = 1024 * 1024;
const LIMIT = 4 * MIB;
const READERS = 8;
const SCRIPT = 'AZKABAN_COMMAND_REMOTE';

const server = new Server();
const client = new Raw(server, { generation: 'v3', place: 'form' });
const xml = new Raw(server, { generation: 'v3', place: 'form', format: 'XML' });

const put = (NodeId, NodeContent) => client.call('UpdateTaskContentV2', { NodeId, NodeContent });

/** The call is refused with LimitExceeded and a description that says all of `words`. */
async function refusedFor(action, params, words) {
    const reply = await refused(client, action, params, 403, 'LimitExceeded');
    assert.match(reply.Description, words);
}

/** Bytes of the largest resident memory that the server has had. */
function peakMemory() {
    return Number(/VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) * 1024;
}

test('the texts of a draft have 4 MiB together, and growth beyond is refused', async () => {
    const flow = await createFlow(client, 'limited', { a: script('true'), b: script('true') });
    const { a, b } = flow.nodes;
    await put(a, script(`true;#${'x'.repeat(3 * MIB)}`));
    const present = (await client.call('GetTask', { NodeId: b })).Task.NodeContent;
    await refusedFor('UpdateTaskContentV2', { NodeId: b, NodeContent: script('y'.repeat(MIB)) }, /NodeContent has \d+ bytes.* may have 4194304.*--draft-limit/s);
    assert.equal((await client.call('GetTask', { NodeId: b })).Task.NodeContent, present);
    await refusedFor('CreateTask', { DagId: flow.DagId, NodeName: 'c', NodeType: SCRIPT, NodeContent: script('y'.repeat(MIB)) }, /NodeContent/);
    await refusedFor('UpdateTaskFlowConstants', { DagId: flow.DagId, DagConstants: Array.from({ length: 20 }, (_, i) => ({ Key: `k${i}`, Value: 'v'.repeat(60000) })) }, /DagConstants/);
    await tryRun(client, flow.DagId);
    await client.call('PublishAndDeployTaskFlow', { DagId: flow.DagId });
    await put(a, script('true'));
    await put(b, script(`true;#${'y'.repeat(MIB)}`));
    // A draft that was run already, edited: what runs is what is there now.
    await tryRun(client, flow.DagId);
});

test('a list of variables has 1000 entries', async () => {
    const flow = await createFlow(client, 'variables', { a: script('true') });
    const outputs = (count) => JSON.stringify({ outputs: Array.from({ length: count }, (_, i) => ({ variableName: `v${i}`, extractMethod: 'json' })) });
    const variables = (count) => JSON.stringify({ variables: Array.from({ length: count }, (_, i) => ({ name: `t${i}`, pattern: 'yyyy|-1y' })) });
    const constants = (count) => Array.from({ length: count }, (_, i) => ({ Key: `k${i}`, Value: '' }));
    const NodeId = flow.nodes.a;
    const { DagId } = flow;
    for (const [action, params, name, make] of [
        ['UpdateTaskOutput', { NodeId }, 'NodeOutput', outputs],
        ['UpdateTaskTimeVariables', { NodeId }, 'TimeVariables', variables],
        ['UpdateTaskFlowTimeVariables', { DagId }, 'TimeVariables', variables],
        ['UpdateTaskFlowConstants', { DagId }, 'DagConstants', constants],
    ]) {
        await client.call(action, { ...params, [name]: make(1000) });
        await refusedFor(action, { ...params, [name]: make(1001) }, new RegExp(`${name} has 1001 entries, where there are 1000 now; at most 1000`));
    }
});

test('the largest reply is bounded by the draft, and so is the memory for several at once', async () => {
    const flow = await createFlow(client, 'worst', {});
    const rest = '&'.repeat(MIB - 1000); // each is five bytes of XML
    for (let i = 0; i < 4; i++) {
        await client.call('CreateTask', { DagId: flow.DagId, NodeName: `n${i}`, NodeType: SCRIPT }).then(({ NodeId }) => put(NodeId, JSON.stringify({ script: rest })));
    }
    const before = peakMemory();
    for (const action of ['ListTasksInTaskFlow', 'GetTaskFlowGraph']) {
        for (const one of [client, xml]) {
            const replies = await Promise.all(Array.from({ length: READERS }, () => send(server, one.build(action, { DagId: flow.DagId }))));
            for (const reply of replies) {
                assert.equal(reply.status, 200);
                assert.ok(reply.text.length > 3.9 * MIB, `${action} ${one.format}: ${reply.text.length} bytes`);
                assert.ok(reply.text.length < 6 * LIMIT, `${action} ${one.format}: ${reply.text.length} bytes`);
            }
            console.log(`# ${action} ${one.format}: ${replies[0].text.length} bytes, ${READERS} at once; the server has had ${(peakMemory() / MIB).toFixed(0)} MiB`);
        }
    }
    // Each holds the rows, the reply as a tree and as text, which grows by doubling.
    const most = READERS * 24 * LIMIT + 64 * MIB;
    if (!process.env.SLUICE_SANITIZED) {
        assert.ok(peakMemory() - before < most, `${peakMemory() - before} bytes more, at most ${most}`);
    }
});

after(() => server.close());
await run(() => server.start(), 120000 * PATIENCE);
