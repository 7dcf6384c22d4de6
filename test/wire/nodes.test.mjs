#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// The pages of docs/nodes: every example of them is accepted or run as it stands, and what they promise of scripts holds from the call
// to the log of a real run.
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused } from './lib/clients.mjs';
import { FAILED, SUCCESS, createFlow, nodesOf, tryRun, untilStatus } from './lib/flows.mjs';
import { examples as examplesOf, pagesOf } from './lib/pages.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const KIND = 'AZKABAN_COMMAND_REMOTE';
const server = new Server();
let client;
let dbId;

async function setup() {
    await server.start();
    client = new Raw(server);
    const Host = path.join(server.workspace(), 'examples.db');
    const { User } = await client.call('GetUser');
    await client.call('RegisterInstance', {
        InstanceType: 'sqlite', InstanceSource: 'PUBLIC_OWN', NetworkType: 'VPC', EnvType: 'dev', Host, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p',
        InstanceAlias: 'examples', SafeRule: 'free', DbaUid: User.Uid, QueryTimeout: 60, ExportTimeout: 60,
    });
    dbId = Number((await client.call('GetDatabase', { Host, Port: 0, SchemaName: 'main' })).Database.DatabaseId);
}

/** The marked examples of the pages of nodes. */
function examples(words) {
    return examplesOf(pagesOf('nodes'), words);
}

let number = 0;

/** A flow of one node with this content, which may be published. Resolves to { DagId, NodeId }. */
async function node(NodeType, NodeContent) {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: `example ${++number}` });
    const { NodeId } = await client.call('CreateTask', { DagId, NodeName: 'only', NodeType, NodeContent });
    return { DagId, NodeId };
}

async function ended(flow, status) {
    const DagInstanceId = await tryRun(client, flow.DagId);
    await untilStatus(client, flow.DagId, DagInstanceId, status);
    return DagInstanceId;
}

/** Runs one script of a flow with these constants to an end; resolves to the node's message and its log. */
async function ran(content, status = SUCCESS, DagConstants = []) {
    const flow = await node(KIND, JSON.stringify(content));
    await client.call('UpdateTaskFlowConstants', { DagId: flow.DagId, DagConstants });
    const DagInstanceId = await ended(flow, status);
    const { Message } = (await nodesOf(client, flow.DagId, DagInstanceId)).only;
    const { Content } = await client.call('GetTaskInstanceLog', { ...flow, DagInstanceId });
    return { Message, log: Content };
}

test('every content on the pages is accepted and published as it stands', async () => {
    const found = examples('json content');
    assert.deepEqual(found.map((one) => one.kind).sort(), [KIND, 'CONDITION', 'NORMAL_SQL', 'SQL_ASSIGNMENT']);
    for (const { page, kind, text } of found) {
        const { DagId, NodeId } = await node(kind, text.replace(/"dbId": \d+/, `"dbId": ${dbId}`));
        if (kind === 'CONDITION') {
            await assert.rejects(client.call('PublishAndDeployTaskFlow', { DagId }), /a CONDITION needs a node in front of it/);
            const front = await client.call('CreateTask', { DagId, NodeName: 'front', NodeType: KIND, NodeContent: '{"script": "true"}' });
            await client.call('AddTaskFlowEdges', { DagId, Edges: [{ NodeFrom: front.NodeId, NodeEnd: NodeId }] });
        }
        await assert.doesNotReject(client.call('PublishAndDeployTaskFlow', { DagId }), page);
    }
});

test('what is published can run, and what could not is refused when it is published', async () => {
    const script = { script: 'true' };
    const sql = { dbId, sql: 'SELECT 1' };
    const rows = [
        [KIND, { ...script, file: '', args: null, workDir: '' }, null],
        [KIND, { ...script, file: 'job.sh' }, /"file" is refused/],
        [KIND, { ...script, workDir: 'tmp' }, /"workDir" must be an absolute path/],
        [KIND, { ...script, timeoutSeconds: 30 }, null],
        [KIND, { ...script, timeoutSeconds: 0 }, /"timeoutSeconds" of the content must be a whole number of at least 1/],
        [KIND, { ...script, timeoutSeconds: '30' }, /"timeoutSeconds"/],
        [KIND, { ...script, timeoutSeconds: 1.5 }, /"timeoutSeconds"/],
        [KIND, { ...script, args: ['x'.repeat(128 * 1024)] }, /"args\[0\]" of the content is too long/],
        [KIND, { ...script, args: ['${' + 'x'.repeat(128 * 1024)] }, /"args\[0\]" of the content is too long/],
        [KIND, { ...script, workDir: 'tmp/${bizdate}' }, /"workDir" must be an absolute path/],
        [KIND, { script: 7 }, /"script" of the content must be a text/],
        [KIND, { script: '\ufeff' }, /no "script"/],
        [KIND, { script: '#!/bin/sh' }, null],
        [KIND, { script: '#!python3\nprint(1)\n' }, /the interpreter in the first line of "script" must be an absolute path/],
        [KIND, { script: '#!\necho 1\n' }, /the first line of "script" begins with "#!" and names no interpreter/],
        [KIND, { script: '#!/usr/bin/env\necho 1\n' }, /"env" in the first line of "script" has no command/],
        [KIND, { script: '#!..\necho 1\n' }, /the interpreter in the first line of "script" is a directory/],
        ['NORMAL_SQL', { ...sql, dbId: `${dbId}` }, null],
        ['NORMAL_SQL', { ...sql, dbId: 'first' }, /no "dbId"/],
        ['NORMAL_SQL', { ...sql, dbType: 'SQLite' }, null],
        ['NORMAL_SQL', { ...sql, dbType: 'mysql' }, /"dbType" of the content is "mysql", but database \d+ is registered as "sqlite"/],
        ['NORMAL_SQL', { ...sql, dbType: 'dbase' }, /"dbType" of the content is no kind of database/],
        ['NORMAL_SQL', { ...sql, sql: ' ;\n' }, /no "sql"/],
        ['NORMAL_SQL', { ...sql, sql: '\ufeff' }, /no "sql"/],
        ['NORMAL_SQL', { ...sql, sql: '\u3000' }, /no "sql"/],
        ['NORMAL_SQL', { ...sql, dbType: '' }, null],
        ['NORMAL_SQL', { ...sql, sql: '-- nothing' }, null],
        ['SQL_ASSIGNMENT', { ...sql, sql: 'SELECT 1; -- and that is all' }, null],
        ['SQL_ASSIGNMENT', { ...sql, sql: "SELECT ';${bizdate}'" }, null],
        ['SQL_ASSIGNMENT', { ...sql, sql: '-- nothing' }, /an assignment takes one SELECT; the text has no statement/],
        ['SQL_ASSIGNMENT', { ...sql, sql: 'SELECT 1; SELECT 2' }, /an assignment takes one SELECT; there is more behind the first/],
        ['NORMAL_SQL', { ...sql, timeoutSeconds: 0 }, /"timeoutSeconds"/],
    ];
    for (const [kind, content, refusal] of rows) {
        const flow = await node(kind, JSON.stringify(content));
        if (refusal === null) {
            await client.call('PublishAndDeployTaskFlow', { DagId: flow.DagId });
        } else {
            const { Description } = await refused(client, 'PublishAndDeployTaskFlow', { DagId: flow.DagId }, 403, 'InvalidTaskFlowStatus');
            assert.match(Description, refusal);
        }
        await ended(flow, refusal === null ? SUCCESS : FAILED);
    }
});

test('every output on the pages is accepted as it stands', async () => {
    const found = examples('json output');
    assert.deepEqual(found.map((one) => one.kind).sort(), [KIND, 'SQL_ASSIGNMENT']);
    for (const { kind, text } of found) {
        const content = examples('json content').find((one) => one.kind === kind).text;
        const { NodeId } = await node(kind, content);
        await client.call('UpdateTaskOutput', { NodeId: String(NodeId), NodeOutput: text });
    }
});

test('every script on the pages runs and succeeds', async () => {
    const found = examples('sh script');
    assert.ok(found.length >= 2);
    for (const { text } of found) {
        await ran({ script: text });
    }
});

test('numbers and truth values of a last line reach the next node, and what is not taken is named', async () => {
    const { DagId, nodes } = await createFlow(client, 'values', {
        give: `echo '{"v": 5, "share": 0.50, "big": 1e400, "open": true, "list": [1], "none": null}'`,
        take: 'echo "got $TF_VAR_v $TF_VAR_share $TF_VAR_big $TF_VAR_open [$TF_VAR_list]"',
    }, [['give', 'take']]);
    await client.call('UpdateTaskOutput', {
        NodeId: String(nodes.give), NodeOutput: JSON.stringify({ outputs: [{ variableName: 'v', extractMethod: 'json', description: '' }] }),
    });
    const DagInstanceId = await ended({ DagId }, SUCCESS);
    const read = async (NodeId) => (await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId })).Content;
    assert.match(await read(nodes.take), /OUT got 5 0\.50 1e400 true \[\]\n/);
    assert.match(await read(nodes.give), /"list" is a list/);
    assert.match(await read(nodes.give), /"none" is null/);
});

test('variables that the environment has no room for are named in the log and lie in the file', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `v${String(i).padStart(2, '0')}`);
    const program = 'import json, os; v = json.load(open(os.environ["SLUICE_VARIABLES_FILE"])); ' +
        'print("file", sum(k[0] == "v" and len(t) for k, t in v.items()), "env", " ".join(sorted(k for k in os.environ if k.startswith("TF_VAR_v"))))';
    const give = (name) => `printf '{"${name}": "%060000d"}\\n' 7`;
    const { DagId, nodes } = await createFlow(client, 'no room', {
        ...Object.fromEntries(names.map((name) => [name, give(name)])), show: `python3 -c '${program}'`,
    }, names.map((name) => [name, 'show']));
    const logs = [];
    for (let i = 0; i < 2; i++) {
        const DagInstanceId = await ended({ DagId }, SUCCESS);
        logs.push((await client.call('GetTaskInstanceLog', { DagId, DagInstanceId, NodeId: nodes.show })).Content);
    }
    // 60 000 bytes, a name and an end each: 17 of them fit into 1 MiB, those with the first names.
    const kept = names.slice(0, 17).map((name) => `TF_VAR_${name}`).join(' ');
    for (const log of logs) {
        assert.ok(log.includes(`OUT file 1200000 env ${kept}\n`), log);
        assert.match(log, /SYS not in the environment, which has no room for it:.*\$\{v17\} \(60000 bytes\).*\$\{v19\}/);
    }
});

test('two variables that would have one name in the environment do not fail the node', async () => {
    const flow = await node(KIND, JSON.stringify({ script: 'echo "[$TF_VAR_out_a] ${out.a} ${out-a}"; cat "$SLUICE_VARIABLES_FILE"; echo' }));
    await client.call('UpdateTaskFlowConstants', { DagId: flow.DagId, DagConstants: [{ Key: 'out.a', Value: 'dot' }, { Key: 'out-a', Value: 'dash' }] });
    const DagInstanceId = await ended(flow, SUCCESS);
    const { Content } = await client.call('GetTaskInstanceLog', { ...flow, DagInstanceId });
    assert.match(Content, /OUT \[\] dot dash\n/);
    assert.match(Content, /SYS not in the environment, where several variables would have one name: \$\{out-a\} \(TF_VAR_out_a\),? \$\{out\.a\} \(TF_VAR_out_a\)/);
    assert.match(Content, /OUT \{.*"out\.a":"dot".*\}\n/);
});

test('the first line of a log names the node, not a program', async () => {
    const { log } = await ran({ script: 'echo hello' });
    assert.match(log, /^\S+ SYS node "only" started: script, attempt 1\n/);
    assert.doesNotMatch(log, /\/bin\/sh|fence/);
});

test('line ends and byte order marks of editors are handled and told', async () => {
    const crlf = await ran({ script: 'a=1\r\nif true; then\r\n  echo "a is [$a]"\r\nfi\r\n' });
    assert.match(crlf.log, /OUT a is \[1\]\n/);
    assert.match(crlf.log, /SYS the lines of the script end in CR LF; it is run with LF/);
    const mark = await ran({ script: '\ufeff#!/usr/bin/env python3\nprint(6 * 7)\n' });
    assert.match(mark.log, /OUT 42\n/);
    assert.match(mark.log, /SYS the script begins with a byte order mark, which is left out/);
});

test('a start that fails names its cause in the message and in the log', async () => {
    const file = path.join(server.workspace(), 'a file');
    fs.writeFileSync(file, '', { mode: 0o644 });
    for (const [content, cause] of [
        [{ script: '#!/usr/bin/pyton3\nprint(1)\n' }, /could not start: the interpreter \/usr\/bin\/pyton3 does not exist on this machine/],
        [{ script: '#!python3\nprint(1)\n', workDir: '/' }, /could not start: the interpreter of the script's first line must be an absolute path, not python3/],
        [{ script: '#!${nothing}\necho 1\n' }, /could not start: the first line of the script begins with "#!" and names no interpreter/],
        [{ script: '#!/usr\necho 1\n' }, /could not start: the interpreter \/usr is a directory/],
        [{ script: '#!/bin/sh\r\necho 1\n' }, /could not start: the first line of the script ends in CR LF/],
        [{ script: 'echo 1', workDir: '/no/such/place' }, /could not start: the work directory \/no\/such\/place does not exist/],
        [{ script: 'echo 1', workDir: file }, /could not start: the work directory .*a file is no directory/],
    ]) {
        const { Message, log } = await ran(content, FAILED, [{ Key: 'nothing', Value: '' }]);
        assert.match(Message, cause);
        assert.match(log, cause);
    }
});

test('an assignment that would be cut fails with the number', async () => {
    for (const [sql, row, cause] of [
        ["SELECT 'ab' || char(0) || 'c' AS a", 0, /zero byte/],
        ['WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001) SELECT i FROM n', -1, /10 ?000/],
    ]) {
        const flow = await node('SQL_ASSIGNMENT', JSON.stringify({ dbId, sql }));
        await client.call('UpdateTaskOutput', {
            NodeId: String(flow.NodeId),
            NodeOutput: JSON.stringify({ outputs: [{ variableName: 'a', extractMethod: JSON.stringify({ row, column: 0, combiner: ',' }), description: '' }] }),
        });
        const DagInstanceId = await ended(flow, FAILED);
        assert.match((await nodesOf(client, flow.DagId, DagInstanceId)).only.Message, cause);
    }
});

after(() => server.close());
run(setup);
