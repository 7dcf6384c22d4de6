// SPDX-License-Identifier: Apache-2.0
// Which operation was answered how, to whom: noted by every client, written at the end of the process to the folder
// SLUICE_COVERAGE. scripts/coverage.py makes docs/api-coverage.md of all notes and fails when an operation was left out.
import fs from 'node:fs';
import path from 'node:path';

const notes = new Set();

/** client: the family ("pop-core", "openapi-client", "openapi-core", "raw"); code: of the failure, or undefined. */
export function note(action, client, format, code) {
    notes.add([action, client, format, code ?? ''].join(' '));
}

process.once('exit', () => {
    const folder = process.env.SLUICE_COVERAGE;
    if (folder !== undefined && notes.size > 0) {
        fs.writeFileSync(path.join(folder, `${process.pid}-${Date.now()}.txt`), [...notes].join('\n') + '\n');
    }
});
