#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 120
// What a run was shown as stays: its zone is that of its version, and its flow may be edited or deleted.
import { Raw, refused } from './lib/clients.mjs';
import { createFlow, nodesOf, record, SUCCESS, tryRun, untilStatus } from './lib/flows.mjs';
import { makeTenant, makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server({ arguments: ['--zone', 'Pacific/Kiritimati'] }); // 14 hours ahead of UTC
const SCHEDULE = { ScheduleSwitch: false, TriggerType: 'Cron', CronStr: '0 0 1 * * ?', ScheduleParam: '{}' };
const HOUR = 3600000;

async function endedRun(client, DagId) {
    const id = await tryRun(client, DagId);
    return untilStatus(client, DagId, id, SUCCESS);
}

/** What a clock so many hours ahead of UTC shows, as the wire writes it. */
const shown = (hours, at = Date.now()) => new Date(at + hours * HOUR).toISOString().slice(0, 19).replace('T', ' ');
const day = (text) => text.slice(0, 10);

function isNow(text, hours) {
    const distance = Math.abs(Date.parse(`${text.replace(' ', 'T')}Z`) - hours * HOUR - Date.now());
    assert.ok(distance < HOUR, `${text} is now, ${hours} hours ahead of UTC`);
}

async function zoneOf(client, DagId) {
    const reply = await client.call('ListTaskFlowsByPage', { DagIdList: [DagId], PageIndex: 1, PageSize: 10 });
    return reply.TaskFlowList.TaskFlow[0].TimeZoneId;
}

async function listed(client, DagId, filter) {
    const reply = await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 10, ...filter });
    assert.equal(reply.TotalCount, reply.DAGInstanceList.DAGInstance.length);
    return reply.DAGInstanceList.DAGInstance.map((one) => one.Id);
}

test("a flow begins with the server's zone, and keeps its own when an edit names none", async () => {
    const client = new Raw(server);
    const { DagId } = await createFlow(client, 'zones', { first: 'true' });
    assert.equal(await zoneOf(client, DagId), 'Pacific/Kiritimati');
    await client.call('UpdateTaskFlowSchedule', { DagId, ...SCHEDULE });
    assert.equal(await zoneOf(client, DagId), 'Pacific/Kiritimati');
    await client.call('UpdateTaskFlowSchedule', { DagId, ...SCHEDULE, TimeZoneId: 'Pacific/Pago_Pago' });
    const kept = await client.call('UpdateTaskFlowSchedule', { DagId, ...SCHEDULE, ScheduleSwitch: true, CronStr: '0 0 1 1 1 ? 2090' });
    assert.equal(await zoneOf(client, DagId), 'Pacific/Pago_Pago');
    assert.deepEqual(kept.NextFireTimes.FireTime, ['2090-01-01 01:00:00']);
    for (const TimeZoneId of ['localtime', 'posixrules', 'Factory', 'posix/Asia/Tokyo', 'right/Asia/Tokyo']) {
        await refused(client, 'UpdateTaskFlowSchedule', { DagId, ...SCHEDULE, TimeZoneId }, 403, 'InvalidParameterValid');
    }
});

test('an edit of the zone changes no run that was, and each is found by the start that is shown', async () => {
    const client = new Raw(server);
    const { DagId } = await createFlow(client, 'edited', { first: 'true' });
    const old = await endedRun(client, DagId);
    isNow(old.startTime, 14);
    await client.call('UpdateTaskFlowSchedule', { DagId, ...SCHEDULE, TimeZoneId: 'Pacific/Pago_Pago' }); // 11 hours behind
    assert.deepEqual(await record(client, DagId, old.Id), old);
    assert.equal((await nodesOf(client, DagId, old.Id)).first.EndTime, old.EndTime);
    const fresh = await endedRun(client, DagId);
    isNow(fresh.startTime, -11);
    assert.notEqual(day(old.startTime), day(fresh.startTime), 'the clocks are 25 hours apart');
    for (const one of [old, fresh]) {
        const at = day(one.startTime);
        assert.deepEqual(await listed(client, DagId, { StartTimeBegin: at, StartTimeEnd: at }), [one.Id]);
        const business = day(one.BusinessTime);
        assert.deepEqual(await listed(client, DagId, { StartTimeBegin: business, StartTimeEnd: business, UseBizDate: true }), [one.Id]);
    }
    const { TaskFlow } = (await client.call('ListTaskFlow')).TaskFlowList;
    assert.equal(TaskFlow.find((one) => one.Id === DagId).LatestInstanceTime, fresh.startTime);
    assert.deepEqual(await listed(client, DagId, { StartTimeEnd: day(shown(0, 0)) }), []);
});

test("a draft's zone is told apart from those of the version that ran and of the one that is deployed", async () => {
    const client = new Raw(server);
    const { DagId } = await createFlow(client, 'apart', { first: 'true' });
    const yearly = { ...SCHEDULE, ScheduleSwitch: true, CronStr: '0 0 1 1 1 ? 2090' };
    const set = await client.call('UpdateTaskFlowSchedule', { DagId, ...yearly, TimeZoneId: 'Pacific/Pago_Pago' });
    assert.equal(set.NextFireTimes.TimeZoneId, 'Pacific/Pago_Pago');
    await client.call('PublishAndDeployTaskFlow', { DagId });
    const old = await endedRun(client, DagId);
    const edited = await client.call('UpdateTaskFlowSchedule', { DagId, ...yearly, TimeZoneId: 'UTC' });
    assert.equal(edited.NextFireTimes.TimeZoneId, 'UTC');
    const reply = await client.call('ListTaskFlowsByPage', { DagIdList: [DagId], PageIndex: 1, PageSize: 10 });
    const [flow] = reply.TaskFlowList.TaskFlow;
    assert.deepEqual([flow.TimeZoneId, flow.LatestInstanceTime, flow.LatestInstanceTimeZoneId], ['UTC', old.startTime, 'Pacific/Pago_Pago']);
    assert.deepEqual(flow.NextFireTimes, { FireTime: ['2090-01-01 01:00:00'], TimeZoneId: 'Pacific/Pago_Pago' });
});

test('names of runs stay when flow and owner are renamed', async () => {
    const client = new Raw(server);
    const { DagId, nodes } = await createFlow(client, 'first name', { first: 'true' });
    const old = await endedRun(client, DagId);
    await client.call('UpdateTaskFlowNameAndDesc', { DagId, DagName: 'second name' });
    await client.call('UpdateTaskName', { NodeId: nodes.first, NodeName: 'renamed' });
    const other = await makeUser(server, { nick: 'the next owner' });
    await client.call('UpdateTaskFlowOwner', { DagId, NewOwnerId: other.userId });
    assert.deepEqual(await record(client, DagId, old.Id), old);
    assert.deepEqual(Object.keys(await nodesOf(client, DagId, old.Id)), ['first']);
});

test('runs and logs of a deleted flow stay for those who could read them', async () => {
    const client = new Raw(server);
    const owner = await makeUser(server);
    const helper = await makeUser(server);
    const passer = await makeUser(server);
    const stranger = await makeTenant(server);
    const { DagId, nodes } = await createFlow(owner.client, 'deleted', { first: 'echo still here' });
    await owner.client.call('UpdateTaskFlowCooperators', { DagId, CooperatorIds: [String(helper.userId)] });
    const { Id: DagInstanceId } = await endedRun(owner.client, DagId);
    const reads = [
        ['ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 10 }],
        ['GetTaskInstanceRelation', { DagId, DagInstanceId }],
        ['GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.first }],
        ['GetTaskFlowGraph', { DagId }],
        ['ListDAGVersions', { DagId, PageIndex: 1, PageSize: 10 }],
    ];
    const plain = ({ RequestId, ...reply }) => reply;
    const before = [];
    for (const [action, params] of reads) {
        before.push(plain(await owner.client.call(action, params)));
    }
    await owner.client.call('DeleteTaskFlow', { DagId });
    before[3].TaskFlowGraph = { ...before[3].TaskFlowGraph, CanEdit: false, Status: 0 };
    for (const [index, [action, params]] of reads.entries()) {
        for (const reader of [owner.client, helper.client, client]) {
            assert.deepEqual(plain(await reader.call(action, params)), before[index], action);
        }
        await refused(passer.client, action, params, 403, 'NoPermission');
        const foreign = await refused(stranger.client, action, params, 404, 'TaskFlowNotExist');
        const missing = await refused(stranger.client, action, { ...params, DagId: 987654321 }, 404, 'TaskFlowNotExist');
        assert.equal(foreign.Message, missing.Message);
    }
    for (const [action, params] of [
        ['ReRunTaskFlowInstance', { DagId, DagInstanceId }],
        ['TryRunTaskFlow', { DagId }],
        ['PublishAndDeployTaskFlow', { DagId }],
        ['UpdateTaskFlowNameAndDesc', { DagId, DagName: 'back' }],
        ['DeleteTaskFlow', { DagId }],
    ]) {
        await refused(owner.client, action, params, 404, 'TaskFlowNotExist');
    }
    await createFlow(owner.client, 'deleted', { first: 'true' }); // its name is free
});

after(() => server.close());
await run(() => server.start());
