#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Workspaces, their members and their flows: every operation by the vendor's clients and in XML, who may call what, and what
// somebody outside sees.
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { createFlow, tryRun, untilStatus, SUCCESS } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { called } from './lib/spec.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();

const ACTIONS = (
    'CreateLakeHouseSpace GetLhSpaceByName DeleteLakeHouseSpace AddLhMembers DeleteLhMembers ListLhTaskFlowAndScenario ' +
    'ChangeLhDagOwner'
).split(' ');

const SPACE = 0;
const FLOW = 1;
const NO_SPACE = [404, 'SpaceNotExist'];
const NO_FLOW = [404, 'TaskFlowNotExist'];
const NO_USER = [404, 'UserNotExist'];
const FORBIDDEN = [403, 'NoPermission'];
const UNFIT = [403, 'InvalidParameterValid'];

/** What a refusal says, without what differs from call to call. */
function essence(reply, id) {
    const { RequestId, HostId, Recommend, ...rest } = reply;
    return JSON.parse(JSON.stringify(rest).replaceAll(String(id), 'ID'));
}

let databaseId;

/** The id of a database of the tenant, as digits: a new SQLite file. */
async function database() {
    if (databaseId === undefined) {
        const client = new Raw(server);
        const Host = path.join(server.workspace(), 'warehouse.db');
        await client.call('RegisterInstance', {
            EnvType: 'dev',
            NetworkType: 'VPC',
            InstanceType: 'sqlite',
            InstanceSource: 'VPC_IDC',
            Host,
            Port: 0,
            DatabaseUser: 'nobody',
            DatabasePassword: 'unused',
            InstanceAlias: 'warehouse',
            DbaUid: server.credentials().uid,
            SafeRule: 'free',
            QueryTimeout: 60,
            ExportTimeout: 60,
            EcsRegion: 'local',
            VpcId: 'local',
        });
        const { InstanceId } = (await client.call('GetInstance', { Host, Port: 0 })).Instance;
        databaseId = (await client.call('ListDatabases', { InstanceId })).DatabaseList.Database[0].DatabaseId;
    }
    return databaseId;
}

async function newSpace(client, SpaceName, more = {}) {
    const params = { SpaceName, DevDbId: await database(), DwDbType: '14', Mode: '1', SpaceConfig: '{}', ...more };
    return (await client.call('CreateLakeHouseSpace', params)).SpaceId;
}

function members(ObjectType, ObjectId, ...list) {
    return { ObjectType, ObjectId, Members: list.map(([who, ...Roles]) => ({ UserId: Number(who.userId), Roles })) };
}

function dismissed(ObjectType, ObjectId, ...list) {
    return { ObjectType, ObjectId, MemberIds: list.map((who) => Number(who.userId)) };
}

let people;

/** The actors of all tests. */
async function cast() {
    if (people === undefined) {
        people = {};
        for (const nick of ['chief', 'member', 'developer', 'other', 'next']) {
            people[nick] = await makeUser(server, { nick });
        }
        people.dba = await makeUser(server, { nick: 'dba', roles: ['DBA'] });
        people.foreign = await makeTenant(server);
    }
    return people;
}

async function spaces(client, index) {
    const SpaceName = `house <${index}>`;
    const DevDbId = await database();
    const SpaceConfig = '{"skipPublishApprove":true, "own":[1]}';
    const [DwDbType, engine] = index % 2 === 0 ? ['18', '18'] : ['POLARDB_POSTGRESQL', 'polardb-pg']; // two words for one
    const SpaceId = await newSpace(client, SpaceName, { ProdDbId: DevDbId, Description: 'a & b', SpaceConfig, DwDbType });
    const { LakehouseSpace } = await client.call('GetLhSpaceByName', { SpaceName });
    const { CreatorId, TenantId, ...rest } = LakehouseSpace;
    assert.deepEqual(rest, {
        Id: SpaceId,
        SpaceName,
        Description: 'a & b',
        Mode: 1,
        DwDbType: engine,
        DevDbId: Number(DevDbId),
        ProdDbId: Number(DevDbId),
        SpaceConfig,
        IsDeleted: false,
    });
    assert.deepEqual([typeof CreatorId, TenantId], ['string', server.credentials().tenant_id]);
    assert.ok(!('LakehouseSpace' in (await client.call('GetLhSpaceByName', { SpaceName: `${SpaceName} ` }))), 'names match exactly');

    const good = { SpaceName: `other ${index}`, DevDbId, DwDbType: '14', Mode: '1', SpaceConfig: '{}' };
    const bad = async (change, ...refusal) => refused(client, 'CreateLakeHouseSpace', { ...good, ...change }, ...refusal);
    await bad({ SpaceName }, 403, 'NameExisted');
    await bad({ Mode: '0' }, ...UNFIT);
    await bad({ Mode: '7' }, 400, 'InvalidMode');
    await bad({ DwDbType: '15' }, ...UNFIT);
    await bad({ SpaceConfig: 'yes' }, 400, 'InvalidSpaceConfig');
    await bad({ SpaceConfig: '{"skipManualRunCheck":"yes"}' }, 400, 'InvalidSpaceConfig');
    await bad({ DevDbId: 'main' }, 400, 'InvalidDevDbId');
    await bad({ DevDbId: '98765432' }, 404, 'DatabaseNotExist');
    await bad({ ProdDbId: '98765432' }, 404, 'DatabaseNotExist');
    const half = await newSpace(client, good.SpaceName);
    assert.ok(!('ProdDbId' in (await client.call('GetLhSpaceByName', { SpaceName: good.SpaceName })).LakehouseSpace));
    await client.call('DeleteLakeHouseSpace', { SpaceId: half });
    await refused(client, 'DeleteLakeHouseSpace', { SpaceId: half }, ...NO_SPACE);
    assert.ok(!('LakehouseSpace' in (await client.call('GetLhSpaceByName', { SpaceName: good.SpaceName }))));
    return SpaceId;
}

async function membership(client, SpaceId, index) {
    const { member, developer, other, next } = await cast();
    await refused(member.client, 'ListLhTaskFlowAndScenario', { SpaceId }, ...NO_SPACE);
    await client.call('AddLhMembers', members(SPACE, SpaceId, [member, 'MEMBER'], [developer, 'MEMBER']));
    await client.call('AddLhMembers', members(SPACE, SpaceId, [member, 'MEMBER']));
    const { DagId } = await member.client.call('CreateTaskFlow', { DagName: `inside ${index}`, SpaceId });
    const outside = (await client.call('CreateTaskFlow', { DagName: `outside ${index}` })).DagId;

    await refused(client, 'AddLhMembers', members(SPACE, SpaceId, [other, 'DEVELOPER']), ...UNFIT);
    await refused(client, 'AddLhMembers', members(FLOW, DagId, [developer, 'MEMBER']), ...UNFIT);
    await refused(client, 'AddLhMembers', members(FLOW, DagId, [other, 'DEVELOPER']), ...UNFIT);
    await refused(client, 'AddLhMembers', members(FLOW, outside, [member, 'DEVELOPER']), ...UNFIT);
    await refused(client, 'AddLhMembers', members(SPACE, SpaceId, [{ userId: 1 }, 'MEMBER']), ...NO_USER);
    await refused(client, 'AddLhMembers', members(SPACE, SpaceId, [other, 'OWNER']), 400, 'InvalidMembers');
    await refused(client, 'AddLhMembers', members(2, SpaceId, [other, 'MEMBER']), 400, 'InvalidObjectType');
    await refused(client, 'AddLhMembers', members(SPACE, SpaceId), 400, 'InvalidMembers');
    await refused(client, 'AddLhMembers', members(SPACE, DagId, [other, 'MEMBER']), ...NO_SPACE);
    await refused(client, 'DeleteLhMembers', dismissed(FLOW, SpaceId, other), ...NO_FLOW);

    await client.call('AddLhMembers', members(FLOW, DagId, [developer, 'DEVELOPER']));
    await developer.client.call('UpdateTaskFlowNameAndDesc', { DagId, DagName: `inside ${index}`, Description: 'developed' });
    await client.call('DeleteLhMembers', dismissed(FLOW, DagId, developer, other));
    await refused(developer.client, 'UpdateTaskFlowNameAndDesc', { DagId, DagName: 'x' }, ...FORBIDDEN);
    await refused(client, 'DeleteLhMembers', dismissed(FLOW, DagId, member), ...UNFIT);
    await refused(client, 'DeleteLhMembers', dismissed(SPACE, SpaceId, member), ...UNFIT);

    await refused(client, 'ChangeLhDagOwner', { DagId, OwnerUserId: next.userId }, ...UNFIT);
    await refused(client, 'ChangeLhDagOwner', { DagId: outside, OwnerUserId: next.userId }, ...UNFIT);
    await refused(client, 'ChangeLhDagOwner', { DagId, OwnerUserId: 1 }, ...NO_USER);
    await refused(developer.client, 'ChangeLhDagOwner', { DagId, OwnerUserId: developer.userId }, ...FORBIDDEN);
    await client.call('AddLhMembers', members(SPACE, SpaceId, [next, 'MEMBER']));
    await client.call('ChangeLhDagOwner', { DagId, OwnerUserId: next.userId });
    await client.call('DeleteLhMembers', dismissed(SPACE, SpaceId, member, other));
    await refused(member.client, 'GetTaskFlowGraph', { DagId }, ...FORBIDDEN);
    await next.client.call('ChangeLhDagOwner', { DagId, OwnerUserId: next.userId });
    return DagId;
}

async function content(client, SpaceId, DagId, index) {
    const { developer, next, other, member } = await cast();
    const { ScenarioId } = await client.call('CreateScenario', { ScenarioName: 'loads', Description: 'by night', SpaceId });
    const empty = (await next.client.call('CreateScenario', { ScenarioName: 'empty', SpaceId })).ScenarioId;
    const outer = (await client.call('CreateScenario', { ScenarioName: `outer ${index}` })).ScenarioId;
    await refused(other.client, 'CreateScenario', { ScenarioName: 'x', SpaceId }, ...NO_SPACE);
    await refused(other.client, 'ListScenarios', { SpaceId }, ...NO_SPACE);
    await refused(other.client, 'CreateTaskFlow', { DagName: 'x', SpaceId }, ...NO_SPACE);
    assert.deepEqual((await next.client.call('ListScenarios', { SpaceId })).ScenarioList.map((one) => one.Id), [ScenarioId, empty]);
    const made = await createFlow(client, `made ${index}`, { only: 'true' });
    await refused(client, 'MoveTaskFlowToScenario', { DagId: made.DagId, ScenarioId }, 404, 'ScenarioNotExist');
    await refused(client, 'MoveTaskFlowToScenario', { DagId, ScenarioId: outer }, 404, 'ScenarioNotExist');
    const filed = (await client.call('CreateTaskFlow', { DagName: `filed ${index}`, SpaceId, ScenarioId })).DagId;
    const { NodeId } = await client.call('CreateTask', { DagId: filed, NodeName: 'only', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: '{"script":"true"}' });
    assert.ok(NodeId > 0);
    await untilStatus(client, filed, await tryRun(client, filed), SUCCESS);

    const found = await client.call('ListLhTaskFlowAndScenario', { SpaceId });
    assert.deepEqual(found.RawDAGList.Dag.map((flow) => flow.Id), [DagId]);
    const { LatestInstanceTime, CreatorNickName, DagOwnerNickName, CreatorId, DagOwnerId, ...flow } = found.ScenarioDAGList.ScenarioDAG[0].DagList.Dag[0];
    assert.ok(Math.abs(LatestInstanceTime - Date.now() / 1000) < 600, 'seconds since 1970');
    assert.deepEqual(flow, {
        Id: filed,
        DagName: `filed ${index}`,
        ScenarioId,
        SpaceId,
        Status: 1,
        LatestInstanceStatus: SUCCESS,
        IsDeleted: false,
        CanEdit: true,
    });
    assert.deepEqual(
        found.ScenarioDAGList.ScenarioDAG.map((one) => [one.Scenario.Id, one.Scenario.ScenarioName, one.DagList.Dag.length]),
        [[ScenarioId, 'loads', 1], [empty, 'empty', 0]],
    );
    const [shown] = (await client.call('ListTaskFlowsByPage', { DagIdList: [filed] })).TaskFlowList.TaskFlow;
    assert.equal(shown.SpaceId, SpaceId);

    // Of one user: what that user owns, helps with or develops, and the scenarios that hold it or were made by that user.
    const ofNext = await client.call('ListLhTaskFlowAndScenario', { SpaceId, UserId: next.userId });
    assert.deepEqual(ofNext.RawDAGList.Dag.map((one) => one.Id), [DagId]);
    assert.deepEqual(ofNext.ScenarioDAGList.ScenarioDAG.map((one) => one.Scenario.Id), [empty]);
    await refused(client, 'ListLhTaskFlowAndScenario', { SpaceId, UserId: 1 }, ...NO_USER);
    const ofMember = await developer.client.call('ListLhTaskFlowAndScenario', { SpaceId });
    assert.deepEqual(ofMember.RawDAGList.Dag.map((one) => one.CanEdit), [false]);
    await refused(developer.client, 'ListLhTaskFlowAndScenario', { SpaceId, UserId: next.userId }, ...FORBIDDEN);
    await refused(member.client, 'ListLhTaskFlowAndScenario', { SpaceId }, ...NO_SPACE);

    await refused(client, 'DeleteLakeHouseSpace', { SpaceId }, 403, 'SpaceNotEmpty');
    await client.call('DeleteTaskFlow', { DagId });
    await client.call('DeleteTaskFlow', { DagId: filed });
    await client.call('DeleteLakeHouseSpace', { SpaceId });
    await refused(client, 'ListScenarios', { SpaceId }, ...NO_SPACE);
}

const TOURISTS = [
    ['pop-core', () => vendorClients(server)[0]],
    ['openapi-client', () => vendorClients(server)[2]],
    ['openapi-core', () => vendorClients(server)[4]],
    ['raw, v1, in XML', () => new Raw(server, { generation: 'v1', format: 'XML' })],
    ['raw, v3, in XML', () => new Raw(server, { generation: 'v3', format: 'XML' })],
];

TOURISTS.forEach(([name, make], index) => {
    let client;
    let space;
    let flow;
    test(`${name}: workspaces`, async () => {
        client = make();
        called.clear();
        space = await spaces(client, index);
    });
    test(`${name}: members, developers and owners`, async () => {
        flow = await membership(client, space, index);
    });
    test(`${name}: flows and scenarios of a workspace`, () => content(client, space, flow, index));
    test(`${name}: no operation was left out`, () => {
        assert.deepEqual(ACTIONS.filter((action) => !called.has(action)), []);
    });
});

test('each relation has its rights on a flow of a workspace, and no other', async () => {
    const actors = await cast();
    const admin = new Raw(server);
    const { chief, member, developer, other } = actors;
    const SpaceId = await newSpace(admin, 'rights');
    await actors.dba.client.call('AddLhMembers', members(SPACE, SpaceId, [chief, 'ADMIN'], [member, 'MEMBER'], [developer, 'MEMBER']));
    const { DagId } = await chief.client.call('CreateTaskFlow', { DagName: 'rights', SpaceId });
    await chief.client.call('CreateTask', { DagId, NodeName: 'only', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: '{"script":"true"}' });
    await admin.call('AddLhMembers', members(SPACE, SpaceId, [actors.next, 'ADMIN', 'MEMBER']));
    await actors.next.client.call('AddLhMembers', members(FLOW, DagId, [developer, 'DEVELOPER']));
    const calls = {
        VIEW: ['GetTaskFlowGraph', { DagId }],
        OPERATE: ['TryRunTaskFlow', { DagId }],
        EDIT: ['UpdateTaskFlowNameAndDesc', { DagId, DagName: 'rights' }],
        CHANGE_OWNER: ['ChangeLhDagOwner', { DagId, OwnerUserId: chief.userId }],
        SEE_SPACE: ['ListLhTaskFlowAndScenario', { SpaceId }],
        MANAGE: ['AddLhMembers', members(SPACE, SpaceId, [member, 'MEMBER'])],
        APPOINT: ['AddLhMembers', members(SPACE, SpaceId, [actors.next, 'ADMIN'])],
        FIND: ['GetLhSpaceByName', { SpaceName: 'rights' }],
    };
    const all = Object.keys(calls);
    const table = {
        chief: all.slice(0, 6), // the owner, and an administrator of the workspace
        next: all.slice(0, 6), // an administrator of the workspace
        developer: ['VIEW', 'OPERATE', 'EDIT', 'SEE_SPACE'],
        member: ['VIEW', 'SEE_SPACE'],
        other: [],
        dba: all,
    };
    for (const [actor, rights] of Object.entries(table)) {
        for (const [right, [action, params]] of Object.entries(calls)) {
            if (rights.includes(right)) {
                await actors[actor].client.call(action, params);
            } else {
                const hidden = actor === 'other' && ['SEE_SPACE', 'MANAGE', 'APPOINT'].includes(right);
                await refused(actors[actor].client, action, params, ...(hidden ? NO_SPACE : FORBIDDEN));
            }
        }
        const seen = rights.includes('VIEW') ? 1 : 0;
        assert.equal((await actors[actor].client.call('ListTaskFlowsByPage', { SearchKey: 'rights' })).TotalCount, seen, actor);
    }
    const params = { SpaceName: 'mine', DevDbId: await database(), DwDbType: '14', Mode: '1', SpaceConfig: '{}' };
    for (const { client } of [chief, other]) {
        await refused(client, 'CreateLakeHouseSpace', params, ...FORBIDDEN);
        await refused(client, 'DeleteLakeHouseSpace', { SpaceId }, ...FORBIDDEN);
    }
    await refused(chief.client, 'DeleteLhMembers', dismissed(SPACE, SpaceId, actors.next), ...FORBIDDEN);
    // A workspace's administrator may change a scenario that somebody else made there.
    const { ScenarioId } = await member.client.call('CreateScenario', { ScenarioName: 'loads', SpaceId });
    await refused(developer.client, 'DeleteScenario', { ScenarioId }, ...FORBIDDEN);
    await refused(other.client, 'DeleteScenario', { ScenarioId }, 404, 'ScenarioNotExist');
    await actors.next.client.call('DeleteScenario', { ScenarioId });
});

test('to another tenant a workspace and what is in it look like unknown ones', async () => {
    const { foreign, chief } = await cast();
    const admin = new Raw(server);
    const SpaceId = await newSpace(admin, 'secret');
    await admin.call('AddLhMembers', members(SPACE, SpaceId, [chief, 'MEMBER']));
    const { DagId } = await chief.client.call('CreateTaskFlow', { DagName: 'secret inside', SpaceId });
    const DevDbId = await database();
    const unknown = 98765432;
    const same = async (action, params, code, id) => {
        const real = await refused(foreign.client, action, params(id), ...code);
        const none = await refused(foreign.client, action, params(unknown), ...code);
        assert.deepEqual(essence(real, id), essence(none, unknown), action);
    };
    await same('ListLhTaskFlowAndScenario', (id) => ({ SpaceId: id }), NO_SPACE, SpaceId);
    await same('DeleteLakeHouseSpace', (id) => ({ SpaceId: id }), NO_SPACE, SpaceId);
    await same('ListScenarios', (id) => ({ SpaceId: id }), NO_SPACE, SpaceId);
    await same('CreateScenario', (id) => ({ ScenarioName: 'x', SpaceId: id }), NO_SPACE, SpaceId);
    await same('CreateTaskFlow', (id) => ({ DagName: 'x', SpaceId: id }), NO_SPACE, SpaceId);
    await same('AddLhMembers', (id) => members(SPACE, id, [foreign, 'MEMBER']), NO_SPACE, SpaceId);
    await same('DeleteLhMembers', (id) => dismissed(SPACE, id, foreign), NO_SPACE, SpaceId);
    await same('AddLhMembers', (id) => members(FLOW, id, [foreign, 'DEVELOPER']), NO_FLOW, DagId);
    await same('DeleteLhMembers', (id) => dismissed(FLOW, id, foreign), NO_FLOW, DagId);
    await same('ChangeLhDagOwner', (id) => ({ DagId: id, OwnerUserId: foreign.userId }), NO_FLOW, DagId);
    const space = { SpaceName: 'x', DwDbType: '14', Mode: '1', SpaceConfig: '{}' };
    await same('CreateLakeHouseSpace', (id) => ({ ...space, DevDbId: String(id) }), [404, 'DatabaseNotExist'], DevDbId);
    assert.ok(!('LakehouseSpace' in (await foreign.client.call('GetLhSpaceByName', { SpaceName: 'secret' }))));
    // A user of another tenant can not be named either.
    await refused(admin, 'AddLhMembers', members(SPACE, SpaceId, [foreign, 'MEMBER']), ...NO_USER);
    await refused(admin, 'ChangeLhDagOwner', { DagId, OwnerUserId: foreign.userId }, ...NO_USER);
});

test('what is published keeps its owner until it is published again', async () => {
    const { chief, next } = await cast();
    const admin = new Raw(server);
    const SpaceId = await newSpace(admin, 'owners');
    await admin.call('AddLhMembers', members(SPACE, SpaceId, [chief, 'MEMBER'], [next, 'MEMBER']));
    const { DagId } = await chief.client.call('CreateTaskFlow', { DagName: 'owners', SpaceId });
    await chief.client.call('CreateTask', { DagId, NodeName: 'only', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: '{"script":"true"}' });
    const newest = async () => (await admin.call('ListDAGVersions', { DagId, PageIndex: 1, PageSize: 1 })).DagVersionList.DagVersion[0];
    await chief.client.call('PublishAndDeployTaskFlow', { DagId });
    await chief.client.call('ChangeLhDagOwner', { DagId, OwnerUserId: next.userId });
    assert.equal((await newest()).DagOwnerNickName, 'chief');
    await next.client.call('PublishAndDeployTaskFlow', { DagId });
    assert.equal((await newest()).DagOwnerNickName, 'next');
});

after(() => server.close());
await run(() => server.start());
