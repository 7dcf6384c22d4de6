#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The harness judges rightly: its signatures agree with captured requests, and its judge refuses wrong replies.
import fs from 'node:fs';
import path from 'node:path';

import { signV1, signV3 } from './lib/clients.mjs';
import { SOURCE } from './lib/server.mjs';
import { checkFailure, checkSuccess, operation, parseXml, successFromXml } from './lib/spec.mjs';
import { assert, run, test } from './lib/tap.mjs';

const vectors = JSON.parse(fs.readFileSync(path.join(SOURCE, 'spec/vectors.json'), 'utf8'));
const ID = '0C1CB646-1DE4-4AD0-B4A4-7D47DD52E931';

function decode(text) {
    return text
        .split('&')
        .filter((piece) => piece !== '')
        .map((piece) => {
            const at = piece.indexOf('=');
            const [name, value] = at < 0 ? [piece, ''] : [piece.slice(0, at), piece.slice(at + 1)];
            return [name, value].map((part) => decodeURIComponent(part.replace(/\+/g, ' ')));
        });
}

test('the raw client signs as the captured clients did', () => {
    const secrets = vectors.credentials;
    for (const vector of vectors.vectors) {
        const { method, target, headers, body = '' } = vector.request;
        const query = decode(target.includes('?') ? target.slice(target.indexOf('?') + 1) : '');
        const named = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
        const secret = vector.server_secret ?? vector.access_key_secret ?? vector.secret ?? secrets.access_key_secret;
        if (vector.generation === 'v1') {
            const isForm = (named['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
            const pairs = [...query, ...(isForm ? decode(body) : [])];
            const sent = pairs.find(([name]) => name === 'Signature')[1];
            assert.equal(signV1(method, pairs.filter(([name]) => name !== 'Signature'), secret), sent, vector.id);
        } else {
            const parts = /Credential=([^,]*),\s*SignedHeaders=([^,]*),\s*Signature=(\w+)/.exec(named.authorization);
            const signed = Object.fromEntries(parts[2].split(';').map((name) => [name, named[name]]));
            const found = signV3(method, query, signed, named['x-acs-content-sha256'], secret);
            assert.equal(found.signature, parts[3], vector.id);
        }
    }
});

test('the published examples pass the judge', () => {
    const spec = JSON.parse(fs.readFileSync(path.join(SOURCE, 'spec/operations.json'), 'utf8'));
    for (const { action, example_ok: example } of spec.operations) {
        checkSuccess(action, { ...example, RequestId: ID });
    }
});

const WRONG = [
    ['a number for a text', 'TryRunTaskFlow', { InstanceId: 5 }],
    ['a text for a number', 'CreateTaskFlow', { DagId: '5' }],
    ['a fraction', 'CreateTaskFlow', { DagId: 5.5 }],
    ['an id above 2^53', 'CreateTaskFlow', { DagId: 2 ** 53 }],
    ['an unknown field', 'CreateTaskFlow', { DagId: 5, Extra: 1 }],
    ['a missing list', 'ListTaskFlow', {}],
    ['a null list', 'ListTaskFlow', { TaskFlowList: null }],
    ['a list without its wrapper', 'ListTaskFlow', { TaskFlowList: [] }],
    ['a wrapper around a flat list', 'ListUserTenants', { TenantList: { Tenant: [] } }],
    ['a word out of the enumeration', 'GetUserActiveTenant', { Tenant: { Status: 'ASLEEP', TenantName: 'a', Tid: 1 } }],
    ['a code in a success', 'CreateTaskFlow', { DagId: 5, Code: '200' }],
    ['success as a text', 'CreateTaskFlow', { DagId: 5, Success: 'true' }],
    ['a request id in lower case', 'CreateTaskFlow', { DagId: 5, RequestId: ID.toLowerCase() }],
];
for (const [about, action, body] of WRONG) {
    test(`the judge refuses ${about}`, () => {
        assert.throws(() => checkSuccess(action, { RequestId: ID, Success: true, ...body }));
    });
}

test('the judge refuses failures with a wrong form', () => {
    const good = { RequestId: ID, Code: 'A', Message: 'b', HostId: 'c', Success: false, ErrorCode: 'A', ErrorMessage: 'b' };
    checkFailure('ListTaskFlow', 404, good);
    for (const bad of [{ Code: '' }, { Code: 5 }, { Message: undefined }, { Success: true }, { ErrorCode: 'B' }, { Detail: 'x' }]) {
        assert.throws(() => checkFailure('ListTaskFlow', 404, { ...good, ...bad }), JSON.stringify(bad));
    }
    assert.throws(() => checkFailure('ListTaskFlow', 200, good));
});

test('XML is read as the value that JSON would have carried', () => {
    const head = "<?xml version='1.0' encoding='UTF-8'?>";
    const ends = `<RequestId>${ID}</RequestId><Success>true</Success>`;
    const body = successFromXml(
        'ListTaskFlowConstants',
        `${head}<ListTaskFlowConstantsResponse>${ends}<DagConstants><DagConstant><Key>a&lt;&amp;</Key><Value></Value></DagConstant>` +
            '</DagConstants></ListTaskFlowConstantsResponse>',
    );
    assert.deepEqual(body.DagConstants, { DagConstant: [{ Key: 'a<&', Value: '' }] });
    const empty = successFromXml('ListTaskFlow', `${head}<ListTaskFlowResponse>${ends}<TaskFlowList></TaskFlowList></ListTaskFlowResponse>`);
    assert.deepEqual(empty.TaskFlowList, { TaskFlow: [] });
    for (const bad of [`<A></A>`, `${head}<A><B></A></B>`, `${head}<A>`, `${head}<A></A><B></B>`, `${head}<A>&no;</A>`, `${head}<A>a & b</A>`]) {
        assert.throws(() => parseXml(bad), bad);
    }
    assert.throws(() => successFromXml('ListTaskFlow', `${head}<ListTaskFlowResponse>${ends}</ListTaskFlowResponse>`));
});

test('the extensions and extras of this server are part of the judgement', () => {
    assert.ok(operation('GetTaskInstanceLog').response.properties.DroppedBytes);
    assert.ok(operation('ListTaskFlowInstance').response.properties.DAGInstanceList.properties.DAGInstance.items.properties.RunNumber);
});

await run();
