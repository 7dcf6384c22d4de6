#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// SQL that runs now, and the log of executed SQL, with real SQLite files: through every client of the vendor and as XML.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { FAILED, RUNNING, SUCCESS, tryRun, untilNode, untilStatus } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();
const client = new Raw(server);
const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
const DAY = { StartTime: '2000', EndTime: '2099' };
let shop;
let slow;

async function register(name, QueryTimeout) {
    const file = path.join(server.workspace(), name);
    const uid = (await client.call('GetUser')).User.Uid;
    await client.call('RegisterInstance', {
        InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'VPC', EnvType: 'dev', Host: file, Port: 0,
        DatabaseUser: 'u', DatabasePassword: 'canary-password-5d1', InstanceAlias: name, SafeRule: 'free', DbaUid: uid,
        QueryTimeout, ExportTimeout: 20,
    });
    const { Database } = await client.call('GetDatabase', { Host: file, Port: 0, SchemaName: 'main' });
    return { file, instance: Database.InstanceId, id: Number(Database.DatabaseId) };
}

async function execute(by, Script, more = {}) {
    return (await by.call('ExecuteScript', { DbId: shop.id, Logic: false, Script, ...more })).Results;
}

async function logged(params = {}, by = client) {
    const reply = await by.call('ListSQLExecAuditLog', { ...DAY, PageSize: 100, ...params });
    return { total: reply.TotalCount, rows: reply.SQLExecAuditLogList.SQLExecAuditLog };
}

test('every client runs a script and gets rows as maps', async () => {
    await server.start();
    shop = await register('shop.db', 20);
    slow = await register('slow.db', 1);
    await execute(client, 'CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT, price REAL)');
    for (const one of vendorClients(server)) {
        const begun = Date.now();
        const [insert, select] = await execute(one, "INSERT INTO book (title) VALUES ('it''s; <&> ü'); SELECT id, title, price AS \"a b\" FROM book ORDER BY id DESC LIMIT 1");
        assert.ok(Date.now() - begun < 3000, `${one.name}: answered before clients give up`);
        assert.deepEqual([insert.Success, insert.RowCount, insert.ColumnNames, insert.Rows], [true, 1, [], []], one.name);
        assert.deepEqual([select.Success, select.RowCount, select.ColumnNames], [true, 1, ['id', 'title', 'a b']], one.name);
        assert.equal(select.Rows[0].title, "it's; <&> ü");
        assert.equal(typeof select.Rows[0].id, 'string');
        assert.equal(select.Rows[0]['a b'], null);
    }
});

test('in XML a row is an element with one element per column', async () => {
    for (const generation of ['v1', 'v3']) {
        const xml = new Raw(server, { generation, format: 'XML' });
        const [result] = await execute(xml, "SELECT 1 AS one, 'x<y' AS \"two words\", NULL AS none UNION ALL SELECT 2, '', 3");
        assert.deepEqual(result.ColumnNames, ['one', 'two words', 'none']);
        assert.equal(result.RowCount, 2);
        assert.equal(result.Rows.length, 2);
        // A NULL has no element, and the second row's empty text is an empty element.
        assert.deepEqual(result.Rows, [{ one: '1', 'two words': 'x<y' }, { one: '2', 'two words': '', none: '3' }]);
    }
    const form = new Raw(server, { place: 'form' });
    assert.equal((await execute(form, 'SELECT 1'))[0].RowCount, 1, 'the script may stand in the body');
});

test('the statements behind a failed one are not run', async () => {
    const results = await execute(client, "INSERT INTO book (title) VALUES ('kept'); SELEKT 1; DELETE FROM book");
    assert.deepEqual(results.map((one) => one.Success), [true, false]);
    assert.match(results[1].Message, /near "SELEKT": syntax error/);
    assert.ok(Number((await execute(client, 'SELECT count(*) AS n FROM book'))[0].Rows[0].n) > 0);
    const open = await execute(client, 'BEGIN; DELETE FROM book');
    assert.deepEqual(open.map((one) => one.Success), [true, true, false]);
    assert.match(open[2].Message, /inside a transaction, which was rolled back/);
    assert.deepEqual(await execute(client, ' -- nothing at all\n;'), []);
});

test('of columns with equal names the last one stays, and the list of names has them all', async () => {
    const [result] = await execute(client, "SELECT 1 AS a, 2 AS b, 3 AS a, x'00ff' AS c, 1.5 AS d");
    assert.deepEqual(result.ColumnNames, ['a', 'b', 'a', 'c', 'd']);
    assert.deepEqual(result.Rows, [{ a: '3', b: '2', c: '0x00ff', d: '1.5' }]);
});

test('a long result is cut and says so', async () => {
    const numbers = (count) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) `;
    const [exact] = await execute(client, `${numbers(1000)} SELECT i FROM n`);
    assert.deepEqual([exact.RowCount, exact.Rows.length, exact.Message], [1000, 1000, undefined]);
    const [more] = await execute(client, `${numbers(1001)} SELECT i FROM n`);
    assert.deepEqual([more.RowCount, more.Rows.length], [1000, 1000]);
    assert.match(more.Message, /cut after 1000 rows/);
    const [wide, next] = await execute(client, `${numbers(1000)} SELECT hex(zeroblob(2000)) AS wide FROM n; SELECT 7 AS seven`);
    assert.match(wide.Message, /cut after \d+ rows: all results of one call may have 960 KiB together/);
    assert.ok(wide.Rows.length > 100 && wide.Rows.length < 300);
    assert.equal(next.Success, true);
});

test('a statement that takes too long is ended in the database', async () => {
    const begun = Date.now();
    const results = await execute(client, `CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO t ${ENDLESS}; SELECT 1`, { DbId: slow.id });
    assert.ok(Date.now() - begun < 10000);
    assert.deepEqual(results.map((one) => one.Success), [true, true, false]);
    assert.equal(results[2].Message, 'ended when its time of 1 s was over');
    const [left] = await execute(client, 'SELECT a FROM t', { DbId: slow.id });
    assert.deepEqual(left.Rows, [{ a: '1' }], 'what it began is undone');
    const { rows } = await logged({ ExecState: 'CANCEL', SearchName: 'slow' });
    assert.equal(rows.length, 1);
    assert.match(rows[0].SQL, /^INSERT INTO t WITH RECURSIVE/);
});

test('a file that can not be opened is told in the result', async () => {
    fs.renameSync(slow.file, `${slow.file}.away`);
    fs.mkdirSync(slow.file);
    const [result] = await execute(client, 'SELECT 1', { DbId: slow.id });
    assert.equal(result.Success, false);
    assert.match(result.Message, /is no regular file/);
    fs.rmdirSync(slow.file);
    fs.renameSync(`${slow.file}.away`, slow.file);
    assert.equal((await logged({ ExecState: '0' })).rows[0].SQL, 'SELECT 1');
});

/** No operation gives this role; it comes from elsewhere. The server may not be there while its file is written. */
async function becomeReader(user) {
    await server.terminate();
    const program = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("UPDATE person SET roles = 16 WHERE uid = ?", (sys.argv[2],)); c.commit()';
    assert.equal(spawnSync('python3', ['-c', program, path.join(server.data, 'state.db'), user.uid]).status, 0);
    await server.start();
    user.server.port = server.port;
}

test('what may not be asked is refused and runs nothing', async () => {
    const Script = 'DROP TABLE book';
    await refused(client, 'ExecuteScript', { DbId: shop.id, Logic: true, Script }, 403, 'NotSupportYet');
    await refused(client, 'ExecuteScript', { DbId: 1999999999, Logic: false, Script }, 404, 'DatabaseNotExist');
    await refused(client, 'ExecuteScript', { DbId: 2147483648, Logic: false, Script }, 400, 'InvalidDbId');
    await refused(client, 'ExecuteScript', { DbId: shop.id, Script }, 400, 'MissingLogic');
    await refused(client, 'ExecuteScript', { DbId: shop.id, Logic: false, Script: '' }, 400, 'MissingScript');
    const [attach] = await execute(client, `ATTACH '${server.data}/state.db' AS s`);
    assert.equal(attach.Success, false);
    const reader = await makeUser(server);
    await becomeReader(reader);
    await refused(reader.client, 'ExecuteScript', { DbId: shop.id, Logic: false, Script }, 403, 'NoPermission');
    await refused(client, 'ExecuteScript', { DbId: shop.id, Logic: false, Script, RealLoginUserUid: reader.uid }, 403, 'NoPermission');
    await refused(client, 'ExecuteScript', { DbId: shop.id, Logic: false, Script, RealLoginUserUid: '99887766' }, 404, 'UserNotExist');
    const other = await makeTenant(server);
    const foreign = await refused(other.client, 'ExecuteScript', { DbId: shop.id, Logic: false, Script }, 404, 'DatabaseNotExist');
    const absent = await refused(other.client, 'ExecuteScript', { DbId: 1999999999, Logic: false, Script }, 404, 'DatabaseNotExist');
    assert.equal(foreign.Description.replaceAll(String(shop.id), '#'), absent.Description.replaceAll('1999999999', '#'));
    assert.equal((await logged({}, other.client)).total, 0, 'another tenant sees no row of ours');
    assert.ok((await execute(client, 'SELECT * FROM book'))[0].RowCount > 0);
});

test('a day has so many statements and rows for a user', async () => {
    const user = await makeUser(server);
    await client.call('UpdateUser', { Uid: Number(user.uid), MaxExecuteCount: 3, MaxResultCount: 5 });
    await execute(user.client, 'SELECT 1; SELECT 2');
    let about = (await user.client.call('GetUser')).User;
    assert.deepEqual([about.CurExecuteCount, about.CurResultCount], [2, 2]);
    await execute(client, 'SELECT 1 UNION ALL SELECT 2', { RealLoginUserUid: user.uid });
    about = (await user.client.call('GetUser')).User;
    assert.deepEqual([about.CurExecuteCount, about.CurResultCount], [3, 4], 'an administrator acts on the account of the user');
    await refused(user.client, 'ExecuteScript', { DbId: shop.id, Logic: false, Script: 'SELECT 1' }, 403, 'LimitExceeded');
    const { rows } = await logged({ OpUserName: user.nick });
    assert.equal(rows.length, 3);
    assert.deepEqual(new Set(rows.map((row) => String(row.UserId))), new Set([user.userId]));
});

test('a client token lets a script run once', async () => {
    const count = async () => Number((await execute(client, "SELECT count(*) AS n FROM book WHERE title = 'once'"))[0].Rows[0].n);
    const params = { DbId: shop.id, Logic: false, Script: "INSERT INTO book (title) VALUES ('once'); SELECT 1 AS a, NULL AS b", ClientToken: 'token-1' };
    const first = (await client.call('ExecuteScript', params)).Results;
    const again = (await client.call('ExecuteScript', params)).Results;
    assert.deepEqual(again, first);
    assert.equal(await count(), 1);
    await refused(client, 'ExecuteScript', { ...params, Script: 'SELECT 2' }, 400, 'IdempotentParameterMismatch');
    const long = { DbId: slow.id, Logic: false, Script: ENDLESS, ClientToken: 'token-2' };
    // Whichever of two calls comes first runs, and the other one is told so at once.
    const both = await Promise.allSettled([client.call('ExecuteScript', long), client.call('ExecuteScript', long)]);
    const told = both.filter((call) => call.status === 'rejected');
    assert.deepEqual(told.map((call) => call.reason.code), ['IdempotentRequestUnknown'], 'a call that is under way is told from one that has an answer');
    const answer = both.find((call) => call.status === 'fulfilled').value.Results;
    assert.deepEqual((await client.call('ExecuteScript', long)).Results, answer);
    await server.kill();
    await server.start();
    assert.deepEqual((await client.call('ExecuteScript', params)).Results, first, 'also after a restart');
    assert.equal(await count(), 1);
});

async function sqlFlow(name, NodeType, content, more = {}) {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: name });
    const { NodeId } = await client.call('CreateTask', { DagId, NodeName: 'sql', NodeType, NodeContent: JSON.stringify(content), ...more });
    return { DagId, NodeId };
}

test('the SQL of nodes is logged under the owner, with variables put in', async () => {
    const { DagId } = await sqlFlow('sql', 'NORMAL_SQL', { dbId: shop.id, sql: "CREATE TABLE IF NOT EXISTS night (a); INSERT INTO night VALUES ('${word}'), ('2');\n-- note\nSELECT a FROM night; DELETE FROM nowhere" });
    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'word', Value: 'hello' }] });
    await untilStatus(client, DagId, await tryRun(client, DagId), FAILED);
    const { rows } = await logged();
    const owner = (await client.call('GetUser')).User;
    assert.deepEqual(rows.slice(0, 4).map((row) => [row.SQLType, row.ExecState, row.AffectRows, row.SQL]), [
        ['DELETE', 'FAIL', 0, 'DELETE FROM nowhere'],
        ['SELECT', 'SUCCESS', 2, 'SELECT a FROM night;'],
        ['INSERT', 'SUCCESS', 2, "INSERT INTO night VALUES ('hello'), ('2');"],
        ['CREATE_TABLE', 'SUCCESS', 0, 'CREATE TABLE IF NOT EXISTS night (a);'],
    ]);
    assert.match(rows[0].Remark, /no such table: nowhere/);
    const { OpTime, ElapsedTime, ...rest } = rows[3];
    assert.match(OpTime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.ok(ElapsedTime >= 0);
    assert.deepEqual(rest, { UserId: Number(owner.UserId), UserName: owner.NickName, DbId: shop.id, SchemaName: 'main', InstanceId: Number(shop.instance), InstanceName: 'shop.db', ExecState: 'SUCCESS', SQL: 'CREATE TABLE IF NOT EXISTS night (a);', SQLType: 'CREATE_TABLE', AffectRows: 0, Logic: false });
});

test('assignments, killed nodes and nodes without a database are logged too', async () => {
    const NodeOutput = JSON.stringify({ outputs: [{ extractMethod: '{"row":0,"column":0}', variableName: 'n', description: '' }] });
    const assign = await sqlFlow('assign', 'SQL_ASSIGNMENT', { dbId: shop.id, sql: 'SELECT count(*) AS assigned FROM book' }, { NodeOutput });
    await untilStatus(client, assign.DagId, await tryRun(client, assign.DagId), SUCCESS);
    let [row] = (await logged()).rows;
    assert.deepEqual([row.SQLType, row.ExecState, row.AffectRows, row.SQL], ['SELECT', 'SUCCESS', 1, 'SELECT count(*) AS assigned FROM book']);

    const killed = await sqlFlow('killed', 'NORMAL_SQL', { dbId: shop.id, sql: `SELECT 'before'; ${ENDLESS}` });
    const DagInstanceId = await tryRun(client, killed.DagId);
    await untilNode(client, killed.DagId, DagInstanceId, 'sql', RUNNING);
    const log = () => client.call('GetTaskInstanceLog', { DagId: killed.DagId, DagInstanceId, NodeId: killed.NodeId });
    await until(async () => /statement 2: /.test((await log()).Content), 'the second statement runs');
    await client.call('StopTaskFlowInstance', { DagId: killed.DagId, DagInstanceId });
    await until(async () => (await logged({ ExecState: '-2' })).rows.some((one) => one.Remark === 'killed'), 'the killed statement is logged');
    [row] = (await logged({ ExecState: 'CANCEL' })).rows;
    assert.match(row.SQL, /^WITH RECURSIVE/);
    assert.equal(row.SQLType, 'SELECT');

    fs.renameSync(slow.file, `${slow.file}.away`);
    fs.mkdirSync(slow.file);
    const gone = await sqlFlow('gone', 'NORMAL_SQL', { dbId: slow.id, sql: "SELECT 'never'" });
    await untilStatus(client, gone.DagId, await tryRun(client, gone.DagId), FAILED);
    [row] = (await logged()).rows;
    assert.deepEqual([row.ExecState, row.SQL], ['NOEXE', "SELECT 'never'"]);
    assert.match(row.Remark, /no regular file/);
});

test('the log is filtered and paged as every client asks', async () => {
    const all = await logged();
    const today = all.rows[0].OpTime.slice(0, 10);
    for (const one of [...vendorClients(server), new Raw(server, { format: 'XML' })]) {
        assert.equal((await logged({ StartTime: today, EndTime: today }, one)).total, all.total, one.name);
    }
    assert.equal((await logged({ StartTime: all.rows[0].OpTime, EndTime: all.rows[0].OpTime, PageSize: 1 })).rows[0].SQL, all.rows[0].SQL);
    assert.equal((await logged({ StartTime: '2000-01-01 00:00:00', EndTime: '2000-12' })).total, 0);
    const beyond = await logged({ PageNumber: 99 });
    assert.deepEqual([beyond.total, beyond.rows.length], [all.total, 0]);
    for (const state of ['FAIL', '-1', 'fail']) {
        assert.ok((await logged({ ExecState: state })).rows.every((row) => row.ExecState === 'FAIL'), state);
    }
    assert.ok((await logged({ SqlType: 'create_table' })).rows.every((row) => row.SQLType === 'CREATE_TABLE'));
    assert.equal((await logged({ ExecState: 'RUNNING' })).total, 0);
    assert.ok((await logged({ SearchName: 'SLOW' })).rows.every((row) => row.InstanceName === 'slow.db'));
    for (const [name, value] of [['StartTime', 'yesterday'], ['EndTime', '2026-1'], ['StartTime', '2026-02-30'], ['ExecState', 'DONE'], ['PageSize', 101], ['PageNumber', 0]]) {
        await refused(client, 'ListSQLExecAuditLog', { ...DAY, [name]: value }, 400, `Invalid${name}`);
    }
    await refused(client, 'ListSQLExecAuditLog', { EndTime: '2026' }, 400, 'MissingStartTime');
    const user = await makeUser(server);
    await refused(user.client, 'ListSQLExecAuditLog', DAY, 403, 'NoPermission');
    const auditor = await makeUser(server, { roles: ['SECURITY_ADMIN'] });
    assert.equal((await logged({}, auditor.client)).total, all.total);
});

test('a long statement is kept to 16 KiB, and no password is in the log', async () => {
    await execute(client, `SELECT '${'ä'.repeat(20000)}' AS long`);
    const { rows } = await logged();
    assert.ok(Buffer.byteLength(rows[0].SQL) <= 16384 && rows[0].SQL.startsWith("SELECT 'äää"));
    assert.ok(!JSON.stringify(rows).includes('canary-password'));
    const found = spawnSync('grep', ['-rl', 'canary-password-5d1', server.data], { encoding: 'utf8' });
    assert.deepEqual([found.status, found.stdout], [1, ''], 'no file of the server holds it');
});

after(() => server.close());
run();
