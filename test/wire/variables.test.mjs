#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// docs/variables.md and docs/nodes/config.md: every example and every row of their tables, through a real server.
import { Raw } from './lib/clients.mjs';
import { FAILED, SUCCESS, createFlow, nodesOf, tryRun, untilStatus } from './lib/flows.mjs';
import { examples, tableOf } from './lib/pages.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const VARIABLES = 'variables.md';
const CONFIG = 'nodes/config.md';
const server = new Server();
let client;

async function setup() {
    await server.start();
    client = new Raw(server);
}

function timeVariables(...variables) {
    return JSON.stringify({ variables: variables.map(([name, pattern]) => ({ name, pattern })) });
}

async function logOf(flow, DagInstanceId, name) {
    return (await client.call('GetTaskInstanceLog', { DagId: flow.DagId, DagInstanceId, NodeId: flow.nodes[name] })).Content;
}

/** What a script printed, line by line. */
function printed(log) {
    return [...log.matchAll(/^\S+ OUT (.*)$/gm)].map(([, line]) => line);
}

/** Runs the draft to this end; resolves to the run's id. */
async function ran(flow, status = SUCCESS, more = {}) {
    const DagInstanceId = await tryRun(client, flow.DagId, more);
    await untilStatus(client, flow.DagId, DagInstanceId, status);
    return DagInstanceId;
}

async function backfilled(flow, BackFillDate) {
    await client.call('UpdateTaskFlowSchedule', {
        DagId: flow.DagId, ScheduleSwitch: true, TriggerType: 'Cron', CronType: 'DAY', CronStr: '0 30 9 * * ?', CronBeginDate: '2024-01-01',
        CronEndDate: '2099-01-01', ScheduleParam: '{"triggerType":"0","dateTime":"09:30"}', TimeZoneId: 'Asia/Shanghai',
    });
    await client.call('PublishAndDeployTaskFlow', { DagId: flow.DagId });
    const { DagInstanceId } = await client.call('BackFill', { DagId: flow.DagId, BackFillDate });
    await untilStatus(client, flow.DagId, DagInstanceId, SUCCESS);
    return DagInstanceId;
}

test('every pattern of the page writes what the page says', async () => {
    const rows = tableOf(VARIABLES, '| Pattern | Value |');
    const flow = await createFlow(client, 'patterns', { only: rows.map((_, i) => `printf '%s\\n' '\${p${i}}'`).join('\n') });
    await client.call('UpdateTaskFlowTimeVariables', {
        DagId: flow.DagId, TimeVariables: timeVariables(...rows.map(([pattern], i) => [`p${i}`, pattern])),
    });
    const lines = printed(await logOf(flow, await backfilled(flow, '2024-03-30'), 'only'));
    assert.deepEqual(lines.map((line, i) => [rows[i][0], line]), rows);
});

test('every pattern that the page calls wrong is refused, for the reason of the page', async () => {
    const { DagId, nodes } = await createFlow(client, 'wrong patterns', { only: 'true' });
    for (const [pattern, reason] of tableOf(VARIABLES, '| Pattern | Why |')) {
        const TimeVariables = timeVariables(['v', pattern]);
        const because = (error) => error.message.includes(reason) || assert.fail(`${pattern}: ${error.message}`);
        await assert.rejects(client.call('UpdateTaskFlowTimeVariables', { DagId, TimeVariables }), because);
        await assert.rejects(client.call('UpdateTaskTimeVariables', { NodeId: String(nodes.only), TimeVariables }), because);
    }
});

test('the lists of time variables on the page are accepted as they stand', async () => {
    const found = examples([VARIABLES], 'json time-variables');
    assert.equal(found.length, 1);
    const flow = await createFlow(client, 'time variables', { only: 'echo "${day} ${6_months_ago} ${next.hour}"' });
    await client.call('UpdateTaskFlowTimeVariables', { DagId: flow.DagId, TimeVariables: found[0].text });
    assert.deepEqual(printed(await logOf(flow, await backfilled(flow, '2024-03-30'), 'only')), ['20240330 2023-09-30 10:00']);
});

test('every text of the page becomes what the page says', async () => {
    const rows = tableOf(VARIABLES, '| Text | Becomes |');
    const flow = await createFlow(client, 'texts', { only: 'true' });
    await client.call('UpdateTaskContent', {
        NodeId: String(flow.nodes.only), NodeContent: JSON.stringify({ script: 'printf "%s\\n" "$@"', args: rows.map(([text]) => text) }),
    });
    await client.call('UpdateTaskFlowConstants', {
        DagId: flow.DagId, DagConstants: [{ Key: 'name', Value: 'north' }, { Key: 'deep', Value: '${name}' }],
    });
    const log = await logOf(flow, await ran(flow), 'only');
    assert.deepEqual(printed(log).map((line, i) => [rows[i][0], line]), rows);
    assert.match(log, /SYS unknown variables were left for the shell:.*\$\{unknown\}/);
});

test('the system variables are those of the page', async () => {
    const names = tableOf(VARIABLES, '| Name | Value |').flatMap(([cell]) => cell.replaceAll('`', '').split(', '));
    const flow = await createFlow(client, 'system', { only: 'cat "$SLUICE_VARIABLES_FILE"; echo' });
    const DagInstanceId = await backfilled(flow, '2024-03-30');
    const values = JSON.parse(printed(await logOf(flow, DagInstanceId, 'only'))[0]);
    assert.deepEqual(Object.keys(values).sort(), names.sort());
    const { bizdate, businessTime, runTime, dagName, dagInstanceId, nodeName, attempt } = values;
    assert.deepEqual({ bizdate, businessTime, runTime, dagName, dagInstanceId, nodeName, attempt }, {
        bizdate: '2024-03-30', businessTime: '2024-03-30 09:30:00', runTime: '2024-03-31 09:30:00', dagName: 'system',
        dagInstanceId: String(DagInstanceId), nodeName: 'only', attempt: '1',
    });
});

test('the stronger kind wins, in the order of the page', async () => {
    const kinds = tableOf(VARIABLES, '| | Kind | Set by | Seen by | Value |').map(([, kind]) => kind);
    assert.deepEqual(kinds, ['time variable of a node', 'output of a node', 'variable of one run', 'time variable of a flow', 'constant',
        'system variable']);
    const flow = await createFlow(client, 'order', { give: 'echo \'{"dagName": "output"}\'', take: 'echo "${dagName}"' }, [['give', 'take']]);
    const quoted = (word) => timeVariables(['dagName', `'${word}'`]);
    const NodeId = String(flow.nodes.take);
    await client.call('UpdateTaskTimeVariables', { NodeId, TimeVariables: quoted('node') });
    await client.call('UpdateTaskFlowTimeVariables', { DagId: flow.DagId, TimeVariables: quoted('flow') });
    await client.call('UpdateTaskFlowConstants', { DagId: flow.DagId, DagConstants: [{ Key: 'dagName', Value: 'constant' }] });
    const took = async (more) => printed(await logOf(flow, await ran(flow, SUCCESS, more), 'take'))[0];
    const own = { RunVariables: JSON.stringify({ dagName: 'run' }) };
    const seen = [await took(own)];
    await client.call('UpdateTaskTimeVariables', { NodeId, TimeVariables: timeVariables() });
    seen.push(await took(own));
    await client.call('UpdateTaskContent', { NodeId: String(flow.nodes.give), NodeContent: JSON.stringify({ script: 'true' }) });
    seen.push(await took(own));
    seen.push(await took());
    await client.call('UpdateTaskFlowTimeVariables', { DagId: flow.DagId, TimeVariables: timeVariables() });
    seen.push(await took());
    await client.call('UpdateTaskFlowConstants', { DagId: flow.DagId, DagConstants: [] });
    seen.push(await took());
    assert.deepEqual(seen, ['node', 'output', 'run', 'flow', 'constant', 'order']);
});

test('one variable from two nodes that are not behind each other can not be published', async () => {
    const flow = await createFlow(client, 'clash', { a: 'true', b: 'true', take: 'true' }, [['a', 'take'], ['b', 'take']]);
    const NodeOutput = JSON.stringify({ outputs: [{ variableName: 'rows', extractMethod: 'json', description: '' }] });
    for (const name of ['a', 'b']) {
        await client.call('UpdateTaskOutput', { NodeId: String(flow.nodes[name]), NodeOutput });
    }
    await assert.rejects(client.call('PublishAndDeployTaskFlow', { DagId: flow.DagId }), /rows/);
});

/** A flow of one script with this config. */
async function configured(name, text, config) {
    const flow = await createFlow(client, name, { only: text });
    await client.call('UpdateTaskConfig', { NodeId: String(flow.nodes.only), NodeConfig: JSON.stringify(config) });
    return flow;
}

test('the config of the page is accepted as it stands and has every key of its table', async () => {
    const [{ text }, ...more] = examples([CONFIG], 'json config');
    assert.equal(more.length, 0);
    const config = JSON.parse(text);
    const keys = [...Object.keys(config), ...Object.keys(config.rerun)];
    const rows = tableOf(CONFIG, '| Key | Within | Type | Range | Preset | Meaning |');
    assert.deepEqual(rows.map(([key]) => key).sort(), keys.sort());
    const { nodes } = await createFlow(client, 'config', { only: 'true' });
    await client.call('UpdateTaskConfig', { NodeId: String(nodes.only), NodeConfig: text });
    assert.equal((await client.call('GetTask', { NodeId: String(nodes.only) })).Task.NodeConfig, text);
});

test('each key of the page takes the ends of its range and refuses what is beyond, and every other type', async () => {
    const { nodes } = await createFlow(client, 'ranges', { only: 'true' });
    const WRONG = { object: [true, 1, 'x', []], boolean: ['true', 1, {}], 'whole number': ['1', 1.5, true, {}] };
    for (const [key, within, type, range] of tableOf(CONFIG, '| Key | Within | Type | Range | Preset | Meaning |')) {
        const save = (value) => client.call('UpdateTaskConfig', {
            NodeId: String(nodes.only), NodeConfig: JSON.stringify(within === 'rerun' ? { rerun: { [key]: value } } : { [key]: value }),
        });
        const [low, high] = range === '' ? [] : range.split(' to ').map(Number);
        assert.equal(type === 'whole number', range !== '', key);
        for (const value of { object: [{}], boolean: [true, false], 'whole number': [low, high] }[type].concat(null)) {
            await assert.doesNotReject(save(value), `${key} ${value}`);
        }
        for (const value of WRONG[type].concat(range === '' ? [] : [low - 1, high + 1])) {
            await assert.rejects(save(value), /InvalidNodeConfig/, `${key} ${JSON.stringify(value)}`);
        }
    }
});

test('reruns: as many as rerunCount says follow the first attempt, and the preset is one', async () => {
    const tells = 'echo ${attempt}; [ ${attempt} -eq 3 ]';
    const three = await configured('rerun twice', tells, { rerun: { rerunEnable: true, rerunCount: 2, rerunInterval: 0 } });
    assert.deepEqual(printed(await logOf(three, await ran(three), 'only')), ['3']);
    const preset = await configured('rerun preset', tells, { rerun: { rerunEnable: true, rerunInterval: 0 } });
    assert.deepEqual(printed(await logOf(preset, await ran(preset, FAILED), 'only')), ['2']);
    const off = await configured('rerun off', tells, { rerun: { rerunCount: 2, rerunInterval: 0 } });
    assert.deepEqual(printed(await logOf(off, await ran(off, FAILED), 'only')), ['1']);
});

test('a time limit fails a node, and the smaller of config and content holds', async () => {
    const flow = await configured('limit', 'sleep 60', { timeoutSeconds: 1 });
    assert.match((await nodesOf(client, flow.DagId, await ran(flow, FAILED))).only.Message, /^timed out after 1 s$/);
    await client.call('UpdateTaskConfig', { NodeId: String(flow.nodes.only), NodeConfig: '{"timeoutSeconds": 600}' });
    await client.call('UpdateTaskContent', { NodeId: String(flow.nodes.only), NodeContent: '{"script": "sleep 60", "timeoutSeconds": 1}' });
    assert.match((await nodesOf(client, flow.DagId, await ran(flow, FAILED))).only.Message, /^timed out after 1 s$/);
});

test('strictVariables fails a script at an unknown variable, and a disabled node is skipped and does not hold those behind it', async () => {
    const strict = await configured('strict', 'echo ${unknown}', { strictVariables: true });
    assert.match((await nodesOf(client, strict.DagId, await ran(strict, FAILED))).only.Message, /unknown/);
    const flow = await createFlow(client, 'disabled', { off: 'false', behind: 'echo here' }, [['off', 'behind']]);
    await client.call('UpdateTaskConfig', { NodeId: String(flow.nodes.off), NodeConfig: '{"disabled": true}' });
    const nodes = await nodesOf(client, flow.DagId, await ran(flow));
    assert.equal(nodes.off.StateName, 'SKIPPED');
    assert.equal(nodes.behind.StateName, 'SUCCESS');
});

after(() => server.close());
run(setup);
