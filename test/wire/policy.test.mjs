#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Who may call what: temporary keys with every client and in every form, policies of users, and the permission table of
// docs/permissions.md, asked of the server for every operation and role.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { ApiError, Raw, refused, vendorClients } from './lib/clients.mjs';
import { as, makeTenant, makeUser } from './lib/people.mjs';
import { SOURCE, Server } from './lib/server.mjs';
import { called } from './lib/spec.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();

const ACTIONS = ['PutUserPolicy', 'GetUserPolicy', 'CreateSessionKey'];
const OTHER_TOKEN = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const MISMATCH = [400, 'InvalidSecurityToken.MismatchWithAccessKey'];
const MALFORMED = [400, 'InvalidSecurityToken.Malformed'];
const MISSING = [400, 'MissingSecurityToken'];
const UNKNOWN = [404, 'InvalidAccessKeyId.NotFound'];
const FORBIDDEN = [403, 'Forbidden.RAM'];
const NOT_PERMITTED = [403, 'NoPermission'];

function policy(...statements) {
    const Statement = statements.map(([Effect, ...Action]) => ({ Effect, Action, Resource: '*' }));
    return JSON.stringify({ Version: '1', Statement });
}

const LISTS_ONLY = policy(['Allow', 'dms:List*']);

/** Each of the vendor's clients, and both signatures in XML. */
function everyClient(at) {
    return [
        ...vendorClients(at),
        new Raw(at, { generation: 'v1', format: 'XML' }),
        new Raw(at, { generation: 'v1', format: 'XML', place: 'form' }),
        new Raw(at, { generation: 'v3', format: 'XML', method: 'GET' }),
    ];
}

const EXPIRATION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function judgeSession(session, seconds, before) {
    assert.match(session.AccessKeyId, /^STS\./);
    assert.match(session.SecurityToken, /^[A-Za-z0-9]{43}$/);
    assert.match(session.Expiration, EXPIRATION);
    const left = (Date.parse(session.Expiration) - before) / 1000;
    assert.ok(left > seconds - 2 && left < seconds + 60, `${left} seconds`);
}

everyClient(server).forEach((_, index) => {
    const name = everyClient(server)[index].name;
    test(`${name}: a temporary key is made, and works with its token alone`, async () => {
        called.clear();
        const user = await makeUser(server);
        const mine = everyClient(user.server)[index];
        const before = Date.now();
        const session = await mine.call('CreateSessionKey', { DurationSeconds: 900 });
        judgeSession(session, 900, before);
        judgeSession(await mine.call('CreateSessionKey'), 3600, before);
        const at = as(server, session);
        const client = everyClient(at)[index];
        assert.equal((await client.call('GetUser')).User.UserId, user.userId);
        const { DagId } = await client.call('CreateTaskFlow', { DagName: `by session ${index}` });
        await client.call('DeleteTaskFlow', { DagId });

        await refused(everyClient(as(server, { ...session, SecurityToken: undefined }))[index], 'GetUser', {}, ...MISSING);
        await refused(everyClient(as(server, { ...session, SecurityToken: OTHER_TOKEN }))[index], 'GetUser', {}, ...MISMATCH);
        await refused(everyClient(as(server, { ...session, SecurityToken: 'other' }))[index], 'GetUser', {}, ...MALFORMED);
        await refused(everyClient(as(server, { ...user.key, SecurityToken: session.SecurityToken }))[index], 'GetUser', {}, ...MISMATCH);
        await refused(everyClient(as(server, { ...session, AccessKeySecret: 'x'.repeat(40) }))[index], 'GetUser', {}, 400, 'SignatureDoesNotMatch');
    });

    test(`${name}: a policy is put, read, kept to and removed`, async () => {
        const user = await makeUser(server);
        const admin = everyClient(server)[index];
        const mine = everyClient(user.server)[index];
        assert.equal((await mine.call('GetUserPolicy')).Policy, undefined);
        await admin.call('PutUserPolicy', { UserId: user.userId, Policy: LISTS_ONLY });
        assert.deepEqual(
            [await admin.call('GetUserPolicy', { UserId: user.userId })].map((reply) => [reply.UserId, reply.Policy]),
            [[user.userId, LISTS_ONLY]],
        );
        await mine.call('ListUsers');
        await mine.call('ListTaskFlow');
        await refused(mine, 'GetUser', {}, ...FORBIDDEN, 'You are not authorized to perform this operation by RAM.');
        await refused(mine, 'CreateTaskFlow', { DagName: 'never' }, ...FORBIDDEN);
        await admin.call('PutUserPolicy', { UserId: user.userId, Policy: '' });
        assert.equal((await mine.call('GetUserPolicy')).Policy, undefined);
        await mine.call('GetUser');
        assert.deepEqual(ACTIONS.filter((action) => !called.has(action)), [], 'no operation was left out');
    });
});

test('a temporary key makes no keys', async () => {
    const root = as(server, await new Raw(server).call('CreateSessionKey'));
    const client = new Raw(root);
    const { User } = await client.call('GetUser');
    for (const [action, params] of [
        ['CreateSessionKey', {}],
        ['CreateAccessKey', { UserId: User.UserId }],
        ['CreateTenant', { TenantName: 'of a session' }],
    ]) {
        const reply = await refused(client, action, params, ...NOT_PERMITTED);
        assert.match(reply.Description, /temporary key/);
    }
});

test('a temporary key dies with its parent, and with its user', async () => {
    const admin = new Raw(server);
    const user = await makeUser(server);
    const parent = await user.client.call('CreateAccessKey', { UserId: user.userId });
    const make = async (key) => new Raw(as(server, await new Raw(as(server, key)).call('CreateSessionKey')));
    const ofParent = await make(parent);
    const ofFirst = await make(user.key);
    await ofParent.call('GetUser');

    const change = { UserAccessKeyId: parent.AccessKeyId };
    await user.client.call('UpdateAccessKey', { ...change, Status: 'Inactive' });
    await refused(ofParent, 'GetUser', {}, 400, 'InvalidAccessKeyId.Inactive');
    await user.client.call('DeleteAccessKey', change);
    await refused(ofParent, 'GetUser', {}, ...UNKNOWN);
    await ofFirst.call('GetUser');

    await admin.call('DisableUser', { Uid: user.uid });
    await refused(ofFirst, 'GetUser', {}, 404, 'UserStatusIllegal');
    await admin.call('EnableUser', { Uid: user.uid });
    await ofFirst.call('GetUser');
    await admin.call('DeleteUser', { Uid: user.uid });
    await refused(ofFirst, 'GetUser', {}, ...UNKNOWN);
});

test('a role that is taken away is gone from the temporary key, too, and policies bind it', async () => {
    const admin = await makeUser(server, { roles: ['ADMIN'] });
    const session = new Raw(as(server, await admin.client.call('CreateSessionKey')));
    await session.call('RegisterUser', { Uid: 'made by a session' });
    await new Raw(server).call('UpdateUser', { Uid: admin.uid, RoleNames: 'USER' });
    await refused(session, 'RegisterUser', { Uid: 'another' }, ...NOT_PERMITTED);
    await new Raw(server).call('PutUserPolicy', { UserId: admin.userId, Policy: LISTS_ONLY });
    await refused(session, 'GetUser', {}, ...FORBIDDEN);
    await session.call('ListUsers');
});

test('how long a temporary key lasts has limits, and so has their number', async () => {
    const user = await makeUser(server);
    for (const DurationSeconds of [0, 899, 43201, -1, 'long']) {
        await refused(user.client, 'CreateSessionKey', { DurationSeconds }, 400, 'InvalidDurationSeconds');
    }
    for (let i = 0; i < 100; i++) {
        await user.client.call('CreateSessionKey', { DurationSeconds: 43200 });
    }
    await refused(user.client, 'CreateSessionKey', {}, 403, 'LimitExceeded');
    await (await makeUser(server)).client.call('CreateSessionKey');
});

test('the same client token gives the same temporary key', async () => {
    const user = await makeUser(server);
    const first = await user.client.call('CreateSessionKey', { ClientToken: 'once' });
    const { RequestId, ...again } = await user.client.call('CreateSessionKey', { ClientToken: 'once' });
    assert.notEqual(RequestId, first.RequestId);
    assert.deepEqual(again, { ...again, ...Object.fromEntries(Object.entries(first).filter(([name]) => name !== 'RequestId')) });
    await new Raw(as(server, again)).call('GetUser');
});

test('a Deny wins, names match in any case, both prefixes do', async () => {
    const admin = new Raw(server);
    const user = await makeUser(server);
    const put = (text) => admin.call('PutUserPolicy', { UserId: user.userId, Policy: text });
    await put(policy(['Allow', '*'], ['Deny', 'dms:createtaskflow', 'dms-console:Get?ser']));
    await refused(user.client, 'CreateTaskFlow', { DagName: 'never' }, ...FORBIDDEN);
    await refused(user.client, 'GetUser', {}, ...FORBIDDEN);
    await user.client.call('ListTaskFlow');
    await put(policy(['Deny', 'dms:GetUser'], ['Allow', 'dms:GetUser']));
    await refused(user.client, 'GetUser', {}, ...FORBIDDEN);
    await refused(user.client, 'ListTaskFlow', {}, ...FORBIDDEN);
    await put(policy(['Allow', 'dms-console:*']));
    await user.client.call('GetUser');
    // A policy never gives what the roles do not.
    await refused(user.client, 'RegisterUser', { Uid: 'given by a policy' }, ...NOT_PERMITTED);
});

test('an invalid policy is refused by name, and the old one stays', async () => {
    const admin = new Raw(server);
    const user = await makeUser(server);
    await admin.call('PutUserPolicy', { UserId: user.userId, Policy: LISTS_ONLY });
    const statement = { Effect: 'Allow', Action: 'dms:*', Resource: '*' };
    const documents = [
        ['nothing', /not JSON/],
        ['[]', /JSON object/],
        [JSON.stringify({ Version: '1', Statement: [] }), /Statement is empty/],
        [JSON.stringify({ Version: '2', Statement: [statement] }), /Version/],
        [JSON.stringify({ Version: '1', Statement: [{ ...statement, Condition: {} }] }), /Statement\[0\]\.Condition/],
        [JSON.stringify({ Version: '1', Statement: [{ ...statement, NotAction: 'a' }] }), /NotAction/],
        [JSON.stringify({ Version: '1', Statement: [{ ...statement, Principal: '*' }] }), /Principal/],
        [JSON.stringify({ Version: '1', Statement: [{ ...statement, Effect: 'allow' }] }), /Effect/],
        [JSON.stringify({ Version: '1', Statement: [{ ...statement, Action: 'ecs:*' }] }), /Action/],
        [JSON.stringify({ Version: '1', Statement: [{ ...statement, Resource: 'acs:dms:*:*:flow/7' }] }), /Resource/],
        [`{"Version":"1","Version":"1","Statement":[${JSON.stringify(statement)}]}`, /duplicate/],
        [JSON.stringify({ Version: '1', Statement: Array(200).fill(statement) }), /at most 8192/],
    ];
    for (const [Policy, pattern] of documents) {
        const reply = await refused(admin, 'PutUserPolicy', { UserId: user.userId, Policy }, 400, 'InvalidPolicy');
        assert.match(reply.Description, pattern);
    }
    await refused(admin, 'PutUserPolicy', { UserId: user.userId }, 400, 'MissingPolicy');
    assert.equal((await user.client.call('ListUsers')).Success, true);
    await refused(user.client, 'GetUser', {}, ...FORBIDDEN);
    assert.equal((await admin.call('GetUserPolicy', { UserId: user.userId })).Policy, LISTS_ONLY);
});

test('policies are for other administrators of the tenant', async () => {
    const admin = new Raw(server);
    const user = await makeUser(server);
    const dba = await makeUser(server, { roles: ['DBA'] });
    const second = await makeUser(server, { roles: ['ADMIN'] });
    const Policy = LISTS_ONLY;
    await refused(user.client, 'PutUserPolicy', { UserId: user.userId, Policy: '' }, ...NOT_PERMITTED);
    await refused(dba.client, 'PutUserPolicy', { UserId: user.userId, Policy }, ...NOT_PERMITTED);
    await refused(second.client, 'PutUserPolicy', { UserId: second.userId, Policy: '' }, ...NOT_PERMITTED);
    await refused(user.client, 'GetUserPolicy', { UserId: dba.userId }, ...NOT_PERMITTED);
    const first = (await admin.call('GetUser')).User.UserId;
    await refused(second.client, 'PutUserPolicy', { UserId: first, Policy }, ...NOT_PERMITTED);
    await refused(admin, 'PutUserPolicy', { UserId: first, Policy }, ...NOT_PERMITTED);
    for (const UserId of ['0', 'x', '-1']) {
        await refused(admin, 'PutUserPolicy', { UserId, Policy }, 400, 'InvalidUserId');
    }

    // A user of another tenant is one that does not exist.
    const tenant = await makeTenant(server);
    const absent = '987654321';
    const essence = async (action, params) => {
        const { Code, Message, Description } = await refused(tenant.client, action, params, 404, 'UserNotExist');
        return [Code, Message, Description.replaceAll(params.UserId, 'ID')];
    };
    for (const [action, more] of [['PutUserPolicy', { Policy }], ['PutUserPolicy', { Policy: '' }], ['GetUserPolicy', {}]]) {
        assert.deepEqual(await essence(action, { UserId: user.userId, ...more }), await essence(action, { UserId: absent, ...more }));
    }
    assert.equal((await admin.call('GetUserPolicy', { UserId: user.userId })).Policy, undefined);
});

test('a tenant keeps an administrator without a policy', async () => {
    const tenant = await makeTenant(server);
    const heir = await makeUser(tenant, { roles: ['ADMIN'] });
    await tenant.client.call('PutUserPolicy', { UserId: heir.userId, Policy: LISTS_ONLY });
    await refused(tenant.client, 'UpdateUser', { Uid: tenant.uid, RoleNames: 'USER' }, 404, 'UserStatusIllegal');
    await refused(tenant.client, 'DeleteUser', { Uid: tenant.uid }, 404, 'UserStatusIllegal');
    await tenant.client.call('PutUserPolicy', { UserId: heir.userId, Policy: policy(['Allow', 'dms:PutUserPolicy']) });
    await refused(heir.client, 'PutUserPolicy', { UserId: tenant.userId, Policy: LISTS_ONLY }, 404, 'UserStatusIllegal');
    await tenant.client.call('PutUserPolicy', { UserId: heir.userId, Policy: '' });
    await heir.client.call('PutUserPolicy', { UserId: tenant.userId, Policy: LISTS_ONLY });
    await refused(tenant.client, 'GetUser', {}, ...FORBIDDEN);
});

// ---- docs/permissions.md, row by row ----

const ROLES = ['USER', 'DBA', 'SECURITY_ADMIN', 'STRUCT_READ_ONLY'];

/** The tables of the page: { classOf: action → class, permits: class → role → boolean }. */
function readPage() {
    const lines = fs.readFileSync(path.join(SOURCE, 'docs/permissions.md'), 'utf8').split('\n');
    const rows = (head) => {
        const from = lines.findIndex((line) => line.startsWith(head));
        assert.notEqual(from, -1, `docs/permissions.md has a table ${head}`);
        const cells = lines.slice(from).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
        return cells.slice(0, cells.findIndex((row) => row.length === 0));
    };
    const [heads, , ...classes] = rows('| Class | USER |');
    const permits = Object.fromEntries(
        classes.map(([name, ...cells]) => [name, Object.fromEntries(cells.map((cell, index) => [heads[index + 1], cell === 'yes']))]),
    );
    const [, , ...operations] = rows('| Class | Who may |');
    const classOf = Object.fromEntries(operations.flatMap(([name, , list]) => [...list.matchAll(/`(\w+)`/g)].map(([, action]) => [action, name])));
    return { classOf, permits };
}

/** Every operation of the specification and ours. */
function everyAction() {
    return ['operations.json', 'extensions.json'].flatMap((name) =>
        JSON.parse(fs.readFileSync(path.join(SOURCE, 'spec', name), 'utf8')).operations.map((operation) => operation.action),
    );
}

/** Is the call refused because of the class? Without arguments: what comes behind the permission refuses in other words. */
async function isRefusedByClass(client, action) {
    try {
        await client.call(action);
    } catch (error) {
        if (!(error instanceof ApiError)) {
            throw error;
        }
        return error.code === 'NoPermission' && /may not call/.test(error.reply.Description);
    }
    return false;
}

/**
 * A user with just this role. No published operation gives STRUCT_READ_ONLY, which may stand in a store that came from elsewhere:
 * it is written there while the server is away.
 */
async function userWithRole(role) {
    if (role !== 'STRUCT_READ_ONLY') {
        return makeUser(server, { roles: [role] });
    }
    const user = await makeUser(server);
    await server.terminate();
    const statement = 'import sqlite3,sys\nwith sqlite3.connect(sys.argv[1]) as db: db.execute("UPDATE person SET roles = 16 WHERE id = ?", [sys.argv[2]])';
    execFileSync('python3', ['-c', statement, path.join(server.data, 'state.db'), user.userId]);
    await server.start();
    const { User } = await user.client.call('GetUser');
    assert.deepEqual(User.RoleNameList.RoleNames, [role]);
    return user;
}

test('the page has every operation once', () => {
    assert.deepEqual(Object.keys(readPage().classOf).sort(), everyAction().sort());
});

for (const role of ROLES) {
    test(`a user with the role ${role} may call what the page says, and nothing else`, async () => {
        const { classOf, permits } = readPage();
        const user = await userWithRole(role);
        const wrong = [];
        for (const action of everyAction()) {
            const isPermitted = permits[classOf[action]][role];
            if ((await isRefusedByClass(user.client, action)) === isPermitted) {
                wrong.push(`${action} is ${isPermitted ? 'refused' : 'permitted'}`);
            }
        }
        assert.deepEqual(wrong, []);
    });
}

test('temporary keys and policies survive a restart', async () => {
    const user = await makeUser(server);
    await new Raw(server).call('PutUserPolicy', { UserId: user.userId, Policy: policy(['Allow', 'dms:GetUser', 'dms:CreateSessionKey']) });
    const session = await user.client.call('CreateSessionKey');
    await server.terminate();
    await server.start();
    const client = new Raw(as(server, session));
    assert.equal((await client.call('GetUser')).User.UserId, user.userId);
    await refused(client, 'ListUsers', {}, ...FORBIDDEN);
});

test('no secret and no token is in the log or the files', async () => {
    const session = await new Raw(server).call('CreateSessionKey');
    await refused(new Raw(as(server, { ...session, SecurityToken: OTHER_TOKEN })), 'GetUser', {}, ...MISMATCH);
    await new Raw(as(server, session)).call('GetUser');
    for (const name of ['state.db', 'state.db-wal']) {
        const bytes = fs.readFileSync(path.join(server.data, name));
        for (const secret of [session.AccessKeySecret, session.SecurityToken]) {
            assert.equal(bytes.includes(secret), false, name);
        }
    }
    for (const secret of [session.AccessKeySecret, session.SecurityToken]) {
        assert.equal(server.output.includes(secret), false, 'the log');
    }
});

after(() => server.close());
await run(() => server.start());
