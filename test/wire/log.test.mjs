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

/** What the program printed: the lines without their time stamps, and without those of the supervisor. */
function printed(content) {
    return [...content.matchAll(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:OUT|ERR) (.*)$/gm)].map(([, line]) => line);
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
        return printed(piece.Content).length > 0 && piece;
    }, 'the first line shows up');
    assert.deepEqual(printed(first.Content), ['one']);
    assert.equal(first.Attempt, 1);
    assert.equal(first.Offset, 0);
    assert.equal(first.NextOffset, Buffer.byteLength(first.Content));
    assert.equal(first.TotalBytes, first.NextOffset);
    assert.equal(first.DroppedBytes, 0);
    assert.equal(first.Finished, false);
    const nothing = await read(log, { Offset: first.NextOffset });
    assert.equal(nothing.Content, '');
    assert.equal(nothing.NextOffset, first.NextOffset);
    stage.openGate();
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    const rest = await read(log, { Offset: first.NextOffset });
    assert.deepEqual(printed(rest.Content), ['two']);
    assert.match(rest.Content, /\nstatus SUCCEEDED\n$/);
    assert.equal(rest.NextOffset, rest.TotalBytes);
    assert.equal(rest.Finished, true);
    const end = await read(log, { Offset: rest.NextOffset });
    assert.equal(end.Content, '', 'the status comes once');
    assert.equal(end.NextOffset, rest.TotalBytes);
    assert.equal((await read(log)).Content, first.Content + rest.Content);
});

test('the status of a failed node stands on a line of its own', async () => {
    const log = await ran('failed', "printf 'no end'; exit 3", FAILED);
    const whole = await read(log);
    assert.deepEqual(printed(whole.Content), ['no end']);
    assert.match(whole.Content, /\nstatus FAILED\n$/);
});

test('a node that prints nothing has only its status and what the supervisor notes', async () => {
    const log = await ran('silent', 'true');
    const whole = await read(log);
    assert.deepEqual(printed(whole.Content), []);
    assert.match(whole.Content, /(^|\n)status SUCCEEDED\n$/);
    assert.equal(whole.Finished, true);
});

test('offsets count from the beginning, negative ones from the end', async () => {
    const log = await ran('offsets', "printf '0123456789\\n'");
    const text = (await read(log)).Content;
    const total = text.length;
    const cases = [
        [{ Offset: 3, Length: 4 }, 3, 7],
        [{ Offset: 0, Length: 1 }, 0, 1],
        [{ Offset: -40, Length: 2 }, total - 40, total - 38],
        [{ Offset: -5 }, total - 5, total],
        [{ Offset: -100000, Length: 2 }, 0, 2],
        [{ Offset: total - 30, Length: 20 }, total - 30, total - 10],
        [{ Offset: total }, total, total],
        [{ Offset: 100000 }, total, total],
    ];
    for (const [more, offset, next] of cases) {
        const piece = await read(log, more);
        assert.equal(piece.Content, text.slice(offset, next), JSON.stringify(more));
        assert.equal(piece.Offset, offset, JSON.stringify(more));
        assert.equal(piece.NextOffset, next, JSON.stringify(more));
        assert.equal(piece.TotalBytes, total);
    }
    for (const length of [1, 2, 5, 17, 1000]) {
        assert.equal(await readAll(log, length), text);
    }
});

test('characters stay whole over pieces, and what is no text is marked', async () => {
    // ä, 任, a drop of water, each followed by a letter; then bytes that are no UTF-8.
    const log = await ran('characters', "printf '\\303\\244a\\344\\273\\273b\\360\\237\\232\\260c\\n\\377\\300z\\n'");
    const text = (await read(log)).Content;
    assert.deepEqual(printed(text), ['äa任b🚰c', '\uFFFD\uFFFDz']);
    for (const length of [4, 5, 6, 7, 64]) {
        assert.equal(await readAll(log, length), text, `pieces of ${length} bytes`);
    }
    const at = Buffer.byteLength(text.slice(0, text.indexOf('任')));
    const cut = await read(log, { Offset: at, Length: 2 });
    assert.equal(cut.Content, '\uFFFD', 'a piece that is shorter than the character keeps a mark');
    assert.equal(cut.NextOffset, at + 2);
    const left = await read(log, { Offset: at - 1, Length: 3 });
    assert.equal(left.Content, 'a', 'a cut character is left to the next read');
    assert.equal(left.NextOffset, at);
    assert.equal((await read(log, { Offset: at + 1, Length: 3 })).Content, '\uFFFD\uFFFDb', 'a read that begins inside one marks it');
    const xml = await new Raw(server, { format: 'XML' }).call('GetTaskInstanceLog', log);
    assert.equal(xml.Content, text);
});

test('a long output keeps its beginning and its end, and a read inside the gap jumps', async () => {
    const count = 1000000;
    const log = await ran('long', `awk 'BEGIN { for (i = 0; i < ${count}; i++) printf "%09d\\n", i }'`);
    const tail = await read(log, { Offset: -1000 });
    const file = tail.TotalBytes - 'status SUCCEEDED\n'.length;
    assert.ok(tail.Content.endsWith('status SUCCEEDED\n'));
    assert.equal(Number(printed(tail.Content).at(-1)), count - 1);
    assert.equal(tail.DroppedBytes, file - 2 * KEPT);
    const begin = await read(log, { Length: 1000 });
    assert.equal(Number(printed(begin.Content)[0]), 0);
    const border = await read(log, { Offset: KEPT - 500, Length: 1000 });
    assert.equal(border.NextOffset, KEPT, 'a read stops where the gap begins');
    assert.equal(border.Content.length, 500);
    const last = Number(printed(border.Content).at(-2));
    for (const Offset of [KEPT, KEPT + 1, Math.floor(file / 2), file - KEPT - 1]) {
        const jumped = await read(log, { Offset, Length: 1000 });
        assert.equal(jumped.Offset, file - KEPT, `a read at ${Offset} jumps to the gap's end`);
        assert.equal(jumped.NextOffset, jumped.Offset + 1000);
        assert.ok(Number(printed(jumped.Content)[1]) > last + 1, 'lines are missing in between');
        const inside = await read(log, { Offset: jumped.Offset + 100, Length: 900 });
        assert.equal(inside.Content, jumped.Content.slice(100), 'offsets stay those of the whole log');
    }
    assert.equal((await read(log, { Length: MIB })).NextOffset, MIB);
    assert.equal((await read(log)).NextOffset, 65536, 'the default length');
});

test('a name that is no variable is left for the shell and noted in the log', async () => {
    const log = await ran('left for the shell', 'nosuch=shell; echo ${nosuch}');
    const { Content } = await read(log);
    assert.match(Content, /Z SYS unknown variables were left for the shell: \$\{nosuch\}\n/);
    assert.deepEqual(printed(Content), ['shell']);
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
    const failed = (await read(log, { Attempt: 1 })).Content;
    assert.deepEqual(printed(failed), ['first']);
    assert.match(failed, /\nstatus FAILED\n$/);
    const good = (await read(log, { Attempt: 2 })).Content;
    assert.deepEqual(printed(good), ['second']);
    assert.match(good, /\nstatus SUCCEEDED\n$/);
    const newest = await read(log);
    assert.equal(newest.Attempt, 2);
    assert.equal(newest.Content, good);
    assert.equal((await nodesOf(client, DagId, DagInstanceId)).only.Attempt, 2);
    await client.call('ReRunTaskFlowInstance', { DagId, DagInstanceId });
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    assert.equal((await read(log)).Attempt, 3, 'attempts go on counting over reruns');
    assert.equal((await read(log, { Attempt: 1 })).Content, failed, 'the first log is still there');
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
    assert.equal(whole.NextOffset, whole.TotalBytes);
    assert.equal(whole.Finished, true);
});

after(() => server.close());
run(setup);
