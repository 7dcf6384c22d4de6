#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Data sources: a SQLite file is registered, found and used by SQL nodes; what must not be registered is refused.
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused } from './lib/clients.mjs';
import { FAILED, SUCCESS, nodesOf, script, tryRun, untilStatus } from './lib/flows.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();
const SKIPPED = 5;
let client;
let file; // the registered source
let databaseId;

function source(Host, more = {}) {
    return {
        Host,
        Port: 0,
        InstanceType: 'sqlite',
        InstanceSource: 'PUBLIC_OWN',
        NetworkType: 'CLASSIC',
        EnvType: 'dev',
        InstanceAlias: path.basename(Host),
        SafeRule: 'free',
        DatabaseUser: 'nobody',
        DatabasePassword: 'a secret that must not come back',
        DbaUid: server.credentials().uid,
        QueryTimeout: 60,
        ExportTimeout: 600,
        ...more,
    };
}

async function setup() {
    await server.start();
    client = new Raw(server);
    file = path.join(server.workspace(), 'shop.db');
}

test('a new file is registered, made and found again', async () => {
    await client.call('RegisterInstance', source(file, { InstanceType: 'SQLite', DataLinkName: 'shop_link', UseDsql: 1 }));
    const { Instance } = await client.call('GetInstance', { Host: file, Port: 0 });
    assert.equal(Instance.Host, file);
    assert.equal(Instance.Port, 0);
    assert.equal(Instance.InstanceType, 'sqlite');
    assert.equal(Instance.InstanceAlias, 'shop.db');
    assert.equal(Instance.State, 'NORMAL');
    assert.equal(Instance.DatabasePassword, '******');
    assert.equal(Instance.DataLinkName, 'shop_link');
    assert.equal(Instance.UseDsql, 1);
    assert.deepEqual(Instance.OwnerIdList, { OwnerIds: [] });
    const listed = await client.call('ListInstances', {});
    assert.equal(listed.TotalCount, 1);
    assert.equal(listed.InstanceList.Instance[0].InstanceId, Instance.InstanceId);
    const databases = await client.call('ListDatabases', { InstanceId: Instance.InstanceId });
    assert.equal(databases.TotalCount, 1);
    const [database] = databases.DatabaseList.Database;
    assert.equal(database.SchemaName, 'main');
    assert.equal(database.SearchName, `main@${file}:0`);
    assert.ok(Number(database.DatabaseId) < 2 ** 31);
    databaseId = Number(database.DatabaseId);
});

test('the password comes back nowhere', async () => {
    const xml = new Raw(server, { format: 'XML' });
    for (const asked of [client, xml]) {
        for (const reply of [await asked.call('ListInstances', {}), await asked.call('GetInstance', { Host: file, Port: 0 })]) {
            assert.ok(!JSON.stringify(reply).includes('a secret'));
        }
    }
    for (const name of ['state.db', 'state.db-wal']) {
        const stored = path.join(server.data, name);
        if (fs.existsSync(stored)) {
            assert.ok(!fs.readFileSync(stored).includes('a secret that must not come back'), `${name} holds it in clear`);
        }
    }
});

test('lists are filtered and paged', async () => {
    const count = async (params) => (await client.call('ListInstances', params)).InstanceList.Instance.length;
    assert.equal(await count({ DbType: 'SQLITE' }), 1);
    assert.equal(await count({ DbType: 'mysql' }), 0);
    assert.equal(await count({ EnvType: 'dev', NetType: 'CLASSIC', InstanceSource: 'PUBLIC_OWN', InstanceState: 'NORMAL' }), 1);
    assert.equal(await count({ EnvType: 'product' }), 0);
    assert.equal(await count({ SearchKey: 'SHOP' }), 1);
    assert.equal(await count({ SearchKey: 'no such' }), 0);
    assert.equal(await count({ PageNumber: 2, PageSize: 1 }), 0);
    await refused(client, 'ListInstances', { PageSize: 101 }, 400, 'InvalidPageSize');
    await refused(client, 'ListInstances', { PageNumber: 0 }, 400, 'InvalidPageNumber');
    const { InstanceId } = (await client.call('GetInstance', { Host: file, Port: 0 })).Instance;
    assert.equal((await client.call('ListDatabases', { InstanceId, SearchKey: 'MAI' })).TotalCount, 1);
    assert.equal((await client.call('ListDatabases', { InstanceId, SearchKey: 'x' })).TotalCount, 0);
    await refused(client, 'ListDatabases', { InstanceId: 'abc' }, 400, 'InvalidInstanceId');
});

test('what can not be a source is refused and says why', async () => {
    const space = server.workspace();
    const free = path.join(space, 'free.db');
    const text = path.join(space, 'text.db');
    const link = path.join(space, 'link');
    fs.writeFileSync(text, 'this is no database, only a text that is long enough to be looked at as a header of one\n'.repeat(20));
    fs.chmodSync(text, 0o666);
    fs.symlinkSync(server.data, link);
    await refused(client, 'RegisterInstance', source(file), 403, 'InstanceExisted', 'The specified instance already exists.');
    const cases = [
        [source('relative.db'), 400, 'InvalidHost'],
        [source(free, { Port: 5432 }), 400, 'InvalidPort'],
        [source(free, { QueryTimeout: 0 }), 400, 'InvalidQueryTimeout'],
        [source(free, { InstanceType: 'mysql' }), 403, 'NotSupportYet', /mysql/],
        [source(free, { InstanceType: 'no such engine' }), 403, 'InvalidParameterValid'],
        [source(free, { DbaUid: 987654321 }), 404, 'UserNotExist'],
        [source(path.join(server.data, 'state.db')), 403, 'InvalidParameterValid', /own data/],
        [source(path.join(server.data, 'state.db'), { SkipTest: true }), 403, 'InvalidParameterValid', /own data/],
        [source(path.join(link, 'new.db')), 403, 'InvalidParameterValid', /own data/],
        [source(`${space}/../data/new.db`), 403, 'InvalidParameterValid', /own data/],
        [source(text), 403, 'RegisterInstanceFailure', /not a database/],
        [source('/proc/sluice-test.db'), 403, 'RegisterInstanceFailure', /open/],
    ];
    for (const [params, status, code, description] of cases) {
        const body = await refused(client, 'RegisterInstance', params, status, code);
        if (description !== undefined) {
            assert.match(body.Description, description);
        }
    }
    assert.equal((await client.call('ListInstances', {})).TotalCount, 1, 'nothing was registered');
    assert.ok(!fs.existsSync(free));
});

test('without a test even a broken file is registered', async () => {
    await client.call('RegisterInstance', source(path.join(server.workspace(), 'text.db'), { SkipTest: 'True' }));
    assert.equal((await client.call('ListInstances', {})).TotalCount, 2);
});

function sql(text, dbId = databaseId) {
    return JSON.stringify({ dbId, sql: text, dbType: 'sqlite' });
}

/** Creates a flow from [name, type, content, output] rows and edges by name. */
async function createFlow(name, rows, edges) {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: name });
    const nodes = {};
    for (const [NodeName, NodeType, NodeContent, NodeOutput] of rows) {
        const params = { DagId, NodeName, NodeType, NodeContent, ...(NodeOutput && { NodeOutput }) };
        nodes[NodeName] = (await client.call('CreateTask', params)).NodeId;
    }
    const Edges = edges.map(([from, to]) => ({ NodeFrom: nodes[from], NodeEnd: nodes[to] }));
    if (Edges.length > 0) {
        await client.call('AddTaskFlowEdges', { DagId, Edges });
    }
    return { DagId, nodes };
}

test('SQL loads, an assignment reads figures, conditions choose the branch', async () => {
    const load = "CREATE TABLE item (name TEXT, price INTEGER); INSERT INTO item VALUES ('a', 1), ('b; c', 2), ('d', 4)";
    const cell = (row, column) => JSON.stringify({ row, column, ...(row < 0 || column < 0 ? { combiner: ',' } : {}) });
    const figures = JSON.stringify({
        outputs: [
            { extractMethod: cell(0, 0), variableName: 'n', description: 'how many' },
            { extractMethod: cell(0, -1), variableName: 'row', description: 'the whole row' },
        ],
    });
    const when = (operator) => JSON.stringify({ logic: 'AND', conditions: [{ variable: 'n', operator, value: '3' }] });
    const { DagId, nodes } = await createFlow(
        'figures',
        [
            ['load', 'NORMAL_SQL', sql(load)],
            ['figures', '32', sql('SELECT count(*), sum(price) FROM item'), figures],
            ['three', 'CONDITION', when('==')],
            ['other', 'CONDITION', when('!=')],
            ['report', 'AZKABAN_COMMAND_REMOTE', script('echo "n is ${n}, row is $TF_VAR_row"')],
            ['alarm', 'AZKABAN_COMMAND_REMOTE', script('echo never')],
        ],
        [
            ['load', 'figures'],
            ['figures', 'three'],
            ['figures', 'other'],
            ['three', 'report'],
            ['other', 'alarm'],
        ],
    );
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, SUCCESS);
    const seen = await nodesOf(client, DagId, DagInstanceId);
    assert.equal(seen.load.NodeType, 1);
    assert.equal(seen.figures.NodeType, 32);
    assert.equal(seen.alarm.Status, SKIPPED);
    assert.equal(seen.alarm.StateName, 'SKIPPED');
    assert.equal(seen.alarm.SkipReason, 'BRANCH');
    assert.ok(seen.load.ExecuteTime >= 0 && seen.load.StartTime <= seen.load.EndTime);
    assert.equal(seen.alarm.ExecuteTime, undefined, 'what never started has no time');
    const log = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.report });
    assert.match(log.Content, / OUT n is 3, row is 3,7$/m);
    await refused(client, 'GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.three }, 404, 'TaskLogNotExist');
    const task = (await client.call('GetTask', { NodeId: nodes.figures })).Task;
    assert.equal(task.NodeType, 'SQL_ASSIGNMENT');
    assert.equal(task.NodeOutput, figures);
});

test('a failing statement fails its node with its number and the words of the database', async () => {
    const { DagId, nodes } = await createFlow('failing', [['bad', 'NORMAL_SQL', sql('SELECT 1; SELECT * FROM nowhere; SELECT 2')]], []);
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, FAILED);
    const { Content } = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.bad });
    assert.match(Content, /nowhere/);
    assert.match(Content, /\b2\b/);
    assert.match(Content, /status FAILED\n$/);
});

test('a database that does not exist fails its node', async () => {
    const { DagId } = await createFlow('no database', [['lost', 'NORMAL_SQL', sql('SELECT 1', 2000000000)]], []);
    const DagInstanceId = await tryRun(client, DagId);
    await untilStatus(client, DagId, DagInstanceId, FAILED);
    const { lost } = await nodesOf(client, DagId, DagInstanceId);
    assert.match(lost.Message, /2000000000/);
});

after(() => server.close());
run(setup);
