#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// Bad input, generated from the specification: every parameter of every operation, absent, empty, of the wrong type, out of range, too long,
// no JSON, no UTF-8, with a NUL, and repeated. Each is refused by name, and nothing changes.
import { Raw, percent, refused, send, signV1, timestamp } from './lib/clients.mjs';
import { Server } from './lib/server.mjs';
import { VERSION, checkFailure, operation, operations } from './lib/spec.mjs';
import { stateOf } from './lib/state.mjs';
import { after, assert, run, test } from './lib/tap.mjs';
import crypto from 'node:crypto';

const server = new Server();
let client;
let before;

/** A value of the right form; ids of nothing, so that a call that gets through by mistake still finds nothing. */
function wellFormed(param) {
    if (param.enum !== undefined && param.enum.length > 0) {
        return String(param.enum[0]);
    }
    switch (param.type) {
    case 'long':
    case 'integer':
        return String(Math.max(param.min ?? 0, 1));
    case 'boolean':
        return 'true';
    case 'array':
        return JSON.stringify([itemOf(param.schema.items)]);
    default:
        return /(^|[a-z])Ids?$|^Uid/.test(param.name) ? '900000009' : 'text';
    }
}

function itemOf(schema) {
    if (schema.type === 'object') {
        return Object.fromEntries(Object.entries(schema.properties).map(([name, inner]) => [name, itemOf(inner)]));
    }
    if (schema.type === 'array') {
        return [itemOf(schema.items)];
    }
    return schema.type === 'string' ? (schema.enum?.[0] ?? 'text') : (schema.enum?.[0] ?? 900000009);
}

/** AccessKeyId is a system parameter of the older signature; operations on keys name theirs UserAccessKeyId too. */
const paramsOf = (action) => operation(action).params.filter((param) => param.name !== 'AccessKeyId');

function requiredOf(action) {
    return Object.fromEntries(paramsOf(action).filter((param) => param.required).map((param) => [param.name, wellFormed(param)]));
}

const isText = (param) => param.type === 'string';
const isNumber = (param) => param.type === 'long' || param.type === 'integer';

/** A client that the operation accepts: one is GET only, one POST only. */
function clientFor(action) {
    return operation(action).methods_accepted.includes('POST') ? client : new Raw(server, { method: 'GET' });
}

/** Sends pairs as they are, in percent encoding that the test chose itself; signed over what the server will decode. */
async function sendRaw(action, pairs) {
    const method = operation(action).methods_accepted.includes('POST') ? 'POST' : 'GET';
    const system = [
        ['Action', action], ['Version', VERSION], ['AccessKeyId', server.accessKeyId], ['SignatureMethod', 'HMAC-SHA1'],
        ['SignatureVersion', '1.0'], ['SignatureNonce', crypto.randomUUID()], ['Timestamp', timestamp()], ['Format', 'JSON'],
    ].map(([name, value]) => [name, percent(value), value]);
    const all = [...system, ...pairs];
    const signature = signV1(method, all.map(([name, , value]) => [name, value]), server.accessKeySecret);
    const text = [...all.map(([name, encoded]) => `${percent(name)}=${encoded}`), `Signature=${percent(signature)}`].join('&');
    const reply = await send(server, { method, target: `/?${text}`, headers: { 'content-length': 0 } });
    return { status: reply.status, body: JSON.parse(reply.text) };
}

const rest = (params, name) => Object.entries(params).filter(([other]) => other !== name).map(([other, value]) => [other, percent(value), value]);

async function refusedRaw(action, name, pairs, code) {
    const { status, body } = await sendRaw(action, pairs);
    checkFailure(action, status, body);
    assert.deepEqual([status, body.Code], [400, code], `${action}.${name}`);
}

/** For every operation and parameter that `wants`: the body; afterwards the stored state is what it was. */
function forEach(name, wants, body) {
    test(name, async () => {
        let count = 0;
        for (const action of operations()) {
            for (const param of paramsOf(action).filter(wants)) {
                await body(action, param, requiredOf(action));
                count++;
            }
        }
        assert.ok(count > 0);
        assert.equal(stateOf(server), before, 'nothing changed');
        console.log(`# ${count} parameters`);
    });
}

forEach('absent: a required parameter is named as missing', (param) => param.required, async (action, param, good) => {
    const { [param.name]: left, ...params } = good;
    assert.ok(left !== undefined);
    await refused(clientFor(action), action, params, 400, `Missing${param.name}`, `${param.name} is mandatory for this action.`);
});

forEach('empty: a required parameter is named as missing', (param) => param.required, async (action, param, good) => {
    await refused(clientFor(action), action, { ...good, [param.name]: '' }, 400, `Missing${param.name}`, `${param.name} is mandatory for this action.`);
});

forEach('wrong type: a number that is none', isNumber, async (action, param, good) => {
    for (const value of ['abc', '1.5', '1e3', '0x10', ' 1', '1 ', '１', '--1', '[1]', 'NaN']) {
        await refused(clientFor(action), action, { ...good, [param.name]: value }, 400, `Invalid${param.name}`);
    }
});

forEach('wrong type: a boolean that is none', (param) => param.type === 'boolean', async (action, param, good) => {
    for (const value of ['maybe', '2', 'tru', '[]']) {
        await refused(clientFor(action), action, { ...good, [param.name]: value }, 400, `Invalid${param.name}`);
    }
});

forEach('out of range: a number that does not fit', isNumber, async (action, param, good) => {
    const beyond = param.type === 'integer' ? ['2147483648', '-2147483649'] : ['9223372036854775808', '-9223372036854775809'];
    if (param.max !== undefined) {
        beyond.push(String(param.max + 1));
    }
    if (param.min !== undefined) {
        beyond.push(String(param.min - 1));
    }
    for (const value of [...beyond, '9'.repeat(400)]) {
        await refused(clientFor(action), action, { ...good, [param.name]: value }, 400, `Invalid${param.name}`);
    }
});

forEach('out of range: a word that is not in the list', (param) => param.enum !== undefined && !param.enum_open, async (action, param, good) => {
    const value = isNumber(param) ? '77' : 'NO_SUCH_WORD';
    await refused(clientFor(action), action, { ...good, [param.name]: value }, 400, `Invalid${param.name}`);
});

forEach('not JSON: a list that is none, or holds the wrong things', (param) => param.type === 'array', async (action, param, good) => {
    const bad = ['x', '{}', '[', '[1', '[{"', '"text"', 'null', '['.repeat(5000), '[{"a":1}]x'];
    bad.push(param.schema.items.type === 'object' ? '[1]' : '[{}]', '[[]]', '[null]');
    for (const value of bad) {
        await refused(clientFor(action), action, { ...good, [param.name]: value }, 400, `Invalid${param.name}`);
    }
});

forEach('too long: a text beyond its own limit', (param) => isText(param) && param.max_length !== undefined, async (action, param, good) => {
    await refused(clientFor(action), action, { ...good, [param.name]: 'x'.repeat(param.max_length + 1) }, 400, `Invalid${param.name}`);
});

forEach('too long: a name, an id or a description of 100 000 characters is never accepted', (param) => isText(param) && /Name$|Id$|^Uid|Description|Comments|Nick$|Alias$|Host$|Date|Time$/.test(param.name), async (action, param, good) => {
    const reply = await send(server, clientFor(action).build(action, { ...good, [param.name]: 'x'.repeat(100000) }));
    const body = JSON.parse(reply.text);
    // A filter may find nothing; whatever names or makes something is refused.
    if (reply.status === 200) {
        assert.match(action, /^(List|Search|Get)/, `${action}.${param.name} was accepted`);
    } else {
        checkFailure(action, reply.status, body);
        assert.ok(reply.status < 500, `${action}.${param.name}: ${reply.text}`);
    }
});

forEach('not UTF-8: bytes that are no text', () => true, async (action, param, good) => {
    for (const encoded of ['%FF%FE', '%C3%28', '%ED%A0%80', '%C0%80']) {
        await refusedRaw(action, param.name, [...rest(good, param.name), [param.name, encoded, 'x']], `Invalid${param.name}`);
    }
});

forEach('NUL: a text with a hole', () => true, async (action, param, good) => {
    await refusedRaw(action, param.name, [...rest(good, param.name), [param.name, 'a%00b', 'a\0b']], `Invalid${param.name}`);
});

forEach('repeated: the same name twice', () => true, async (action, param, good) => {
    const value = wellFormed(param);
    const twice = [...rest(good, param.name), [param.name, percent(value), value], [param.name, percent(value), value]];
    await refusedRaw(action, param.name, twice, `Invalid${param.name}`);
});

after(() => server.close());
await run(async () => {
    await server.start();
    client = new Raw(server);
    before = stateOf(server);
}, 300000);
