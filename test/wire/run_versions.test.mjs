#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 180
// Runs by hand of a chosen version with variables of their own, and what runs again in another version.
import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { createFlow, FAILED, nodesOf, RUNNING, script, Stage, SUCCESS, tryRun, untilNode, untilStatus } from './lib/flows.mjs';
import { makeTenant } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();

async function publish(client, DagId) {
    await client.call('PublishAndDeployTaskFlow', { DagId });
    return (await client.call('ListDAGVersions', { DagId, PageIndex: 1, PageSize: 1 })).DagVersionList.DagVersion[0].VersionId;
}

async function said(client, DagId, DagInstanceId, NodeId) {
    const { Content } = await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId });
    return Content.split('\n').filter((line) => line.includes(' OUT ')).map((line) => line.replace(/^.* OUT /, ''));
}

const shown = (client, DagId, DagInstanceId) => client.call('GetTaskInstanceRelation', { DagId, DagInstanceId });

/** A flow with two published versions and a draft, each with a word of its own. */
async function threeWords(client, name) {
    const { DagId, nodes } = await createFlow(client, name, { say: 'echo one ${region} ${day}' });
    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'region', Value: 'all' }] });
    await client.call('UpdateTaskFlowTimeVariables', { DagId, TimeVariables: JSON.stringify({ variables: [{ name: 'day', pattern: 'yyyy' }] }) });
    const one = await publish(client, DagId);
    await client.call('UpdateTaskContentV2', { NodeId: nodes.say, NodeContent: script('echo two ${region} ${day}') });
    const two = await publish(client, DagId);
    await client.call('UpdateTaskContentV2', { NodeId: nodes.say, NodeContent: script('echo draft ${region} ${day}') });
    return { DagId, NodeId: nodes.say, one, two };
}

test('each client chooses the version of a run, and its variables', async () => {
    for (const client of [new Raw(server), ...vendorClients(server)]) {
        const { DagId, NodeId, one, two } = await threeWords(client, `words of ${client.name}`);
        const own = { RunVariables: JSON.stringify({ region: 'north', day: '' }) };
        for (const [more, line] of [
            [{}, /^draft all \d{4}$/],
            [{ DagVersion: '[]' }, /^draft all \d{4}$/],
            [{ DagVersion: 'draft', ...own }, /^draft north ?$/],
            [{ DagVersion: 'live' }, /^two all \d{4}$/],
            [{ DagVersion: String(one) }, /^one all \d{4}$/],
            [{ DagVersion: String(two), ...own }, /^two north ?$/],
        ]) {
            const id = await tryRun(client, DagId, more);
            const record = await untilStatus(client, DagId, id, SUCCESS);
            const [text] = await said(client, DagId, id, NodeId);
            assert.match(text, line, JSON.stringify(more));
            const whole = await shown(client, DagId, id);
            assert.deepEqual(whole.RunVariables && JSON.parse(whole.RunVariables), more.RunVariables && JSON.parse(more.RunVariables));
            assert.equal(whole.DagVersion, record.DagVersion);
            assert.equal(whole.DagVersion, text.startsWith('two') ? String(two) : text.startsWith('one') ? String(one) : '[]');
            assert.equal(whole.DeployedVersion, String(two));
            assert.equal(whole.FlowHasChanged, !text.startsWith('draft'));
        }
    }
});

test('what can not be run is refused by name, and nothing is started', async () => {
    const client = new Raw(server);
    const { DagId } = await createFlow(client, 'refused', { say: 'true' });
    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'region', Value: 'all' }] });
    await refused(client, 'TryRunTaskFlow', { DagId, DagVersion: 'live' }, 403, 'TaskFlowNotPublished');
    await publish(client, DagId);
    const other = await threeWords(client, 'of another flow');
    for (const DagVersion of [String(other.one), '1', '9223372036854775807']) {
        await refused(client, 'TryRunTaskFlow', { DagId, DagVersion }, 404, 'VersionNotExist');
    }
    for (const DagVersion of ['0', '-1', 'latest', '1 ', '99999999999999999999']) {
        await refused(client, 'TryRunTaskFlow', { DagId, DagVersion }, 400, 'InvalidDagVersion');
    }
    for (const RunVariables of ['[]', 'x', '{', '{"region":1}', '{"region":null}', '{"region":"a","region":"b"}', '{"no such":"a"}',
        JSON.stringify({ region: 'x'.repeat(65536) })]) {
        await refused(client, 'TryRunTaskFlow', { DagId, RunVariables }, 400, 'InvalidRunVariables');
    }
    await refused(client, 'TryRunTaskFlow', { DagId, RunVariables: '{"unknown":"a"}' }, 403, 'InvalidParameterValid');
    await client.call('OfflineTaskFlow', { DagId });
    await refused(client, 'TryRunTaskFlow', { DagId, DagVersion: 'live' }, 403, 'TaskFlowNotPublished');
    assert.equal((await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 10 })).TotalCount, 0);
    const { client: far } = await makeTenant(server, 'far versions');
    await refused(far, 'TryRunTaskFlow', { DagId: other.DagId, DagVersion: String(other.one) }, 404, 'TaskFlowNotExist');
});

test('a restore in another version keeps what succeeded, and says that the flow has changed', async () => {
    const client = new Raw(server);
    const { DagId, nodes } = await createFlow(client, 'restored', { good: 'echo old good', bad: 'exit 1' }, [['good', 'bad']]);
    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'region', Value: 'all' }] });
    const one = await publish(client, DagId);
    const id = await tryRun(client, DagId, { DagVersion: 'live', RunVariables: '{"region":"north"}' });
    await untilStatus(client, DagId, id, FAILED);
    const ids = { DagId, DagInstanceId: id };
    const same = await client.call('RestoreTaskFlowInstance', ids);
    assert.deepEqual([same.DagVersion, same.DeployedVersion, same.FlowHasChanged], [String(one), String(one), false]);
    await untilStatus(client, DagId, id, FAILED);
    await client.call('UpdateTaskContentV2', { NodeId: nodes.good, NodeContent: script('exit 9') });
    await client.call('UpdateTaskContentV2', { NodeId: nodes.bad, NodeContent: script('echo mended ${region}') });
    const added = await client.call('CreateTask', { DagId, NodeName: 'added', NodeType: 'AZKABAN_COMMAND_REMOTE', NodeContent: script('echo added') });
    assert.equal((await shown(client, DagId, id)).FlowHasChanged, true);
    const two = await publish(client, DagId);
    await refused(client, 'RestoreTaskFlowInstance', { ...ids, DagVersion: '1' }, 404, 'VersionNotExist');
    const live = await client.call('RestoreTaskFlowInstance', { ...ids, DagVersion: 'live' });
    assert.deepEqual([live.DagVersion, live.DeployedVersion, live.FlowHasChanged], [String(two), String(two), false]);
    assert.equal((await untilStatus(client, DagId, id, SUCCESS)).RunNumber, 3);
    assert.deepEqual(Object.keys(await nodesOf(client, DagId, id)).sort(), ['added', 'bad', 'good']);
    assert.deepEqual(await said(client, DagId, id, nodes.good), ['old good']);
    assert.deepEqual(await said(client, DagId, id, nodes.bad), ['mended north']);
    assert.deepEqual(await said(client, DagId, id, added.NodeId), ['added']);
    const back = await client.call('ReRunTaskFlowInstance', { ...ids, DagVersion: String(one) });
    assert.deepEqual([back.DagVersion, back.FlowHasChanged], [String(one), true]);
    await untilStatus(client, DagId, id, FAILED);
    await refused(client, 'ResumeTaskFlowInstance', { ...ids, DagVersion: 'live' }, 403, 'InvalidParameterValid');
});

test('variables of a run outlive kill -9, and nobody else has them', async () => {
    const client = new Raw(server);
    const stage = new Stage(server, 'outlive');
    const { DagId, nodes } = await createFlow(client, 'outlive', { hold: stage.wait('hold'), last: 'echo ${region}' }, [['hold', 'last']]);
    await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'region', Value: 'all' }] });
    const id = await tryRun(client, DagId, { RunVariables: '{"region":"north"}' });
    const plain = await tryRun(client, DagId, {});
    await untilNode(client, DagId, id, 'hold', RUNNING);
    await server.kill();
    await server.start();
    stage.openGate();
    await untilStatus(client, DagId, id, SUCCESS);
    await untilStatus(client, DagId, plain, SUCCESS);
    assert.deepEqual(await said(client, DagId, id, nodes.last), ['north']);
    assert.deepEqual(await said(client, DagId, plain, nodes.last), ['all']);
    assert.equal((await shown(client, DagId, id)).RunVariables, '{"region":"north"}');
    assert.equal((await shown(client, DagId, plain)).RunVariables, undefined);
    await client.call('ReRunTaskFlowInstance', { DagId, DagInstanceId: id });
    await untilStatus(client, DagId, id, SUCCESS);
    assert.deepEqual(await said(client, DagId, id, nodes.last), ['north']);
});

test('the list of flows names the zone of its times', async () => {
    const client = new Raw(server);
    const { DagId } = await createFlow(client, 'zoned', { first: 'true' });
    const listed = async () => (await client.call('ListTaskFlow')).TaskFlowList.TaskFlow.find((flow) => flow.Id === DagId);
    const TimeZoneId = 'Pacific/Kiritimati';
    await client.call('UpdateTaskFlowSchedule', { DagId, ScheduleSwitch: false, TriggerType: 'Cron', CronStr: '0 0 1 * * ?', ScheduleParam: '{}', TimeZoneId });
    assert.equal((await listed()).TimeZoneId, TimeZoneId);
    await untilStatus(client, DagId, await tryRun(client, DagId, {}), SUCCESS);
    await client.call('UpdateTaskFlowSchedule', { DagId, ScheduleSwitch: false, TriggerType: 'Cron', CronStr: '0 0 1 * * ?', ScheduleParam: '{}', TimeZoneId: 'UTC' });
    assert.equal((await listed()).TimeZoneId, TimeZoneId, 'that of the version that ran, in which the time is written');
});

after(() => server.close());
await run(() => server.start());
