// SPDX-License-Identifier: Apache-2.0
// Many requests over a few connections that stay open, several on their way on each: a generated test of ten thousand calls takes seconds
// instead of minutes. Replies are only read as far as such a test needs them.
import net from 'node:net';

import { PATIENCE } from './server.mjs';

const LIMIT_MS = 60000 * PATIENCE;

/** The bytes of a request that Raw.build made. */
function bytesOf(server, { method = 'POST', target = '/', headers = {}, body = '' }) {
    const lines = Object.entries({ host: server.address, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** One reply of `bytes`: { status, text, rest }, or null while it is not complete. Ours always have a length. */
function cut(bytes) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) {
        return null;
    }
    const head = bytes.toString('latin1', 0, end);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? NaN);
    if (Number.isNaN(length)) {
        throw new Error(`a reply without a length: ${head}`);
    }
    const next = end + 4 + length;
    if (bytes.length < next) {
        return null;
    }
    return {
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)[1]),
        closes: /^connection: *close/im.test(head),
        text: bytes.toString('utf8', end + 4, next),
        rest: bytes.subarray(next),
    };
}

/** One connection that takes jobs until there are none; ahead: how many requests are on their way at once. */
function work(server, take, ahead, onReply) {
    return new Promise((resolve, reject) => {
        const waiting = [];
        let held = Buffer.alloc(0);
        const socket = net.connect(server.port, '127.0.0.1');
        const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${LIMIT_MS} ms`)), LIMIT_MS);
        const fill = () => {
            let text = '';
            while (waiting.length < ahead) {
                const job = take();
                if (job === undefined) {
                    break;
                }
                waiting.push(job);
                text += bytesOf(server, job.build());
            }
            if (text !== '') {
                timer.refresh();
                socket.write(text);
            } else if (waiting.length === 0) {
                clearTimeout(timer);
                socket.destroy();
                resolve();
            }
        };
        const fail = (why) => {
            clearTimeout(timer);
            const sent = waiting.map(({ name }) => name).join('\n  ');
            reject(new Error(`${why}; on their way were:\n  ${sent}`));
        };
        socket.on('connect', fill);
        socket.on('data', (data) => {
            try {
                held = held.length === 0 ? data : Buffer.concat([held, data]);
                for (let reply; (reply = cut(held)) !== null;) {
                    held = reply.rest;
                    onReply(waiting.shift(), reply);
                    if (reply.closes) { // what was sent behind it is not answered: once more on a new connection
                        clearTimeout(timer);
                        socket.destroy();
                        resolve(waiting.splice(0));
                        return;
                    }
                }
            } catch (error) {
                fail(error.message);
                return;
            }
            fill();
        });
        socket.on('error', (error) => fail(error.message));
        socket.on('close', () => waiting.length > 0 && fail('the connection was closed'));
    });
}

/**
 * Sends all jobs, { name, build } each with build() making the request when its turn comes (so that its time stamp is fresh), and calls
 * onReply(job, { status, text }) for each.
 */
export async function pipeline(server, jobs, onReply, { connections = 4, ahead = 8 } = {}) {
    const line = [...jobs].reverse();
    const take = () => line.pop();
    await Promise.all(
        Array.from({ length: connections }, async () => {
            for (let left; (left = await work(server, take, ahead, onReply)) !== undefined;) {
                line.push(...left.reverse());
            }
        }),
    );
}
