#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 200
// alone: yes
// Slow clients (slowhttptest) and load (wrk) beside a vendor client that goes on working (reliability.md T21): its calls succeed, and connections that
// send too slowly are cut within 15 s.
import { spawn } from 'node:child_process';

import { vendorClients } from './lib/clients.mjs';
import { PATIENCE, Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const SLOW_CONNECTIONS = 300;
const CUT_WITHIN_S = 15;

const server = new Server({ arguments: ['--address-connections', '512'] });
let client;

function start(program, words) {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    process.once('exit', () => child.kill('SIGKILL'));
    const begin = Date.now();
    return new Promise((resolve, reject) => {
        let text = '';
        child.stdout.on('data', (data) => (text += data));
        child.stderr.on('data', (data) => (text += data));
        child.once('error', reject);
        child.once('exit', (code) => resolve({ code, text, seconds: (Date.now() - begin) / 1000 }));
    });
}

/** Calls one after the other until the attack is over. */
async function callDuring(attack) {
    const times = [];
    let failed = 0;
    let isOver = false;
    attack.finally(() => (isOver = true)).catch(() => {});
    while (!isOver) {
        const begin = performance.now();
        try {
            await client.call('ListUserTenants');
        } catch {
            failed++;
        }
        times.push(performance.now() - begin);
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    times.sort((a, b) => a - b);
    return { calls: times.length, failed, p99: times[Math.floor(times.length * 0.99)] };
}

function judge(normal) {
    console.log(`# ${normal.calls} calls, ${normal.failed} failed, p99 ${normal.p99.toFixed(1)} ms`);
    assert.ok(normal.calls >= 50, `${normal.calls} calls`);
    assert.ok(normal.failed <= normal.calls / 1000, `${normal.failed} of ${normal.calls} calls failed`);
    assert.ok(normal.p99 <= 500 * PATIENCE, `p99 is ${normal.p99} ms`);
}

function attack(kind, seconds, ...words) {
    return start('slowhttptest', [kind, '-c', SLOW_CONNECTIONS, '-r', '300', '-l', seconds, '-u', `http://${server.address}/`, ...words].map(String));
}

for (const [kind, name, words] of [['-H', 'heads', ['-i', '3']], ['-B', 'bodies', ['-i', '3', '-s', '8192', '-x', '10']]]) {
    test(`slow ${name} are cut within ${CUT_WITHIN_S} s, and nobody else notices`, async () => {
        const slow = attack(kind, CUT_WITHIN_S + 15, ...words);
        judge(await callDuring(slow));
        const { text, seconds } = await slow;
        assert.match(text, /No open connections left/, text.slice(-800));
        assert.ok(seconds <= (CUT_WITHIN_S + 3) * PATIENCE, `${seconds} s`); // a second to connect, and its own tick
    });
}

test('slow readers hold up nobody', async () => {
    const slow = attack('-X', 10, '-w', '10', '-y', '20', '-n', '3', '-z', '5', '-k', '3');
    judge(await callDuring(slow));
    await slow;
});

test('a load of unsigned requests is answered, and signed ones among it', async () => {
    const load = start('wrk', ['-t', '1', '-c', '32', '-d', '5s', `http://${server.address}/?Format=JSON`]);
    judge(await callDuring(load));
    const { code, text } = await load;
    assert.equal(code, 0, text);
    assert.doesNotMatch(text, /Socket errors/);
});

after(() => server.close());
await run(async () => {
    await server.start();
    client = vendorClients(server).find((one) => one.name === 'openapi-client v3 signature');
}, 90000 * PATIENCE);
