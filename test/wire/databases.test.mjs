#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Databases, tables and columns as syncs find them, with real SQLite files: through every client of the vendor and as XML.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();
const client = new Raw(server);
const SCHEMA = `
    CREATE TABLE book (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL DEFAULT 'untitled', price DECIMAL(10,2), cover BLOB);
    CREATE TABLE "odd ""name""" (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE VIEW cheap AS SELECT title FROM book WHERE price < 5;
    INSERT INTO book (title) VALUES ('one'), ('two'), ('three');`;

/** Runs SQL on a file as another program of the machine would. */
function sqlite(file, sql) {
    const program = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())';
    execFileSync('python3', ['-c', program, file], { input: sql });
    fs.chmodSync(file, 0o666);
}

function newFile(name, sql) {
    const file = path.join(server.workspace(), name);
    sqlite(file, sql);
    return file;
}

async function register(by, file, more = {}) {
    const uid = (await by.call('GetUser')).User.Uid;
    await by.call('RegisterInstance', {
        InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'VPC', EnvType: 'dev', Host: file, Port: 0,
        DatabaseUser: 'u', DatabasePassword: 'p', InstanceAlias: path.basename(file), SafeRule: 'free', DbaUid: uid,
        QueryTimeout: 20, ExportTimeout: 20, ...more,
    });
    const { Instance } = await by.call('GetInstance', { Host: file, Port: 0 });
    const { Database } = await by.call('GetDatabase', { Host: file, Port: 0, SchemaName: 'main' });
    return { file, instance: Instance.InstanceId, database: Database.DatabaseId };
}

async function tables(by, source, params = {}) {
    return (await by.call('ListTables', { DatabaseId: source.database, ...params })).TableList.Table;
}

/** Waits until the background has read what the check wants to see. */
async function untilTables(source, check) {
    let seen;
    await until(async () => check((seen = await tables(client, source))), () => `the sync shows it; there is ${JSON.stringify(seen)}`);
    return seen;
}

let shop;

test('a registered source is read once, in the background', async () => {
    await server.start();
    shop = await register(client, newFile('shop.db', SCHEMA));
    const found = await untilTables(shop, (list) => list.length === 3);
    assert.deepEqual(found.map((table) => [table.TableName, table.TableType, table.TableSchemaName]), [
        ['book', 'NORMAL', 'main'], ['cheap', 'VIEW', 'main'], ['odd "name"', 'NORMAL', 'main']]);
    assert.equal(found[0].NumRows, 3);
    assert.equal(found[0].Encoding, 'UTF-8');
    assert.equal(found[0].TableGuid, undefined);
});

test('every client reads databases, tables and columns', async () => {
    for (const one of [...vendorClients(server), new Raw(server, { format: 'XML' }), new Raw(server, { generation: 'v3', format: 'XML' })]) {
        const { Database } = await one.call('GetDatabase', { Host: shop.file, Port: 0, SchemaName: 'main' });
        assert.deepEqual([Database.DatabaseId, Database.State, Database.InstanceAlias, Database.Encoding], [shop.database, 'NORMAL', 'shop.db', 'UTF-8'], one.name);
        assert.equal(Database.SearchName, `main@${shop.file}:0`);
        const listed = (await one.call('ListDatabases', { InstanceId: shop.instance })).DatabaseList.Database;
        assert.deepEqual(listed.map((item) => item.DatabaseId), [shop.database]);
        const searched = await one.call('SearchDatabase', { SearchKey: 'SHOP', SearchRange: 'HAS_PERMSSION', SearchTarget: 'SINGLE_DB' });
        assert.equal(searched.TotalCount, 1);
        assert.equal(searched.SearchDatabaseList.SearchDatabase[0].Logic, false);
        const [book] = await tables(one, shop, { SearchName: 'BOO', ReturnGuid: true });
        assert.equal(book.TableGuid, `IDB_${book.TableId}.main.book`);
        const byId = (await one.call('ListColumns', { TableId: book.TableId })).ColumnList.Column;
        const byName = (await one.call('ListTableColumns', { DbId: Number(shop.database), TableName: 'book' })).ColumnList.Column;
        assert.deepEqual(byId, byName);
        assert.deepEqual(byId.map((column) => [column.ColumnName, column.ColumnType, column.Nullable, column.AutoIncrement]), [
            ['id', 'INTEGER', false, true], ['title', 'VARCHAR(80)', false, false], ['price', 'DECIMAL(10,2)', true, false], ['cover', 'BLOB', true, false]]);
        assert.deepEqual([byId[1].DefaultValue, byId[1].DataLength, byId[2].DataPrecision, byId[2].DataScale], ["'untitled'", 80, 10, 2]);
        assert.deepEqual([byId[0].SecurityLevel, byId[0].Sensitive], ['INNER', false]);
        await one.call('SyncDatabaseMeta', { DbId: shop.database });
        await one.call('SyncInstanceMeta', { InstanceId: shop.instance, IgnoreTable: true });
    }
});

test('a sync keeps the ids of what stays and forgets what is gone', async () => {
    const before = await tables(client, shop);
    const columns = async (id) => (await client.call('ListColumns', { TableId: id })).ColumnList.Column.map((column) => [column.ColumnName, column.ColumnId]);
    const old = Object.fromEntries(await columns(before[0].TableId));
    sqlite(shop.file, 'ALTER TABLE book ADD COLUMN isbn TEXT; DROP VIEW cheap; CREATE TABLE shelf (a)');
    await client.call('SyncDatabaseMeta', { DbId: shop.database, Logic: false });
    const now = await untilTables(shop, (list) => list.some((table) => table.TableName === 'shelf'));
    assert.deepEqual(now.map((table) => table.TableName), ['book', 'odd "name"', 'shelf']);
    assert.equal(now[0].TableId, before[0].TableId);
    const new_ = Object.fromEntries(await columns(before[0].TableId));
    assert.deepEqual(Object.keys(new_), ['id', 'title', 'price', 'cover', 'isbn']);
    assert.equal(new_.title, old.title);
    await refused(client, 'ListColumns', { TableId: before[1].TableId }, 404, 'TableNotExist');
});

test('a source that can not be opened any more is OFFLINE and comes back', async () => {
    const away = `${shop.file}.away`;
    const state = async () => (await client.call('GetDatabase', { Host: shop.file, Port: 0, SchemaName: 'main' })).Database.State;
    fs.renameSync(shop.file, away);
    fs.mkdirSync(shop.file);
    await client.call('SyncInstanceMeta', { InstanceId: shop.instance });
    await until(async () => (await state()) === 'OFFLINE', 'the database is OFFLINE');
    fs.rmdirSync(shop.file);
    fs.renameSync(away, shop.file);
    await client.call('SyncDatabaseMeta', { DbId: shop.database });
    await until(async () => (await state()) === 'NORMAL', 'the database is NORMAL again');
    assert.equal((await tables(client, shop)).length, 3);
});

test('a structure larger than one answer is read in pieces', async () => {
    const columns = Array.from({ length: 120 }, (_, i) => `a_column_with_a_long_name_${i} VARCHAR(100)`).join(', ');
    const sql = `BEGIN; ${Array.from({ length: 150 }, (_, i) => `CREATE TABLE wide_${i} (${columns});`).join('\n')} COMMIT;`;
    const wide = await register(client, newFile('wide.db', sql), { SkipTest: true });
    assert.deepEqual(await tables(client, wide), [], 'nobody reads a source that was not tested');
    await client.call('SyncInstanceMeta', { InstanceId: wide.instance, IgnoreTable: false });
    await until(async () => (await client.call('ListTables', { DatabaseId: wide.database })).TotalCount === 150, 'all tables are there');
    const page = await client.call('ListTables', { DatabaseId: wide.database, PageNumber: 2, PageSize: 100 });
    assert.equal(page.TableList.Table.length, 50);
    const last = (await client.call('ListColumns', { TableId: page.TableList.Table[49].TableId })).ColumnList.Column;
    assert.equal(last.length, 120);
});

test('a search goes over all instances and knows its ranges', async () => {
    const names = async (params) => (await client.call('SearchDatabase', params)).SearchDatabaseList.SearchDatabase.map((item) => item.Alias);
    assert.deepEqual(await names({}), ['shop.db', 'wide.db']);
    assert.deepEqual(await names({ PageSize: 1, PageNumber: 2 }), ['wide.db']);
    for (const SearchRange of ['HAS_PERMSSION', 'HAS_PERMISSION', 'OWNER', 'UNKNOWN']) {
        assert.deepEqual(await names({ SearchRange, DbType: 'SQLite', EnvType: 'dev' }), ['shop.db', 'wide.db'], SearchRange);
    }
    for (const params of [{ SearchRange: 'MY_FOCUS' }, { SearchTarget: 'LOGIC_DB' }, { EnvType: 'product' }, { DbType: 'mysql' }, { SearchKey: '%' }]) {
        assert.deepEqual(await names(params), [], JSON.stringify(params));
    }
    await refused(client, 'SearchDatabase', { SearchRange: 'MINE' }, 400, 'InvalidSearchRange');
});

test('a user of the tenant reads, and only DBAs and administrators sync', async () => {
    const user = await makeUser(server);
    assert.equal((await tables(user.client, shop)).length, 3);
    assert.equal((await user.client.call('SearchDatabase', { SearchRange: 'OWNER' })).TotalCount, 0);
    assert.equal((await client.call('SearchDatabase', { SearchRange: 'OWNER', RealLoginUserUid: user.uid })).TotalCount, 0);
    await refused(user.client, 'SyncDatabaseMeta', { DbId: shop.database }, 403, 'NoPermission');
    await refused(user.client, 'SyncInstanceMeta', { InstanceId: shop.instance }, 403, 'NoPermission');
    await refused(user.client, 'ListTables', { DatabaseId: shop.database, RealLoginUserUid: user.uid }, 403, 'NoPermission');
    await refused(client, 'GetDatabase', { Host: shop.file, Port: 0, SchemaName: 'main', RealLoginUserUid: '12345678' }, 404, 'UserNotExist');
    await refused(client, 'SyncDatabaseMeta', { DbId: shop.database, Logic: true }, 403, 'NotSupportYet');
    await refused(client, 'ListTableColumns', { DbId: Number(shop.database), TableName: 'no such' }, 404, 'TableNotExist');
    await refused(client, 'ListTables', { DatabaseId: 'x1' }, 400, 'InvalidDatabaseId');
    await refused(client, 'ListTables', { DatabaseId: shop.database, PageSize: 1001 }, 400, 'InvalidPageSize');
});

test('another tenant finds what nobody has', async () => {
    const other = await makeTenant(server);
    const [book] = await tables(client, shop);
    const missing = '2000000001';
    const calls = [
        ['ListTables', 'DatabaseId', shop.database, 'DatabaseNotExist', String],
        ['SyncDatabaseMeta', 'DbId', shop.database, 'DatabaseNotExist', String],
        ['ListColumns', 'TableId', book.TableId, 'TableNotExist', String],
        ['SyncInstanceMeta', 'InstanceId', shop.instance, 'InstanceNotExist', String],
        ['ListDatabases', 'InstanceId', shop.instance, 'InstanceNotExist', String],
        ['ListTableColumns', 'DbId', shop.database, 'DatabaseNotExist', Number],
    ];
    for (const [action, name, id, code, type] of calls) {
        const more = action === 'ListTableColumns' ? { TableName: 'book' } : {};
        const foreign = await refused(other.client, action, { [name]: type(id), ...more }, 404, code);
        const absent = await refused(other.client, action, { [name]: type(missing), ...more }, 404, code);
        assert.equal(foreign.Description.replaceAll(id, '#'), absent.Description.replaceAll(missing, '#'), action);
    }
    await refused(other.client, 'GetDatabase', { Host: shop.file, Port: 0, SchemaName: 'main' }, 404, 'DatabaseNotExist');
    assert.equal((await other.client.call('SearchDatabase', { SearchRange: 'UNKNOWN' })).TotalCount, 0);
});

after(() => server.close());
run();
