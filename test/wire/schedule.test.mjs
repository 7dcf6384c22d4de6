#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// When flows run, whom they tell and which version is deployed: each operation by the vendor's clients and in XML.
import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { createFlow } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();

const DAILY = {
    ScheduleSwitch: true,
    TriggerType: 'Cron',
    CronType: 'DAY',
    CronStr: '0 0 1 * * ? *',
    CronBeginDate: '1970-01-01',
    CronEndDate: '9999-01-01',
    ScheduleParam: '{"triggerType":"0","dateTime":"01:00"}',
    TimeZoneId: 'Asia/Shanghai',
};
const YEARLY = { ...DAILY, CronBeginDate: '2098-12-31 01:00:00', CronEndDate: '2099-01-02', TimeZoneId: 'UTC' };
const on = (...events) => ({
    ScheduleSwitch: true,
    TriggerType: 'Event',
    ScheduleParam: JSON.stringify({ triggerType: '2', timeout: 720, listenTryRun: true, events }),
});

async function listed(client, DagId) {
    const reply = await client.call('ListTaskFlowsByPage', { DagIdList: [DagId], PageIndex: 1, PageSize: 10 });
    return reply.TaskFlowList.TaskFlow[0];
}

async function scheduling(client, name) {
    const { DagId, nodes } = await createFlow(client, `schedule ${name}`, { first: 'true' });
    const schedule = (change) => client.call('UpdateTaskFlowSchedule', { DagId, ...DAILY, ...change });
    const daily = await schedule({});
    assert.equal(daily.NextFireTimes.FireTime.length, 5);
    assert.ok(daily.NextFireTimes.FireTime.every((time) => time.endsWith(' 01:00:00')));
    assert.deepEqual((await schedule(YEARLY)).NextFireTimes.FireTime, ['2098-12-31 01:00:00', '2099-01-01 01:00:00', '2099-01-02 01:00:00']);
    const once = { CronStr: '', ScheduleParam: '{"triggerType":"1","specificTime":"2090-11-15 11:50"}' };
    assert.deepEqual((await schedule(once)).NextFireTimes.FireTime, ['2090-11-15 11:50:00']);
    for (const [ScheduleSwitch, count] of [['Enable', 5], ['disable', 0], ['TRUE', 5], ['false', 0]]) {
        const reply = await schedule({ ScheduleSwitch, TriggerType: 'cRON', CronType: 'day' });
        assert.equal(reply.NextFireTimes.FireTime.length, count, ScheduleSwitch);
    }

    // The draft's schedule takes effect with the next publish, and ends with one without it.
    await schedule({});
    assert.equal((await listed(client, DagId)).Status, 1);
    const first = await client.call('PublishAndDeployTaskFlow', { DagId });
    const scheduled = await listed(client, DagId);
    assert.deepEqual([scheduled.Status, scheduled.CronSwitch, scheduled.CronType, scheduled.CronStr], [2, true, 3, DAILY.CronStr]);
    assert.deepEqual(scheduled.NextFireTimes.FireTime.length, 5);
    await schedule({ ScheduleSwitch: false });
    assert.equal((await listed(client, DagId)).Status, 2);
    await client.call('PublishAndDeployTaskFlow', { DagId });
    const off = await listed(client, DagId);
    assert.deepEqual([off.Status, off.NextFireTimes.FireTime], [1, []]);

    // An older version, with its schedule, comes back.
    const versions = (await client.call('ListDAGVersions', { DagId, PageIndex: 1, PageSize: 10 })).DagVersionList.DagVersion;
    const back = await client.call('ReDeployLhDagVersion', { DagId, DagVersion: versions[1].VersionId });
    assert.ok(back.DeployId > first.DeployId);
    assert.equal((await listed(client, DagId)).Status, 2);
    await client.call('OfflineTaskFlow', { DagId });
    assert.equal((await listed(client, DagId)).Status, 0);
    await client.call('ReDeployLhDagVersion', { DagId });
    assert.equal((await listed(client, DagId)).Status, 1, 'without a number it is the newest one');
    for (const DagVersion of [0, -1, 4711]) {
        await refused(client, 'ReDeployLhDagVersion', { DagId, DagVersion }, 404, 'VersionNotExist');
    }
    return { DagId, nodes };
}

async function refusals(client, name) {
    const { DagId } = await createFlow(client, `refusals ${name}`, { first: 'true' });
    const bad = (change, code = 'InvalidParameterValid', status = 403) => refused(client, 'UpdateTaskFlowSchedule', { DagId, ...DAILY, ...change }, status, code);
    assert.match((await bad({ CronStr: '0 61 1 * * ?' })).Description, /field 2 \(minute\), character 3/);
    await bad({ CronStr: '0 1 * * *' });
    await bad({ CronStr: '* * * * * ?' });
    await bad({ TimeZoneId: 'Mars/Olympus' });
    assert.match((await bad({ CronBeginDate: '2030-01-02', CronEndDate: '2030-01-01' })).Description, /before CronBeginDate/);
    await bad({ CronEndDate: 'tomorrow' });
    await bad({ ScheduleParam: '{"triggerType":"1"}' });
    await bad({ ScheduleParam: '{"triggerType":"7"}' });
    await bad({ ScheduleParam: 'daily' }, 'InvalidScheduleParam', 400);
    await bad({ ScheduleParam: '[]' }, 'InvalidScheduleParam', 400);
    await bad({ CronStr: '' }, 'MissingCronStr', 400);
    await bad({ ScheduleSwitch: 'perhaps' }, 'InvalidScheduleSwitch', 400);
    await bad({ TriggerType: 'Timer' }, 'InvalidTriggerType', 400);
    await bad({ CronType: 'CENTURY' }, 'InvalidCronType', 400);
    await refused(client, 'ReDeployLhDagVersion', { DagId }, 403, 'TaskFlowNotPublished');

    // A schedule that will never fire may stand in the draft, but is not published.
    for (const change of [{ CronStr: '0 0 0 30 2 ?' }, { CronEndDate: '2001-01-01' }, { ScheduleParam: '{"triggerType":"1","specificTime":"2001-01-01 10:00:00"}' }]) {
        const reply = await client.call('UpdateTaskFlowSchedule', { DagId, ...DAILY, ...change });
        assert.deepEqual(reply.NextFireTimes.FireTime, []);
        const body = await refused(client, 'PublishAndDeployTaskFlow', { DagId }, 403, 'InvalidTaskFlowStatus');
        assert.match(body.Description, /no future fire/);
    }
}

async function events(client, name) {
    const flows = {};
    for (const word of ['a', 'b', 'c']) {
        flows[word] = await createFlow(client, `events ${word} ${name}`, { first: 'true' });
    }
    const { a, b, c } = flows;
    const set = (flow, ...list) => client.call('UpdateTaskFlowSchedule', { DagId: flow.DagId, ...on(...list) });
    assert.deepEqual((await set(c, { dagId: a.DagId, nodeId: null }, { dagId: b.DagId, nodeId: b.nodes.first })).NextFireTimes.FireTime, []);
    await set(b, { dagId: String(a.DagId) });
    const cycle = await refused(client, 'UpdateTaskFlowSchedule', { DagId: a.DagId, ...on({ dagId: c.DagId }) }, 403, 'InvalidParameterValid');
    assert.match(cycle.Description, /wait for each other/);
    await refused(client, 'UpdateTaskFlowSchedule', { DagId: a.DagId, ...on({ dagId: a.DagId }) }, 403, 'InvalidParameterValid');
    await refused(client, 'UpdateTaskFlowSchedule', { DagId: a.DagId, ...on({ dagId: 987654321 }) }, 404, 'TaskFlowNotExist');
    await refused(client, 'UpdateTaskFlowSchedule', { DagId: a.DagId, ...on({ dagId: b.DagId, nodeId: a.nodes.first }) }, 404, 'TaskNotExist');
    await set(a);
    await refused(client, 'PublishAndDeployTaskFlow', { DagId: a.DagId }, 403, 'InvalidTaskFlowStatus');
    await client.call('PublishAndDeployTaskFlow', { DagId: b.DagId });
    const shown = await listed(client, b.DagId);
    assert.deepEqual([shown.Status, shown.TriggerType, shown.NextFireTimes.FireTime], [2, 1, []]);
    // What is deployed counts when publishing: b waits for a still, whatever its draft says.
    await client.call('UpdateTaskFlowSchedule', { DagId: b.DagId, ...DAILY });
    await set(a, { dagId: b.DagId });
    const late = await refused(client, 'PublishAndDeployTaskFlow', { DagId: a.DagId }, 403, 'InvalidTaskFlowStatus');
    assert.match(late.Description, /deployed task flows would wait for each other/);
}

async function relations(client, name) {
    const { DagId, nodes, edges } = await createFlow(client, `relations ${name}`, { a: 'true', b: 'true', c: 'true' }, [['a', 'b'], ['b', 'c']]);
    const all = async () => (await client.call('ListTaskFlowEdgesByCondition', { DagId })).Edges.Edge;
    await client.call('UpdateTaskFlowRelations', { DagId, Edges: [{ Id: edges[1], NodeFrom: nodes.a, NodeEnd: nodes.c }, { NodeFrom: nodes.c, NodeEnd: nodes.b }] });
    const now = await all();
    assert.deepEqual(now.map((edge) => [edge.NodeFrom, edge.NodeEnd]), [[nodes.a, nodes.c], [nodes.c, nodes.b]]);
    assert.equal(now[0].Id, edges[1], 'a known id stays');
    assert.ok(now[1].Id > edges[1]);
    const kept = [{ NodeFrom: nodes.a, NodeEnd: nodes.b }];
    const bad = (edge, status, code) => refused(client, 'UpdateTaskFlowRelations', { DagId, Edges: [...kept, edge] }, status, code);
    await bad({ NodeFrom: nodes.b, NodeEnd: nodes.a }, 403, 'GraphHasCycle');
    await bad({ NodeFrom: nodes.b, NodeEnd: nodes.b }, 403, 'GraphHasCycle');
    await bad({ NodeFrom: nodes.b, NodeEnd: 987654321 }, 404, 'TaskNotExist');
    await bad({ NodeFrom: nodes.b }, 400, 'InvalidEdges');
    await bad(kept[0], 403, 'InvalidParameterValid');
    assert.deepEqual(await all(), now, 'all or nothing');
    await client.call('UpdateTaskFlowRelations', { DagId });
    assert.deepEqual(await all(), []);
}

async function alarms(client, name) {
    const { DagId, nodes } = await createFlow(client, `alarms ${name}`, { first: 'true', second: 'true' });
    const switches = (DagNotificationFail, DagNotificationSla, DagNotificationSuccess) => ({ DagNotificationFail, DagNotificationSla, DagNotificationSuccess });
    const shown = async () => {
        const { Revision, ...notification } = (await client.call('GetTaskFlowNotification', { DagId })).Notification;
        assert.ok(Number(Revision) >= 0);
        return notification;
    };
    assert.deepEqual(await shown(), switches(false, false, false));
    await client.call('UpdateTaskFlowNotification', { DagId, ...switches(true, false, true) });
    assert.deepEqual(await shown(), switches(true, false, true));
    await refused(client, 'UpdateTaskFlowNotification', { DagId, DagNotificationFail: true, DagNotificationSla: true }, 400, 'MissingDagNotificationSuccess');

    assert.equal((await client.call('GetIntervalLimitOfSLA', { DagId })).IntervalLimit, 59);
    assert.equal((await client.call('GetRuleNumLimitOfSLA', { DagId })).RuleNumLimit, 12);
    const defaults = (await client.call('ListDefaultSLARules', { DagId })).SLARuleList.SLARule;
    assert.deepEqual(defaults, [{ DagId: 0, Id: 0, IntervalMinutes: 1080, NodeId: 0, RuleType: 0 }]);

    const rules = async () => (await client.call('ListSLARules', { DagId })).SLARuleList.SLARule;
    const rule = (IntervalMinutes, change) => ({ DagId, Type: 0, IntervalMinutes, ...change });
    const set = (...list) => client.call('UpdateSLARules', { DagId, SlaRuleList: list });
    await set(rule(30), rule(5, { Type: 1, NodeId: nodes.first }), rule(6, { Type: 1, NodeId: nodes.second }));
    const three = await rules();
    assert.deepEqual(three.map((one) => [one.DagId, one.RuleType, one.NodeId, one.IntervalMinutes]), [[DagId, 0, 0, 30], [DagId, 1, nodes.first, 5], [DagId, 1, nodes.second, 6]]);
    const bad = (list, status, code) => refused(client, 'UpdateSLARules', { DagId, SlaRuleList: list }, status, code);
    await bad([rule(0)], 403, 'InvalidParameterValid');
    await bad([rule(5, { DagId: DagId + 1 })], 403, 'InvalidParameterValid');
    await bad([rule(5, { Type: 1 })], 403, 'InvalidParameterValid');
    await bad([rule(5, { Type: 1, NodeId: 987654321 })], 404, 'TaskNotExist');
    await bad([rule(5, { Type: 2 })], 400, 'InvalidSlaRuleList');
    await bad(Array.from({ length: 13 }, () => rule(5)), 403, 'LimitExceeded');
    assert.deepEqual(await rules(), three, 'a refused list changes nothing');
    await client.call('DeleteTask', { NodeId: nodes.second });
    assert.equal((await rules()).length, 2, 'the rules of a node go with it');

    await client.call('UpdateTaskFlowSchedule', { DagId, ...DAILY, CronStr: '0 0/30 * * * ?', CronType: 'MINUTE' });
    const often = await refused(client, 'PublishAndDeployTaskFlow', { DagId }, 403, 'InvalidTaskFlowStatus');
    assert.match(often.Description, /more than 59 minutes/);
    await client.call('UpdateTaskFlowSchedule', { DagId, ...DAILY, CronStr: '0 0 * * * ?', CronType: 'HOUR' });
    await client.call('PublishAndDeployTaskFlow', { DagId });
    await client.call('UpdateSLARules', { DagId });
    assert.deepEqual(await rules(), []);
}

async function tour(client, name) {
    await scheduling(client, name);
    await relations(client, name);
    await alarms(client, name);
}

test('every vendor client sets schedules, relations, notifications and rules', async () => {
    for (const client of vendorClients(server)) {
        await tour(client, client.name);
    }
});

test('so does a client that reads XML', async () => {
    const client = new Raw(server, { format: 'XML' });
    await tour(client, 'xml');
    await events(client, 'xml');
});

test('what can not work is refused, with the parameter and the reason', () => refusals(vendorClients(server)[0], 'one'));

test('flows wait for others, never for themselves', () => events(vendorClients(server)[0], 'one'));

const CALLS = (DagId) => [
    ['UpdateTaskFlowSchedule', { DagId, ...DAILY }],
    ['ReDeployLhDagVersion', { DagId }],
    ['UpdateTaskFlowRelations', { DagId, Edges: [] }],
    ['GetTaskFlowNotification', { DagId }],
    ['UpdateTaskFlowNotification', { DagId, DagNotificationFail: true, DagNotificationSla: true, DagNotificationSuccess: true }],
    ['ListDefaultSLARules', { DagId }],
    ['ListSLARules', { DagId }],
    ['UpdateSLARules', { DagId, SlaRuleList: [] }],
    ['GetIntervalLimitOfSLA', { DagId }],
    ['GetRuleNumLimitOfSLA', { DagId }],
];

test('an ordinary user sets his own flows, and not those of others', async () => {
    const user = await makeUser(server);
    await tour(user.client, 'user');
    const { DagId } = await createFlow(new Raw(server), 'not his', { first: 'true' });
    for (const [action, params] of CALLS(DagId)) {
        await refused(user.client, action, params, 403, 'NoPermission');
    }
});

test('a foreign tenant learns nothing', async () => {
    const { DagId } = await createFlow(new Raw(server), 'secret', { first: 'true' });
    const stranger = await makeTenant(server);
    const own = await createFlow(stranger.client, 'own', { first: 'true' });
    const masked = (reply, id) => [reply.Code, reply.Message, reply.Description.replaceAll(String(id), 'ID')];
    const unknown = 987654321;
    for (let i = 0; i < CALLS(DagId).length; i++) {
        const [action, foreign] = CALLS(DagId)[i];
        const answer = await refused(stranger.client, action, foreign, 404, 'TaskFlowNotExist');
        const nothing = await refused(stranger.client, action, CALLS(unknown)[i][1], 404, 'TaskFlowNotExist');
        assert.deepEqual(masked(answer, DagId), masked(nothing, unknown), action);
    }
    const wait = (dagId) => refused(stranger.client, 'UpdateTaskFlowSchedule', { DagId: own.DagId, ...on({ dagId }) }, 404, 'TaskFlowNotExist');
    assert.deepEqual(masked(await wait(DagId), DagId), masked(await wait(unknown), unknown));
});

after(() => server.close());
await run(() => server.start());
