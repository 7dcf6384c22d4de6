// SPDX-License-Identifier: Apache-2.0
// Starts a real server on a scratch directory and a free port of the loopback, and ends it without leftovers.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const SOURCE = process.env.SLUICE_SOURCE ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const BUILD = process.env.SLUICE_BUILD ?? path.join(SOURCE, 'build');
export const PROGRAM = path.join(BUILD, 'src/main/sluiced');

const READY = /^sluiced ready on https?:\/\/127\.0\.0\.1:(\d+)$/m;
// Tests call faster than any client would; those of the limits set their own behind these.
const UNLIMITED = ['--attempt-room', '0', '--key-rate', '0', '--address-rate', '0', '--failure-rate', '0'];
// Sanitizers make everything several times slower.
export const PATIENCE = process.env.SLUICE_SANITIZED ? 4 : 1;

function finished(child) {
    return child.exitCode !== null || child.signalCode !== null;
}

function exit(child, limitMs) {
    return new Promise((resolve, reject) => {
        if (finished(child)) {
            resolve(child.exitCode ?? child.signalCode);
            return;
        }
        const timer = setTimeout(() => reject(new Error(`still running after ${limitMs} ms`)), limitMs);
        child.once('error', reject);
        child.once('exit', (code, signal) => {
            clearTimeout(timer);
            resolve(code ?? signal);
        });
    });
}

export class Server {
    /** Options: arguments (further ones of the command line), environment (further variables). */
    constructor(options = {}) {
        this.options = options;
        // Readable by the uids that server and tasks run under when the tests are root.
        this.scratch = fs.mkdtempSync('/var/tmp/sluice-wire-');
        fs.chmodSync(this.scratch, 0o711);
        this.data = path.join(this.scratch, 'data');
        this.accessKeyId = 'SLUICEWIRETESTKEY0001';
        this.accessKeySecret = 'a-secret-of-the-wire-tests-0001';
        this.scheme = 'http'; // 'https' for a server that is given a certificate
        this.output = '';
        process.once('exit', () => this.abandon());
        for (const signal of ['SIGTERM', 'SIGINT']) {
            process.once(signal, () => process.exit(1));
        }
    }

    /** A directory that task programs may write to. */
    workspace() {
        const directory = path.join(this.scratch, 'space');
        if (!fs.existsSync(directory)) {
            fs.mkdirSync(directory);
            fs.chmodSync(directory, 0o1777);
        }
        return directory;
    }

    async start() {
        const environment = {
            ...process.env,
            SLUICE_ACCESS_KEY_ID: this.accessKeyId,
            SLUICE_ACCESS_KEY_SECRET: this.accessKeySecret,
            ...this.options.environment,
        };
        const child = spawn(PROGRAM, ['--data', this.data, '--listen', '127.0.0.1:0', ...UNLIMITED, ...(this.options.arguments ?? [])], {
            env: environment,
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        this.child = child;
        let spawned = '';
        await new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`not ready in time\n${this.output}`)), 15000 * PATIENCE);
            const fail = (why) => {
                clearTimeout(timer);
                reject(new Error(`${why}\n${this.output}`));
            };
            child.once('error', (error) => fail(error.message));
            child.once('exit', (code, signal) => fail(`the server ended with ${code ?? signal}`));
            child.stdout.on('data', (data) => {
                this.output += data;
                spawned += data;
                const ready = READY.exec(spawned);
                if (ready) {
                    this.port = Number(ready[1]);
                    clearTimeout(timer);
                    resolve();
                }
            });
            child.stderr.on('data', (data) => {
                this.output += data;
            });
        });
        return this;
    }

    get address() {
        return `127.0.0.1:${this.port}`;
    }

    /** The keys of DIR/credentials, as an object. */
    credentials() {
        const text = fs.readFileSync(path.join(this.data, 'credentials'), 'utf8');
        return Object.fromEntries([...text.matchAll(/^(\w+)\s*=\s*(.*)$/gm)].map(([, key, value]) => [key, value]));
    }

    isRunning() {
        return this.child !== undefined && !finished(this.child);
    }

    /** SIGTERM: running attempts go on under the supervisor. */
    async terminate() {
        this.child.kill('SIGTERM');
        const code = await exit(this.child, 15000 * PATIENCE);
        if (code !== 0) {
            throw new Error(`the server ended with ${code}\n${this.output}`);
        }
    }

    async kill() {
        this.child.kill('SIGKILL');
        await exit(this.child, 5000);
    }

    /** Ends every run, the supervisor and the server; fails when anything is left alive. */
    async stopAll() {
        const helper = spawn(PROGRAM, ['--data', this.data, '--stop-all'], { stdio: ['ignore', 'pipe', 'pipe'] });
        let said = '';
        helper.stdout.on('data', (data) => (said += data));
        helper.stderr.on('data', (data) => (said += data));
        const code = await exit(helper, 45000 * PATIENCE);
        if (code !== 0) {
            throw new Error(`--stop-all ended with ${code}\n${said}\n${this.output}`);
        }
        if (this.isRunning()) {
            const ended = await exit(this.child, 15000 * PATIENCE);
            if (ended !== 0) {
                throw new Error(`the server ended with ${ended}\n${this.output}`);
            }
        }
    }

    /** The regular end of a test file. */
    async close() {
        if (this.port !== undefined) {
            await this.stopAll();
            this.child = undefined;
        }
        fs.rmSync(this.scratch, { recursive: true, force: true });
    }

    /** The irregular end: no process and no directory may stay behind, whatever went wrong. */
    abandon() {
        if (this.isRunning()) {
            this.child.kill('SIGKILL');
        }
        for (const name of ['server.pid', 'supervisor.pid']) {
            try {
                const pid = Number(fs.readFileSync(path.join(this.data, name), 'utf8').trim());
                const exe = fs.readlinkSync(`/proc/${pid}/exe`);
                if (exe.startsWith(path.join(BUILD, 'src/main'))) {
                    process.kill(pid, 'SIGKILL');
                }
            } catch {
                // Already gone.
            }
        }
        fs.rmSync(this.scratch, { recursive: true, force: true });
    }
}
