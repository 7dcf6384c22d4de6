#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// alone: yes
// Many large replies at once, for clients that read them and for clients that do not: what they take from the server, and from everybody else.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';

import { Raw } from './lib/clients.mjs';
import { createFlow } from './lib/flows.mjs';
import { makeUser } from './lib/people.mjs';
import { PATIENCE, Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const MIB = 1024 * 1024;
const KEYS = 2;
// Of each key, of either sort: less than wait, so that none is sent away. Sanitizers make the replies many times slower.
const EACH = process.env.SLUICE_SANITIZED ? 3 : 12;
// Together more than may wait to be read, if all were made as they are asked for.
const SLOW_EACH = process.env.SLUICE_SANITIZED ? 2 : 8;
const SLOW_MS = 4000;
// Together more than may wait.
const LEAVING = 62;
const COMING = process.env.SLUICE_SANITIZED ? 6 : 24;
const SEATS = 4;
// One in the making: rows, tree, and text of 20 MiB with what it grows by. Those that wait for clients: docs/network.md.
const MAKING = 64 * MIB;
const WAITING = 256 * MIB;
const SLACK = 64 * MIB;

const server = new Server({ arguments: ['--large-replies', String(SEATS)] });
let flow;
let callers;
let small;

function peakMemory() {
    return Number(/VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) * 1024;
}

function largeCall(caller) {
    return new Raw(caller.server, { generation: 'v3', place: 'form', format: 'XML' }).build('ListTasksInTaskFlow', { DagId: flow.DagId });
}

/** Reads all of it and keeps none: { status, bytes, length }. */
function fetchLarge(caller) {
    const { method, target, headers, body } = largeCall(caller);
    return new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port: server.port, method, path: target, headers, agent: false }, (reply) => {
            let bytes = 0;
            reply.on('data', (data) => (bytes += data.length));
            reply.once('end', () => resolve({ status: reply.statusCode, bytes, length: Number(reply.headers['content-length']) }));
            reply.once('error', reject);
        });
        request.once('error', reject);
        request.end(body);
    });
}

/** Asks, and reads nothing. */
function orderLarge(caller) {
    const { method, target, headers, body } = largeCall(caller);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return new Promise((resolve, reject) => {
        const socket = net.connect(server.port, '127.0.0.1', () => {
            socket.pause();
            socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`, () => resolve(socket));
        });
        socket.on('error', reject); // later ones find it settled
    });
}

/** The same, but no faster than in `ms`. */
function fetchSlowly(caller, ms) {
    const { method, target, headers, body } = largeCall(caller);
    return new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port: server.port, method, path: target, headers, agent: false }, (reply) => {
            const length = Number(reply.headers['content-length']);
            const begin = Date.now();
            let bytes = 0;
            reply.on('data', (data) => {
                bytes += data.length;
                const early = begin + (bytes / length) * ms - Date.now();
                if (early > 1) {
                    reply.pause();
                    setTimeout(() => reply.resume(), early);
                }
            });
            reply.once('end', () => resolve({ status: reply.statusCode, bytes, length }));
            reply.once('error', reject);
        });
        request.once('error', reject);
        request.end(body);
    });
}

const times = (count, make) => Array.from({ length: count }, make);

test('large replies are made a few at a time: memory is bounded, who reads gets all of it, and others are served meanwhile', async () => {
    const before = peakMemory();
    const idle = await Promise.all(callers.flatMap((caller) => times(EACH, () => orderLarge(caller))));
    let ended = 0;
    const readers = callers.flatMap((caller) => times(EACH, () => fetchLarge(caller).finally(() => ended++)));
    const all = Promise.all(readers);
    await small.client.call('GetUser');
    assert.ok(ended < readers.length, 'a small call waited for all the large ones');
    const replies = await all;
    for (const reply of replies) {
        assert.equal(reply.status, 200);
        assert.equal(reply.bytes, reply.length);
        assert.ok(reply.bytes > 19 * MIB, `${reply.bytes} bytes`);
    }
    idle.forEach((socket) => socket.destroy());
    const grown = peakMemory() - before;
    console.log(`# ${readers.length} that were read and ${idle.length} that were not: ${(grown / MIB).toFixed(0)} MiB more`);
    if (!process.env.SLUICE_SANITIZED) {
        assert.ok(grown < SEATS * MAKING + WAITING + SLACK, `${grown} bytes more`);
    }
});

test('who reads slowly gets all of it, however many more ask', async () => {
    const replies = await Promise.all(callers.flatMap((caller) => times(SLOW_EACH, () => fetchSlowly(caller, SLOW_MS))));
    for (const reply of replies) {
        assert.equal(reply.status, 200);
        assert.equal(reply.bytes, reply.length);
    }
});

test('who leaves while its call waits holds no place', async () => {
    const left = await Promise.all(times(LEAVING, () => orderLarge(callers[0])));
    left.forEach((socket) => socket.destroy());
    await new Promise((resolve) => setTimeout(resolve, 300));
    const replies = await Promise.all(times(COMING, () => fetchLarge(callers[0])));
    for (const { status } of replies) {
        assert.equal(status, 200);
    }
});

test('a stop waits for no call that waits for its turn', async () => {
    const readers = callers.flatMap((caller) => times(EACH, () => fetchLarge(caller).catch(() => ({ status: 0 }))));
    await Promise.race(readers);
    await server.terminate();
    const replies = await Promise.all(readers);
    console.log(`# answered ${[...new Set(replies.map(({ status }) => status))].join(' ')}`);
    for (const { status } of replies) {
        assert.ok([200, 503, 0].includes(status), `${status}`);
    }
    await server.start();
});

after(() => server.close());
await run(async () => {
    await server.start();
    const client = new Raw(server, { generation: 'v3', place: 'form' });
    flow = await createFlow(client, 'large', {});
    for (let i = 0; i < 4; i++) {
        const { NodeId } = await client.call('CreateTask', { DagId: flow.DagId, NodeName: `n${i}`, NodeType: 'AZKABAN_COMMAND_REMOTE' });
        // Each is five bytes of XML.
        await client.call('UpdateTaskContentV2', { NodeId, NodeContent: JSON.stringify({ script: '&'.repeat(MIB - 1000) }) });
    }
    callers = [];
    for (let i = 0; i < KEYS; i++) {
        callers.push(await makeUser(server, { roles: ['ADMIN'] }));
    }
    small = await makeUser(server);
}, 200000 * PATIENCE);
