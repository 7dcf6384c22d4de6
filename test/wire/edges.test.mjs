#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 600
// Every parameter of every operation with some thirty edge values, as a plain member and as an administrator: the rest of the call is as
// good as it can be, so that the value reaches the operation. The server lives, and nothing answers 5xx: a value that nobody expected is the
// caller's mistake or fine. Under sanitizers it is a fifth of them, another one each day; the output says which.
import { Raw } from './lib/clients.mjs';
import { SUCCESS, createFlow, tryRun, untilStatus } from './lib/flows.mjs';
import { pipeline } from './lib/pipe.mjs';
import { makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { operation, operations } from './lib/spec.mjs';
import { after, assert, run, test } from './lib/tap.mjs';
import { argumentsFor, makeWorld } from './lib/world.mjs';

const server = new Server();
const people = {}; // word → { at: the server as seen with a key, world: what that key may change }

const deep = (open, close, depth) => open.repeat(depth) + close.repeat(depth);

const EDGES = [
    '0', '-1', '1', '2147483647', '2147483648', '-2147483648', '9007199254740992', '9223372036854775807', '-9223372036854775808',
    '9223372036854775808', '1.5', '1e400', '-0', '', ' ', '\t\r\n', '\u0001\u001f\u007f', 'null', 'true', '[]', '[0]', '[null]', '[{}]', '[[1],{"a":[]}]',
    '{}', '{"a":1e400}', deep('[', ']', 1500), deep('{"a":', '1}', 700).replace(/1}(?=1})/g, '}'), '"', 'x'.repeat(20000), '\u{1f600}\ufeff\u202e\u0301\uffff',
    '../../etc/passwd', '/dev/full', '9999-12-31', '0000-00-00 99:99:99', '0001-01-01 00:00:00', "'; DROP TABLE run; --", '%s%n${a}${bizdate}', ',', 'USER,,DBA',
];

/** Operations after which nothing would be as the others need it, or that the test's own keys depend on; their edges come last. */
const ENDS = /^(Delete|Disable|Offline|UpdateAccessKey|PutUserPolicy|UpdateUser|ChangeLhDagOwner|UpdateTaskFlowOwner)/;

/** What a member owns: a flow with a version and a run. */
async function ownFlow(client) {
    const { DagId, nodes, edges } = await createFlow(client, 'own', { a: 'true', b: 'true' }, [['a', 'b']]);
    await client.call('PublishAndDeployTaskFlow', { DagId });
    const { DagVersionList } = await client.call('ListDAGVersions', { DagId, PageIndex: 1, PageSize: 1 });
    const id = await tryRun(client, DagId);
    await untilStatus(client, DagId, id, SUCCESS);
    return { flow: DagId, node: nodes.a, otherNode: nodes.b, edge: edges[0], version: DagVersionList.DagVersion[0].VersionId, run: id };
}

function methodOf(action) {
    return operation(action).methods_accepted.includes('POST') ? 'POST' : 'GET';
}

/** A value in the place of each parameter in turn. */
function* jobs({ at, world }) {
    const order = [...operations()].sort((a, b) => Number(ENDS.test(a)) - Number(ENDS.test(b)));
    for (const action of order) {
        const good = argumentsFor(action, world) ?? {};
        const client = new Raw(at, { method: methodOf(action), place: 'query' });
        const inForm = new Raw(at, { method: 'POST', place: 'form' });
        for (const { name } of operation(action).params.filter((param) => param.name !== 'AccessKeyId')) {
            for (const value of EDGES) {
                const params = { ...good, [name]: value };
                // Long values of a GET stand in its target; others go where clients put them.
                const by = value.length > 1000 && methodOf(action) === 'POST' ? inForm : client;
                yield { name: `${action}.${name} = ${value.slice(0, 40)}`, build: () => by.build(action, params) };
            }
        }
    }
}

function part(list) {
    if (!process.env.SLUICE_SANITIZED) {
        return list;
    }
    const seed = Number(process.env.SLUICE_SEED ?? Math.floor(Date.now() / 86400000));
    console.log(`# SLUICE_SEED=${seed}: a fifth of ${list.length} requests`);
    return list.filter((job, index) => (index + seed) % 5 === 0);
}

for (const who of ['member', 'administrator']) {
    test(`every parameter of every operation takes every edge value, as ${who}`, async () => {
        const all = part([...jobs(people[who])]);
        const seen = {};
        const bad = [];
        await pipeline(server, all, (job, reply) => {
            seen[reply.status] = (seen[reply.status] ?? 0) + 1;
            if (reply.status >= 500) {
                bad.push(`${job.name}: ${reply.status} ${reply.text.slice(0, 300)}`);
            }
        });
        console.log(`# ${all.length} requests: ${JSON.stringify(seen)}`);
        assert.ok(server.isRunning(), server.output.slice(-2000));
        assert.deepEqual(bad, []);
        assert.ok(seen[200] > 0 && seen[400] > 0, 'some are good and some are not');
    });
}

after(() => server.close());
await run(async () => {
    await server.start();
    const client = new Raw(server);
    const world = await makeWorld(server, client, 'edges');
    people.administrator = { at: server, world };
    const member = await makeUser(server, { roles: ['USER'] });
    people.member = { at: member.server, world: { ...world, ...(await ownFlow(member.client)) } };
}, 500000);
