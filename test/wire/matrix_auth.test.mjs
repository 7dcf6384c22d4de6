#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// Bad authentication, generated: every operation by every kind of caller who must not come in. The answer says which check failed, and
// nothing changes. A request with everything right comes through at the end, so that the refusals are not the server's only answer.
import crypto from 'node:crypto';

import { Raw, refused, send, timestamp } from './lib/clients.mjs';
import { Server } from './lib/server.mjs';
import { checkFailure, operation, operations } from './lib/spec.mjs';
import { stateOf } from './lib/state.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();
const MINUTE = 60000;
let before;
let disabled; // a key that was switched off
let session; // a temporary key

const methodOf = (action) => (operation(action).methods_accepted.includes('POST') ? 'POST' : 'GET');
const v1 = (action, key) => Object.assign(new Raw(server, { generation: 'v1', method: methodOf(action) }), key);
const v3 = (action) => new Raw(server, { generation: 'v3', method: methodOf(action) });

/** Sends what no client builds; the failure must have this code. */
async function expectRaw(action, request, status, code) {
    const reply = await send(server, request);
    const body = JSON.parse(reply.text);
    checkFailure(action, reply.status, body);
    assert.deepEqual([reply.status, body.Code], [status, code], action);
}

const bare = (action, headers = {}, query = '') => ({
    method: methodOf(action),
    target: `/?Format=JSON${query}`,
    headers: { 'x-acs-action': action, 'x-acs-version': '2018-11-01', accept: 'application/json', 'content-length': 0, ...headers },
});

const KINDS = {
    'without any signature': (action) =>
        expectRaw(action, { ...bare(action), target: `/?Action=${action}&Version=2018-11-01&Format=JSON` }, 400, 'MissingAccessKeyId'),
    'with a bearer token': (action) =>
        expectRaw(action, { ...bare(action), target: `/?Action=${action}&Version=2018-11-01&Format=JSON&BearerToken=t&SignatureType=BEARERTOKEN` }, 400, 'MissingAccessKeyId'),
    'with an unknown key, v1': (action) => refused(v1(action), action, {}, 404, 'InvalidAccessKeyId.NotFound', undefined, { keyId: 'NOSUCHKEY' }),
    'with an unknown key, v3': (action) => refused(v3(action), action, {}, 404, 'InvalidAccessKeyId.NotFound', undefined, { keyId: 'NOSUCHKEY' }),
    'with a wrong secret, v1': (action) => refused(v1(action), action, {}, 400, 'SignatureDoesNotMatch', undefined, { secret: 'a-wrong-secret-a-wrong-one' }),
    'with a wrong secret, v3': (action) => refused(v3(action), action, {}, 400, 'SignatureDoesNotMatch', undefined, { secret: 'a-wrong-secret-a-wrong-one' }),
    'stamped 16 minutes ago, v1': (action) => refused(v1(action), action, {}, 400, 'InvalidTimeStamp.Expired', undefined, { time: timestamp(-16 * MINUTE) }),
    'stamped in 16 minutes, v3': (action) => refused(v3(action), action, {}, 400, 'InvalidTimeStamp.Expired', undefined, { time: timestamp(16 * MINUTE) }),
    'stamped in a form of its own': (action) => refused(v1(action), action, {}, 400, 'InvalidTimeStamp.Format', undefined, { time: '2024-05-06 07:08:09' }),
    'without a nonce': (action) => refused(v1(action), action, {}, 400, 'MissingSignatureNonce', undefined, { without: ['SignatureNonce'] }),
    'with a nonce that was used': async (action) => {
        const nonce = crypto.randomUUID();
        await new Raw(server).call('GetUserActiveTenant', {}, { nonce });
        await refused(v1(action), action, {}, 400, 'SignatureNonceUsed', undefined, { nonce });
        await refused(v3(action), action, {}, 400, 'SignatureNonceUsed', undefined, { nonce });
    },
    'by another algorithm, v1': (action) => refused(v1(action), action, {}, 400, 'InvalidSignatureMethod', undefined, { signatureMethod: 'HMAC-SHA256' }),
    'by another algorithm, v3': (action) => refused(v3(action), action, {}, 400, 'InvalidSignatureMethod', undefined, { scheme: 'ACS3-HMAC-SM3' }),
    'with the action left out of the signed headers': (action) => {
        const client = v3(action);
        const built = client.build(action, {}, { without: ['x-acs-action'] });
        built.headers['x-acs-action'] = action;
        return expectRaw(action, built, 400, 'IncompleteSignature');
    },
    'with a body that is not the one signed': (action) => refused(v3(action), action, {}, 400, 'SignatureDoesNotMatch', undefined, { hash: 'f'.repeat(64) }),
    'with a signature cut short': (action) => refused(v3(action), action, {}, 400, 'SignatureDoesNotMatch', undefined, { signature: 'abcdef' }),
    'with a key that was switched off': (action) => refused(v1(action), action, {}, 400, 'InvalidAccessKeyId.Inactive', undefined, disabled),
    'with a temporary key without its token': (action) => refused(v1(action), action, {}, 400, 'MissingSecurityToken', undefined, session.key),
    'with a temporary key and a token that is not its own': (action) =>
        refused(v1(action), action, { SecurityToken: session.otherToken }, 400, 'InvalidSecurityToken.MismatchWithAccessKey', undefined, session.key),
};

for (const [name, attempt] of Object.entries(KINDS)) {
    test(`every operation ${name}`, async () => {
        for (const action of operations()) {
            await attempt(action);
        }
        assert.equal(stateOf(server), before, 'nothing changed');
    });
}

test('an operation that does not exist is refused before its caller is looked at', async () => {
    await refused(new Raw(server), 'GetUserActiveTenant', {}, 404, 'InvalidAction.NotFound', undefined, {
        pairs: (pairs) => pairs.map(([key, value]) => [key, key === 'Action' ? 'NoSuchOperation' : value]),
    });
});

test('a caller with everything right comes in', async () => {
    for (const generation of ['v1', 'v3']) {
        await new Raw(server, { generation }).call('GetUserActiveTenant');
    }
});

after(() => server.close());
await run(async () => {
    await server.start();
    const admin = new Raw(server, { generation: 'v3' });
    const { User } = await admin.call('GetUser');
    const made = await admin.call('CreateAccessKey', { UserId: User.UserId });
    await admin.call('UpdateAccessKey', { UserAccessKeyId: made.AccessKeyId, Status: 'Inactive' });
    disabled = { keyId: made.AccessKeyId, secret: made.AccessKeySecret };
    const [one, other] = [await admin.call('CreateSessionKey'), await admin.call('CreateSessionKey')];
    session = { key: { keyId: one.AccessKeyId, secret: one.AccessKeySecret }, otherToken: other.SecurityToken };
    before = stateOf(server);
}, 300000);
