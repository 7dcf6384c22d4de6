#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// What a call leaves behind: its nonce, so that it is taken once; its client token, so that a repetition has one effect and
// the same answer; its entry in the operation log, which the offline check can prove whole. All of it over kill -9.
import { execFileSync, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, send, vendorClients } from './lib/clients.mjs';
import { RUNNING, createFlow, record, script, tryRun, untilStatus } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { BUILD, PATIENCE, Server } from './lib/server.mjs';
import { operation } from './lib/spec.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();
const raw = new Raw(server);
const ROUNDS = PATIENCE === 1 ? 50 : 10;
const SLOW = 'while :; do sleep 0.2; done';

after(() => server.close());

async function restart(how) {
    await server[how]();
    await server.start();
}

// ---- Replay ----

/** Calls, keeps the request as it went over the wire, and gives the reply. */
class Recorder extends Raw {
    constructor(options, kept) {
        super(server, options);
        this.kept = kept;
    }

    async call(action, params, change) {
        const request = this.build(action, params, change);
        const kept = { action, request };
        this.kept.push(kept);
        const reply = this.judge(action, await send(this.server, request));
        kept.requestId = reply.RequestId;
        return reply;
    }
}

const CAPTURED = [];
const REFUSED = [];

/** One round over the operations that change something; every kind of request takes its turn. */
async function round(number) {
    const generation = number % 2 === 0 ? 'v1' : 'v3';
    const place = number % 4 < 2 ? 'query' : 'form';
    const client = new Recorder({ generation, place }, CAPTURED);
    const name = `replay ${number}`;
    const { DagId } = await client.call('CreateTaskFlow', { DagName: name });
    const nodes = [];
    for (const NodeName of ['one', 'two']) {
        nodes.push((await client.call('CreateTask', { DagId, NodeName, NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: script(SLOW) })).NodeId);
    }
    const NodeId = String(nodes[1]);
    await client.call('AddTaskFlowEdges', { DagId, Edges: [{ NodeFrom: nodes[0], NodeEnd: nodes[1] }] });
    await client.call('UpdateTaskName', { NodeId, NodeName: 'second' });
    await client.call('UpdateTaskContent', { NodeId, NodeContent: script('true') });
    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'a', Value: String(number) }] });
    await client.call('UpdateTaskFlowNameAndDesc', { DagId, DagName: `${name} renamed`, Description: 'x' });
    await client.call('PublishAndDeployTaskFlow', { DagId, VersionComments: 'x' });
    const DagInstanceId = Number((await client.call('TryRunTaskFlow', { DagId })).InstanceId);
    await client.call('SuspendTaskFlowInstance', { DagId, DagInstanceId });
    await client.call('ResumeTaskFlowInstance', { DagId, DagInstanceId });
    await client.call('StopTaskFlowInstance', { DagId, DagInstanceId });
    const { ScenarioId } = await client.call('CreateScenario', { ScenarioName: name });
    await client.call('MoveTaskFlowToScenario', { DagId, ScenarioId });
    await client.call('UpdateScenario', { ScenarioId, ScenarioName: `${name} renamed` });
    await client.call('OfflineTaskFlow', { DagId });
    await client.call('DeleteTask', { NodeId });
    const Uid = String(500000 + number);
    await client.call('RegisterUser', { Uid, UserNick: name });
    await client.call('DisableUser', { Uid });
}

const DUMP = `
import hashlib, sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
if db.execute("SELECT count(*) FROM run WHERE ended_ms = 0").fetchone()[0]:
    sys.exit(3)
digest = hashlib.sha256()
for table in "flow node edge version deployment run node_run event attempt scenario person client_token nonce audit".split():
    for row in db.execute("SELECT * FROM " + table):
        digest.update(repr((table, row)).encode())
digest.update(repr(db.execute("SELECT id, is_active FROM access_key ORDER BY id").fetchall()).encode())
print(digest.hexdigest())
`;

const STATEMENT = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print("\\n".join(str(row[0]) for row in db.execute(sys.argv[2])))
db.commit()
db.close()
`;

/** Runs one statement past the server; the first column of its rows, a line each. */
function sqlite(file, statement) {
    return execFileSync('python3', ['-c', STATEMENT, file, statement], { encoding: 'utf8' });
}

/** A digest of everything that is stored, once all runs have ended. */
function state() {
    return until(() => {
        const done = spawnSync('python3', ['-c', DUMP, path.join(server.data, 'state.db')], { encoding: 'utf8' });
        assert.ok(done.status === 0 || done.status === 3, done.stderr);
        return done.status === 0 && done.stdout.trim();
    }, 'all runs end');
}

/** Sends every kept request again; gives the codes of the answers with how often each came. */
async function replay(kept) {
    const codes = {};
    for (let from = 0; from < kept.length; from += 20) {
        const replies = await Promise.all(kept.slice(from, from + 20).map(({ request }) => send(server, request)));
        for (const reply of replies) {
            const code = reply.status === 200 ? 'accepted' : JSON.parse(reply.text).Code;
            codes[code] = (codes[code] ?? 0) + 1;
        }
    }
    return codes;
}

test('a thousand changes are taken, and none of them twice', async () => {
    for (let number = 0; number < ROUNDS; number += 5) {
        await Promise.all([0, 1, 2, 3, 4].map((more) => round(number + more)));
    }
    assert.equal(CAPTURED.length, ROUNDS * 20);
    const before = await state();
    assert.deepEqual(await replay(CAPTURED), { SignatureNonceUsed: CAPTURED.length });
    assert.equal(await state(), before, 'nothing has changed');
});

test('none is taken after kill -9 and a new start', async () => {
    const before = await state();
    await restart('kill');
    assert.deepEqual(await replay(CAPTURED), { SignatureNonceUsed: CAPTURED.length });
    assert.equal(await state(), before, 'nothing has changed');
});

test('a change that was refused is not taken after an orderly stop, even when nothing forbids it any more', async () => {
    const { DagId } = await raw.call('CreateTaskFlow', { DagName: 'occupied' });
    for (const generation of ['v1', 'v3']) {
        const client = new Recorder({ generation }, REFUSED);
        await refused(client, 'CreateTaskFlow', { DagName: 'occupied' }, 403, 'NameExisted');
    }
    await restart('terminate');
    await raw.call('DeleteTaskFlow', { DagId });
    assert.deepEqual(await replay(REFUSED), { SignatureNonceUsed: REFUSED.length });
    assert.deepEqual(await replay(CAPTURED.slice(-50)), { SignatureNonceUsed: 50 });
});

test('a clock that is behind forgotten requests refuses changes of that time until the operator accepts it, and no reading', async () => {
    const year = 365 * 24 * 3600 * 1000;
    await server.terminate();
    sqlite(path.join(server.data, 'state.db'), `INSERT INTO nonce_mark (id, stamped_ms) VALUES (1, ${Date.now() + year})`);
    await server.start();
    assert.match(server.output, /event=clock-behind/);
    for (const generation of ['v1', 'v3']) {
        const client = new Raw(server, { generation });
        await client.call('ListTaskFlow');
        await refused(client, 'CreateTaskFlow', { DagName: 'behind' }, 400, 'InvalidTimeStamp.Expired');
    }
    const before = server.options.arguments;
    await server.terminate();
    server.options.arguments = [...(before ?? []), '--accept-clock'];
    await server.start();
    server.options.arguments = before;
    await new Raw(server).call('CreateTaskFlow', { DagName: 'right again' });
    await restart('terminate');
    await new Raw(server).call('CreateTaskFlow', { DagName: 'right for good' });
    assert.deepEqual(await replay(CAPTURED.slice(-20)), { SignatureNonceUsed: 20 });
});

test('every acknowledged change has exactly one entry in the operation log', () => {
    const text = sqlite(path.join(server.data, 'state.db'), "SELECT request_id || ' ' || action FROM audit WHERE code = ''");
    const counts = {};
    for (const line of text.trim().split('\n')) {
        counts[line] = (counts[line] ?? 0) + 1;
    }
    const wrong = CAPTURED.map(({ requestId, action }) => `${requestId} ${action}`).filter((key) => counts[key] !== 1);
    assert.deepEqual(wrong, []);
});

// ---- Client tokens ----

function answer(reply) {
    const { RequestId, ...rest } = reply;
    assert.match(RequestId, /^[0-9A-F-]{36}$/);
    return rest;
}

/** Everything that takes a ClientToken and can be called without more than a flow: [action, params, params that differ]. */
async function tokenCalls() {
    const { DagId, nodes } = await createFlow(raw, 'tokens', { a: 'true', b: 'true' });
    await raw.call('PublishAndDeployTaskFlow', { DagId, VersionComments: 'x' });
    const failing = await createFlow(raw, 'tokens of a failing flow', { a: 'false' });
    const failed = await tryRun(raw, failing.DagId);
    await untilStatus(raw, failing.DagId, failed, 3);
    const rerun = await tryRun(raw, failing.DagId);
    await untilStatus(raw, failing.DagId, rerun, 3);
    const slow = await createFlow(raw, 'tokens of a slow flow', { a: SLOW });
    const suspended = await tryRun(raw, slow.DagId);
    await raw.call('SuspendTaskFlowInstance', { DagId: slow.DagId, DagInstanceId: suspended });
    const { User } = await raw.call('GetUser');
    const file = path.join(server.workspace(), 'token.db');
    const source = {
        DatabasePassword: 'p', DatabaseUser: 'x', DbaUid: User.Uid, EnvType: 'dev', ExportTimeout: 60, Host: file, InstanceAlias: 'token',
        InstanceSource: 'PUBLIC_OWN', InstanceType: 'SQLite', NetworkType: 'CLASSIC', Port: 0, QueryTimeout: 60, SafeRule: '自由操作',
    };
    return [
        ['CreateTaskFlow', { DagName: 'token flow' }, { DagName: 'token flow 2' }],
        ['CreateTask', { DagId, NodeName: 'token', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: script('true') }, { NodeName: 'token 2' }],
        ['AddTaskFlowEdges', { DagId, Edges: [{ NodeFrom: nodes.a, NodeEnd: nodes.b }] }, { Edges: [{ NodeFrom: nodes.b, NodeEnd: nodes.a }] }],
        ['CreateScenario', { ScenarioName: 'token scenario' }, { ScenarioName: 'token scenario 2' }],
        ['PublishAndDeployTaskFlow', { DagId, VersionComments: 'token' }, { VersionComments: 'token 2' }],
        ['TryRunTaskFlow', { DagId }, { DagId: failing.DagId }],
        ['RestoreTaskFlowInstance', { DagId: failing.DagId, DagInstanceId: failed }, { DagInstanceId: rerun }],
        ['ReRunTaskFlowInstance', { DagId: failing.DagId, DagInstanceId: rerun }, { DagInstanceId: failed }],
        ['ResumeTaskFlowInstance', { DagId: slow.DagId, DagInstanceId: suspended }, { DagInstanceId: failed }],
        ['RegisterUser', { Uid: '600001', UserNick: 'token user' }, { UserNick: 'token user 2' }],
        ['CreateAccessKey', { UserId: User.UserId }, { UserId: '1' }],
        ['CreateSessionKey', { DurationSeconds: 900 }, { DurationSeconds: 901 }],
        ['CreateTenant', { TenantName: 'token tenant' }, { TenantName: 'token tenant 2' }],
        ['RegisterInstance', source, { InstanceAlias: 'token 2' }],
        ['SimplyAddInstance', { Host: `${file}.2`, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' }, { DatabaseUser: 'v' }],
        ['BackFill', { DagId, BackFillDate: '2024-05-01' }, { BackFillDate: '2024-05-02' }],
    ];
}

/** Whether this server has the operation at all: the Tid of nobody keeps the call from having an effect. */
async function isOffered([action, params]) {
    if (!operation(action).params.some((param) => param.name === 'Tid')) {
        return true;
    }
    try {
        await raw.call(action, { ...params, Tid: 999999999 });
    } catch (error) {
        if (error.code === 'NotSupportYet') {
            console.log(`# ${action} is not offered`);
            return false;
        }
        assert.equal(error.code, 'TenantNotExist', error.message);
    }
    return true;
}

const calls = [];
const answers = [];

test('a repeated call with its client token has the first answer and no effect', async () => {
    for (const call of await tokenCalls()) {
        if (await isOffered(call)) {
            calls.push(call);
        }
    }
    for (const [action, params] of calls) {
        const ClientToken = `token of ${action}`;
        const first = answer(await raw.call(action, { ...params, ClientToken }));
        const again = answer(await raw.call(action, { ...params, ClientToken }));
        assert.deepEqual(again, first, action);
        answers.push(first);
    }
    const flows = (await raw.call('ListTaskFlow')).TaskFlowList.TaskFlow.filter((flow) => flow.DagName === 'token flow');
    assert.equal(flows.length, 1);
    const [{ DagId }] = calls.find(([action]) => action === 'TryRunTaskFlow').slice(1);
    const runs = (await raw.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 100 })).DAGInstanceList.DAGInstance;
    assert.deepEqual(runs.map((one) => one.BackFillId !== undefined).sort(), [false, true], 'one run by TryRunTaskFlow, one by BackFill');
});

test('so it has after kill -9, and in other clients', async () => {
    await restart('kill');
    const clients = [raw, ...vendorClients(server), new Raw(server, { format: 'XML' })];
    for (const [index, [action, params]] of calls.entries()) {
        const client = clients[index % clients.length];
        assert.deepEqual(answer(await client.call(action, { ...params, ClientToken: `token of ${action}` })), answers[index], action);
    }
});

test('other arguments under the same token are refused and change nothing', async () => {
    for (const [action, params, other] of calls) {
        await refused(raw, action, { ...params, ...other, ClientToken: `token of ${action}` }, 400, 'IdempotentParameterMismatch');
    }
});

test('a token belongs to its caller', async () => {
    const user = await makeUser(server, { roles: ['USER'] });
    const { DagId } = await user.client.call('CreateTaskFlow', { DagName: "another's", ClientToken: 'token of CreateTaskFlow' });
    assert.notEqual(DagId, answers[0].DagId);
});

test('two equal calls at once have one effect', async () => {
    const { DagId } = await createFlow(raw, 'at once', { a: 'true' });
    for (let number = 0; number < 10; number++) {
        const ClientToken = crypto.randomUUID();
        const params = { DagName: `at once ${number}`, ClientToken };
        const made = await Promise.all([0, 1, 2, 3].map(() => raw.call('CreateTaskFlow', params)));
        assert.equal(new Set(made.map((reply) => reply.DagId)).size, 1);
        const runs = await Promise.all([0, 1, 2, 3].map(() => raw.call('TryRunTaskFlow', { DagId, ClientToken })));
        assert.equal(new Set(runs.map((reply) => String(reply.InstanceId))).size, 1);
    }
    assert.equal((await raw.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 100 })).TotalCount, 10);
});

// ---- The operation log ----

function day(offsetDays) {
    const instant = new Date(Date.now() + offsetDays * 86400000 + 8 * 3600000); // the server's zone is UTC+8
    return instant.toISOString().slice(0, 19).replace('T', ' ');
}

const PERIOD = { StartTime: day(-1), EndTime: day(1), PageNumber: 1, PageSize: 100 };

test('a change that is refused for its arguments names its object as far as it was read, and no secret', async () => {
    const { DagId } = await raw.call('CreateTaskFlow', { DagName: 'of the refused' });
    await refused(raw, 'CreateTask', { DagId, NodeName: 'two\nlines', NodeContent: 'hidden' }, 400, 'MissingNodeType');
    await refused(raw, 'UpdateTaskFlowOwner', { DagId, NewOwnerId: 'nobody' }, 400, 'InvalidNewOwnerId');
    await refused(raw, 'DeleteTask', { NodeId: 'x'.repeat(3000) }, 400, 'InvalidNodeId');
    await refused(raw, 'AddInstance', { Host: 'of.the.refused', DatabaseUser: 'hidden', DatabasePassword: 'hidden', ...{ Port: 'hidden' } }, 400,
        'MissingDbaId');
    await raw.call('DeleteTaskFlow', { DagId }); // brings the refused calls along
    const log = await raw.call('GetOpLog', { ...PERIOD, PageSize: 30 });
    const contents = log.OpLogDetails.OpLogDetail.slice(0, 5).map((entry) => entry.OpContent).reverse();
    assert.match(contents[0], new RegExp(`\\(CreateTask\\) DagId=${DagId} NodeName=two\\\\u000alines: refused with MissingNodeType;`));
    assert.match(contents[1], new RegExp(`\\(UpdateTaskFlowOwner\\) DagId=${DagId} NewOwnerId=nobody: refused with InvalidNewOwnerId;`));
    assert.match(contents[2], /\(DeleteTask\) NodeId=x{1,100}: refused with InvalidNodeId;/);
    assert.match(contents[3], /\(AddInstance\) Host=of\.the\.refused: refused with Missing\w+;/);
    assert.ok(!contents.join().includes('hidden'), contents.join('\n'));
});

test('the operation log names who did what, done and refused, to every client', async () => {
    const user = await makeUser(server, { roles: ['USER'], nick: 'log reader' });
    const { DagId } = await user.client.call('CreateTaskFlow', { DagName: 'of the log reader' });
    await refused(user.client, 'DeleteUser', { Uid: '500001' }, 403, 'NoPermission');
    await user.client.call('DeleteTaskFlow', { DagId }); // brings the refused call along
    for (const client of [...vendorClients(server), raw, new Raw(server, { generation: 'v3', format: 'XML' })]) {
        const log = await client.call('GetOpLog', { ...PERIOD, UserNick: 'log reader' });
        assert.equal(log.TotalCount, 3);
        const [deleted, denied, created] = log.OpLogDetails.OpLogDetail;
        assert.equal(created.OpContent, `create a task flow (CreateTaskFlow) DagName=of the log reader: done; task flow ${DagId} "of the log reader" made: name "of the log reader"; owner ${user.userId}; status DRAFT; constants 2 bytes; time variables 16 bytes; from 127.0.0.1`);
        assert.equal(created.Module, 'DB_TASK');
        assert.equal(String(created.OpUserId), String(user.userId));
        assert.equal(created.UserId, user.uid);
        assert.equal(created.UserNick, 'log reader');
        assert.ok(!('Database' in created) && !('OrderId' in created));
        assert.match(denied.OpContent, /^remove a user \(DeleteUser\) Uid=500001: refused with \w+; from 127\.0\.0\.1$/);
        assert.equal(denied.Module, 'USER_MANAGE');
        assert.match(deleted.OpContent, new RegExp(`^delete a task flow \\(DeleteTaskFlow\\) DagId=${DagId}: done`));
    }
    const users = await raw.call('GetOpLog', { ...PERIOD, UserNick: 'log reader', Module: 'USER_MANAGE' });
    assert.equal(users.TotalCount, 1);
    assert.equal((await raw.call('GetOpLog', { ...PERIOD, UserNick: 'log read' })).TotalCount, 0, 'names are exact');
    assert.equal((await raw.call('GetOpLog', { ...PERIOD, DatabaseName: 'no such database' })).TotalCount, 0);
    assert.equal((await raw.call('GetOpLog', { ...PERIOD, StartTime: day(-3), EndTime: day(-2) })).TotalCount, 0);
});

test('pages do not overlap and their total is the same', async () => {
    const seen = [];
    let total;
    for (let PageNumber = 1; ; PageNumber++) {
        const log = await raw.call('GetOpLog', { ...PERIOD, PageNumber, Module: 'DB_TASK', UserNick: 'administrator' });
        const items = log.OpLogDetails.OpLogDetail;
        total ??= log.TotalCount;
        assert.equal(log.TotalCount, total);
        seen.push(...items);
        if (items.length === 0) {
            break;
        }
    }
    assert.equal(seen.length, total);
    const times = seen.map((item) => item.OpTime);
    assert.deepEqual(times, [...times].sort().reverse(), 'newest first');
});

test('the log has its readers, its pages and its form of times', async () => {
    for (const [params, code] of [
        [{ PageSize: 20 }, 'InvalidPageSize'],
        [{ PageSize: 101 }, 'InvalidPageSize'],
        [{ PageNumber: 0 }, 'InvalidPageNumber'],
        [{ StartTime: 'yesterday' }, 'InvalidStartTime'],
        [{ StartTime: '2026-01-01' }, 'InvalidStartTime'],
        [{ EndTime: '2026-02-30 00:00:00' }, 'InvalidEndTime'],
        [{ EndTime: day(-2) }, 'InvalidEndTime'],
        [{ Module: 'NO_SUCH_MODULE' }, 'InvalidModule'],
    ]) {
        await refused(raw, 'GetOpLog', { ...PERIOD, ...params }, 400, code);
    }
    for (const name of ['StartTime', 'EndTime', 'PageNumber', 'PageSize']) {
        const { [name]: left, ...rest } = PERIOD;
        await refused(raw, 'GetOpLog', rest, 400, `Missing${name}`);
        assert.ok(left !== undefined);
    }
    const auditor = await makeUser(server, { roles: ['SECURITY_ADMIN'] });
    assert.ok((await auditor.client.call('GetOpLog', PERIOD)).TotalCount > 100);
    for (const roles of [['USER'], ['DBA']]) {
        const user = await makeUser(server, { roles });
        await refused(user.client, 'GetOpLog', PERIOD, 403, 'NoPermission');
    }
});

test('a tenant reads only its own log', async () => {
    const tenant = await makeTenant(server);
    await tenant.client.call('CreateScenario', { ScenarioName: 'theirs' });
    const log = await tenant.client.call('GetOpLog', PERIOD);
    assert.equal(log.TotalCount, 1);
    assert.match(log.OpLogDetails.OpLogDetail[0].OpContent, /ScenarioName=theirs/);
});

// ---- The offline check ----

function verify(directory, ...more) {
    return verifyWith(undefined, directory, ...more);
}

function verifyWith(input, directory, ...more) {
    const words = ['audit', 'verify', ...(directory ? ['--data', directory] : []), ...more];
    return spawnSync(path.join(BUILD, 'src/main/sluice'), words, { encoding: 'utf8', input });
}

function heads(directory) {
    return fs.readFileSync(path.join(directory, 'audit.heads'), 'utf8');
}

function copyOfData() {
    const copy = fs.mkdtempSync(path.join(server.scratch, 'copy-'));
    for (const name of ['state.db', 'state.db-wal', 'master.key', 'audit.heads']) {
        if (fs.existsSync(path.join(server.data, name))) {
            fs.copyFileSync(path.join(server.data, name), path.join(copy, name));
        }
    }
    return copy;
}

test('the check says while the server runs that nothing is broken, and proves it up to a head that was kept', async () => {
    const kept = heads(server.data);
    let found = verify(server.data);
    assert.equal(found.status, 8, found.stderr + found.stdout);
    assert.match(found.stdout, /^unproven: \d+ rows and \d+ signed heads beside them fit together; whether rows are missing from the end can not be known\n/);
    let told = JSON.parse(verify(server.data, '-o', 'json').stdout);
    assert.deepEqual([told.Verdict, told.Whole, told.ProvenRows], ['unproven', null, 0]);
    assert.ok(told.Rows > 1000 / PATIENCE / PATIENCE && told.Heads >= 2);
    const lines = kept.trim().split('\n');
    const last = lines.at(-1);
    const number = Number(last.split(' ')[0]);
    const file = path.join(server.scratch, 'kept.heads');
    fs.writeFileSync(file, kept);
    for (const [input, value] of [[undefined, last], [undefined, file], [kept, '-'],
        [`Nov 28 19:00:00 host sluiced[1]: audit-head ${last}\r\n`, '-']]) {
        found = verifyWith(input, server.data, '--head', value);
        assert.equal(found.status, 0, found.stderr + found.stdout);
        assert.ok(found.stdout.startsWith(`proven: whole up to and including row ${number}, the head given; `), found.stdout);
    }
    told = JSON.parse(verify(server.data, '--head', lines[0], '-o', 'json').stdout);
    assert.deepEqual([told.Verdict, told.Whole, told.ProvenRows], ['proven', true, Number(lines[0].split(' ')[0])]);
});

test('what is no head, and what lies where the log lies, proves nothing', async () => {
    const last = heads(server.data).trim().split('\n').at(-1);
    for (const [input, value, reason] of [
        [undefined, 'nothing', /is no head, and as a file: No such file/],
        [undefined, `${last}0`, /is no head/],
        [undefined, path.join(server.data, 'audit.heads'), /the directory's own audit\.heads, which proves nothing/],
        ['', '-', /there is no head in -/],
        [`${last}\nno head\n`, '-', /line 2: this is no signed head/],
    ]) {
        const found = verifyWith(input, server.data, '--head', value);
        assert.equal(found.status, 2, found.stdout + found.stderr);
        assert.match(found.stderr, reason);
        assert.equal(found.stdout, '');
    }
    const other = last.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    const found = verify(server.data, '--head', other);
    assert.equal(found.status, 1);
    assert.match(found.stdout, /^broken: the head given was changed, or was signed under another master key\n$/);
});

test('rows that were cut off together with their heads are missed', async () => {
    await server.terminate();
    const cut = copyOfData();
    const kept = heads(cut);
    const last = Number(kept.trim().split('\n').at(-1).split(' ')[0]);
    sqlite(path.join(cut, 'state.db'), `DELETE FROM audit WHERE seq > ${last - 3}`);
    fs.writeFileSync(path.join(cut, 'audit.heads'), kept.split('\n').filter((line) => Number(line.split(' ')[0]) <= last - 3).join('\n'));
    assert.equal(verify(cut).status, 8, 'nobody can know');
    const found = verifyWith(kept, cut, '--head', '-');
    assert.equal(found.status, 1);
    assert.equal(found.stdout, `broken: rows ${last - 2} to ${last} of the operation log are missing: the given head of row ${last} signed row ${last}\n`);
    fs.rmSync(path.join(cut, 'audit.heads'));
    sqlite(path.join(cut, 'state.db'), 'DELETE FROM audit');
    assert.equal(verify(cut).status, 8);
    assert.equal(verifyWith(kept, cut, '--head', '-').status, 1);
    await server.start();
});

test('the check names what was changed, and says when it can not read', async () => {
    await server.terminate();
    const changed = copyOfData();
    sqlite(path.join(changed, 'state.db'), "UPDATE audit SET user_name = 'nobody' WHERE seq = 17");
    let found = verify(changed);
    assert.equal(found.status, 1);
    assert.match(found.stdout, /^broken: row 17 of the operation log/);
    const shortened = copyOfData();
    sqlite(path.join(shortened, 'state.db'), 'DELETE FROM audit WHERE seq > (SELECT max(seq) - 5 FROM audit)');
    found = verify(shortened, '-o', 'json');
    assert.equal(found.status, 1);
    const told = JSON.parse(found.stdout);
    assert.deepEqual([told.Verdict, told.Whole, told.ProvenRows], ['broken', false, 0]);
    assert.match(told.Fault, /^rows \d+ to \d+ of the operation log are missing: line \d+ of audit\.heads signed row \d+$/);
    fs.rmSync(path.join(shortened, 'master.key'));
    found = verify(shortened);
    assert.equal(found.status, 2);
    assert.match(found.stderr, /master\.key/);
    assert.equal(verify(undefined).status, 2);
    assert.equal(verify(path.join(server.scratch, 'nothing')).status, 2);
    await server.start();
});

test("the operator's order to stop everything is in the log", async () => {
    const { DagId } = await createFlow(raw, 'stopped by the operator', { a: SLOW });
    const run = await tryRun(raw, DagId);
    await until(async () => (await record(raw, DagId, run)).Status === RUNNING, 'the run begins');
    await server.stopAll();
    await server.start();
    const log = await raw.call('GetOpLog', { ...PERIOD, UserNick: 'operator' });
    assert.ok(log.OpLogDetails.OpLogDetail.some((item) => item.OpContent.includes(`(StopAll) DagInstanceId=${run}: done`) && item.OpUserId === undefined));
});

run(() => server.start(), 150000 * PATIENCE);
