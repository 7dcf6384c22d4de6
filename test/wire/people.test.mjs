#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Users, keys and tenants over the wire: every operation by the vendor's clients and in XML, who may call what, that keys
// die when they should, and that a second tenant sees nothing of the first.
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { FAILED, SUCCESS, createFlow, nodesOf, tryRun, untilStatus } from './lib/flows.mjs';
import { as, makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { called } from './lib/spec.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();

const ACTIONS = (
    'GetUser ListUsers RegisterUser UpdateUser DeleteUser EnableUser DisableUser CreateAccessKey ListAccessKeys ' +
    'UpdateAccessKey DeleteAccessKey CreateTenant'
).split(' ');

const INACTIVE = [400, 'InvalidAccessKeyId.Inactive'];
const UNKNOWN = [404, 'InvalidAccessKeyId.NotFound'];
const NOBODY = [404, 'UserNotExist'];
const FORBIDDEN = [403, 'NoPermission'];

/** What a refusal says, without what differs from call to call. */
function essence(reply, id) {
    const { RequestId, HostId, Recommend, ...rest } = reply;
    return JSON.parse(JSON.stringify(rest).replaceAll(String(id), 'ID'));
}

async function users(client, index) {
    const Uid = String(5000 + index);
    await client.call('RegisterUser', { Uid, UserNick: `Ada <${index}>`, RoleNames: 'DBA,USER', Mobile: '1380000' });
    await refused(client, 'RegisterUser', { Uid }, 403, 'UserExisted');
    const { User } = await client.call('GetUser', { Uid });
    assert.deepEqual([User.Uid, User.NickName, User.State, User.Mobile], [Uid, `Ada <${index}>`, 'NORMAL', '1380000']);
    assert.deepEqual([User.RoleIdList.RoleIds, User.RoleNameList.RoleNames], [[1, 2], ['USER', 'DBA']]);
    assert.deepEqual([User.CurExecuteCount, User.CurResultCount, User.SignatureMethod], [0, 0, 'NONE']);
    for (const absent of ['Email', 'DingRobot', 'Webhook', 'LastLoginTime', 'ParentUid']) {
        assert.ok(!(absent in User), absent);
    }
    const { UserId } = User;
    assert.equal((await client.call('GetUser', { UserId })).User.Uid, Uid);
    assert.equal((await client.call('GetUser', { UserId, Uid })).User.Uid, Uid);

    await client.call('UpdateUser', { Uid, UserNick: `Ada ${index}`, RoleNames: 'SECURITY_ADMIN', MaxExecuteCount: 7, MaxResultCount: 8 });
    const changed = (await client.call('GetUser', { UserId })).User;
    assert.deepEqual([changed.NickName, changed.RoleIdList.RoleIds, changed.Mobile], [`Ada ${index}`, [4], '1380000']);
    assert.deepEqual([changed.MaxExecuteCount, changed.MaxResultCount], [7, 8]);

    await client.call('DisableUser', { Uid });
    await client.call('DisableUser', { Uid });
    assert.equal((await client.call('GetUser', { Uid })).User.State, 'DISABLE');
    await client.call('EnableUser', { Uid });
    await client.call('EnableUser', { Uid });
    const found = await client.call('ListUsers', { SearchKey: `ada ${index}`, PageNumber: 1, PageSize: 10 });
    assert.equal(found.TotalCount, 1);
    assert.deepEqual(found.UserList.User.map((user) => [user.UserId, user.State]), [[UserId, 'NORMAL']]);

    await client.call('DeleteUser', { Uid });
    await refused(client, 'DeleteUser', { Uid }, ...NOBODY);
    await refused(client, 'EnableUser', { Uid }, 404, 'UserStatusIllegal');
    await refused(client, 'UpdateUser', { Uid, UserNick: 'x' }, 404, 'UserStatusIllegal');
    assert.equal((await client.call('ListUsers', { SearchKey: Uid })).TotalCount, 0);
    assert.equal((await client.call('ListUsers', { SearchKey: Uid, UserState: 'DELETE' })).TotalCount, 1);
    await client.call('RegisterUser', { Uid });
    const back = (await client.call('GetUser', { Uid })).User;
    assert.deepEqual([back.UserId, back.State, back.RoleIdList.RoleIds], [UserId, 'NORMAL', [1]]);
}

async function keys(client, index) {
    const Uid = `sub:${index}@example`;
    await client.call('RegisterUser', { Uid });
    await client.call('UpdateUser', { Uid: 1, UidString: Uid, UserNick: `Ben ${index}` });
    const { UserId } = (await client.call('GetUser', { Uid })).User;
    assert.deepEqual((await client.call('ListAccessKeys', { UserId })).AccessKeyList.AccessKey, []);
    const first = await client.call('CreateAccessKey', { UserId });
    const second = await client.call('CreateAccessKey', { UserId });
    assert.equal(first.UserId, UserId);
    assert.ok(first.AccessKeySecret.length >= 30 && first.AccessKeySecret !== second.AccessKeySecret);
    const limit = await refused(client, 'CreateAccessKey', { UserId }, 403, 'LimitExceeded');
    assert.match(limit.Description, /2 active access keys/);
    assert.equal((await new Raw(as(server, first)).call('GetUser')).User.NickName, `Ben ${index}`);

    const { AccessKeyId } = first;
    await refused(client, 'DeleteAccessKey', { UserAccessKeyId: AccessKeyId }, 403, 'InvalidAccessKeyStatus');
    await client.call('UpdateAccessKey', { UserAccessKeyId: AccessKeyId, Status: 'Inactive' });
    await refused(new Raw(as(server, first)), 'GetUser', {}, ...INACTIVE);
    assert.equal((await new Raw(as(server, second)).call('GetUser')).User.UserId, UserId);
    const third = await client.call('CreateAccessKey', { UserId });
    await refused(client, 'UpdateAccessKey', { UserAccessKeyId: AccessKeyId, Status: 'Active' }, 403, 'LimitExceeded');
    const listed = (await client.call('ListAccessKeys', { UserId })).AccessKeyList.AccessKey;
    const states = Object.fromEntries(listed.map((key) => [key.AccessKeyId, key.Status]));
    assert.deepEqual(states, { [AccessKeyId]: 'Inactive', [second.AccessKeyId]: 'Active', [third.AccessKeyId]: 'Active' });
    assert.ok(!JSON.stringify(listed).includes(second.AccessKeySecret), 'no list holds a secret');
    await client.call('DeleteAccessKey', { UserAccessKeyId: AccessKeyId });
    await refused(new Raw(as(server, first)), 'GetUser', {}, ...UNKNOWN);
    await refused(client, 'DeleteAccessKey', { UserAccessKeyId: AccessKeyId }, 404, 'AccessKeyNotExist');
}

async function tenants(client, index) {
    const TenantName = `branch ${index}`;
    const made = await client.call('CreateTenant', { TenantName });
    await refused(client, 'CreateTenant', { TenantName }, 403, 'NameExisted');
    const admin = new Raw(as(server, made));
    const { Tenant } = await admin.call('GetUserActiveTenant');
    assert.deepEqual(Tenant, { Tid: made.Tid, TenantName, Status: 'ACTIVE' });
    const { User } = await admin.call('GetUser');
    assert.deepEqual([User.Uid, User.NickName, User.RoleIdList.RoleIds], [made.AdminUid, 'admin', [2, 3]]);
    assert.equal((await admin.call('ListUsers')).TotalCount, 1);
}

const TOURISTS = [
    ...['pop-core', 'pop-core, by GET', 'openapi-client, v3', 'openapi-client, v1', 'openapi-core, v3', 'openapi-core, v1'].map((name, at) => [
        name,
        () => vendorClients(server)[at],
    ]),
    ['raw, v1, in XML', () => new Raw(server, { generation: 'v1', format: 'XML' })],
    ['raw, v3, in XML, by GET', () => new Raw(server, { generation: 'v3', format: 'XML', method: 'GET' })],
];

TOURISTS.forEach(([name, make], index) => {
    test(`${name}: users are added, changed, disabled, deleted and brought back`, async () => {
        called.clear();
        await users(make(), index);
    });
    test(`${name}: keys are made, disabled and deleted`, () => keys(make(), index));
    test(`${name}: a tenant has an administrator of its own`, () => tenants(make(), index));
    test(`${name}: no operation was left out`, () => {
        assert.deepEqual(ACTIONS.filter((action) => !called.has(action)), []);
    });
});

test('lists of users have pages and filters', async () => {
    const tenant = await makeTenant(server);
    const { client } = tenant;
    for (let i = 0; i < 12; i++) {
        await client.call('RegisterUser', { Uid: `90${i}`, UserNick: `member ${i}`, RoleNames: i % 2 ? 'DBA' : 'USER' });
    }
    await client.call('DisableUser', { Uid: '903' });
    const all = await client.call('ListUsers');
    assert.deepEqual([all.TotalCount, all.UserList.User.length], [13, 10], 'ten are the default');
    const second = await client.call('ListUsers', { PageNumber: 2 });
    assert.equal(second.UserList.User.length, 3);
    const ids = [...all.UserList.User, ...second.UserList.User].map((user) => Number(user.UserId));
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), 'in the order of ids, each once');
    assert.deepEqual((await client.call('ListUsers', { PageNumber: 9 })).UserList.User, []);
    const count = async (params) => (await client.call('ListUsers', { PageSize: 100, ...params })).TotalCount;
    assert.equal(await count({ Role: 'DBA' }), 7);
    assert.equal(await count({ Role: 'ADMIN' }), 1);
    assert.equal(await count({ UserState: 'DISABLE' }), 1);
    assert.equal(await count({ UserState: 'DISABLE', Role: 'ADMIN' }), 0);
    assert.equal(await count({ SearchKey: 'MEMBER 1' }), 3, '1, 10 and 11, whatever the case');
    assert.equal(await count({ SearchKey: '9011' }), 1, 'uids are searched too');
    assert.equal(await count({ SearchKey: '%' }), 0, 'wildcards are ordinary letters');
    for (const [params, code] of [
        [{ PageSize: 101 }, 'InvalidPageSize'],
        [{ PageNumber: 0 }, 'InvalidPageNumber'],
        [{ Role: 'KING' }, 'InvalidRole'],
        [{ UserState: 'GONE' }, 'InvalidUserState'],
    ]) {
        await refused(client, 'ListUsers', params, 400, code);
    }
});

test('bad input is refused by name and changes nothing', async () => {
    const { client, uid } = await makeTenant(server);
    const cases = [
        ['RegisterUser', {}, 400, 'MissingUid'],
        ['RegisterUser', { Uid: 'x'.repeat(128) }, 400, 'InvalidUid'],
        ['RegisterUser', { Uid: 'a\tb' }, 400, 'InvalidUid'],
        ['RegisterUser', { Uid: '77', UserNick: 'ü'.repeat(64) }, 400, 'InvalidUserNick'],
        ['RegisterUser', { Uid: '77', Mobile: '1'.repeat(33) }, 400, 'InvalidMobile'],
        ['RegisterUser', { Uid: '77', RoleNames: 'USER,KING' }, 400, 'InvalidRoleNames'],
        ['RegisterUser', { Uid: '77', RoleNames: 'STRUCT_READ_WRITE' }, 400, 'InvalidRoleNames'],
        ['UpdateUser', { Uid: uid, MaxExecuteCount: -1 }, 400, 'InvalidMaxExecuteCount'],
        ['UpdateUser', { Uid: uid, MaxResultCount: 'many' }, 400, 'InvalidMaxResultCount'],
        ['UpdateUser', { UidString: uid }, 400, 'MissingUid'],
        ['GetUser', { UserId: 'me' }, 400, 'InvalidUserId'],
        ['GetUser', { Uid: uid, UserId: 1 }, ...NOBODY],
        ['CreateAccessKey', { UserId: '0' }, 400, 'InvalidUserId'],
        ['CreateAccessKey', { UserId: '999999' }, ...NOBODY],
        ['UpdateAccessKey', { UserAccessKeyId: 'none', Status: 'Inactive' }, 404, 'AccessKeyNotExist'],
        ['DeleteAccessKey', { UserAccessKeyId: 'x'.repeat(128) }, 400, 'InvalidUserAccessKeyId'],
        ['GetUser', { Uid: '\u0001<&>' + 'ü'.repeat(300) }, ...NOBODY],
        ['UpdateAccessKey', { UserAccessKeyId: 'none', Status: 'Asleep' }, 400, 'InvalidStatus'],
        ['CreateTenant', { TenantName: 'mine' }, ...FORBIDDEN],
    ];
    for (const [action, params, status, code] of cases) {
        await refused(client, action, params, status, code);
        await refused(new Raw(client.server, { format: 'XML', generation: 'v3' }), action, params, status, code);
    }
    await refused(new Raw(server), 'CreateTenant', { TenantName: 'x'.repeat(129) }, 400, 'InvalidTenantName');
    await refused(new Raw(server), 'CreateTenant', { TenantName: 'a\nb' }, 400, 'InvalidTenantName');
    const { UserList } = await client.call('ListUsers');
    assert.deepEqual(UserList.User.map((user) => user.Uid), [uid]);
});

test('users without the role manage their own keys and nothing else', async () => {
    const user = await makeUser(server, { roles: ['USER', 'DBA', 'SECURITY_ADMIN'] });
    const other = await makeUser(server);
    const { client } = user;
    const target = { Uid: other.uid };
    for (const [action, params] of [
        ['RegisterUser', { Uid: '4711' }],
        ['UpdateUser', target],
        ['DeleteUser', target],
        ['EnableUser', target],
        ['DisableUser', target],
        ['CreateTenant', { TenantName: 'mine' }],
        ['CreateAccessKey', { UserId: other.userId }],
        ['CreateAccessKey', { UserId: '999999' }],
        ['ListAccessKeys', { UserId: other.userId }],
        ['UpdateAccessKey', { UserAccessKeyId: other.key.AccessKeyId, Status: 'Inactive' }],
        ['DeleteAccessKey', { UserAccessKeyId: other.key.AccessKeyId }],
    ]) {
        await refused(client, action, params, ...FORBIDDEN);
    }
    assert.equal((await client.call('GetUser')).User.UserId, user.userId);
    assert.equal((await client.call('GetUser', target)).User.UserId, other.userId);
    assert.ok((await client.call('ListUsers')).TotalCount > 1);

    const next = await client.call('CreateAccessKey', { UserId: user.userId });
    const renewed = new Raw(as(server, next));
    await renewed.call('UpdateAccessKey', { UserAccessKeyId: user.key.AccessKeyId, Status: 'Inactive' });
    await refused(client, 'GetUser', {}, ...INACTIVE);
    await renewed.call('DeleteAccessKey', { UserAccessKeyId: user.key.AccessKeyId });
    assert.deepEqual((await renewed.call('ListAccessKeys')).AccessKeyList.AccessKey.map((key) => key.AccessKeyId), [next.AccessKeyId]);
});

test('a role that is taken away is gone at the next call', async () => {
    const admin = await makeUser(server, { roles: ['ADMIN'] });
    await admin.client.call('RegisterUser', { Uid: 'made-by-second' });
    await new Raw(server).call('UpdateUser', { Uid: admin.uid, RoleNames: 'USER' });
    await refused(admin.client, 'RegisterUser', { Uid: 'another' }, ...FORBIDDEN);
});

test('a disabled or deleted user can not call, and gets no key', async () => {
    const admin = new Raw(server);
    const user = await makeUser(server);
    await admin.call('DisableUser', { Uid: user.uid });
    await refused(user.client, 'GetUser', {}, 404, 'UserStatusIllegal');
    await refused(admin, 'CreateAccessKey', { UserId: user.userId }, 404, 'UserStatusIllegal');
    await admin.call('EnableUser', { Uid: user.uid });
    await user.client.call('GetUser');
    await admin.call('DeleteUser', { Uid: user.uid });
    await refused(user.client, 'GetUser', {}, ...UNKNOWN);
    await refused(admin, 'CreateAccessKey', { UserId: user.userId }, 404, 'UserStatusIllegal');
    await admin.call('RegisterUser', { Uid: user.uid });
    await refused(user.client, 'GetUser', {}, ...UNKNOWN);
    assert.deepEqual((await admin.call('ListAccessKeys', { UserId: user.userId })).AccessKeyList.AccessKey, []);
});

test('a flow whose owner is gone stays, fails when it runs, and runs for a new owner', async () => {
    const admin = new Raw(server);
    const owner = await makeUser(server, { nick: 'Owner' });
    const { DagId } = await createFlow(owner.client, 'orphan', { work: 'echo done' });
    await untilStatus(owner.client, DagId, await tryRun(owner.client, DagId), SUCCESS);
    for (const [action, word] of [
        ['DisableUser', 'disabled'],
        ['DeleteUser', 'deleted'],
    ]) {
        await admin.call(action, { Uid: owner.uid });
        const run = await tryRun(admin, DagId);
        await untilStatus(admin, DagId, run, FAILED);
        const { Message } = (await nodesOf(admin, DagId, run)).work;
        assert.match(Message, new RegExp(`owner Owner is ${word}; UpdateTaskFlowOwner`));
    }
    const heir = await makeUser(server);
    await admin.call('UpdateTaskFlowOwner', { DagId, NewOwnerId: heir.userId });
    await untilStatus(admin, DagId, await tryRun(admin, DagId), SUCCESS);
});

test('a repeated call with a client token makes one key and one tenant, and tells the secret again', async () => {
    const admin = new Raw(server);
    const user = await makeUser(server);
    const again = async (action, params) => {
        const [first, second] = [await admin.call(action, params), await admin.call(action, params)];
        const { RequestId: one, ...told } = first;
        const { RequestId: two, ...retold } = second;
        assert.notEqual(one, two);
        assert.deepEqual(told, retold, action);
    };
    await again('CreateAccessKey', { UserId: user.userId, ClientToken: 'key-1' });
    await again('CreateTenant', { TenantName: 'told twice', ClientToken: 'tenant-1' });
    assert.equal((await user.client.call('ListAccessKeys')).AccessKeyList.AccessKey.length, 2);
});

test('no secret is in the log or the files of the server', async () => {
    const { key } = await makeUser(server);
    const seen = [server.output];
    for (const name of fs.readdirSync(server.data)) {
        const file = path.join(server.data, name);
        if (fs.statSync(file).isFile()) {
            seen.push(fs.readFileSync(file, 'latin1'));
        }
    }
    assert.ok(seen.some((text) => text.includes(key.AccessKeyId)), 'the key itself is in the store');
    assert.ok(!seen.some((text) => text.includes(key.AccessKeySecret)));
});

test('the last use of a key is noted', async () => {
    const user = await makeUser(server);
    const { DagId } = await user.client.call('CreateTaskFlow', { DagName: 'mine' });
    // It is written with a later change, whoever makes it.
    const used = await until(async () => {
        await user.client.call('UpdateTaskFlowNameAndDesc', { DagId, DagName: 'mine' });
        return (await user.client.call('ListAccessKeys')).AccessKeyList.AccessKey[0].LastUsedTime;
    }, 'the last use is in the list');
    assert.equal((await user.client.call('GetUser')).User.LastLoginTime, used);
});

test('nobody can close the last way in', async () => {
    const tenant = await makeTenant(server);
    const { client, uid } = tenant;
    const own = { UserAccessKeyId: tenant.key.AccessKeyId };
    await refused(client, 'UpdateAccessKey', { ...own, Status: 'Inactive' }, 403, 'InvalidAccessKeyStatus');
    await refused(client, 'DisableUser', { Uid: uid }, 404, 'UserStatusIllegal');
    await refused(client, 'DeleteUser', { Uid: uid }, 404, 'UserStatusIllegal');
    await refused(client, 'UpdateUser', { Uid: uid, RoleNames: 'DBA' }, 404, 'UserStatusIllegal');
    await client.call('GetUser');

    const heir = await makeUser(tenant, { roles: ['ADMIN'] });
    await heir.client.call('UpdateUser', { Uid: uid, RoleNames: 'DBA' });
    await heir.client.call('DeleteUser', { Uid: uid });
    await refused(client, 'GetUser', {}, ...UNKNOWN);
    await refused(heir.client, 'DisableUser', { Uid: heir.uid }, 404, 'UserStatusIllegal');

    // The server's first administrator alone makes tenants: nobody else takes its place.
    const operator = (await new Raw(server).call('GetUser')).User;
    const second = await makeUser(server, { roles: ['ADMIN'] });
    await refused(second.client, 'CreateAccessKey', { UserId: operator.UserId }, ...FORBIDDEN);
    await refused(second.client, 'DeleteUser', { Uid: operator.Uid }, ...FORBIDDEN);
    await refused(second.client, 'UpdateAccessKey', { UserAccessKeyId: server.accessKeyId, Status: 'Inactive' }, ...FORBIDDEN);
    await refused(second.client, 'CreateTenant', { TenantName: 'mine' }, ...FORBIDDEN);
    await refused(new Raw(server), 'DisableUser', { Uid: operator.Uid }, 404, 'UserStatusIllegal');
});

test('a second tenant sees nothing of the first', async () => {
    const { client, tid } = await makeTenant(server);
    const first = await makeUser(server);
    const home = server.credentials().tenant_id;
    const { key } = first;
    for (const [action, make, id, nothing] of [
        ['GetUser', (Uid) => ({ Uid }), first.uid, '88888888'],
        ['GetUser', (UserId) => ({ UserId }), first.userId, '88888888'],
        ['UpdateUser', (Uid) => ({ Uid, UserNick: 'x' }), first.uid, '88888888'],
        ['UpdateUser', (UidString) => ({ Uid: 1, UidString, UserNick: 'x' }), first.uid, '88888888'],
        ['DeleteUser', (Uid) => ({ Uid }), first.uid, '88888888'],
        ['EnableUser', (Uid) => ({ Uid }), first.uid, '88888888'],
        ['DisableUser', (Uid) => ({ Uid }), first.uid, '88888888'],
        ['CreateAccessKey', (UserId) => ({ UserId }), first.userId, '88888888'],
        ['ListAccessKeys', (UserId) => ({ UserId }), first.userId, '88888888'],
        ['UpdateAccessKey', (UserAccessKeyId) => ({ UserAccessKeyId, Status: 'Inactive' }), key.AccessKeyId, 'ABCDEFGHIJKLMNOPQRSTUVWX'],
        ['DeleteAccessKey', (UserAccessKeyId) => ({ UserAccessKeyId }), key.AccessKeyId, 'ABCDEFGHIJKLMNOPQRSTUVWX'],
        ['ListUsers', (Tid) => ({ Tid }), home, '88888888'],
    ]) {
        const answers = [];
        for (const each of [id, nothing]) {
            try {
                await client.call(action, make(each));
                assert.fail(`${action} ${each} succeeded`);
            } catch (error) {
                assert.ok(error.reply !== undefined, error.stack);
                answers.push(essence(error.reply, each));
            }
        }
        assert.deepEqual(answers[0], answers[1], action);
    }
    const uids = (await client.call('ListUsers', { Tid: tid, PageSize: 100 })).UserList.User.map((user) => user.Uid);
    assert.equal(uids.length, 1);
    assert.equal((await first.client.call('GetUser')).User.State, 'NORMAL', 'nothing has changed');
    // The same uid may be a user of both.
    await client.call('RegisterUser', { Uid: first.uid });
    assert.notEqual((await client.call('GetUser', { Uid: first.uid })).User.UserId, first.userId);
});

test('keys and users survive a restart', async () => {
    const user = await makeUser(server);
    const gone = await makeUser(server);
    await new Raw(server).call('DisableUser', { Uid: gone.uid });
    await server.terminate();
    await server.start();
    assert.equal((await user.client.call('GetUser')).User.UserId, user.userId);
    await refused(gone.client, 'GetUser', {}, 404, 'UserStatusIllegal');
});

test('a key is named by AccessKeyId too where the signature does not need that name', async () => {
    const v3 = new Raw(server, { generation: 'v3' });
    const user = await makeUser(server);
    const AccessKeyId = user.key.AccessKeyId;
    await v3.call('UpdateAccessKey', { AccessKeyId, Status: 'Inactive' });
    await refused(user.client, 'GetUser', {}, ...INACTIVE);
    await refused(v3, 'DeleteAccessKey', { AccessKeyId, UserAccessKeyId: 'another' }, 400, 'InvalidAccessKeyId');
    await v3.call('DeleteAccessKey', { AccessKeyId });
    // The key in hand is never meant by that name, whichever the signature.
    for (const generation of ['v1', 'v3']) {
        const client = new Raw(server, { generation });
        await refused(client, 'UpdateAccessKey', { Status: 'Inactive' }, 400, 'MissingUserAccessKeyId');
        await refused(client, 'DeleteAccessKey', {}, 400, 'MissingUserAccessKeyId');
    }
    await refused(v3, 'UpdateAccessKey', { AccessKeyId: server.accessKeyId, Status: 'Inactive' }, 400, 'MissingUserAccessKeyId');
    await refused(v3, 'GetUser', { AccessKeyId }, 400, 'InvalidAccessKeyId');
    await new Raw(server).call('GetUser');
});

after(() => server.close());
await run(() => server.start());
