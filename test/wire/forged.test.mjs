#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// 10 000 mutations of correctly signed requests, over all operations: each is refused, and nothing changes. The seed is printed; SEED repeats a run.
import crypto from 'node:crypto';

import { Raw, percent, send } from './lib/clients.mjs';
import { createFlow } from './lib/flows.mjs';
import { Server } from './lib/server.mjs';
import { checkFailure, operation, operations } from './lib/spec.mjs';
import { stateOf } from './lib/state.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const COUNT = 10000;
const server = new Server();
const seed = Number(process.env.SEED ?? crypto.randomInt(2 ** 31));
let before;
let flow;

/** A small generator of numbers that a seed repeats (mulberry32). */
function makeRandom(start) {
    let state = start >>> 0;
    const next = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    return { below: (limit) => Math.floor(next() * limit), pick: (list) => list[Math.floor(next() * list.length)] };
}

const random = makeRandom(seed);

/** Another byte of the same kind at a random place, so that the text stays of the right form and becomes another. */
function flip(text) {
    const at = random.below(text.length);
    const letters = /[0-9]/.test(text[at]) ? '0123456789' : 'ABCDEFabcdef';
    const others = [...letters].filter((letter) => letter !== text[at]);
    return text.slice(0, at) + random.pick(others) + text.slice(at + 1);
}

/** One change of the parameters of an older signature after it was made. */
function mutatePairs(pairs) {
    const changed = pairs.map((pair) => [...pair]);
    const at = random.below(changed.length);
    switch (random.below(5)) {
    case 0:
        changed[at][1] = changed[at][1] === '' ? 'x' : flip(changed[at][1]);
        break;
    case 1:
        changed[at][0] = flip(changed[at][0]);
        break;
    case 2:
        changed.splice(at, 1);
        break;
    case 3:
        changed.push([`Added${random.below(1000)}`, 'x']);
        break;
    default:
        changed.push(changed[at]);
    }
    return changed;
}

/** One change of a header request of the newer signature. */
function mutateHeaders(built) {
    const headers = { ...built.headers };
    const names = Object.keys(headers).filter((name) => name.startsWith('x-acs-') || name === 'host' || name === 'authorization');
    const name = random.pick(names);
    switch (random.below(4)) {
    case 0:
        headers[name] = flip(headers[name]);
        break;
    case 1:
        if (name === 'host') {
            headers[name] = 'other.example:1';
        } else {
            delete headers[name];
        }
        break;
    case 2:
        return { ...built, headers, target: `${built.target}${built.target.includes('?') ? '&' : '?'}Added=1` };
    default:
        return { ...built, headers, method: built.method === 'GET' ? 'POST' : 'GET' };
    }
    return { ...built, headers };
}

function paramsOf(action) {
    const known = { DagId: flow.DagId, NodeId: flow.nodes.a, DagName: 'forged', NodeName: 'forged', Tid: server.credentials().tenant_id };
    const params = operation(action).params.filter((param) => param.required || param.name in known);
    return Object.fromEntries(params.filter(({ name }) => name !== 'AccessKeyId').map(({ name }) => [name, known[name] ?? '1']));
}

function forge(action) {
    const method = operation(action).methods_accepted.includes('POST') ? 'POST' : 'GET';
    if (random.below(2) === 0) {
        const place = method === 'POST' && random.below(2) === 0 ? 'form' : 'query';
        const client = new Raw(server, { generation: 'v1', method, place });
        return client.build(action, paramsOf(action), { pairs: mutatePairs });
    }
    return mutateHeaders(new Raw(server, { generation: 'v3', method }).build(action, paramsOf(action)));
}

/** The same parameter text again: a mutation that happened to give the original is no forgery. */
test(`${COUNT} forged requests are refused (seed ${seed})`, async () => {
    const actions = operations();
    const outcomes = new Map();
    let sent = 0;
    const worker = async () => {
        while (sent < COUNT) {
            sent++;
            const action = random.pick(actions);
            const built = forge(action);
            const reply = await send(server, built);
            assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} to ${JSON.stringify(built)}: ${reply.text.slice(0, 500)}`);
            const code = /<Code>([^<]*)|"Code":"([^"]*)/.exec(reply.text);
            const found = code?.[1] ?? code?.[2];
            outcomes.set(found, (outcomes.get(found) ?? 0) + 1);
            if (reply.text.startsWith('{')) {
                checkFailure(action, reply.status, JSON.parse(reply.text));
            }
        }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    console.log(`# ${[...outcomes].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`).join(', ')}`);
    // None came past the signature: what an operation itself would say is not among the answers.
    for (const code of outcomes.keys()) {
        assert.match(code, /^(Signature|InvalidAction|InvalidVersion|MissingVersion|Invalid|Missing|IncompleteSignature|UnsupportedHTTPMethod)/, code);
        assert.doesNotMatch(code, /NotExist$|Existed$|NoPermission|(Instance|TaskFlow|AccessKey)Status$|NotSupport/, code);
    }
    assert.equal(stateOf(server), before, 'nothing changed');
});

test('the requests that were mutated are good ones', async () => {
    for (const generation of ['v1', 'v3']) {
        await new Raw(server, { generation }).call('GetTaskFlowGraph', paramsOf('GetTaskFlowGraph'));
    }
    assert.notEqual(percent('~'), '%7E');
});

after(() => server.close());
await run(async () => {
    await server.start();
    flow = await createFlow(new Raw(server), 'flow', { a: 'true', b: 'true' }, [['a', 'b']]);
    before = stateOf(server);
}, 600000);
