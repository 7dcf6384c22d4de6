#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// Two tenants, generated: every parameter that holds an id, with an id of another tenant and with one of nothing. The two answers are the same, byte
// for byte, apart from the request's own marks and the id that the caller sent; and the other tenant is as it was.
import { Raw, send } from './lib/clients.mjs';
import { Server } from './lib/server.mjs';
import { operation, operations } from './lib/spec.mjs';
import { stateOf } from './lib/state.mjs';
import { after, assert, run, test } from './lib/tap.mjs';
import { argumentsFor, eventParam, makeWorld } from './lib/world.mjs';

const server = new Server();
const NOTHING = 900000009; // an id that nobody has
let near; // the caller's world
let far; // the other tenant's
let caller;

/** What an id parameter names: [name or path in JSON] → the value of the other tenant, and one of nothing of the same type. */
function foreignValues(action, name) {
    const id = (value) => [value, NOTHING];
    const text = (value) => [String(value), String(NOTHING)];
    const item = (field, value) => {
        const base = argumentsFor(action, near)[name][0];
        return [[{ ...base, [field]: value }], [{ ...base, [field]: NOTHING }]];
    };
    const list = (value) => [[value], [typeof value === 'string' ? String(NOTHING) : NOTHING]];
    switch (`${action}.${name}`) {
    case 'SimplyAddInstance.InstanceId': // a resource of a cloud
    case 'GetPagedInstance.OrderId': // there are no tickets
        return [];
    case 'AddTaskFlowEdges.Edges':
        return [item('NodeFrom', far.node), item('NodeEnd', far.node)];
    case 'UpdateTaskFlowEdges.Edges':
        return [item('Id', far.edge), item('NodeFrom', far.node), item('NodeEnd', far.node)];
    case 'UpdateTaskFlowRelations.Edges':
        return [item('NodeFrom', far.node), item('NodeEnd', far.node)];
    case 'UpdateSLARules.SlaRuleList':
        return [item('NodeId', far.node), item('DagId', far.flow)];
    case 'AddLhMembers.Members':
        return [item('UserId', Number(far.user))];
    case 'DeleteLhMembers.MemberIds':
        return [list(Number(far.user))];
    case 'UpdateTaskFlowSchedule.ScheduleParam':
        return [[eventParam(far.flow), eventParam(NOTHING)], [eventParam(near.spaceFlow, far.node), eventParam(near.spaceFlow, NOTHING)]];
    case 'AddLhMembers.ObjectId':
    case 'DeleteLhMembers.ObjectId':
        return [id(far.space)];
    case 'ChangeLhDagOwner.DagId':
        return [id(far.spaceFlow)];
    case 'UpdateUser.Uid':
        return [];
    case 'ReDeployLhDagVersion.DagVersion':
        return [id(far.version)];
    case 'UpdateScenario.ScenarioId':
        return [text(far.scenario)];
    case 'ExecuteScript.DbId':
    case 'ListTableColumns.DbId':
        return [id(Number(far.database))];
    case 'ListInstances.Region':
        return [];
    default:
    }
    const type = operation(action).params.find((param) => param.name === name).type;
    const typed = (value) => (type === 'string' ? text(value) : id(Number(value)));
    switch (name) {
    case 'DagId': return [typed(far.flow)];
    case 'NodeId': case 'NodeFrom': case 'NodeEnd': return [typed(far.node)];
    case 'Id': return [typed(far.edge)];
    case 'DagInstanceId': return [typed(far.run)];
    case 'DagVersion': case 'HistoryDagId': return [typed(far.version)];
    case 'ScenarioId': return [typed(far.scenario)];
    case 'SpaceId': return [typed(far.space)];
    case 'UserId': case 'NewOwnerId': case 'OwnerUserId': case 'DbaId': return [typed(far.user)];
    case 'DbaUid': return [typed(far.admin.Uid)];
    case 'Uid': case 'UidString': case 'DbaUidByString': case 'RealLoginUserUid': return [[far.uid, 'nobody-user']];
    case 'DbId': case 'DatabaseId': case 'DevDbId': case 'ProdDbId': return [typed(far.database)];
    case 'TableId': return [typed(far.table)];
    case 'InstanceId': return [typed(far.source)];
    case 'Host': return [[far.host, far.host.replace(/[^/]*$/, 'no.db')]];
    case 'SpaceName': return [[far.spaceName, 'no such space']];
    case 'UserAccessKeyId': case 'AccessKeyId': return [[far.key, 'NOSUCHKEYATALL']];
    case 'Tid': return [typed(far.tenant)];
    case 'CooperatorIds': return [list(String(far.user))];
    case 'StartNodeIds': case 'FilterNodeIds': return [list(far.node)];
    case 'DagIdList': return [list(far.flow)];
    default: return undefined;
    }
}

/** Names that look like an id and hold none: names that a call gives, labels that are only kept. */
const NO_IDS = new Set([
    'TemplateId', 'EcsInstanceId', 'VpcId', 'SafeRuleId', 'Sid', 'TimeZoneId', 'OrderId',
    'CreateLakeHouseSpace.SpaceName', 'AddInstance.Host', 'RegisterInstance.Host', 'SimplyAddInstance.Host', 'ModifyInstance.Host', 'UpdateInstance.Host',
    'RegisterUser.Uid', 'BackFill.Tid',
]);

/** The answer without what differs from request to request and without the ids that were sent. */
async function ask(action, params, sent) {
    const method = operation(action).methods_accepted.includes('POST') ? 'POST' : 'GET';
    const client = Object.assign(new Raw(server, { generation: 'v3', method }), { server: Object.assign(Object.create(server), caller) });
    const reply = await send(server, client.build(action, params));
    let text = reply.text.replace(/[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}/g, '<request>');
    text = text.replace(/"(HostId|Recommend)":"[^"]*"/g, '"$1":"<masked>"');
    for (const value of sent) {
        text = text.split(JSON.stringify(String(value)).slice(1, -1)).join('<sent>');
    }
    return `${reply.status} ${text}`;
}

const leaves = (value) => (value === null || typeof value !== 'object' ? [value] : Object.values(value).flatMap(leaves));

/** The ids in a value that its counterpart does not have: what the caller itself said. */
function asTold(name, value, counterpart) {
    const [mine, others] = [value, counterpart].map((one) => leaves(name === 'ScheduleParam' ? JSON.parse(one) : one));
    return mine.filter((leaf, index) => leaf !== others[index]);
}

/** What is not there is no mistake of these: nothing matches, nobody leaves. */
const IGNORES = new Set([
    'DeleteLhMembers.MemberIds', 'DeleteTaskFlowEdgesByCondition.Id', 'DeleteTaskFlowEdgesByCondition.NodeFrom', 'DeleteTaskFlowEdgesByCondition.NodeEnd',
]);

test('a foreign id answers like one of nothing, for every parameter that holds an id', async () => {
    const before = stateOf(server);
    let count = 0;
    const differences = [];
    for (const action of operations()) {
        for (const { name } of operation(action).params) {
            const pairs = NO_IDS.has(name) || NO_IDS.has(`${action}.${name}`) ? [] : foreignValues(action, name);
            for (const [foreign, nothing] of pairs ?? []) {
                const good = argumentsFor(action, near);
                const first = await ask(action, { ...good, [name]: foreign }, asTold(name, foreign, nothing));
                const second = await ask(action, { ...good, [name]: nothing }, asTold(name, nothing, foreign));
                count++;
                if (first !== second) {
                    differences.push(`${action}.${name}\n  foreign: ${first}\n  nothing: ${second}`);
                }
                if (first.startsWith('200') && !/^(Get|List|Search)/.test(action) && !IGNORES.has(`${action}.${name}`)) {
                    differences.push(`${action}.${name}: accepted with a foreign id`);
                }
            }
        }
    }
    console.log(`# ${count} parameters`);
    assert.equal(differences.join('\n'), '');
    assert.ok(count > 150, `${count} parameters`);
    assert.equal(stateOf(server), before, 'nothing changed');
});

test('every parameter that looks like an id was asked with one', () => {
    const unasked = [];
    for (const action of operations()) {
        assert.notEqual(argumentsFor(action, near), undefined, action);
        for (const { name } of operation(action).params) {
            const looks = /Ids?$|Uid|^Host$|IdList$|^Edges$|^Members$|^Tid$|^DagVersion$|RuleList$/.test(name);
            if (looks && !NO_IDS.has(name) && !NO_IDS.has(`${action}.${name}`) && foreignValues(action, name) === undefined) {
                unasked.push(`${action}.${name}`);
            }
        }
    }
    assert.deepEqual(unasked, []);
});

test('the caller finds its own things with the same arguments', async () => {
    const client = new Raw(Object.assign(Object.create(server), caller));
    for (const action of ['GetTaskFlowGraph', 'GetTask', 'GetInstance', 'ListDatabases', 'ListTables', 'ListColumns', 'GetUser', 'GetLhSpaceByName', 'GetTaskInstanceRelation']) {
        await client.call(action, argumentsFor(action, near));
    }
});

test('lists hold nothing of the other tenant', async () => {
    const client = new Raw(Object.assign(Object.create(server), caller));
    const times = { StartTime: '2024-01-01 00:00:00', EndTime: '2034-01-01 00:00:00' };
    for (const [action, params] of [
        ['ListTaskFlow', {}], ['ListTaskFlowsByPage', { PageSize: 100 }], ['ListScenarios', {}], ['ListInstances', { PageSize: 100 }], ['ListUsers', { PageSize: 100 }],
        ['ListUserTenants', {}], ['SearchDatabase', { SearchRange: 'UNKNOWN', PageSize: 100 }], ['GetOpLog', { ...times, PageNumber: 1, PageSize: 100 }],
        ['ListSQLExecAuditLog', { ...times, PageSize: 100 }], ['ListAccessKeys', {}],
    ]) {
        // The log repeats the address that the caller itself has sent with a call that was refused.
        const text = JSON.stringify(await client.call(action, params)).replaceAll(`Host=${far.host} `, '');
        assert.ok(!text.includes(far.name), `${action}: ${text}`);
        assert.ok(text.includes(near.name) || ['ListUserTenants', 'ListAccessKeys', 'GetOpLog'].includes(action), `${action} shows nothing: ${text}`);
    }
});

after(() => server.close());
await run(async () => {
    await server.start();
    const operator = new Raw(server, { generation: 'v3' });
    far = await makeWorld(server, operator, 'faraway');
    const tenant = await operator.call('CreateTenant', { TenantName: 'the second' });
    caller = { accessKeyId: tenant.AccessKeyId, accessKeySecret: tenant.AccessKeySecret };
    near = await makeWorld(server, new Raw(Object.assign(Object.create(server), caller)), 'nearby');
}, 120000);
