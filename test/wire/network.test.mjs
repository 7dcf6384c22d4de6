#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 200
// What an operator relies on when the server is reached over a network: HTTPS with a certificate of his, limits, names, signatures.
//
// The vendor's clients take further authorities from NODE_EXTRA_CA_CERTS only, which node reads at its start: the file makes its
// certificates first and then runs itself again.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';

import { ApiError, Raw, refused, send, vendorClients } from './lib/clients.mjs';
import { BUILD, PATIENCE, PROGRAM, Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

function openssl(directory, ...words) {
    execFileSync('openssl', words, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
}

function makeCertificates(directory) {
    openssl(directory, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem',
        '-days', '2', '-subj', '/CN=Test authority');
    const names = { good: 'IP:127.0.0.1,DNS:localhost', other: 'DNS:other.example' };
    for (const [name, alternatives] of Object.entries(names)) {
        openssl(directory, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out',
            `${name}.csr`, '-subj', `/CN=${name}`);
        fs.writeFileSync(path.join(directory, 'extensions'), `subjectAltName=${alternatives}\n`);
        openssl(directory, 'x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-out',
            `${name}.pem`, '-extfile', 'extensions');
        fs.chmodSync(path.join(directory, `${name}.key`), 0o600);
    }
}

if (process.env.SLUICE_TLS_DIR === undefined) {
    const directory = fs.mkdtempSync('/var/tmp/sluice-tls-');
    try {
        makeCertificates(directory);
        const again = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
            env: { ...process.env, SLUICE_TLS_DIR: directory, NODE_EXTRA_CA_CERTS: path.join(directory, 'ca.pem') },
            stdio: 'inherit',
        });
        process.exitCode = again.status ?? 1;
    } finally {
        fs.rmSync(directory, { recursive: true, force: true });
    }
    process.exit();
}

const file = (name) => path.join(process.env.SLUICE_TLS_DIR, name);
const servers = [];

async function open(...words) {
    const server = new Server({ arguments: words });
    servers.push(server);
    server.scheme = words.includes('--tls-cert') ? 'https' : 'http';
    await server.start();
    return server;
}

/** The server must not start: its exit code and what it says. */
function refusedStart(words) {
    const data = path.join(process.env.SLUICE_TLS_DIR, 'data');
    const done = spawnSync(PROGRAM, ['--data', data, ...words], { encoding: 'utf8', timeout: 15000 * PATIENCE });
    return { code: done.status, text: done.stderr };
}

/** The command line, without blocking the process that may hold the server's pipes. */
function sluice(words, environment = {}) {
    return new Promise((resolve) => {
        const child = spawn(path.join(BUILD, 'src/main/sluice'), words, { env: { ...process.env, ...environment } });
        let text = '';
        child.stdout.on('data', (data) => (text += data));
        child.stderr.on('data', (data) => (text += data));
        child.once('exit', (code) => resolve({ code, text }));
    });
}

function fetchText(url, options = {}) {
    return new Promise((resolve, reject) => {
        const library = url.startsWith('https:') ? https : http;
        const request = library.get(url, { agent: false, ...options }, (reply) => {
            let text = '';
            reply.on('data', (data) => (text += data));
            reply.once('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text }));
        });
        request.once('error', reject);
    });
}

let secure;

async function setup() {
    secure = await open('--tls-cert', file('good.pem'), '--tls-key', file('good.key'));
}

after(async () => {
    for (const server of servers) {
        await server.close();
    }
});

test('the ready line and the address file say https', () => {
    assert.match(secure.output, /sluiced ready on https:\/\/127\.0\.0\.1:\d+/);
    assert.equal(fs.readFileSync(path.join(secure.data, 'server.address'), 'utf8').trim(), `https://${secure.address}`);
});

test('every vendor client calls over https', async () => {
    for (const client of vendorClients(secure)) {
        const { DagId } = await client.call('CreateTaskFlow', { DagName: `over tls by ${client.name}` });
        const graph = await client.call('GetTaskFlowGraph', { DagId });
        assert.equal(graph.Success, true, client.name);
    }
});

test('the command line calls over https, and only a server that it can trust', async () => {
    const trusting = await sluice(['--data', secure.data, '--ca-file', file('ca.pem'), 'call', 'ListUserTenants']);
    assert.equal(trusting.code, 0, trusting.text);
    assert.match(trusting.text, /TenantList/);
    const environment = await sluice(['--data', secure.data, 'call', 'ListUserTenants'], { SLUICE_CA_FILE: file('ca.pem') });
    assert.equal(environment.code, 0, environment.text);
    const careful = await sluice(['--data', secure.data, 'call', 'ListUserTenants'], { SLUICE_CA_FILE: '' });
    assert.notEqual(careful.code, 0);
    assert.match(careful.text, /certificate/);
    const plain = await sluice(['--data', secure.data, '--endpoint', `http://${secure.address}`, 'call', 'ListUserTenants']);
    assert.equal(plain.code, 3, plain.text);
    assert.match(plain.text, /want https there/);
});

test('a certificate for another name is refused by the clients', async () => {
    const server = await open('--tls-cert', file('other.pem'), '--tls-key', file('other.key'));
    const [client] = vendorClients(server);
    await assert.rejects(client.call('ListUserTenants'), (error) => !(error instanceof ApiError));
    const cli = await sluice(['--data', server.data, '--ca-file', file('ca.pem'), 'call', 'ListUserTenants']);
    assert.notEqual(cli.code, 0);
});

test('plain HTTP to the port of HTTPS gets no answer', async () => {
    await assert.rejects(fetchText(`http://${secure.address}/healthz`));
});

for (const [version, isServed] of [['TLSv1', false], ['TLSv1.1', false], ['TLSv1.2', true], ['TLSv1.3', true]]) {
    test(`${version} is ${isServed ? 'served' : 'refused'}`, async () => {
        const shake = new Promise((resolve, reject) => {
            const socket = tls.connect(
                { port: secure.port, host: '127.0.0.1', minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
                () => resolve(socket.getProtocol()),
            );
            socket.once('error', reject);
            socket.once('secureConnect', () => socket.end());
        });
        if (isServed) {
            assert.equal(await shake, version);
        } else {
            await assert.rejects(shake);
        }
    });
}

test('a kept connection over https carries many requests, and targets of half a megabyte', async () => {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 20; i++) {
        assert.equal((await fetchText(`https://${secure.address}/healthz`, { agent })).text, 'ok\n');
    }
    const long = await fetchText(`https://${secure.address}/?Format=JSON&x=${'a'.repeat(500000)}`, { agent });
    assert.equal(JSON.parse(long.text).Code, 'InvalidAction.NotFound');
    agent.destroy();
});

test('files that can not serve are named at the start, and no key is shown', () => {
    const loose = file('loose.key');
    fs.copyFileSync(file('good.key'), loose);
    fs.chmodSync(loose, 0o644);
    fs.writeFileSync(file('empty.pem'), '');
    const cases = [
        [['--tls-cert', file('good.pem')], 2, /--tls-key is missing/],
        [['--tls-cert', file('absent.pem'), '--tls-key', file('good.key')], 1, /absent\.pem: No such file/],
        [['--tls-cert', file('good.pem'), '--tls-key', file('other.key')], 1, /does not belong to the certificate/],
        [['--tls-cert', file('good.pem'), '--tls-key', loose], 1, /loose\.key can be read by everybody/],
        [['--tls-cert', file('empty.pem'), '--tls-key', file('good.key')], 1, /empty\.pem/],
    ];
    for (const [words, code, says] of cases) {
        const end = refusedStart(['--listen', '127.0.0.1:0', ...words]);
        assert.equal(end.code, code, end.text);
        assert.match(end.text, says);
        assert.doesNotMatch(end.text, /PRIVATE KEY/);
    }
    const secret = fs.readFileSync(file('good.key'), 'utf8').split('\n')[1];
    assert.equal(secure.output.includes(secret), false);
});

test('plain HTTP is refused on every address that is not loopback', () => {
    for (const listen of ['0.0.0.0:0', '[::]:0', '0:0', '192.0.2.7:0']) {
        const end = refusedStart(['--listen', listen]);
        assert.equal(end.code, 1, listen);
        assert.match(end.text, /--allow-plain/);
    }
});

test('a key that calls too often is told when to come back, and nothing is done', async () => {
    const server = await open('--key-rate', '5');
    const client = new Raw(server, { generation: 'v3' });
    const codes = [];
    for (let i = 0; i < 30; i++) {
        try {
            await client.call('CreateTaskFlow', { DagName: `throttled ${i}` });
            codes.push('done');
        } catch (error) {
            codes.push(error.code);
        }
    }
    const done = codes.filter((code) => code === 'done').length;
    assert.ok(done >= 10, `${done} were done`);
    assert.ok(codes.includes('Throttling.User'));
    const throttled = await throttledReply(client);
    assert.equal(throttled.status, 400);
    const wait = Number(throttled.headers['x-acs-retry-after']);
    assert.ok(wait >= 1 && wait <= 1000, `${wait} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1200)); // tokens for the question
    const [vendor] = vendorClients(server);
    const flows = await vendor.call('ListTaskFlow', {});
    assert.equal(flows.TaskFlowList.TaskFlow.length, done);
});

/** A raw reply of a key that is over its limit. */
async function throttledReply(client) {
    for (let i = 0; i < 50; i++) {
        const reply = await send(client.server, client.build('ListUserTenants'));
        if (reply.status !== 200) {
            assert.match(reply.text, /Throttling\.User/);
            return reply;
        }
    }
    throw new Error('the limit was never met');
}

test('an address that calls without a signature too often is refused, signed requests from it and probes pass', async () => {
    const server = await open('--address-rate', '5');
    const client = new Raw(server, { generation: 'v3' });
    let refusals = 0;
    for (let i = 0; i < 30; i++) {
        const reply = await fetchText(`http://${server.address}/?Format=JSON`);
        const { Code } = JSON.parse(reply.text);
        if (Code === 'Throttling') {
            refusals++;
            assert.equal(reply.status, 400);
            assert.ok(Number(reply.headers['x-acs-retry-after']) >= 1);
        }
        await client.call('ListUserTenants');
    }
    assert.ok(refusals > 0);
    assert.equal((await fetchText(`http://${server.address}/healthz`)).status, 200);
    assert.equal((await fetchText(`http://${server.address}/?Format=JSON`, { localAddress: '127.0.0.2' })).status, 404);
});

test('an address that guesses learns nothing more for a while, and who signs there is not locked out by it', async () => {
    const server = await open('--failure-rate', '1');
    for (const generation of ['v1', 'v3']) {
        const client = new Raw(server, { generation });
        const codes = new Set();
        for (let i = 0; i < 30; i++) {
            await assert.rejects(client.call('ListUserTenants', {}, { secret: 'a wrong secret' }), (error) => {
                codes.add(error.code);
                return true;
            });
            await client.call('ListUserTenants');
        }
        assert.ok(codes.has('Throttling'), [...codes].join());
        await client.call('CreateTaskFlow', { DagName: `signed ${generation}` });
        await refused(client, 'ListUserTenants', {}, 400, 'Throttling', undefined, { secret: 'a wrong secret' });
        await refused(client, 'ListUserTenants', {}, 400, 'Throttling', undefined, { keyId: 'unknown' });
    }
});

test('one key that calls as often as it may leaves the nonces of the others alone', async () => {
    const server = await open('--nonces-max', '64');
    const loud = new Raw(server, { generation: 'v3' });
    const { User } = await loud.call('GetUser', {});
    const made = await loud.call('CreateAccessKey', { UserId: User.UserId });
    const other = { keyId: made.AccessKeyId, secret: made.AccessKeySecret };
    const nonce = crypto.randomUUID();
    await loud.call('ListUserTenants', {}, { ...other, nonce });
    const codes = new Set();
    for (let i = 0; i < 200; i++) {
        codes.add(await loud.call('ListUserTenants').then(() => 'done', (error) => error.code));
        if (i % 20 === 0) {
            await loud.call('ListUserTenants', {}, other);
        }
    }
    assert.ok(codes.has('done'));
    for (const code of codes) {
        assert.ok(code === 'done' || code === 'InvalidTimeStamp.Expired', code);
    }
    await refused(loud, 'ListUserTenants', {}, 400, 'SignatureNonceUsed', undefined, { ...other, nonce });
});

test('one address may open only so many connections', async () => {
    const server = await open('--address-connections', '5');
    const sockets = [];
    let closed = 0;
    for (let i = 0; i < 12; i++) {
        const socket = net.connect(server.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.once('close', () => closed++);
        sockets.push(socket);
    }
    const deadline = Date.now() + 8000 * PATIENCE;
    while (closed < 7 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(closed, 7);
    assert.equal((await fetchText(`http://${server.address}/healthz`, { localAddress: '127.0.0.2' })).text, 'ok\n');
    sockets.forEach((socket) => socket.destroy());
});

test('names, the least signature and the hidden string are as the operator says', async () => {
    const server = await open('--min-signature', 'v3', '--hide-string-to-sign', '--host', '127.0.0.1');
    const newer = new Raw(server, { generation: 'v3' });
    await newer.call('ListUserTenants');
    await refused(new Raw(server), 'ListUserTenants', {}, 400, 'InvalidSignatureMethod');
    const body = await refused(newer, 'ListUserTenants', {}, 400, 'SignatureDoesNotMatch', undefined, { secret: 'a wrong secret' });
    assert.doesNotMatch(body.Message, /ListUserTenants/);
    const elsewhere = { accessKeyId: server.accessKeyId, accessKeySecret: server.accessKeySecret, scheme: 'http', port: server.port,
        address: `localhost:${server.port}` };
    await refused(new Raw(elsewhere, { generation: 'v3' }), 'ListUserTenants', {}, 400, 'InvalidHost');
});

await run(setup);
