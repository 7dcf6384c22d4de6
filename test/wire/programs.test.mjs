#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// What programs written for the real service rely on, each with the value they expect (docs/compatibility.md).
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { createFlow } from './lib/flows.mjs';
import { makeTenant } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test, until } from './lib/tap.mjs';

const server = new Server();
const raw = new Raw(server);
const everyClient = () => [...vendorClients(server), raw, new Raw(server, { generation: 'v3', format: 'XML' })];

after(() => server.close());

function day(offset) {
    return new Date(Date.now() + offset * 86400000 + 8 * 3600000).toISOString().slice(0, 10) + ' 00:00:00';
}

let number = 0;

function newFile() {
    number++;
    return path.join(server.workspace(), `shop ${number}.db`);
}

async function add(by, Host, more = {}) {
    await by.call('AddInstance', {
        Host, Port: 0, InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'CLASSIC', EnvType: 'dev', InstanceAlias: `shop ${number}`,
        DatabaseUser: 'u', DatabasePassword: 'p', DbaId: Number((await by.call('GetUser')).User.UserId), EnableSellTrust: 'N', QueryTimeout: 60,
        ExportTimeout: 600, ...more,
    });
    const { Instance } = await by.call('GetInstance', { Host, Port: 0 });
    const { Database } = await by.call('GetDatabase', { Host, Port: 0, SchemaName: 'main' });
    return { Instance, Database, DbId: Number(Database.DatabaseId) };
}

test('an instance that nobody registered answers the one code that the vendor\'s provider takes for gone', async () => {
    for (const client of everyClient()) {
        await refused(client, 'GetInstance', { Host: '/nowhere.db', Port: 0 }, 404, 'InstanceNoEnoughNumber');
        if (!client.name.endsWith('GET')) { // DeleteInstance is POST only
            await refused(client, 'DeleteInstance', { Host: '/nowhere.db', Port: 0 }, 404, 'InstanceNoEnoughNumber');
        }
    }
    const file = newFile();
    await add(raw, file);
    const other = await makeTenant(server);
    await refused(other.client, 'GetInstance', { Host: file, Port: 0 }, 404, 'InstanceNoEnoughNumber');
    await refused(other.client, 'DeleteInstance', { Host: file, Port: 0 }, 404, 'InstanceNoEnoughNumber');
});

test('a connection test that fails at registration is RegisterInstanceFailure and registers nothing', async () => {
    const text = path.join(server.workspace(), 'text.txt');
    fs.writeFileSync(text, 'this is no database, whatever its name says, and it is long enough to be looked at as one'.repeat(20), { mode: 0o666 });
    const { User } = await raw.call('GetUser');
    const shared = { Host: text, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' };
    const most = { ...shared, InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'CLASSIC', EnvType: 'dev', InstanceAlias: 'text', QueryTimeout: 60, ExportTimeout: 60 };
    for (const client of vendorClients(server)) {
        for (const [action, params] of [
            ['AddInstance', { ...most, DbaId: Number(User.UserId), EnableSellTrust: 'N' }],
            ['RegisterInstance', { ...most, DbaUid: Number(User.Uid), SafeRule: 'free' }],
            ['SimplyAddInstance', shared],
        ]) {
            const body = await refused(client, action, params, 403, 'RegisterInstanceFailure');
            assert.match(body.Description, /not a database/);
        }
    }
    await refused(raw, 'GetInstance', { Host: text, Port: 0 }, 404, 'InstanceNoEnoughNumber');
});

test('SimplyAddInstance on a registered address gives that instance, also of two calls at once', async () => {
    for (const client of everyClient()) {
        const Host = newFile();
        const params = { Host, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' };
        const both = await Promise.all([client.call('SimplyAddInstance', params), client.call('SimplyAddInstance', params)]);
        const { Instance } = await client.call('SimplyAddInstance', { ...params, DatabasePassword: 'another' });
        assert.deepEqual(both.map((reply) => reply.Instance.InstanceId), [Instance.InstanceId, Instance.InstanceId], client.name);
        assert.deepEqual([Instance.Host, Instance.Port], [Host, '0']);
        assert.equal((await raw.call('ListInstances', { SearchKey: path.basename(Host) })).TotalCount, 1);
    }
});

test('SellSitd is a text of a boolean in one operation and a boolean in the other', async () => {
    for (const [client, EnableSellSitd] of everyClient().map((one, i) => [one, i % 2 === 0 ? 'Y' : 'N'])) {
        const file = newFile();
        await add(raw, file, { EnableSellSitd });
        const { Instance } = await client.call('GetInstance', { Host: file, Port: 0 });
        assert.equal(Instance.SellSitd, EnableSellSitd === 'Y' ? 'true' : 'false', client.name);
        const listed = (await client.call('ListInstances', { SearchKey: path.basename(file) })).InstanceList.Instance;
        assert.deepEqual(listed.map((one) => one.SellSitd), [EnableSellSitd === 'Y']);
    }
});

test('ListInstances finds by region', async () => {
    const far = await add(raw, newFile(), { EcsRegion: 'cn-far' });
    await add(raw, newFile(), { EcsRegion: 'cn-near' });
    for (const client of everyClient()) {
        const found = await client.call('ListInstances', { Region: 'cn-far' });
        assert.deepEqual([found.TotalCount, found.InstanceList.Instance.map((one) => one.InstanceId)], [1, [far.Instance.InstanceId]], client.name);
        assert.equal((await client.call('ListInstances', { Region: 'cn-fa' })).TotalCount, 0);
    }
});

test('what ExecuteScript makes is in ListTables without a sync, with its name, catalogue and no message', async () => {
    for (const client of everyClient()) {
        const { DbId, Database, Instance } = await add(raw, newFile());
        assert.equal(Database.CatalogName, 'def');
        const { Results } = await client.call('ExecuteScript', { DbId, Logic: false, Script: "CREATE TABLE book (id INTEGER PRIMARY KEY); INSERT INTO book VALUES (1), (2); SELECT id FROM book" });
        assert.deepEqual(Results.map((one) => [one.Success, one.Message]), [[true, undefined], [true, undefined], [true, undefined]], client.name);
        const tables = async () => (await client.call('ListTables', { DatabaseId: Database.DatabaseId, ReturnGuid: true })).TableList.Table;
        // A database that is not read within SYNC_WAIT_MS (api/ops/execute_ops) follows soon after the answer, here on a slow machine.
        const [book] = await until(async () => (await tables()).length > 0 && tables(), `${client.name}: the new table is listed`);
        assert.equal(book.TableName, 'book', client.name);
        assert.equal(book.TableGuid, `IDB_${book.TableId}.main.book`);
        await client.call('ExecuteScript', { DbId, Logic: false, Script: 'DROP TABLE book' });
        await until(async () => (await tables()).length === 0, `${client.name}: the dropped table is gone from the list`);
        const listed = (await client.call('ListDatabases', { InstanceId: Instance.InstanceId })).DatabaseList.Database;
        assert.deepEqual(listed.map((one) => one.CatalogName), ['def']);
        const searched = (await client.call('SearchDatabase', { SearchKey: path.basename(Instance.Host) })).SearchDatabaseList.SearchDatabase;
        assert.deepEqual(searched.map((one) => one.CatalogName), ['def']);
    }
});

test('the operation log tells databases of equal names apart', async () => {
    const one = await add(raw, newFile());
    const two = await add(raw, newFile());
    const DatabaseName = `main@${two.Instance.Host}:0[${two.Instance.InstanceAlias}]`;
    for (const { DbId } of [one, two]) {
        await raw.call('ExecuteScript', { DbId, Logic: false, Script: 'SELECT 1' });
    }
    for (const client of everyClient()) {
        const log = await client.call('GetOpLog', { StartTime: day(-1), EndTime: day(2), PageNumber: 1, PageSize: 30, DatabaseName });
        assert.equal(log.TotalCount, 1, client.name);
        const [entry] = log.OpLogDetails.OpLogDetail;
        assert.equal(entry.Database, DatabaseName);
        assert.match(entry.OpContent, /1 statements run, 1 of them with success/);
    }
});

test('the draft\'s switch and an open period are shown in the list of flows', async () => {
    for (const client of everyClient()) {
        const { DagId } = await createFlow(client, `scheduled ${client.name}`, { a: 'true' });
        const shown = async () => {
            const [flow] = (await client.call('ListTaskFlowsByPage', { DagIdList: [DagId] })).TaskFlowList.TaskFlow;
            return [flow.CronSwitch, flow.CronBeginDate, flow.CronEndDate, flow.Status];
        };
        assert.deepEqual(await shown(), [false, '1970-01-01', '9999-01-01', 1]);
        const schedule = { DagId, TriggerType: 'Cron', CronType: 'DAY', CronStr: '0 0 1 * * ?', ScheduleParam: '{}' };
        await client.call('UpdateTaskFlowSchedule', { ...schedule, ScheduleSwitch: true });
        assert.deepEqual(await shown(), [true, '1970-01-01', '9999-01-01', 1], client.name);
        await client.call('PublishAndDeployTaskFlow', { DagId });
        await client.call('UpdateTaskFlowSchedule', { ...schedule, ScheduleSwitch: false, CronBeginDate: '2026-01-02', CronEndDate: '2027-01-02' });
        assert.deepEqual(await shown(), [false, '2026-01-02', '2027-01-02', 2], 'off in the draft, waiting as deployed');
    }
});

test('pages of 200 and 1 000 are given wherever no smaller one is documented', async () => {
    const { DagId } = await createFlow(raw, 'paged', { a: 'true' });
    const { Instance, Database } = await add(raw, newFile());
    const open = [
        ['ListTaskFlowsByPage', {}], ['ListTaskFlowInstance', { DagId, PageIndex: 1 }], ['ListDAGVersions', { DagId, PageIndex: 1 }],
        ['ListDatabases', { InstanceId: Instance.InstanceId }], ['SearchDatabase', {}], ['ListTables', { DatabaseId: Database.DatabaseId }],
    ];
    for (const client of everyClient()) {
        for (const [action, params] of open) {
            for (const PageSize of [200, 1000]) {
                await client.call(action, { ...params, PageSize });
            }
        }
    }
    for (const [action, params] of open) {
        const { Description } = await refused(raw, action, { ...params, PageSize: 1001 }, 400, 'InvalidPageSize');
        assert.match(Description, /1 to 1000 entries/);
    }
    const period = { StartTime: day(-1), EndTime: day(1) };
    for (const [action, params] of [['ListInstances', {}], ['ListUsers', {}], ['ListSQLExecAuditLog', period]]) {
        await raw.call(action, { ...params, PageSize: 100 });
        await refused(raw, action, { ...params, PageSize: 101 }, 400, 'InvalidPageSize');
    }
});

test('Tid 0 is the active tenant, for reading and for changing', async () => {
    const other = await makeTenant(server);
    for (const client of [...everyClient(), other.client]) {
        const { Tenant } = await client.call('GetUserActiveTenant', { Tid: 0 });
        assert.deepEqual(Tenant, (await client.call('GetUserActiveTenant', {})).Tenant);
        const { DagId } = await client.call('CreateTaskFlow', { DagName: `of tenant 0 ${client.name}`, Tid: 0 });
        await client.call('GetTaskFlowGraph', { DagId, Tid: 0 });
        await client.call('DeleteTaskFlow', { DagId, Tid: 0 });
    }
    await refused(raw, 'ListTaskFlow', { Tid: other.tid }, 404, 'TenantNotExist');
});

await run(() => server.start());
