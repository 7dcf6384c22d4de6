// SPDX-License-Identifier: Apache-2.0
// TAP for the wire tests: named tests, run one after the other in the order in which they are written.
import assert from 'node:assert/strict';

import { PATIENCE } from './server.mjs';

const tests = [];
const atEnd = [];

/** Adds a test. The name is a sentence; the body fails by throwing. */
export function test(name, body) {
    tests.push({ name, body });
}

/** Adds clean-up that runs after the last test, whatever happened; what it throws is a failure of its own. */
export function after(body) {
    atEnd.push(body);
}

function comment(text) {
    for (const line of String(text).split('\n').slice(0, 60)) {
        console.log(`# ${line}`);
    }
}

async function attempt(number, name, body, limitMs) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no end after ${limitMs} ms`)), limitMs);
    });
    try {
        await Promise.race([body(), late]);
        console.log(`ok ${number} ${name}`);
        return true;
    } catch (error) {
        console.log(`not ok ${number} ${name}`);
        comment(error.stack ?? error);
        return false;
    } finally {
        clearTimeout(timer);
    }
}

/**
 * Runs setup and all tests and exits. When the setup fails the tests can not run, which is one failure.
 */
export async function run(setup, limitMs = 60000 * PATIENCE) {
    let number = 0;
    let failed = 0;
    if (setup && !(await attempt(++number, 'the server starts', setup, limitMs))) {
        failed++;
    } else {
        for (const { name, body } of tests) {
            if (!(await attempt(++number, name, body, limitMs))) {
                failed++;
            }
        }
    }
    for (const body of atEnd.reverse()) {
        try {
            await body();
        } catch (error) {
            console.log(`not ok ${++number} clean-up`);
            comment(error.stack ?? error);
            failed++;
        }
    }
    console.log(`1..${number}`);
    process.exit(failed === 0 ? 0 : 1);
}

/** Waits until probe() returns something true, looking again every few milliseconds; fails with what() at the deadline. */
export async function until(probe, what, limitMs = 15000 * PATIENCE) {
    const end = Date.now() + limitMs;
    for (;;) {
        const found = await probe();
        if (found) {
            return found;
        }
        if (Date.now() > end) {
            throw new Error(`not within ${limitMs} ms: ${typeof what === 'function' ? await what() : what}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

export { assert };
