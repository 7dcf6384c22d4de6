#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Scenarios, owners, stakeholders and the detailed flow list: every operation by the vendor's clients and in XML, who may
// call what, and what another tenant sees.
import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { createFlow, tryRun, untilStatus, SUCCESS } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { called } from './lib/spec.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();

const ACTIONS = (
    'CreateScenario UpdateScenario DeleteScenario ListScenarios MoveTaskFlowToScenario UpdateTaskFlowOwner ' +
    'ListTaskFlowCooperators UpdateTaskFlowCooperators ListTaskFlowsByPage'
).split(' ');

const NO_FLOW = [404, 'TaskFlowNotExist'];
const NO_SCENARIO = [404, 'ScenarioNotExist'];
const NO_USER = [404, 'UserNotExist'];
const FORBIDDEN = [403, 'NoPermission'];

/** What a refusal says, without what differs from call to call. */
function essence(reply, id) {
    const { RequestId, HostId, Recommend, ...rest } = reply;
    return JSON.parse(JSON.stringify(rest).replaceAll(String(id), 'ID'));
}

async function byPage(client, params = {}) {
    const reply = await client.call('ListTaskFlowsByPage', params);
    return { total: reply.TotalCount, flows: reply.TaskFlowList.TaskFlow };
}

async function scenarios(client, index) {
    const name = `loads <${index}>`;
    const { ScenarioId } = await client.call('CreateScenario', { ScenarioName: name, Description: 'by night' });
    await refused(client, 'CreateScenario', { ScenarioName: name }, 403, 'NameExisted');
    await refused(client, 'CreateScenario', { ScenarioName: 'x'.repeat(129) }, 400, 'InvalidScenarioName');
    const other = await client.call('CreateScenario', { ScenarioName: `reports ${index}` });
    await refused(client, 'UpdateScenario', { ScenarioId: String(ScenarioId), ScenarioName: `reports ${index}` }, 403, 'NameExisted');
    await client.call('UpdateScenario', { ScenarioId: String(ScenarioId), ScenarioName: `Loads ${index}` });
    const mine = (list) => list.ScenarioList.filter((one) => [ScenarioId, other.ScenarioId].includes(one.Id));
    const listed = mine(await client.call('ListScenarios'));
    assert.deepEqual(
        listed.map((one) => [one.Id, one.ScenarioName, one.Description]),
        [[ScenarioId, `Loads ${index}`, 'by night'], [other.ScenarioId, `reports ${index}`, '']],
    );

    const { DagId } = await client.call('CreateTaskFlow', { DagName: `in a scenario ${index}`, ScenarioId });
    assert.equal((await byPage(client, { DagIdList: [DagId] })).flows[0].ScenarioId, String(ScenarioId));
    await refused(client, 'DeleteScenario', { ScenarioId }, 403, 'ScenarioNotEmpty');
    await client.call('MoveTaskFlowToScenario', { DagId, ScenarioId: other.ScenarioId });
    await client.call('DeleteScenario', { ScenarioId });
    await refused(client, 'DeleteScenario', { ScenarioId }, ...NO_SCENARIO);
    await refused(client, 'MoveTaskFlowToScenario', { DagId, ScenarioId }, ...NO_SCENARIO);
    await refused(client, 'CreateTaskFlow', { DagName: 'nowhere', ScenarioId }, ...NO_SCENARIO);
    await client.call('MoveTaskFlowToScenario', { DagId, ScenarioId: -1 });
    assert.equal((await byPage(client, { DagIdList: [DagId] })).flows[0].ScenarioId, '0');
    await client.call('MoveTaskFlowToScenario', { DagId, ScenarioId: other.ScenarioId });
    await client.call('MoveTaskFlowToScenario', { DagId });
    assert.equal((await byPage(client, { DagIdList: [DagId], ScenarioId: 0 })).total, 1);
    for (const [action, params] of [['DeleteScenario', { ScenarioId: 0 }], ['UpdateScenario', { ScenarioId: '0', ScenarioName: 'x' }]]) {
        await refused(client, action, params, 403, 'InvalidParameterValid');
    }
    await refused(client, 'UpdateScenario', { ScenarioId: 'one', ScenarioName: 'x' }, 400, 'InvalidScenarioId');
    await client.call('DeleteScenario', { ScenarioId: other.ScenarioId });
    return DagId;
}

let people;

/** The actors of all tests: made once, by the first that needs them. */
async function cast() {
    if (people === undefined) {
        const [owner, helper, other, dba] = [
            await makeUser(server, { nick: 'owner' }),
            await makeUser(server, { nick: 'helper' }),
            await makeUser(server, { nick: 'other' }),
            await makeUser(server, { nick: 'dba', roles: ['DBA'] }),
        ];
        const away = await makeUser(server, { nick: 'away' });
        await new Raw(server).call('DisableUser', { Uid: away.uid });
        people = { owner, helper, other, dba, away, foreign: await makeTenant(server) };
    }
    return people;
}

async function sharing(client, index) {
    const { owner, helper, other, away, foreign } = await cast();
    const { DagId } = await owner.client.call('CreateTaskFlow', { DagName: `shared ${index}` });
    const cooperators = async () => (await client.call('ListTaskFlowCooperators', { DagId })).CooperatorList.Cooperator;
    assert.deepEqual(await cooperators(), []);

    await client.call('UpdateTaskFlowCooperators', { DagId, CooperatorIds: [String(other.userId), String(helper.userId)] });
    const named = await cooperators();
    assert.deepEqual(named.map((one) => one.UserId), [String(helper.userId), String(other.userId)]);
    assert.deepEqual([named[0].NickName, named[0].LoginName, 'Email' in named[0]], ['helper', helper.uid, false]);
    // Numbers are as good as texts; the list replaces the old one.
    await client.call('UpdateTaskFlowCooperators', { DagId, CooperatorIds: [Number(helper.userId)] });
    assert.deepEqual((await cooperators()).map((one) => one.NickName), ['helper']);
    for (const id of ['1', foreign.userId]) {
        await refused(client, 'UpdateTaskFlowCooperators', { DagId, CooperatorIds: [helper.userId, String(id)] }, ...NO_USER);
        await refused(client, 'UpdateTaskFlowOwner', { DagId, NewOwnerId: String(id) }, ...NO_USER);
    }
    await refused(client, 'UpdateTaskFlowCooperators', { DagId, CooperatorIds: [String(away.userId)] }, 404, 'UserStatusIllegal');
    await refused(client, 'UpdateTaskFlowOwner', { DagId, NewOwnerId: String(away.userId) }, 404, 'UserStatusIllegal');
    await refused(client, 'UpdateTaskFlowCooperators', { DagId, CooperatorIds: ['me'] }, 400, 'InvalidCooperatorIds');
    await refused(client, 'UpdateTaskFlowOwner', { DagId, NewOwnerId: 'me' }, 400, 'InvalidNewOwnerId');
    assert.deepEqual((await cooperators()).map((one) => one.NickName), ['helper'], 'a refusal changes nothing');

    await client.call('UpdateTaskFlowOwner', { DagId, NewOwnerId: String(other.userId) });
    const [flow] = (await byPage(client, { DagIdList: [DagId] })).flows;
    assert.deepEqual([flow.DagOwnerId, flow.DagOwnerNickName, flow.CreatorId], [String(other.userId), 'other', String(owner.userId)]);
    await refused(owner.client, 'GetTaskFlowGraph', { DagId }, ...FORBIDDEN);
    await other.client.call('UpdateTaskFlowOwner', { DagId, NewOwnerId: String(owner.userId) });
    await client.call('UpdateTaskFlowCooperators', { DagId });
    assert.deepEqual(await cooperators(), []);
}

async function listing(client, index) {
    const { DagId } = await createFlow(client, `Paged <${index}> one`, { only: 'true' });
    const two = (await client.call('CreateTaskFlow', { DagName: `paged <${index}> two`, Description: 'a & b' })).DagId;
    const SearchKey = `pAGED <${index}>`;
    const all = await byPage(client, { SearchKey });
    assert.deepEqual([all.total, all.flows.map((flow) => flow.Id)], [2, [two, DagId]]);
    const second = await byPage(client, { SearchKey, PageIndex: 2, PageSize: 1 });
    assert.deepEqual([second.total, second.flows.map((flow) => flow.Id)], [2, [DagId]]);
    assert.deepEqual((await byPage(client, { SearchKey, PageIndex: 3, PageSize: 1 })).flows, []);
    assert.equal((await byPage(client, { SearchKey, DagIdList: [String(DagId), 987654] })).total, 1);
    assert.equal((await byPage(client, { SearchKey, DagIdList: [] })).total, 2, 'an empty list is no condition');
    assert.equal((await byPage(client, { SearchKey, ScenarioId: 987654 })).total, 0);
    assert.equal((await byPage(client, { SearchKey: '%' })).total, 0);
    await refused(client, 'ListTaskFlowsByPage', { PageIndex: 0 }, 400, 'InvalidPageIndex');
    await refused(client, 'ListTaskFlowsByPage', { PageSize: 1001 }, 400, 'InvalidPageSize');
    await refused(client, 'ListTaskFlowsByPage', { DagIdList: '[[1]]' }, 400, 'InvalidDagIdList');

    const { Id, Description, ScenarioId, CronSwitch, CronBeginDate, CronEndDate, TriggerType, TimeZoneId, Status, ...rest } = all.flows[0];
    assert.deepEqual([Id, Description, ScenarioId, CronSwitch, TriggerType, TimeZoneId, Status], [two, 'a & b', '0', false, 0, 'Asia/Shanghai', 1]);
    assert.deepEqual([CronBeginDate, CronEndDate], ['1970-01-01', '9999-01-01']);
    for (const absent of ['CronStr', 'CronType', 'ScheduleParam', 'DeployId', 'LatestInstanceStatus', 'SpaceId']) {
        assert.ok(!(absent in rest), absent);
    }
    await untilStatus(client, DagId, await tryRun(client, DagId), SUCCESS);
    const { DeployId } = await client.call('PublishAndDeployTaskFlow', { DagId });
    const [ran] = (await byPage(client, { DagIdList: [DagId] })).flows;
    assert.deepEqual([ran.DeployId, ran.LatestInstanceStatus, ran.LatestInstanceStateName], [DeployId, SUCCESS, 'SUCCESS']);
    assert.match(ran.LatestInstanceTime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
}

const TOURISTS = [
    ['pop-core', () => vendorClients(server)[0]],
    ['pop-core, by GET', () => vendorClients(server)[1]],
    ['openapi-client', () => vendorClients(server)[2]],
    ['openapi-core', () => vendorClients(server)[4]],
    ['raw, v1, in XML', () => new Raw(server, { generation: 'v1', format: 'XML' })],
    ['raw, v3, in XML', () => new Raw(server, { generation: 'v3', format: 'XML' })],
];

TOURISTS.forEach(([name, make], index) => {
    test(`${name}: scenarios`, async () => {
        called.clear();
        await scenarios(make(), index);
    });
    test(`${name}: owner and stakeholders`, () => sharing(make(), index));
    test(`${name}: flows by page`, () => listing(make(), index));
    test(`${name}: no operation was left out`, () => {
        assert.deepEqual(ACTIONS.filter((action) => !called.has(action)), []);
    });
});

/** Calls that need each right on a flow; every one of them can be repeated. */
const RIGHTS = {
    VIEW: (DagId) => [
        ['GetTaskFlowGraph', { DagId }],
        ['ListTaskFlowCooperators', { DagId }],
        ['ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 1 }],
    ],
    OPERATE: (DagId) => [['TryRunTaskFlow', { DagId }]],
    EDIT: (DagId, { helper }) => [
        ['UpdateTaskFlowNameAndDesc', { DagId, DagName: 'rights' }],
        ['UpdateTaskFlowCooperators', { DagId, CooperatorIds: [String(helper.userId)] }],
        ['MoveTaskFlowToScenario', { DagId }],
    ],
    CHANGE_OWNER: (DagId, { owner }) => [['UpdateTaskFlowOwner', { DagId, NewOwnerId: String(owner.userId) }]],
};

test('each relation has its rights on a flow, and no other', async () => {
    const actors = await cast();
    const { DagId } = await createFlow(actors.owner.client, 'rights', { only: 'true' });
    await actors.owner.client.call('UpdateTaskFlowCooperators', { DagId, CooperatorIds: [String(actors.helper.userId)] });
    const table = {
        owner: ['VIEW', 'OPERATE', 'EDIT', 'CHANGE_OWNER'],
        helper: ['VIEW', 'OPERATE'],
        other: [],
        dba: ['VIEW', 'OPERATE', 'EDIT', 'CHANGE_OWNER'],
    };
    for (const [actor, rights] of Object.entries(table)) {
        const { client } = actors[actor];
        for (const [right, calls] of Object.entries(RIGHTS)) {
            for (const [action, params] of calls(DagId, actors)) {
                if (rights.includes(right)) {
                    await client.call(action, params);
                } else {
                    await refused(client, action, params, ...FORBIDDEN);
                }
            }
        }
        const seen = rights.includes('VIEW') ? 1 : 0;
        assert.equal((await byPage(client, { DagIdList: [DagId] })).total, seen, actor);
        assert.equal((await byPage(client, { SearchKey: 'rights' })).total, seen, actor);
        const listed = (await client.call('ListTaskFlow')).TaskFlowList.TaskFlow;
        assert.equal(listed.filter((flow) => flow.Id === DagId).length, seen, actor);
    }
});

test('to another tenant a flow and a scenario look like unknown ones', async () => {
    const { owner, helper, foreign } = await cast();
    const { DagId } = await owner.client.call('CreateTaskFlow', { DagName: 'a secret' });
    const { ScenarioId } = await owner.client.call('CreateScenario', { ScenarioName: 'a secret' });
    const own = (await foreign.client.call('CreateTaskFlow', { DagName: 'foreign' })).DagId;
    const unknown = 98765432;
    const same = async (action, params, code, id) => {
        const real = await refused(foreign.client, action, params(id), ...code);
        const none = await refused(foreign.client, action, params(unknown), ...code);
        assert.deepEqual(essence(real, id), essence(none, unknown), action);
    };
    await same('MoveTaskFlowToScenario', (id) => ({ DagId: id }), NO_FLOW, DagId);
    await same('UpdateTaskFlowOwner', (id) => ({ DagId: id, NewOwnerId: '1' }), NO_FLOW, DagId);
    await same('ListTaskFlowCooperators', (id) => ({ DagId: id }), NO_FLOW, DagId);
    await same('UpdateTaskFlowCooperators', (id) => ({ DagId: id }), NO_FLOW, DagId);
    await same('UpdateScenario', (id) => ({ ScenarioId: String(id), ScenarioName: 'x' }), NO_SCENARIO, ScenarioId);
    await same('DeleteScenario', (id) => ({ ScenarioId: id }), NO_SCENARIO, ScenarioId);
    await same('MoveTaskFlowToScenario', (id) => ({ DagId: own, ScenarioId: id }), NO_SCENARIO, ScenarioId);
    await same('CreateTaskFlow', (id) => ({ DagName: 'x', ScenarioId: id }), NO_SCENARIO, ScenarioId);
    await same('UpdateTaskFlowOwner', (id) => ({ DagId: own, NewOwnerId: String(id) }), NO_USER, helper.userId);
    await same('UpdateTaskFlowCooperators', (id) => ({ DagId: own, CooperatorIds: [String(id)] }), NO_USER, helper.userId);
    assert.deepEqual((await foreign.client.call('ListScenarios')).ScenarioList, []);
    assert.equal((await byPage(foreign.client, { DagIdList: [DagId, own] })).total, 1);
    assert.equal((await byPage(foreign.client, { ScenarioId })).total, 0);
});

test('a scenario is changed by its creator, a DBA or an administrator', async () => {
    const { owner, other, dba } = await cast();
    const { ScenarioId } = await owner.client.call('CreateScenario', { ScenarioName: 'whose' });
    const rename = { ScenarioId: String(ScenarioId), ScenarioName: 'whose' };
    await refused(other.client, 'UpdateScenario', rename, ...FORBIDDEN);
    await refused(other.client, 'DeleteScenario', { ScenarioId }, ...FORBIDDEN);
    assert.ok((await other.client.call('ListScenarios')).ScenarioList.some((one) => one.Id === ScenarioId));
    for (const client of [owner.client, dba.client, new Raw(server)]) {
        await client.call('UpdateScenario', rename);
    }
    await dba.client.call('DeleteScenario', { ScenarioId });
});

after(() => server.close());
await run(() => server.start());
