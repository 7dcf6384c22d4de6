#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// What an entry of the operation log says: whom or what a change was about, from what to what, and never a secret. And the
// messages that spare a caller a second try: every valid word, everything that is missing, a role for who may read structures only.
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { createFlow, tryRun, untilStatus, SUCCESS } from './lib/flows.mjs';
import { makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { operation, operations } from './lib/spec.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();
const raw = new Raw(server);

after(() => server.close());

function day(offset) {
    return new Date(Date.now() + offset * 86400000 + 8 * 3600000).toISOString().slice(0, 10) + ' 00:00:00';
}

const PERIOD = { StartTime: day(-1), EndTime: day(2), PageNumber: 1, PageSize: 100 };

/** The newest entry. */
async function newest() {
    return (await raw.call('GetOpLog', PERIOD)).OpLogDetails.OpLogDetail[0];
}

/** Calls, and gives the text of the entry that the call has left. */
async function logged(client, action, params) {
    await client.call(action, params);
    const entry = await newest();
    assert.match(entry.OpContent, new RegExp(`\\(${action}\\)`));
    return entry.OpContent;
}

test('a change of a user names the user and tells roles, state, nick and limits from what to what', async () => {
    for (const client of [...vendorClients(server), raw]) {
        const Uid = `ram:${client.name.replace(/\W/g, '-')}@example`;
        const made = await logged(client, 'RegisterUser', { Uid, UserNick: 'ada', RoleNames: 'USER,DBA' });
        assert.ok(made.includes(`Uid=${Uid}`), made);
        assert.match(made, /made: nick ada; roles USER,DBA; state NORMAL/);
        const { User } = await client.call('GetUser', { Uid });
        const who = `user ${User.UserId} ${Uid}: `;
        // The number that clients must send beside the text form names nobody.
        const changed = await logged(client, 'UpdateUser', { Uid: 0, UidString: Uid, UserNick: 'Ada L.', RoleNames: 'ADMIN', MaxExecuteCount: 7 });
        assert.ok(changed.includes(`(UpdateUser) UidString=${Uid}`) && !changed.includes('Uid=0'), changed);
        assert.ok(changed.includes(`${who}nick ada → "Ada L."; roles USER,DBA → ADMIN; executions a day 2000 → 7;`), changed);
        assert.ok((await logged(client, 'DisableUser', { Uid })).includes(`${who}state NORMAL → DISABLE;`));
        assert.ok((await logged(client, 'EnableUser', { Uid })).includes(`${who}state DISABLE → NORMAL;`));
        const key = await client.call('CreateAccessKey', { UserId: User.UserId });
        const entry = (await newest()).OpContent;
        assert.ok(entry.includes(`access key ${key.AccessKeyId} ${Uid} made: user ${User.UserId}`) && !entry.includes(key.AccessKeySecret), entry);
        const policy = '{"Version":"1","Statement":[{"Effect":"Deny","Action":"dms:GetOpLog","Resource":"*"}]}';
        assert.match(await logged(client, 'PutUserPolicy', { UserId: User.UserId, Policy: policy }), /policy "" → ".*dms:GetOpLog/);
        const deleted = await logged(client, 'DeleteUser', { Uid });
        assert.ok(deleted.includes(`state NORMAL → DELETE; access keys -${key.AccessKeyId}; policy "{`), deleted);
    }
});

test('every changing operation on a flow names what it changed', async () => {
    const { DagId, nodes } = await createFlow(raw, 'told', { a: 'true', b: 'true' }, [['a', 'b']]);
    const helper = await makeUser(server, { nick: 'helper' });
    const flow = `task flow ${DagId} told: `;
    const cases = [
        ['UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'k', Value: 'hidden' }] }, `${flow}constants 2 → 30 bytes`],
        ['UpdateTaskFlowCooperators', { DagId, CooperatorIds: [helper.userId] }, `${flow}stakeholders +${helper.userId}`],
        ['UpdateTaskFlowSchedule', { DagId, ScheduleSwitch: true, TriggerType: 'Cron', CronType: 'DAY', CronStr: '0 0 1 * * ?', ScheduleParam: '{}' }, 'switch off → on; cron "" → "0 0 1 * * ?"'],
        ['UpdateTaskFlowNotification', { DagId, DagNotificationFail: true, DagNotificationSuccess: false, DagNotificationSla: false }, `${flow}on failure off → on`],
        ['UpdateSLARules', { DagId, SlaRuleList: [{ DagId, IntervalMinutes: 30, Type: 0 }] }, 'rules +"flow 30 min"'],
        ['UpdateTaskName', { NodeId: String(nodes.a), NodeName: 'first' }, `task ${nodes.a} first: name a → first`],
        ['UpdateTaskConfig', { NodeId: String(nodes.a), NodeConfig: '{"rerun":{"rerunEnable":false}}' }, 'configuration 0 → 31 bytes'],
        ['UpdateTaskFlowRelations', { DagId, Edges: [] }, `${flow}edges -${nodes.a}>${nodes.b}`],
        ['AddTaskFlowEdges', { DagId, Edges: [{ NodeFrom: nodes.b, NodeEnd: nodes.a }] }, `${flow}edges +${nodes.b}>${nodes.a}`],
        ['DeleteTask', { NodeId: String(nodes.b) }, `task ${nodes.b} b removed: `],
        ['PublishAndDeployTaskFlow', { DagId }, 'status DRAFT → PUBLISHED; deployment 0 → '],
        ['OfflineTaskFlow', { DagId }, 'status PUBLISHED → OFFLINE'],
        ['UpdateTaskFlowOwner', { DagId, NewOwnerId: helper.userId }, `→ ${helper.userId}`],
        ['UpdateTaskFlowNameAndDesc', { DagId, DagName: 'renamed', Description: 'x' }, 'name told → renamed; description 0 → 1 bytes'],
    ];
    for (const [action, params, expected] of cases) {
        const text = await logged(raw, action, params);
        assert.ok(text.includes(expected) && !text.includes('hidden'), `${action}: ${text}`);
    }
    const DagInstanceId = await tryRun(raw, DagId);
    const tried = (await raw.call('GetOpLog', PERIOD)).OpLogDetails.OpLogDetail.find((item) => item.OpContent.includes('(TryRunTaskFlow)'));
    assert.match(tried.OpContent, new RegExp(`run ${DagInstanceId} of version \\d+ of task flow ${DagId} made`));
    await untilStatus(raw, DagId, DagInstanceId, SUCCESS);
    const again = await logged(raw, 'ReRunTaskFlowInstance', { DagId, DagInstanceId });
    assert.match(again, new RegExp(`run ${DagInstanceId} of task flow ${DagId}: SUCCESS → RUNNING, runs again`));
    await untilStatus(raw, DagId, DagInstanceId, SUCCESS);
    assert.match(await logged(raw, 'DeleteTaskFlow', { DagId }), /status OFFLINE → DELETED/);
});

test('a data source tells what was changed, and its password only that it was given', async () => {
    const file = path.join(server.workspace(), 'told.db');
    const user = (await raw.call('GetUser')).User;
    const made = await logged(raw, 'AddInstance', {
        Host: file, Port: 0, InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'CLASSIC', EnvType: 'dev', InstanceAlias: 'told',
        DatabaseUser: 'u', DatabasePassword: 'the hidden one', DbaId: Number(user.UserId), EnableSellTrust: 'N', QueryTimeout: 60, ExportTimeout: 600,
    });
    assert.match(made, /instance \d+ told made: /);
    const { Instance } = await raw.call('GetInstance', { Host: file, Port: 0 });
    const changed = await logged(raw, 'ModifyInstance', { InstanceId: Instance.InstanceId, EnvType: 'test', DatabasePassword: 'another hidden one' });
    assert.match(changed, /environment dev → test; the password was given anew/);
    const removed = await logged(raw, 'DeleteInstance', { Host: file, Port: 0 });
    assert.ok(removed.includes(`DeleteInstance) Host=${file} Port=0: done; instance ${Instance.InstanceId} told removed`), removed);
    for (const text of [made, changed, removed]) {
        assert.ok(!text.includes('hidden'), text);
    }
});

test('who may only read structures can be registered, and runs nothing', async () => {
    for (const client of vendorClients(server)) {
        const reader = await makeUser(server, { roles: ['STRUCT_READ_ONLY'] });
        const { User } = await client.call('GetUser', { Uid: reader.uid });
        assert.deepEqual([User.RoleNameList.RoleNames, User.RoleIdList.RoleIds], [['STRUCT_READ_ONLY'], [5]]);
        const { DagId } = await reader.client.call('CreateTaskFlow', { DagName: `of a reader ${client.name}` });
        await refused(reader.client, 'TryRunTaskFlow', { DagId }, 403, 'NoPermission');
    }
    const { uid } = await makeUser(server, { roles: ['USER'] });
    await raw.call('UpdateUser', { Uid: uid, RoleNames: 'USER,STRUCT_READ_ONLY' });
    assert.deepEqual((await raw.call('GetUser', { Uid: uid })).User.RoleNameList.RoleNames, ['USER', 'STRUCT_READ_ONLY']);
});

/** A value for each required parameter that is good enough to come to the next check. */
function filled(described) {
    const values = { integer: 1, long: 1, string: 'x', boolean: true, array: [] };
    return Object.fromEntries(described.params.filter((param) => param.required).map((param) => [param.name, param.enum?.[0] ?? values[param.type]]));
}

test('an error about a bad word names every valid one, in every operation', async () => {
    let seen = 0;
    for (const action of operations()) {
        const described = operation(action);
        const method = described.methods_accepted.includes('POST') ? 'POST' : 'GET';
        for (const param of described.params.filter((one) => one.enum !== undefined && !one.enum_open)) {
            const bad = param.type === 'string' ? 'NO_SUCH_WORD' : 99;
            const body = await refused(new Raw(server, { method }), action, { ...filled(described), [param.name]: bad }, 400, `Invalid${param.name}`);
            for (const word of param.enum) {
                assert.ok(new RegExp(`\\b${word}\\b`).test(body.Description) || body.Description.includes(`${word}`), `${action}: ${body.Description}`);
            }
            seen++;
        }
    }
    assert.ok(seen > 40, String(seen));
    const flow = await raw.call('CreateTaskFlow', { DagName: 'words' });
    const words = [
        ['CreateTask', { DagId: flow.DagId, NodeName: 'x', NodeType: 'NO_SUCH' }, 400, 'InvalidNodeType', operation('CreateTask').params.find((one) => one.name === 'NodeType').enum],
        ['SearchDatabase', { SearchRange: 'NO_SUCH' }, 400, 'InvalidSearchRange', ['HAS_PERMSSION', 'OWNER', 'MY_FOCUS', 'UNKNOWN']],
        ['CreateLakeHouseSpace', { SpaceName: 's', Mode: '1', DwDbType: 'NO_SUCH', DevDbId: '1', ProdDbId: '1', SpaceConfig: '{}' }, 403, 'InvalidParameterValid', ['14', '18', 'mysql', 'dm']],
        ['AddLhMembers', { ObjectType: 0, ObjectId: 1, Members: [{ UserId: 1, Roles: ['KING'] }] }, 400, 'InvalidMembers', ['ADMIN', 'MEMBER', 'DEVELOPER']],
        ['UpdateSLARules', { DagId: flow.DagId, SlaRuleList: [{ DagId: flow.DagId, IntervalMinutes: 1, Type: 7 }] }, 400, 'InvalidSlaRuleList', ['0', '1']],
    ];
    for (const [action, params, status, code, valid] of words) {
        const { Description } = await refused(raw, action, params, status, code);
        for (const word of valid) {
            assert.ok(Description.includes(word), `${action} lacks ${word}: ${Description}`);
        }
    }
    const { Description } = await refused(raw, 'BackFill', { DagId: flow.DagId, Asc: 'maybe' }, 400, 'InvalidAsc');
    assert.match(Description, /true, false, 1, 0/);
});

test('all parameters that are missing are named at once, under the code of the first', async () => {
    for (const action of operations()) {
        const described = operation(action);
        const needed = described.params.filter((param) => param.required).map((param) => param.name).sort();
        if (needed.length === 0) {
            continue;
        }
        const method = described.methods_accepted.includes('POST') ? 'POST' : 'GET';
        const { Description } = await refused(new Raw(server, { method }), action, {}, 400, `Missing${needed[0]}`);
        assert.ok(Description.startsWith(needed.join(', ')), `${action}: ${Description}`);
    }
});

test('members of a list that are missing, and what another parameter asks for, are named at once too', async () => {
    const { DagId } = await raw.call('CreateTaskFlow', { DagName: 'members' });
    const lists = [
        ['UpdateTaskFlowEdges', { DagId, Edges: [{ NodeFrom: 1 }] }, 'InvalidEdges', 'Edges', ['Id', 'NodeEnd']],
        ['AddTaskFlowEdges', { DagId, Edges: [{ NodeTo: 1 }] }, 'InvalidEdges', 'Edges', ['NodeFrom', 'NodeEnd']],
        ['UpdateSLARules', { DagId, SlaRuleList: [{}] }, 'InvalidSlaRuleList', 'SlaRuleList', ['DagId', 'IntervalMinutes', 'Type']],
    ];
    for (const [action, params, code, list, members] of lists) {
        const { Description } = await refused(raw, action, params, 400, code);
        assert.match(Description, / are missing/);
        for (const member of members) {
            assert.ok(Description.includes(`${list}[0].${member}`), `${action} lacks ${member}: ${Description}`);
        }
    }
    const source = {
        DatabasePassword: 'x', DatabaseUser: 'x', DbaUid: (await raw.call('GetUser')).User.Uid, EnvType: 'dev', ExportTimeout: 600, Host: '/tmp/none.db',
        InstanceAlias: 'members', InstanceType: 'sqlite', NetworkType: 'CLASSIC', Port: 0, QueryTimeout: 600, SafeRule: 'x',
    };
    const ecs = await refused(raw, 'RegisterInstance', { ...source, InstanceSource: 'ECS_OWN' }, 400, 'MissingEcsInstanceId');
    assert.match(ecs.Description, /ECS_OWN needs EcsInstanceId, EcsRegion$/);
    const own = await refused(raw, 'RegisterInstance', { ...source, InstanceSource: 'VPC_IDC', EcsRegion: 'x' }, 400, 'MissingVpcId');
    assert.match(own.Description, /VPC_IDC needs VpcId$/);
});

await run(() => server.start());
