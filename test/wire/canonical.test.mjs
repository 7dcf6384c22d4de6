#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// 10 000 random requests through the vendor's clients: our canonical string is theirs, since the signature over it is accepted. Values hold what
// encoders differ in: blanks, plus signs, stars, tildes, quotes, percent signs, brackets, other scripts, empty text. SEED repeats a run.
import crypto from 'node:crypto';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const COUNT = 10000;
const server = new Server();
const seed = Number(process.env.SEED ?? crypto.randomInt(2 ** 31));

function makeRandom(start) {
    let state = start >>> 0;
    const next = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
    };
    return { below: (limit) => Math.floor(next() * limit), pick: (list) => list[Math.floor(next() * list.length)] };
}

const random = makeRandom(seed);
const PIECES = [
    ' ', '+', '*', '~', '!', "'", '(', ')', '%', '%20', '%2B', '&', '=', '/', '?', '#', '[', ']', '{', '}', '"', ',', ':', ';', '@', '\\', '|', '^', '`', '<', '>', '$',
    'a', 'Z', '0', '-', '_', '.', '任务流', '😀', 'é', 'e\u0301', '\u00a0', '\u200b', '\t', '\n', '\r\n', '\u007f', '\ufeff',
];

function text(limit) {
    return Array.from({ length: random.below(limit) }, () => random.pick(PIECES)).join('');
}

/** Names as parameters have them; pop-core writes the first letter large. */
function name() {
    return `X${Array.from({ length: 1 + random.below(6) }, () => random.pick([...'abcXYZ019._-'])).join('')}${random.below(1000)}`;
}

test(`${COUNT} random requests of the vendor's clients are understood (seed ${seed})`, async () => {
    const clients = vendorClients(server);
    let left = COUNT;
    const worker = async () => {
        while (left > 0) {
            left--;
            const client = random.pick(clients);
            const params = Object.fromEntries(Array.from({ length: random.below(8) }, () => [name(), text(12)]));
            if (random.below(4) === 0) {
                params.Tid = '';
            }
            try {
                await client.call('GetUserActiveTenant', params);
            } catch (error) {
                throw new Error(`${client.name}: ${JSON.stringify(params)}: ${error.message}`);
            }
        }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
});

test('a signature over another string is not', async () => {
    const params = { Xa: 'a b' };
    await refused(new Raw(server), 'GetUserActiveTenant', params, 400, 'SignatureDoesNotMatch', undefined, {
        pairs: (pairs) => pairs.map(([key, value]) => [key, key === 'Xa' ? 'a+b' : value]),
    });
    assert.ok(true);
});

after(() => server.close());
await run(() => server.start(), 600000);
