#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Logs of attempts: offsets, the gap, text that is none, reading while the node runs (docs/extensions.md).
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused } from './lib/clients.mjs';
import { FAILED, RUNNING, SUCCESS, Stage, createFlow, nodesOf, tryRun, untilNode, untilStatus } from './lib/flows.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();
const MIB = 1024 * 1024;
const KEPT = 8 * MIB; // at the beginning, and again at the end
let client;

async function setup() {
    await server.start();
    client = new Raw(server);
}

/** Runs one script to the given end and resolves to the arguments that name its log. */
async function ran(name, text, status = SUCCESS) {
    const { DagId, nodes } = await createFlow(client, name, { only: text });
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, status);
    return { DagId, DagInstanceId, NodeId: nodes.only };
}

function read(log, more = {}) {
    return client.call('GetTaskInstanceLog', { ...log, ...more });
}

/** Reads piece by piece until the end, as a client does that follows. */
async function readAll(log, Length) {
    let text = '';
    for (let Offset = 0, pieces = 0; ; pieces++) {
        assert.ok(pieces < 10000, 'reading gets on');
        const piece = await read(log, { Offset, Length });
        text += piece.Content;
        Offset = piece.NextOffset;
        if (piece.Finished && piece.NextOffset === piece.TotalBytes) {
            return text;
        }
        assert.ok(piece.NextOffset > piece.Offset, `a read at ${piece.Offset} stands still`);
    }
}

test('a log can be read while its node runs, and ends in its status', async () => {
    const stage = new Stage(server, 'running');
    const text = `echo one; while [ ! -e ${stage.gate} ]; do sleep 0.05; done; echo two >&2`;
    const { DagId, nodes } = await createFlow(client, 'running', { only: text });
    const DagInstanceId = await tryRun(client, DagId);
    const log = { DagId, DagInstanceId, NodeId: nodes.only };
    await untilNode(client, DagId, DagInstanceId, 'only', RUNNING);
    const first = await until(async () => {
        const piece = await read(log);
        return piece.TotalBytes > 0 && piece;
    }, 'the first line shows up');
    const { RequestId, Success, ...seen } = first;
    assert.ok(RequestId && Success);
    assert.deepEqual(seen, { Content: 'one\n', Attempt: 1, Offset: 0, NextOffset: 4, TotalBytes: 4, DroppedBytes: 0, Finished: false });
    const nothing = await read(log, { Offset: 4 });
    assert.equal(nothing.Content, '');
    assert.equal(nothing.NextOffset, 4);
    stage.openGate();
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    const rest = await read(log, { Offset: 4 });
    assert.equal(rest.Content, 'two\nstatus SUCCEEDED\n');
    assert.equal(rest.NextOffset, 8);
    assert.equal(rest.TotalBytes, 8);
    assert.equal(rest.Finished, true);
});

test('the status of a failed node stands on a line of its own', async () => {
    const log = await ran('failed', "printf 'no end'; exit 3", FAILED);
    const whole = await read(log);
    assert.equal(whole.Content, 'no end\nstatus FAILED\n');
    assert.equal(whole.TotalBytes, 6);
    assert.equal((await read(log, { Offset: 6 })).Content, '\nstatus FAILED\n');
    assert.equal((await read(log, { Length: 3 })).Content, 'no ');
});

test('a node that prints nothing has an empty log', async () => {
    const log = await ran('silent', 'true');
    const whole = await read(log);
    assert.equal(whole.Content, 'status SUCCEEDED\n');
    assert.equal(whole.TotalBytes, 0);
    assert.equal(whole.Finished, true);
});

test('offsets count from the beginning, negative ones from the end', async () => {
    const log = await ran('offsets', "printf '0123456789\\n'");
    const cases = [
        [{ Offset: 3, Length: 4 }, '3456', 3, 7],
        [{ Offset: -4, Length: 2 }, '78', 7, 9],
        [{ Offset: -1000, Length: 2 }, '01', 0, 2],
        [{ Offset: 0, Length: 1 }, '0', 0, 1],
        [{ Offset: 8 }, '89\nstatus SUCCEEDED\n', 8, 11],
        [{ Offset: 1000 }, 'status SUCCEEDED\n', 11, 11],
    ];
    for (const [more, content, offset, next] of cases) {
        const piece = await read(log, more);
        assert.equal(piece.Content, content, JSON.stringify(more));
        assert.equal(piece.Offset, offset, JSON.stringify(more));
        assert.equal(piece.NextOffset, next, JSON.stringify(more));
        assert.equal(piece.TotalBytes, 11);
    }
    for (const length of [1, 2, 5, 100]) {
        assert.equal(await readAll(log, length), '0123456789\nstatus SUCCEEDED\n');
    }
});

test('characters stay whole over pieces, and what is no text is marked', async () => {
    // ä, 任, a drop of water, each followed by a letter; then bytes that are no UTF-8.
    const log = await ran('characters', "printf '\\303\\244a\\344\\273\\273b\\360\\237\\232\\260c\\n\\377\\300z\\n'");
    const text = 'äa任b🚰c\n\uFFFD\uFFFDz\nstatus SUCCEEDED\n';
    assert.equal((await read(log)).Content, text);
    for (const length of [4, 5, 6, 7]) {
        assert.equal(await readAll(log, length), text, `pieces of ${length} bytes`);
    }
    const cut = await read(log, { Offset: 3, Length: 2 });
    assert.equal(cut.Content, '\uFFFD', 'a piece that is shorter than the character keeps a mark');
    assert.equal(cut.NextOffset, 5);
    assert.equal((await read(log, { Offset: 3, Length: 5 })).Content, '任b', 'a cut character is left to the next read');
    assert.equal((await read(log, { Offset: 1, Length: 2 })).Content, '\uFFFDa', 'a read that begins inside one marks it');
    const xml = await new Raw(server, { format: 'XML' }).call('GetTaskInstanceLog', log);
    assert.equal(xml.Content.replaceAll('\r', ''), text);
});

test('a long output keeps its beginning and its end, and a read inside the gap jumps', async () => {
    // Lines of ten bytes: the number of a line is its offset divided by ten.
    const log = await ran('long', `awk 'BEGIN { for (i = 0; i < 2500000; i++) printf "%09d\\n", i }'`);
    const line = (offset) => `${String(Math.floor(offset / 10)).padStart(9, '0')}\n`;
    const total = 25000000;
    const begin = await read(log, { Length: 20 });
    assert.equal(begin.Content, line(0) + line(10));
    assert.equal(begin.TotalBytes, total);
    assert.equal(begin.DroppedBytes, total - 2 * KEPT);
    const border = await read(log, { Offset: KEPT - 8, Length: 1000 });
    assert.equal(border.NextOffset, KEPT, 'a read stops where the gap begins');
    assert.equal(border.Content, line(KEPT - 8).slice(0, 8), 'and has what lies before it');
    for (const Offset of [KEPT, KEPT + 1, total / 2, total - KEPT - 1]) {
        const jumped = await read(log, { Offset, Length: 100 });
        assert.equal(jumped.Offset, total - KEPT, `a read at ${Offset} jumps to the gap's end`);
        assert.equal(jumped.NextOffset, jumped.Offset + 100);
        const next = Math.ceil(jumped.Offset / 10) * 10;
        assert.ok(jumped.Content.slice(next - jumped.Offset).startsWith(line(next)), 'offsets stay those of the whole output');
    }
    const tail = await read(log, { Offset: -20 });
    assert.equal(tail.Content, `${line(total - 20)}${line(total - 10)}status SUCCEEDED\n`);
    const most = await read(log, { Length: MIB });
    assert.equal(most.NextOffset, MIB);
    assert.equal((await read(log)).NextOffset, 65536, 'the default length');
});

test('each attempt keeps its log, and none is the newest', async () => {
    const stage = new Stage(server, 'attempts');
    const marker = path.join(stage.folder, 'tried');
    const text = `umask 0; if [ -e ${marker} ]; then echo second; else : > ${marker}; echo first; exit 1; fi`;
    const { DagId, nodes } = await createFlow(client, 'attempts', { only: text });
    const NodeConfig = JSON.stringify({ rerun: { rerunEnable: true, rerunCount: 1, rerunInterval: 0 } });
    await client.call('UpdateTaskConfig', { NodeId: nodes.only, NodeConfig });
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    const log = { DagId, DagInstanceId, NodeId: nodes.only };
    assert.equal((await read(log, { Attempt: 1 })).Content, 'first\nstatus FAILED\n');
    assert.equal((await read(log, { Attempt: 2 })).Content, 'second\nstatus SUCCEEDED\n');
    const newest = await read(log);
    assert.equal(newest.Attempt, 2);
    assert.equal(newest.Content, 'second\nstatus SUCCEEDED\n');
    assert.equal((await nodesOf(client, DagId, DagInstanceId)).only.Attempt, 2);
    await client.call('ReRunTaskFlowInstance', { DagId, DagInstanceId });
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    assert.equal((await read(log)).Attempt, 3, 'attempts go on counting over reruns');
    assert.equal((await read(log, { Attempt: 1 })).Content, 'first\nstatus FAILED\n', 'the first log is still there');
    await refused(client, 'GetTaskInstanceLog', { ...log, Attempt: 4 }, 404, 'TaskLogNotExist');
});

test('a node that never started has no log', async () => {
    const { DagId, nodes } = await createFlow(client, 'never started', { bad: 'false', behind: 'true' }, [['bad', 'behind']]);
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, FAILED);
    await refused(client, 'GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.behind }, 404, 'TaskLogNotExist');
});

test('wrong lengths and attempts are refused by name', async () => {
    const log = await ran('refused', 'echo x');
    for (const [name, values] of Object.entries({ Length: [0, -1, MIB + 1], Attempt: [0, -1] })) {
        for (const value of values) {
            await refused(client, 'GetTaskInstanceLog', { ...log, [name]: value }, 400, `Invalid${name}`);
        }
    }
});

test('a log file that is gone is said to be missing', async () => {
    const log = await ran('gone', 'echo soon gone');
    for (const name of fs.readdirSync(path.join(server.data, 'logs'))) {
        fs.rmSync(path.join(server.data, 'logs', name), { recursive: true });
    }
    const whole = await read(log);
    assert.match(whole.Content, /missing.*\nstatus SUCCEEDED\n$/);
    assert.equal(whole.TotalBytes, 0);
    assert.equal(whole.Finished, true);
});

after(() => server.close());
run(setup);
