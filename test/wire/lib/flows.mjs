// SPDX-License-Identifier: Apache-2.0
// What the tests do with flows again and again: scripts that keep a ledger and wait for a gate, and looking at runs.
import fs from 'node:fs';
import path from 'node:path';

import { until } from './tap.mjs';

export const WAITING = 0;
export const RUNNING = 1;
export const SUSPENDED = 2;
export const FAILED = 3;
export const SUCCESS = 4;

/** A folder for one flow's scripts: each notes its start and end in a ledger, and one waits until its gate is open. */
export class Stage {
    constructor(server, name) {
        this.folder = path.join(server.workspace(), name);
        fs.mkdirSync(this.folder);
        fs.chmodSync(this.folder, 0o1777);
        this.gate = path.join(this.folder, 'gate');
        // No other process of the machine has this word in its command line.
        this.mark = `sluice-mark-${process.pid}-${name}`;
    }

    /** A script that notes its start and end. The redirections make one short append each, so lines never mix. */
    note(word) {
        return `umask 0; echo "start ${word}" >> ${this.folder}/ledger; echo "${word} was here"; echo "end ${word}" >> ${this.folder}/ledger`;
    }

    /** A script that waits for the gate, with a child and a grandchild in a session of its own. */
    wait(word) {
        return [
            'umask 0',
            `echo "start ${word}" >> ${this.folder}/ledger`,
            `sh -c 'while :; do sleep 0.1; done' ${this.mark} &`,
            'child=$!',
            `setsid sh -c 'while [ ! -e ${this.gate} ]; do sleep 0.1; done' ${this.mark} &`,
            `echo ${word} waits`,
            `while [ ! -e ${this.gate} ]; do sleep 0.05; done`,
            'kill $child',
            `echo "end ${word}" >> ${this.folder}/ledger`,
        ].join('\n');
    }

    openGate() {
        fs.writeFileSync(this.gate, '');
    }

    closeGate() {
        fs.rmSync(this.gate, { force: true });
    }

    ledger() {
        const file = path.join(this.folder, 'ledger');
        return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
    }

    starts(word) {
        return this.ledger().filter((line) => line === `start ${word}`).length;
    }

    /** Pids of the live processes that the waiting script started. */
    processes() {
        return fs
            .readdirSync('/proc')
            .filter((name) => /^\d+$/.test(name))
            .filter((pid) => {
                try {
                    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(this.mark);
                } catch {
                    return false;
                }
            });
    }
}

export function script(text) {
    return JSON.stringify({ script: text });
}

/**
 * Creates a flow from { name: script text } with edges [[from, to], …] given by node names. Resolves to { DagId, nodes,
 * edges }, where nodes maps names to ids.
 */
export async function createFlow(client, name, scripts, edges = []) {
    const { DagId } = await client.call('CreateTaskFlow', { DagName: name });
    const nodes = {};
    for (const [nodeName, text] of Object.entries(scripts)) {
        const reply = await client.call('CreateTask', {
            DagId,
            NodeName: nodeName,
            NodeType: 'AZKABAN_COMMAND_REMOTE',
            NodeContent: script(text),
        });
        nodes[nodeName] = reply.NodeId;
    }
    let edgeIds = [];
    if (edges.length > 0) {
        const list = edges.map(([from, to]) => ({ NodeFrom: nodes[from], NodeEnd: nodes[to] }));
        edgeIds = (await client.call('AddTaskFlowEdges', { DagId, Edges: list })).EdgeIds.EdgeId;
    }
    return { DagId, nodes, edges: edgeIds };
}

export async function tryRun(client, DagId, more = {}) {
    return Number((await client.call('TryRunTaskFlow', { DagId, ...more })).InstanceId);
}

/** The record of a run as the list shows it. */
export async function record(client, DagId, DagInstanceId) {
    const reply = await client.call('ListTaskFlowInstance', { DagId, PageIndex: 1, PageSize: 100 });
    const found = reply.DAGInstanceList.DAGInstance.find((one) => one.Id === DagInstanceId);
    if (found === undefined) {
        throw new Error(`run ${DagInstanceId} is not in the list of flow ${DagId}`);
    }
    return found;
}

/** The nodes of a run by name. */
export async function nodesOf(client, DagId, DagInstanceId) {
    const reply = await client.call('GetTaskInstanceRelation', { DagId, DagInstanceId });
    return Object.fromEntries(reply.NodeList.Node.map((node) => [node.NodeName, node]));
}

export async function untilStatus(client, DagId, DagInstanceId, status) {
    let last;
    return until(
        async () => {
            last = await record(client, DagId, DagInstanceId);
            return last.Status === status && last;
        },
        async () =>
            `run ${DagInstanceId} reaches ${status}; it is ${JSON.stringify(last)}, its nodes ` +
            JSON.stringify(await nodesOf(client, DagId, DagInstanceId)),
    );
}

export async function untilNode(client, DagId, DagInstanceId, name, status) {
    let last;
    return until(
        async () => {
            last = (await nodesOf(client, DagId, DagInstanceId))[name];
            return last?.Status === status && last;
        },
        () => `node ${name} of run ${DagInstanceId} reaches ${status}; it is ${JSON.stringify(last)}`,
    );
}
