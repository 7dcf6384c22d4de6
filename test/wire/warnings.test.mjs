#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// What a call gives and nobody reads is named in the reply field `Warnings`, in JSON and in XML, to every client; nothing else changes.
import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { FAILED, nodesOf, tryRun, untilStatus } from './lib/flows.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();
let raw;

async function setup() {
    await server.start();
    raw = new Raw(server);
}

/** The warnings of a reply as [code, name]. */
function told(reply) {
    return (reply.Warnings?.Warning ?? []).map(({ Code, Name }) => [Code, Name]);
}

test('every client of the vendor calls on with parameters that nobody knows, and is told their names', async () => {
    for (const client of vendorClients(server)) {
        const reply = await client.call('CreateTaskFlow', { DagName: `by ${client.name}`, DagNmae: 'x', Unheard: 1 });
        assert.ok(reply.DagId > 0, client.name);
        assert.deepEqual(told(reply).sort(), [['UnknownParameter', 'DagNmae'], ['UnknownParameter', 'Unheard']], client.name);
        const slip = reply.Warnings.Warning.find(({ Name }) => Name === 'DagNmae');
        assert.match(slip.Message, /CreateTaskFlow has no parameter DagNmae; it was not read; did you mean DagName\?/);
    }
});

test('both signatures, both formats and both places tell the same', async () => {
    for (const generation of ['v1', 'v3']) {
        for (const format of ['JSON', 'XML']) {
            for (const place of ['query', 'form']) {
                const client = new Raw(server, { generation, format, place });
                const reply = await client.call('ListTaskFlow', { Unheard: '<&>' });
                assert.deepEqual(told(reply), [['UnknownParameter', 'Unheard']], `${generation} ${format} ${place}`);
            }
        }
    }
});

test('parameters of the protocol never warn, whichever the signature, and a reply without warnings has no such field', async () => {
    const SYSTEM = {
        RegionId: 'cn-hangzhou', Tid: 0, SourceIp: '127.0.0.1', SecureTransport: 'true', OwnerId: 1, OwnerAccount: 'a', ResourceOwnerId: 1,
        ResourceOwnerAccount: 'a', SignatureType: '',
    };
    for (const client of [new Raw(server), new Raw(server, { generation: 'v3' })]) {
        for (const action of ['ListTaskFlow', 'GetUser', 'ListUserTenants', 'GetUserActiveTenant']) {
            assert.ok(!('Warnings' in (await client.call(action, SYSTEM))), action);
        }
    }
    const v1 = { SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0', SignatureNonce: 'n', Timestamp: 't', Format: 'JSON', Version: 'v', Action: 'a' };
    assert.ok(!('Warnings' in (await new Raw(server, { generation: 'v3' }).call('ListTaskFlow', v1))));
});

test('the parts of a flattened list are known by its schema', async () => {
    const { DagId } = await raw.call('CreateTaskFlow', { DagName: 'flat' });
    const reply = await raw.call('UpdateTaskFlowConstants', {
        DagId, 'DagConstants.1.Key': 'a', 'DagConstants.1.Value': 'b', 'DagConstants.1.Vaule': 'c', 'DagConstants.x': 'd',
    });
    assert.deepEqual(told(reply), [['UnknownParameter', 'DagConstants.1.Vaule'], ['UnknownParameter', 'DagConstants.x']]);
});

test('members of a list that its schema does not have are told, and so is what is refused about the others', async () => {
    const { DagId } = await raw.call('CreateTaskFlow', { DagName: 'members' });
    for (const client of [raw, new Raw(server, { format: 'XML', generation: 'v3' }), vendorClients(server)[2]]) {
        const reply = await client.call('UpdateTaskFlowConstants', { DagId, DagConstants: [{ Key: 'a', Value: 'b' }, { Key: 'c', Vaule: 'd', é: 1 }] });
        assert.deepEqual(told(reply).sort(), [['UnknownKey', 'DagConstants[1].Vaule'], ['UnknownKey', 'DagConstants[1].é']]);
        assert.match(reply.Warnings.Warning.find(({ Name }) => Name.endsWith('Vaule')).Message, /is not read and not kept; did you mean Value\?/);
    }
    const many = Array.from({ length: 300 }, (_, i) => ({ Key: `k${i}`, Value: 'v', Other: 1 }));
    const { Warnings } = await new Raw(server, { place: 'form' }).call('UpdateTaskFlowConstants', { DagId, DagConstants: many, Unheard: 1 });
    assert.equal(Warnings.Warning.at(-1).Message, '201 further warnings are left out');
    const long = { Key: 'a', Value: 'b', ['é'.repeat(5000)]: 1 };
    const cut = await new Raw(server, { place: 'form' }).call('UpdateTaskFlowConstants', { DagId, DagConstants: [long] });
    assert.match(cut.Warnings.Warning[0].Name, /^DagConstants\[0\]\.é+$/);
});

test('a thousand of them are counted, and a long name is cut', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`Many${i}`, 1]));
    const { Warnings } = await new Raw(server, { place: 'form' }).call('ListTaskFlow', many);
    assert.equal(Warnings.Warning.length, 101);
    assert.deepEqual(Warnings.Warning.at(-1), { Code: 'MoreWarnings', Name: '', Message: '900 further warnings are left out' });
    const reply = await new Raw(server, { place: 'form' }).call('ListTaskFlow', { ['n'.repeat(100000)]: 1 });
    assert.equal(reply.Warnings.Warning[0].Name.length, 128);
    assert.ok(JSON.stringify(reply.Warnings).length < 1000);
});

const SCRIPT = 'AZKABAN_COMMAND_REMOTE';
let number = 0;

/** A flow of one node; resolves to { DagId, NodeId, reply } with CreateTask's reply. */
async function node(params = {}) {
    const { DagId } = await raw.call('CreateTaskFlow', { DagName: `told ${++number}` });
    const reply = await raw.call('CreateTask', { DagId, NodeName: 'only', NodeType: SCRIPT, NodeContent: { script: 'true' }, ...params });
    return { DagId, NodeId: reply.NodeId, reply };
}

test('a known key of NodeConfig in a wrong place or of a wrong type is refused with the right form, and nothing changes', async () => {
    const { NodeId } = await node();
    const good = '{"rerun":{"rerunEnable":true,"rerunCount":2},"mine":{"rerunEnable":1}}';
    await raw.call('UpdateTaskConfig', { NodeId: String(NodeId), NodeConfig: good });
    for (const [config, says] of [
        ['{"rerunEnable":true}', ['rerunEnable must stand within rerun', '{"rerun": {"rerunEnable": true}}']],
        ['{"rerun":{"disabled":true}}', ['disabled must stand at the top', '{"disabled": true}']],
        ['{"rerun":true}', ['rerun must be an object and is true', '{"rerun": {"rerunEnable": true']],
        ['{"rerun":{"rerunCount":-1}}', ['rerun.rerunCount must be a whole number from 0 to 1000 and is -1']],
        ['{"timeoutSeconds":"60"}', ['timeoutSeconds must be a whole number from 0 to 2592000 and is "60"', '{"timeoutSeconds": 3600}']],
        ['{"disabled":"yes"}', ['disabled must be true or false and is "yes"']],
    ]) {
        for (const format of ['JSON', 'XML']) {
            const reply = await refused(new Raw(server, { format }), 'UpdateTaskConfig', { NodeId: String(NodeId), NodeConfig: config }, 400, 'InvalidNodeConfig');
            for (const part of says) {
                assert.ok(reply.Description.includes(part), `${config}: ${reply.Description}`);
            }
        }
    }
    assert.equal((await raw.call('GetTask', { NodeId })).Task.NodeConfig, good);
});

test('other keys are kept as they came and named, wherever a flow takes JSON', async () => {
    const { DagId, NodeId, reply } = await node({
        NodeContent: { script: 'true', workdir: '/tmp' },
        TimeVariables: { variables: [{ name: 'a', pattern: 'yyyy', note: 'x' }] },
        NodeOutput: { outputs: [], version: 2 },
    });
    const id = String(NodeId);
    assert.deepEqual(told(reply).sort(), [
        ['UnknownKey', 'NodeContent.workdir'], ['UnknownKey', 'NodeOutput.version'], ['UnknownKey', 'TimeVariables.variables[0].note'],
    ]);
    assert.match(reply.Warnings.Warning.find(({ Name }) => Name === 'NodeContent.workdir').Message, /did you mean workDir\?/);
    const config = '{ "rerun": {"rerunEnable": false, "rerunCuont": 3}, "priority" : {"level": 1} }';
    assert.deepEqual(told(await raw.call('UpdateTaskConfig', { NodeId: id, NodeConfig: config })), [
        ['UnknownKey', 'NodeConfig.priority'], ['UnknownKey', 'NodeConfig.rerun.rerunCuont'],
    ]);
    assert.equal((await raw.call('GetTask', { NodeId })).Task.NodeConfig, config);
    for (const [action, params, name] of [
        ['UpdateTaskContent', { NodeId: id, NodeContent: { script: 'true', scriptt: 1 } }, 'NodeContent.scriptt'],
        ['UpdateTaskContentV2', { NodeId: id, NodeContent: { script: 'true', scriptt: 1 } }, 'NodeContent.scriptt'],
        ['UpdateTaskOutput', { NodeId: id, NodeOutput: { outputs: [{ variableName: 'a', extractMethod: 'json', x: 1 }] } }, 'NodeOutput.outputs[0].x'],
        ['UpdateTaskTimeVariables', { NodeId: id, TimeVariables: { variables: [], x: 1 } }, 'TimeVariables.x'],
        ['UpdateTaskFlowTimeVariables', { DagId, TimeVariables: { variables: [], x: 1 } }, 'TimeVariables.x'],
        ['UpdateTaskFlowSchedule', { DagId, TriggerType: 'Cron', CronType: 'DAY', CronStr: '0 0 0 * * ?', ScheduleSwitch: false,
            ScheduleParam: { triggerType: '0', dateTime: '00:00', x: 1 } }, 'ScheduleParam.x'],
    ]) {
        assert.deepEqual(told(await raw.call(action, params)), [['UnknownKey', name]], action);
    }
    const published = await raw.call('PublishAndDeployTaskFlow', { DagId });
    assert.deepEqual(told(published), [['UnknownKey', 'only: NodeConfig.priority'], ['UnknownKey', 'only: NodeConfig.rerun.rerunCuont']]);
});

test('a known key of variables or outputs in a wrong place is refused', async () => {
    const { DagId, NodeId } = await node();
    const slip = { name: 'a', pattern: 'yyyy' };
    await refused(raw, 'UpdateTaskFlowTimeVariables', { DagId, TimeVariables: slip }, 400, 'InvalidTimeVariables');
    await refused(raw, 'UpdateTaskTimeVariables', { NodeId: String(NodeId), TimeVariables: slip }, 400, 'InvalidTimeVariables');
    await refused(raw, 'UpdateTaskOutput', { NodeId: String(NodeId), NodeOutput: { variableName: 'a', extractMethod: 'json' } }, 400, 'InvalidNodeOutput');
});

test('a kind that nothing runs is told when it is made and when it is published, and its run fails with the same words', async () => {
    const { DagId, reply } = await node({ NodeType: 'SPARK_SQL', NodeContent: '{}' });
    assert.deepEqual(told(reply), [['NoExecutor', 'only']]);
    const client = vendorClients(server)[2];
    const published = await client.call('PublishAndDeployTaskFlow', { DagId });
    assert.deepEqual(told(published), [['NoExecutor', 'only']]);
    assert.match(published.Warnings.Warning[0].Message, /no executor configured for SPARK_SQL/);
    const DagInstanceId = await tryRun(raw, DagId);
    await untilStatus(raw, DagId, DagInstanceId, FAILED);
    assert.match((await nodesOf(raw, DagId, DagInstanceId)).only.Message, /no executor configured for SPARK_SQL/);
});

after(() => server.close());
run(setup);
