#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// alone: yes
// Strangers who begin requests and never end them, from the caller's own address too, refuse and delay nobody whose requests are signed.
import net from 'node:net';

import { Raw, vendorClients } from './lib/clients.mjs';
import { PATIENCE, Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const MIB = 1024 * 1024;
const HEADS = 570;
const HEAD_ADDRESSES = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];

const server = new Server({ arguments: ['--draft-limit', '64'] });
const signed = new Raw(server, { generation: 'v3', place: 'form' });
const older = new Raw(server, { place: 'form' });
const sockets = [];
let NodeId;

function dial(localAddress) {
    return new Promise((resolve) => {
        const socket = net.connect({ port: server.port, host: '127.0.0.1', localAddress }, () => resolve(socket));
        socket.on('error', () => {});
        sockets.push(socket);
    });
}

/** All of a body but its last byte, and no more; resolves when it is written, or refused. */
async function beginUpload(target, length) {
    const socket = await dial();
    socket.write(`POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n`);
    await new Promise((resolve) => {
        socket.once('close', resolve);
        socket.once('data', resolve);
        socket.write(Buffer.alloc(length - 1, 'x'), resolve);
    });
    return socket;
}

function leave() {
    sockets.splice(0).forEach((socket) => socket.destroy());
}

async function storeContent(client, length) {
    const NodeContent = JSON.stringify({ script: `# ${'y'.repeat(length)}\ntrue` });
    await client.call('UpdateTaskContentV2', { NodeId, NodeContent });
    assert.equal((await client.call('GetTask', { NodeId })).Task.NodeContent, NodeContent);
}

for (const [name, uploads] of [
    ['sixteen unfinished bodies of 4 MiB', Array(16).fill(['/', 4 * MIB])],
    ['two unfinished bodies of 45 MiB that name UpdateTaskContentV2', Array(2).fill(['/?Action=UpdateTaskContentV2', 45 * MIB])],
]) {
    test(`${name} refuse no signed body`, async () => {
        await Promise.all(uploads.map(([target, length]) => beginUpload(target, length)));
        await storeContent(signed, 12 * MIB);
        await Promise.all(uploads.map(([target, length]) => beginUpload(target, length)));
        await storeContent(older, 3 * MIB);
        leave();
    });
}

test(`${HEADS} unfinished heads from three addresses delay nobody`, async () => {
    const [client] = vendorClients(server);
    let slowest = 0;
    let isOver = false;
    const calls = (async () => {
        for (let count = 0; !isOver || count < 20; count++) {
            const begin = performance.now();
            await client.call('ListUserTenants');
            slowest = Math.max(slowest, performance.now() - begin);
        }
    })();
    calls.catch(() => {}); // judged below
    for (let i = 0; i < HEADS; i++) {
        (await dial(HEAD_ADDRESSES[i % 3])).write('GET / HTTP/1.1\r\nHost: ');
    }
    isOver = true;
    await calls;
    console.log(`# the slowest call took ${slowest.toFixed(0)} ms`);
    assert.ok(slowest < 2000 * PATIENCE, `${slowest} ms`);
    leave();
});

after(async () => {
    leave();
    await server.close();
});
await run(async () => {
    await server.start();
    const { DagId } = await signed.call('CreateTaskFlow', { DagName: 'besieged' });
    ({ NodeId } = await signed.call('CreateTask', { DagId, NodeName: 'a', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: '{}' }));
}, 120000 * PATIENCE);
