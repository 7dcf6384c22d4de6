#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 400
// One judge of heads: some 250 requests, good and bad, are sent to a server that speaks plain HTTP and to one behind TLS, whole and in small
// pieces. Each has the verdict that stands here on every way in: so many replies with one head each, the documented body, never HTML.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

import { PATIENCE, Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const AT_A_TIME = 16;
const NO_ANSWER = [];

const scratch = fs.mkdtempSync('/var/tmp/sluice-ways-');
const plain = new Server({ arguments: ['--address-connections', '400'] });
let secure;

async function setup() {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem', '-out',
        'cert.pem', '-days', '2', '-subj', '/CN=localhost'], { cwd: scratch, stdio: 'ignore' });
    fs.chmodSync(path.join(scratch, 'key.pem'), 0o600);
    secure = new Server({ arguments: ['--address-connections', '400', '--tls-cert', path.join(scratch, 'cert.pem'), '--tls-key',
        path.join(scratch, 'key.pem')] });
    secure.scheme = 'https';
    await plain.start();
    await secure.start();
}

/** What comes back for these bytes, latin1, until the server closes. The client ends its side when everything is sent. */
function exchange(way, text) {
    return new Promise((resolve, reject) => {
        const bytes = Buffer.from(text, 'latin1');
        const where = { host: '127.0.0.1', port: way.server().port, allowHalfOpen: true, rejectUnauthorized: false };
        let answer = '';
        const socket = way.isTls ? tls.connect(where, say) : net.connect(where, say);
        const timer = setTimeout(() => socket.destroy(new Error('the server neither answers nor closes')), 20000 * PATIENCE);
        function done(error) {
            clearTimeout(timer);
            socket.destroy();
            // A server that has answered need not wait for what is still sent.
            return error && !['EPIPE', 'ECONNRESET'].includes(error.code) ? reject(error) : resolve(answer);
        }
        function say() {
            socket.setNoDelay(true);
            const piece = way.piece(bytes.length);
            let at = 0;
            const next = () => {
                if (socket.destroyed || !socket.writable) {
                    return;
                }
                at += piece;
                if (at >= bytes.length) {
                    socket.end(bytes.subarray(at - piece));
                } else {
                    socket.write(bytes.subarray(at - piece, at), () => setImmediate(next));
                }
            };
            next();
        }
        socket.on('data', (data) => (answer += data.toString('latin1')));
        socket.on('end', () => done());
        socket.on('error', done);
        socket.on('close', () => done());
    });
}

/** The replies in these bytes, strictly: status and Code of each. Anything between or behind them is an error. */
function replies(answer) {
    const found = [];
    let rest = answer;
    while (rest !== '') {
        const end = rest.indexOf('\r\n\r\n');
        assert.ok(end > 0, `no head: ${rest.slice(0, 200)}`);
        const [line, ...fields] = rest.slice(0, end).split('\r\n');
        const [, status] = line.match(/^HTTP\/1\.1 (\d\d\d) [A-Z][A-Za-z ]+$/) ?? assert.fail(line);
        if (status === '100') {
            rest = rest.slice(end + 4);
            continue;
        }
        const headers = Object.fromEntries(fields.map((field) => field.match(/^([\w-]+): (.*)$/).slice(1)));
        const body = rest.slice(end + 4, end + 4 + Number(headers['Content-Length']));
        assert.equal(body.length, Number(headers['Content-Length']));
        assert.doesNotMatch(body + headers['Content-Type'], /html/i);
        rest = rest.slice(end + 4 + body.length);
        if (headers['Content-Type'].startsWith('text/plain')) {
            found.push(status);
            continue;
        }
        const isJson = headers['Content-Type'].startsWith('application/json');
        const read = (name) => (isJson ? JSON.parse(body)[name] : body.match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1]);
        for (const name of ['RequestId', 'HostId', 'Message']) {
            assert.equal(typeof read(name), 'string', `${name} in ${body}`);
        }
        found.push(`${status} ${read('Code')}`);
        assert.ok(read('Code') !== 'InvalidParameter' || (headers.Connection === 'close' && rest === ''), 'what can not be read ends the connection');
    }
    return found;
}

const MALFORMED = ['400 InvalidParameter'];
const NOT_FOUND = ['404 InvalidAction.NotFound'];
const get = (more = '', line = 'GET /healthz HTTP/1.1') => `${line}\r\nHost: h\r\n${more}\r\n`;
const post = (more, body = '') => `POST /?Format=JSON HTTP/1.1\r\nHost: h\r\n${more}\r\n${body}`;
const chunks = (body) => post('Transfer-Encoding: chunked\r\n', body);

const cases = [
    // Lines
    [get(), ['200']],
    [get('', 'POST /healthz HTTP/1.1'), ['200']],
    [get('', 'GET /healthz HTTP/1.0'), ['200']],
    ['GET /healthz HTTP/1.0\r\n\r\n', ['200']],
    [`\r\n${get()}`, ['200']],
    [`\r\n\r\n${get()}`, MALFORMED],
    [`\n${get()}`, MALFORMED],
    [` ${get()}`, MALFORMED],
    ...['GET /healthz', 'GET /healthz ', 'GET  /healthz HTTP/1.1', 'GET /healthz  HTTP/1.1', 'GET /healthz HTTP/1.1 ', 'GET\t/healthz HTTP/1.1',
        'GET /healthz x HTTP/1.1', 'G:T /healthz HTTP/1.1', 'GET /healthz HTTP/1.1x', 'GET /healthz HTTP/1', 'GET /healthz HTTP/1.', 'GET /healthz http/1.1',
        'GET /healthz HTTP/11', 'GET /healthz HTTPS/1.1', 'GET /healthz', 'nonsense', 'GET', ' '].map((line) => [get('', line), MALFORMED]),
    ...['HTTP/2.0', 'HTTP/1.2', 'HTTP/0.9', 'HTTP/9.9'].map((version) => [get('', `GET /healthz ${version}`), ['505 InvalidParameter']]),
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', ['505 InvalidParameter']],
    ...['PUT', 'DELETE', 'OPTIONS', 'get', 'TRACE', 'CONNECT', 'M-SEARCH'].map((method) => [get('', `${method} / HTTP/1.1`), ['400 UnsupportedHTTPMethod']]),
    ...['/healthz/', '//healthz', '/%68ealthz', '/healthz%00', 'http://h/healthz', '*', 'healthz', '/h\xc3\xa9'].map(
        (target) => [get('', `GET ${target} HTTP/1.1`), NOT_FOUND]),
    [get('', 'GET /healthz?\xff HTTP/1.1'), ['200']],
    ['nonsense\r\n\r\n', MALFORMED],
    ['GET /healthz HTTP/1.1\nHost: h\n\n', MALFORMED],
    ['GET /healthz HTTP/1.1\r\nHost: h\n\r\n', MALFORMED],
    // Fields
    ['GET /healthz HTTP/1.1\r\n\r\n', MALFORMED],
    ...['Host: h', 'Host : h', ' X: y', '\tX: y', 'X: y\r\n folded', 'X: y\r\n\tfolded', 'X', ': y', 'X y: z', 'X(y): z', 'Expect: 200-ok', 'Expect:',
        'X: a\rb', 'X: \xc3\xa9\x01'].map((field) => [get(`${field}\r\n`), MALFORMED]),
    ...['X:', 'X: \xc3\xa9', 'X: a:b', 'X:y', 'X: y \t', 'Connection: close', 'Connection: keep-alive, x', 'Connection:', 'Keep-Alive: x', 'Upgrade: h2c', 'TE: trailers',
        'Trailer: X', '!#$%&\'*+-.^_`|~: y', 'Expect: 100-continue'].map((field) => [get(`${field}\r\n`), ['200']]),
    [get('X: y\r\n'.repeat(99)), ['200']],
    [get('X: y\r\n'.repeat(100)), ['431 InvalidParameter']],
    [get(`X: ${'y'.repeat(16 * 1024 - 14)}\r\n`), ['200']],
    [get(`X: ${'y'.repeat(16 * 1024 - 13)}\r\n`), ['431 InvalidParameter']],
    [`GET /healthz HTTP/1.1\r\nX: ${'y'.repeat(20000)}`, ['431 InvalidParameter']],
    // Lengths
    ...['5', ' 5', '5 ', '\t5\t', '05', '000000005'].map((length) => [post(`Content-Length:${length}\r\n`, 'hello'), NOT_FOUND]),
    ...['', 'abc', '+5', '-1', '5x', '0x5', '5,5', '5, 5', '5 5', '5.0', '18446744073709551615', '9'.repeat(40), '\xb2'].map(
        (length) => [post(`Content-Length: ${length}\r\n`, 'hello'), MALFORMED]),
    [post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'), MALFORMED],
    [post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'), MALFORMED],
    [post('Content-Length : 5\r\n', 'hello'), MALFORMED],
    [post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), MALFORMED],
    [post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'), MALFORMED],
    [post('Content-Length: 99999999\r\n'), ['413 InvalidParameter']],
    [post('Content-Length: 5\r\n', 'hel'), NO_ANSWER],
    // Codings
    ...['chunked', 'chunked ', '\tchunked', 'Chunked', 'CHUNKED\t '].map(
        (coding) => [post(`Transfer-Encoding:${coding}\r\n`, '5\r\nhello\r\n0\r\n\r\n'), NOT_FOUND]),
    ...['', 'gzip', 'identity', 'gzip, chunked', 'chunked, chunked', 'chunked,', 'xchunked', '"chunked"', 'chunked;q=1', '\x0bchunked'].map(
        (coding) => [post(`Transfer-Encoding: ${coding}\r\n`, '0\r\n\r\n'), MALFORMED]),
    [post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), MALFORMED],
    ['POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', MALFORMED],
    // Chunks
    ...['0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '00005\r\nhello\r\n0\r\n\r\n', 'A\r\n0123456789\r\n0\r\n\r\n', '5;x=y\r\nhello\r\n0\r\n\r\n', '0\r\nX: y\r\nZ:\r\n\r\n'].map(
        (body) => [chunks(body), NOT_FOUND]),
    ...['zz\r\n', '\r\n', ';x\r\n', '5 \r\nhello\r\n0\r\n\r\n', '5\nhello\n0\n\n', '5\r\nhelloo\r\n', '5\r\nhello\n', '-5\r\nhello\r\n', '0x5\r\nhello\r\n',
        'fffffffffffffffff\r\n', '5;\x01\r\n', `5;${'x'.repeat(300)}\r\n`, '0\r\n X: y\r\n\r\n', '0\r\nX: \x01\r\n\r\n', `0\r\nX: ${'y'.repeat(20000)}\r\n\r\n`].map(
        (body) => [chunks(body), MALFORMED]),
    [chunks('5\r\nhel'), NO_ANSWER],
    [chunks('5\r\nhello\r\n0\r\n'), NO_ANSWER],
    // Several on one connection, and what is smuggled behind one
    [get() + get(), ['200', '200']],
    [post('Content-Length: 5\r\n', 'hello') + get(), [...NOT_FOUND, '200']],
    [chunks('5\r\nhello\r\n0\r\n\r\n') + get(), [...NOT_FOUND, '200']],
    [get('Connection: close\r\n') + get(), ['200']],
    [get('Content-Length: abc\r\n') + get(), MALFORMED],
    [post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n') + get(), MALFORMED],
    [chunks('zz\r\n') + get(), MALFORMED],
    [get() + get('Host: h\r\n') + get(), ['200', ...MALFORMED]],
    ['GET /healthz HTTP/1.1\r\nHo', NO_ANSWER],
    ['', NO_ANSWER],
    // Long ones
    [get('', `GET /healthz?${'x'.repeat(100000)} HTTP/1.1`), ['200']],
    [get('', `GET /healthz?${'x'.repeat(1024 * 1024)} HTTP/1.1`), ['414 InvalidParameter']],
];

// Every control byte, in the three places where it could end something early.
for (let code = 0; code < 128; code++) {
    const byte = String.fromCharCode(code);
    if ((code < 32 && !'\n\r'.includes(byte)) || code === 127) {
        cases.push([get('', `GET /healthz${byte}x HTTP/1.1`), MALFORMED]);
        cases.push([get(`X${byte}: y\r\n`), MALFORMED]);
        cases.push([get(`X: y${byte}z\r\n`), byte === '\t' ? ['200'] : MALFORMED]);
    }
}

const ways = [
    { name: 'plain, whole', server: () => plain, isTls: false, piece: (len) => Math.max(len, 1) },
    { name: 'TLS, whole', server: () => secure, isTls: true, piece: (len) => Math.max(len, 1) },
    { name: 'plain, in pieces', server: () => plain, isTls: false, piece: (len) => (len < 1000 ? 1 : Math.ceil(len / 200)) },
    { name: 'TLS, in pieces', server: () => secure, isTls: true, piece: (len) => (len < 1000 ? 3 : Math.ceil(len / 200)) },
];

for (const way of ways) {
    test(`${cases.length} requests have their verdicts: ${way.name}`, async () => {
        const left = [...cases];
        const work = async () => {
            for (let one = left.shift(); one !== undefined; one = left.shift()) {
                const [text, expected] = one;
                const shown = JSON.stringify(text.slice(0, 200));
                let answer = '';
                try {
                    answer = await exchange(way, text);
                    assert.deepEqual(replies(answer), expected);
                } catch (error) {
                    throw new Error(`${shown} of ${text.length} bytes: ${error.message}\n${answer.slice(0, 500)}`);
                }
            }
        };
        await Promise.all(Array.from({ length: AT_A_TIME }, work));
    });
}

test('a refusal has the form that its target asks for, as far as that can be read', async () => {
    const asked = await exchange(ways[0], 'GET /?Format=JSON HTTP/1.1\r\nContent-Length: abc\r\n\r\n');
    assert.match(asked, /\r\nContent-Type: application\/json/);
    const early = await exchange(ways[0], `GET /?Format=JSON HTTP/1.1\r\nX: ${'y'.repeat(20000)}`);
    assert.match(early, /^HTTP\/1\.1 431 [\s\S]*\r\nContent-Type: application\/json/);
    const unread = await exchange(ways[0], 'nonsense\r\n\r\n');
    assert.match(unread, /\r\nContent-Type: text\/xml/);
});

after(async () => {
    await plain.close();
    await secure?.close();
    fs.rmSync(scratch, { recursive: true, force: true });
});
await run(setup, 90000 * PATIENCE);
