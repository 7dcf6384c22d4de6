#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// Every pair of changing operations on one object at the same time, several times over: whichever comes first, the server lives and nothing
// answers 5xx. What the first took away is missing for the second, never an assertion. Readings of the same object run beside them. What a pair
// has destroyed is made anew for the next. Under sanitizers it is a fifth of the pairs, another one each day; the output says which.
import http from 'node:http';

import { Raw } from './lib/clients.mjs';
import { createFlow } from './lib/flows.mjs';
import { pipeline } from './lib/pipe.mjs';
import { PATIENCE, Server } from './lib/server.mjs';
import { operation, operations } from './lib/spec.mjs';
import { after, assert, run, test } from './lib/tap.mjs';
import { argumentsFor, makeWorld } from './lib/world.mjs';

const server = new Server();
const REPEATS = 3; // of each of the two
const ROUNDS = process.env.SLUICE_SANITIZED ? 10 : 60; // of changes beside a removal
const WORLDS = 4; // pairs that run beside each other, each on objects of its own
let client;
let worlds;
let agent;
let count = 0;

const READERS = ['GetTaskFlowGraph', 'ListTaskFlowInstance', 'GetInstance', 'ListDatabases', 'ListTables', 'ListColumns', 'GetUser', 'ListAccessKeys', 'ListSLARules', 'GetTaskFlowNotification'];

/** Makes a new key for each; pairs of these with the rest say nothing, they change nothing that another operation names. */
const APART = new Set(['CreateTenant', 'CreateSessionKey']);

function answer(reply) {
    return new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port: server.port, agent, method: reply.method, path: reply.target ?? '/', headers: reply.headers, timeout: 60000 * PATIENCE }, (got) => {
            let text = '';
            got.on('data', (data) => (text += data));
            got.on('end', () => resolve({ status: got.statusCode, text }));
            got.on('error', reject);
        });
        request.on('timeout', () => request.destroy(new Error('the server does not answer')));
        request.on('error', reject);
        request.end(reply.body ?? '');
    });
}

// ---- What pairs take away ----

async function newFlow(world) {
    const flow = await createFlow(client, `pair ${++count}`, { a: 'sleep 0.1', b: 'true', c: 'true' }, [['a', 'b']]);
    Object.assign(world, { flow: flow.DagId, node: flow.nodes.a, otherNode: flow.nodes.b, thirdNode: flow.nodes.c, edge: flow.edges[0] });
    await client.call('PublishAndDeployTaskFlow', { DagId: world.flow });
    const versions = await client.call('ListDAGVersions', { DagId: world.flow, PageIndex: 1, PageSize: 1 });
    world.version = versions.DagVersionList.DagVersion[0].VersionId;
    world.run = Number((await client.call('TryRunTaskFlow', { DagId: world.flow })).InstanceId);
}

async function newSource(world) {
    const known = await client.call('ListInstances', { SearchKey: world.host });
    if (known.InstanceList.Instance.length === 0) {
        await client.call('AddInstance', { ...argumentsFor('AddInstance', world), InstanceAlias: `pair ${++count}` });
    }
    world.source = (await client.call('GetInstance', { Host: world.host, Port: 0 })).Instance.InstanceId;
    world.database = (await client.call('ListDatabases', { InstanceId: world.source })).DatabaseList.Database[0].DatabaseId;
    const tables = (await client.call('ListTables', { DatabaseId: world.database })).TableList.Table;
    world.table = tables[0]?.TableId ?? world.table;
}

async function newUser(world) {
    world.uid = `pair-${++count}`;
    await client.call('RegisterUser', { Uid: world.uid, UserNick: world.uid, RoleNames: 'USER' });
    world.user = (await client.call('GetUser', { Uid: world.uid })).User.UserId;
    world.key = (await client.call('CreateAccessKey', { UserId: world.user })).AccessKeyId;
}

async function newSpace(world) {
    const number = ++count;
    world.spaceName = `pair space ${number}`;
    world.space = (await client.call('CreateLakeHouseSpace', { ...argumentsFor('CreateLakeHouseSpace', world), SpaceName: world.spaceName, ProdDbId: world.database })).SpaceId;
    world.spaceFlow = (await client.call('CreateTaskFlow', { DagName: `pair in space ${number}`, SpaceId: world.space })).DagId;
}

async function newScenario(world) {
    await answer(new Raw(server).build('DeleteScenario', { ScenarioId: world.scenario }));
    world.scenario = (await client.call('CreateScenario', { ScenarioName: `pair scenario ${++count}` })).ScenarioId;
}

/** Which operations leave something that the next pair can not use, and what makes it anew; in an order in which each has what it needs. */
const RENEWALS = [
    [/^DeleteInstance$|^(Modify|Update|Register|Add|SimplyAdd)Instance$/, newSource],
    [/^(Delete|Disable)User$|^(Delete|Update|Create)AccessKey$/, newUser],
    [/^DeleteLakeHouseSpace$|^DeleteInstance$/, newSpace],
    [/^DeleteScenario$/, newScenario],
    [/^DeleteTask|^OfflineTaskFlow$|TaskFlowInstance$|^MakeTaskFlowInstanceSuccess$/, newFlow],
];

/** What the pair itself has made goes, before it meets a limit. */
const UNDONE = { CreateScenario: ['DeleteScenario', 'ScenarioId'], CreateLakeHouseSpace: ['DeleteLakeHouseSpace', 'SpaceId'], CreateTaskFlow: ['DeleteTaskFlow', 'DagId'] };

async function undo(actions, replies) {
    const made = replies.map((reply, index) => [UNDONE[actions[index]], reply]).filter(([how, reply]) => how !== undefined && reply.status === 200);
    await Promise.all(made.map(([[action, name], reply]) => answer(new Raw(server).build(action, { [name]: JSON.parse(reply.text)[name] }))));
}

async function renew(world, pair) {
    for (const [pattern, make] of RENEWALS) {
        if (pair.some((action) => pattern.test(action))) {
            await make(world);
        }
    }
}

// ---- The pairs ----

function requestOf(world, action) {
    const by = new Raw(server, { method: operation(action).methods_accepted.includes('POST') ? 'POST' : 'GET' });
    const params = { ...argumentsFor(action, world) };
    if (/^Create|^RegisterUser$/.test(action)) { // a name of its own, so that it gets further than the name
        for (const name of ['DagName', 'NodeName', 'ScenarioName', 'SpaceName', 'Uid'].filter((one) => params[one] !== undefined)) {
            params[name] = `${name} ${++count}`;
        }
    }
    return by.build(action, params);
}

function pairs() {
    const changing = operations().filter((action) => !/^(Get|List|Search)/.test(action) && !APART.has(action) && argumentsFor(action, worlds[0]) !== undefined);
    const all = [];
    changing.forEach((first, index) => {
        for (const second of [...changing.slice(index), ...READERS]) {
            all.push([first, second]);
        }
    });
    if (!process.env.SLUICE_SANITIZED) {
        return all;
    }
    const seed = Number(process.env.SLUICE_SEED ?? Math.floor(Date.now() / 86400000));
    console.log(`# SLUICE_SEED=${seed}: a fifth of ${all.length} pairs`);
    return all.filter((pair, index) => (index + seed) % 5 === 0);
}

async function meet(world, pair, seen) {
    const actions = Array.from({ length: 2 * REPEATS }, (_, index) => pair[index % 2]);
    const replies = await Promise.all(actions.map((action) => answer(requestOf(world, action)))).catch((error) => {
        throw new Error(`${pair.join(' beside ')}: ${error.message}\n${server.output.slice(-1500)}`);
    });
    for (const [index, { status, text }] of replies.entries()) {
        seen[status] = (seen[status] ?? 0) + 1;
        assert.ok(status < 500, `${actions[index]} (${pair.join(' beside ')}): ${status} ${text.slice(0, 300)}`);
    }
    await undo(actions, replies);
    await renew(world, pair);
}

test('every pair of changing operations on one object at the same time: the server lives, nothing answers 5xx', async () => {
    const seen = {};
    const list = pairs();
    const line = [...list];
    const workers = worlds.map(async (world) => {
        for (let pair; (pair = line.pop()) !== undefined;) {
            await meet(world, pair, seen);
        }
    });
    await Promise.all(workers);
    console.log(`# ${list.length} pairs: ${JSON.stringify(seen)}`);
    assert.ok(server.isRunning(), server.output.slice(-2000));
    assert.ok(seen[200] > list.length, 'most of them do something');
});

/** The two that met an assertion between two readings: a change reads what it changes while the object goes. */
test('an instance that is changed while it is removed is changed or missing', async () => {
    const [world] = worlds;
    const seen = {};
    for (let round = 0; round < ROUNDS; round++) {
        await newSource(world);
        // Changes that come one after the other on each connection, and in their midst the removal.
        const jobs = Array.from({ length: 96 }, (_, index) => (index === 40 ? 'DeleteInstance' : 'ModifyInstance')).map((name) => ({ name, build: () => requestOf(world, name) }));
        await pipeline(server, jobs, ({ name }, { status, text }) => {
            seen[status] = (seen[status] ?? 0) + 1;
            assert.ok([200, 404].includes(status), `${name}: ${status} ${text.slice(0, 300)}`);
        }, { connections: 8, ahead: 6 });
    }
    console.log(`# ${JSON.stringify(seen)}`);
    assert.ok(seen[200] > 0 && seen[404] > 0, 'some came before and some after');
});

after(async () => {
    agent.destroy();
    await server.close();
});
await run(async () => {
    await server.start();
    agent = new http.Agent({ keepAlive: true, maxSockets: 2 * REPEATS * WORLDS });
    client = new Raw(server);
    worlds = await Promise.all(Array.from({ length: WORLDS }, (_, index) => makeWorld(server, client, `pairs${index}`)));
}, 550000);
