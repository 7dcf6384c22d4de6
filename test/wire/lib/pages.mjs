// SPDX-License-Identifier: Apache-2.0
// The examples of the documentation: fenced blocks that are marked, and rows of tables.
import fs from 'node:fs';
import path from 'node:path';

import { SOURCE } from './server.mjs';

const DOCS = path.join(SOURCE, 'docs');

export function pageText(page) {
    return fs.readFileSync(path.join(DOCS, page), 'utf8');
}

/** The pages of a folder of docs/, as paths below docs/. */
export function pagesOf(folder) {
    return fs.readdirSync(path.join(DOCS, folder)).filter((name) => name.endsWith('.md')).map((name) => path.join(folder, name));
}

/** The fenced blocks of these pages whose info string begins with these words: [{ page, kind, text }]. */
export function examples(pages, words) {
    return pages.flatMap((page) =>
        [...pageText(page).matchAll(/^```(.*)\n([^]*?)^```$/gm)]
            .filter(([, info]) => info === words || info.startsWith(`${words} `))
            .map(([, info, body]) => ({ page, kind: info.split(' ').at(-1), text: body.trim() })));
}

/**
 * The rows below the one table of a page that has this head ('| A | B |'), as lists of cells; a cell that is nothing but code loses its
 * marks, and a bar that is escaped becomes a bar. Fails when there is no such table or it is empty.
 */
export function tableOf(page, head, section = '') {
    const text = pageText(page);
    const from = text.indexOf(`\n${head}\n`, text.indexOf(section));
    const rows = [];
    for (const line of from < 0 ? [] : text.slice(from + head.length + 2).split('\n').slice(1)) {
        if (!line.startsWith('|')) {
            break;
        }
        rows.push(line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|').replace(/^`([^`]*)`$/, '$1')));
    }
    if (rows.length === 0) {
        throw new Error(`docs/${page} has no table ${head}`);
    }
    return rows;
}
