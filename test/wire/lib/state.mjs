// SPDX-License-Identifier: Apache-2.0
// Has a server's stored state changed? A digest over every table of its database, without what a refused call may leave: log rows, nonces,
// times of last use.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const DUMP = `
import hashlib, sqlite3, sys
base = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
left_out = {"nonce", "client_token", "audit", "sql_audit", "counter"}
columns_left_out = {("access_key", "last_used_ms"), ("person", "last_login_ms")}
for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
    if table in left_out or table.startswith("sqlite_"):
        continue
    columns = [row[1] for row in base.execute(f"PRAGMA table_info({table})") if (table, row[1]) not in columns_left_out]
    names = ", ".join('"' + name + '"' for name in columns)
    digest = hashlib.sha256()
    count = 0
    for row in base.execute(f"SELECT {names} FROM {table} ORDER BY {names}"):
        digest.update(repr(row).encode())
        count += 1
    print(table, count, digest.hexdigest())
`;

/** One line a table: name, rows, digest. Equal texts are equal states. */
export function stateOf(server) {
    return execFileSync('python3', ['-c', DUMP, path.join(server.data, 'state.db')], { encoding: 'utf8' });
}
