#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 120
// Canaries: secrets that were given to the server or made by it are found nowhere but in the one reply that shows them:
// not in the server's output, in a reply, in a process's command line or environment, in a log of an attempt, nor in any
// file of the data directory, neither as they are nor in base64 or hexadecimal. Left out are the two files that are there to hold
// secrets: master.key and credentials.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, send, vendorClients } from './lib/clients.mjs';
import { SUCCESS, createFlow, tryRun, untilStatus } from './lib/flows.mjs';
import { as } from './lib/people.mjs';
import { BUILD, Server } from './lib/server.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const GIVEN = 'CanaryOfTheFirstAdministrator0123456789';
const PASSWORD = 'CanaryOfTheSourcePassword-%41-"quoted"\\n';
const server = new Server();
server.accessKeySecret = GIVEN;
const raw = new Raw(server);

after(() => server.close());

/** name → text; `shown` replies may hold it. */
const secrets = new Map([
    ["the first administrator's secret", GIVEN],
    ["the source's password", PASSWORD],
]);
/** Every reply but those that show a secret for the first and only time. */
const replies = [];

async function ask(client, action, params) {
    const reply = await client.call(action, params);
    replies.push(JSON.stringify(reply));
    return reply;
}

/** All forms that a careless program could write a secret in. Base64 has three alignments; the uncertain ends are cut off. */
function forms(secret) {
    const bytes = Buffer.from(secret);
    const found = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), encodeURIComponent(encodeURIComponent(secret))];
    for (const encoding of ['hex', 'base64', 'base64url']) {
        for (let shift = 0; shift < (encoding === 'hex' ? 1 : 3); shift++) {
            const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding).replace(/=+$/, '');
            found.push(encoding === 'hex' ? text : text.slice(shift === 0 ? 0 : 4, -2));
        }
    }
    found.push(bytes.toString('hex').toUpperCase());
    return [...new Set(found)];
}

/** Which secrets are in these bytes: [name, form, where]. */
function search(bytes, where) {
    const hits = [];
    for (const [name, secret] of secrets) {
        for (const form of forms(secret)) {
            if (bytes.includes(form)) {
                hits.push(`${name} (as ${form.slice(0, 12)}…) in ${where}`);
            }
        }
    }
    return hits;
}

function files(folder) {
    return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const name = path.join(folder, entry.name);
        return entry.isDirectory() ? files(name) : entry.isFile() ? [name] : [];
    });
}

/** Start and end of a server write and remove files of their own: they are over before anybody looks. */
async function untilStarted() {
    await until(async () => (await fetch(`${server.scheme}://${server.address}/readyz`)).status === 200, () => server.output);
    await untilTidy();
}

async function untilTidy() {
    const work = () => fs.readdirSync(path.join(server.data, 'work')).filter((name) => !name.startsWith('.spare.'));
    await until(() => work().length === 0, () => `work/ holds ${work()}`);
}

/** The supervisor ends behind the server, and removes what says that it runs. */
async function untilEnded() {
    await until(() => !fs.existsSync(path.join(server.data, 'supervisor.pid')), () => server.output);
}

function searchData() {
    const all = files(server.data).filter((name) => !['master.key', 'credentials'].includes(path.basename(name)));
    assert.ok(all.some((name) => name.endsWith('state.db')) && all.some((name) => name.endsWith('state.db-wal')));
    return all.flatMap((name) => search(fs.readFileSync(name), name));
}

/** Command line and environment of every process whose program is ours. */
function searchProcesses() {
    const hits = [];
    let count = 0;
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
            if (!fs.readlinkSync(`/proc/${pid}/exe`).startsWith(path.join(BUILD, 'src/main'))) {
                continue;
            }
            count++;
            for (const name of ['cmdline', 'environ']) {
                hits.push(...search(fs.readFileSync(`/proc/${pid}/${name}`), `/proc/${pid}/${name}`));
            }
        } catch (error) {
            // Ended meanwhile, or nobody may look into it, which is as good.
            assert.match(error.code ?? '', /ENOENT|ESRCH|EACCES|EPERM/, String(error));
        }
    }
    assert.ok(count > 0, 'the server is a process');
    return hits;
}

function keep(name, secret) {
    assert.ok(secret.length >= 16, name);
    secrets.set(name, secret);
}

test('the search finds a secret in every form', () => {
    for (const [name, secret] of secrets) {
        const bytes = Buffer.from(secret);
        const wrapped = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift, 'x'), bytes, Buffer.from('tail')]).toString('base64'));
        for (const text of [secret, bytes.toString('hex'), JSON.stringify({ secret }), encodeURIComponent(secret), ...wrapped]) {
            assert.ok(search(Buffer.from(`before ${text} behind`), 'a text').some((hit) => hit.startsWith(name)), `${name}: ${text}`);
        }
    }
    assert.deepEqual(search(Buffer.from('nothing to see'), 'a text'), []);
});

test('keys are made, used, repeated, and shown once', async () => {
    for (let number = 1; number <= 3; number++) {
        const Uid = String(810000 + number);
        await ask(raw, 'RegisterUser', { Uid, UserNick: `canary ${number}`, RoleNames: 'USER,DBA' });
        const { User } = await ask(raw, 'GetUser', { Uid });
        const params = { UserId: User.UserId, ClientToken: crypto.randomUUID() };
        const key = await raw.call('CreateAccessKey', params);
        keep(`the secret of user ${number}`, key.AccessKeySecret);
        // The repetition has the same answer: shown again to who asked, and sealed in between.
        assert.equal((await raw.call('CreateAccessKey', params)).AccessKeySecret, key.AccessKeySecret);
        const user = new Raw(as(server, key), { generation: number % 2 === 0 ? 'v1' : 'v3' });
        await ask(user, 'ListAccessKeys', { UserId: User.UserId });
        await ask(user, 'CreateTaskFlow', { DagName: `canary ${number}` });
    }
    const tenant = await raw.call('CreateTenant', { TenantName: 'canary tenant' });
    keep("the tenant administrator's secret", tenant.AccessKeySecret);
    const session = await raw.call('CreateSessionKey', { DurationSeconds: 900, ClientToken: 'canary' });
    keep('the secret of a temporary key', session.AccessKeySecret);
    keep('a security token', session.SecurityToken);
    await ask(new Raw(as(server, session)), 'ListTaskFlow', {});
});

test('a source has its password, tests its connection with it, and shows stars', async () => {
    const { User } = await ask(raw, 'GetUser');
    const source = {
        DatabasePassword: PASSWORD, DatabaseUser: 'canary', DbaUid: User.Uid, EnvType: 'dev', ExportTimeout: 60,
        Host: path.join(server.workspace(), 'canary.db'), InstanceAlias: 'canary', InstanceSource: 'PUBLIC_OWN', InstanceType: 'SQLite',
        NetworkType: 'CLASSIC', Port: 0, QueryTimeout: 60, SafeRule: '自由操作', ClientToken: 'canary source',
    };
    await ask(raw, 'RegisterInstance', source);
    await ask(raw, 'RegisterInstance', source);
    replies.push(JSON.stringify(await refused(raw, 'RegisterInstance', { ...source, ClientToken: 'another' }, 403, 'InstanceExisted')));
    replies.push(JSON.stringify(await refused(raw, 'RegisterInstance', { ...source, InstanceAlias: 'x' }, 400, 'IdempotentParameterMismatch')));
    replies.push(JSON.stringify(await refused(raw, 'RegisterInstance', { ...source, Host: 'relative', ClientToken: 't' }, 400, 'InvalidHost')));
    const { Instance } = await ask(raw, 'GetInstance', { Host: source.Host, Port: 0 });
    assert.ok(!JSON.stringify(Instance).includes('Canary'));
    const { DatabaseList } = await ask(raw, 'ListDatabases', { InstanceId: Instance.InstanceId });
    const DbId = DatabaseList.Database[0].DatabaseId;
    const { DagId } = await createFlow(raw, 'canary sql', { script: 'env; tr "\\\\0" " " < /proc/self/environ; echo done' });
    const NodeContent = JSON.stringify({ dbId: Number(DbId), dbType: 'sqlite', sql: 'CREATE TABLE t(a); SELECT count(*) FROM t' });
    await ask(raw, 'CreateTask', { DagId, NodeName: 'sql', NodeType: '1', NodeContent });
    const run = await tryRun(raw, DagId);
    await untilStatus(raw, DagId, run, SUCCESS);
    const { NodeList } = await ask(raw, 'GetTaskInstanceRelation', { DagId, DagInstanceId: run });
    for (const { NodeId } of NodeList.Node) {
        await ask(raw, 'GetTaskInstanceLog', { DagId, DagInstanceId: run, NodeId });
    }
    assert.ok(replies.at(-2).includes('SLUICE_'), 'the environment of the script was looked at');
});

test('refusals that show what they were given show no secret', async () => {
    // A client that puts its secret where it does not belong: into the signature's place and into a wrong key.
    for (const change of [{ secret: 'another-secret-0001' }, { signature: 'AAAA' }, { keyId: 'unknown-key-0001' }]) {
        for (const format of ['JSON', 'XML']) {
            const client = new Raw(server, { format });
            const reply = await send(server, client.build('ListTaskFlow', {}, change));
            assert.notEqual(reply.status, 200);
            replies.push(reply.text);
        }
    }
});

test('the log of operations and every list show none', async () => {
    const day = (days) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 19).replace('T', ' ');
    for (const client of [raw, ...vendorClients(server), new Raw(server, { format: 'XML' })]) {
        await ask(client, 'GetOpLog', { StartTime: day(-1), EndTime: day(2), PageNumber: 1, PageSize: 100 });
        await ask(client, 'ListUsers', {});
        await ask(client, 'ListInstances', {});
    }
    assert.deepEqual(replies.flatMap((text, number) => search(Buffer.from(text), `reply ${number}`)), []);
});

test('no process shows one', () => {
    assert.deepEqual(searchProcesses(), []);
});

test('no file of the data directory and no output holds one, while the server runs and after it was killed', async () => {
    await untilStarted();
    assert.deepEqual(searchData(), []);
    await server.kill();
    assert.deepEqual(searchData(), []);
    await server.start();
    await untilStarted();
    assert.deepEqual(searchProcesses(), []);
    await server.terminate();
    await untilEnded();
    const all = files(server.data).filter((name) => !['master.key', 'credentials'].includes(path.basename(name)));
    assert.deepEqual(all.flatMap((name) => search(fs.readFileSync(name), name)), []);
    assert.deepEqual(search(Buffer.from(server.output), "the server's output"), []);
    await server.start();
});

run(() => server.start());
