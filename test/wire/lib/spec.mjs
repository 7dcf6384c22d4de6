// SPDX-License-Identifier: Apache-2.0
// The specification as a judge: every reply of the server is checked against it, in JSON and in XML.
//
// spec/operations.json holds the published operations, spec/extensions.json ours in the same form, spec/extras.json the
// fields that we add to published replies. Types must match exactly, unknown fields are errors, lists are never null and
// have the shape that is written down.
import fs from 'node:fs';
import path from 'node:path';

import { SOURCE } from './server.mjs';

export const VERSION = '2018-11-01';

function load(name) {
    const file = path.join(SOURCE, 'spec', name);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : { operations: [] };
}

function merge(schema, extra) {
    for (const [name, value] of Object.entries(extra.properties ?? {})) {
        if (schema.properties[name] === undefined) {
            schema.properties[name] = value;
        } else {
            merge(schema.properties[name], value);
            schema.properties[name].enum?.push(...(value.enum_more ?? []));
        }
    }
    if (schema.items !== undefined && extra.items !== undefined) {
        merge(schema.items, extra.items);
    }
}

const known = new Map();
for (const operation of [...load('operations.json').operations, ...load('extensions.json').operations]) {
    known.set(operation.action, operation);
}
const extras = load('extras.json');
for (const operation of known.values()) {
    merge(operation.response, extras.envelope);
}
for (const operation of extras.operations) {
    const target = known.get(operation.action);
    if (target === undefined) {
        throw new Error(`spec/extras.json: unknown operation ${operation.action}`);
    }
    merge(target.response, operation.response ?? {});
    for (const [name, words] of Object.entries(operation.words ?? {})) {
        target.params.find((param) => param.name === name).enum.push(...words);
    }
    target.params.push(...(operation.params ?? []));
}

/** The operation of this name; unknown ones are a mistake of the test. */
export function operation(action) {
    const found = known.get(action);
    if (found === undefined) {
        throw new Error(`the specification has no operation ${action}`);
    }
    return found;
}

/** The names of all operations, published and ours. */
export function operations() {
    return [...known.keys()].sort();
}

/** Names of all actions that answered with success in this process. */
export const called = new Set();

function judgeInteger(value, low, high, where, breaches) {
    if (typeof value !== 'number' || !Number.isInteger(value)) {
        breaches.push(`${where}: ${JSON.stringify(value)} is not an integer`);
    } else if (value < low || value > high) {
        breaches.push(`${where}: ${value} is out of range`);
    }
}

function judge(value, schema, where, breaches) {
    switch (schema.type) {
    case 'object':
        if (value === null || typeof value !== 'object' || Array.isArray(value)) {
            breaches.push(`${where}: not an object`);
            return;
        }
        if (schema.properties === undefined) {
            return;
        }
        for (const [name, member] of Object.entries(value)) {
            const inner = schema.properties[name];
            if (inner === undefined) {
                breaches.push(`${where}.${name}: unknown field`);
            } else {
                judge(member, inner, `${where}.${name}`, breaches);
            }
        }
        return;
    case 'array':
        if (!Array.isArray(value)) {
            breaches.push(`${where}: not a list`);
            return;
        }
        value.forEach((member, index) => judge(member, schema.items, `${where}[${index}]`, breaches));
        return;
    case 'map':
        if (value === null || typeof value !== 'object' || Array.isArray(value)) {
            breaches.push(`${where}: not a map`);
        }
        return;
    case 'long':
        judgeInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, where, breaches);
        break;
    case 'integer':
        judgeInteger(value, -(2 ** 31), 2 ** 31 - 1, where, breaches);
        break;
    case 'boolean':
        if (typeof value !== 'boolean') {
            breaches.push(`${where}: ${JSON.stringify(value)} is not a boolean`);
        }
        break;
    case 'string':
        if (typeof value !== 'string') {
            breaches.push(`${where}: ${JSON.stringify(value)} is not a string`);
        }
        break;
    default:
        breaches.push(`${where}: the specification has an unknown type ${schema.type}`);
    }
    if (schema.enum !== undefined && !schema.enum_open && !schema.enum.includes(value)) {
        breaches.push(`${where}: ${JSON.stringify(value)} is none of ${schema.enum.join(', ')}`);
    }
    if (schema.format === 'yyyy-MM-dd HH:mm:ss' && !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value)) {
        breaches.push(`${where}: ${JSON.stringify(value)} is not a time`);
    }
}

/** Lists that the reply must contain, also when they are empty: those at its top level. */
function judgeLists(body, described, breaches) {
    for (const list of described.lists ?? []) {
        const names = list.path.replace(/\[\]$/, '').split('.');
        if (list.path.slice(0, -2).includes('[]')) {
            continue;
        }
        let at = body;
        for (const name of names) {
            at = at?.[name];
        }
        if (!Array.isArray(at)) {
            breaches.push(`${list.path}: a ${list.shape} list must be there, also when empty`);
        }
    }
}

const REQUEST_ID = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/;

/** Throws unless the body is a correct success reply of the operation. */
export function checkSuccess(action, body) {
    const described = operation(action);
    const breaches = [];
    judge(body, described.response, action, breaches);
    judgeLists(body, described, breaches);
    const success = described.response.properties.Success.type === 'string' ? 'true' : true;
    if (body.Success !== success) {
        breaches.push(`${action}.Success: ${JSON.stringify(body.Success)}`);
    }
    for (const name of ['ErrorCode', 'ErrorMessage', 'Code']) {
        if (name in body) {
            breaches.push(`${action}.${name}: has no place in a success`);
        }
    }
    if (!REQUEST_ID.test(body.RequestId ?? '')) {
        breaches.push(`${action}.RequestId: ${JSON.stringify(body.RequestId)}`);
    }
    if (breaches.length > 0) {
        throw new Error(`${breaches.join('\n')}\nin ${JSON.stringify(body).slice(0, 2000)}`);
    }
    called.add(action);
    return body;
}

const FAILURE_STRINGS = ['RequestId', 'Code', 'Message', 'HostId', 'Recommend', 'Description', 'ErrorCode', 'ErrorMessage'];

/** Throws unless status and body are a correct failure reply (protocol.md §9.5, §9.7). */
export function checkFailure(action, status, body) {
    const breaches = [];
    if (!(status >= 400 && status <= 599)) {
        breaches.push(`status ${status}`);
    }
    for (const name of ['RequestId', 'Code', 'Message']) {
        if (typeof body[name] !== 'string' || body[name] === '') {
            breaches.push(`${name} must be a text, is ${JSON.stringify(body[name])}`);
        }
    }
    for (const [name, value] of Object.entries(body)) {
        if (FAILURE_STRINGS.includes(name)) {
            if (typeof value !== 'string') {
                breaches.push(`${name} must be a text, is ${JSON.stringify(value)}`);
            }
        } else if (name === 'AccessDeniedDetail') {
            if (value === null || typeof value !== 'object') {
                breaches.push('AccessDeniedDetail must be an object');
            }
        } else if (name !== 'Success' || value !== false) {
            breaches.push(`${name}: ${JSON.stringify(value)} has no place in a failure`);
        }
    }
    if ('ErrorCode' in body && (body.ErrorCode !== body.Code || body.ErrorMessage !== body.Message)) {
        breaches.push('ErrorCode and ErrorMessage must repeat Code and Message');
    }
    if (!REQUEST_ID.test(body.RequestId ?? '')) {
        breaches.push(`RequestId: ${JSON.stringify(body.RequestId)}`);
    }
    if (breaches.length > 0) {
        throw new Error(`failure of ${action}: ${breaches.join('\n')}\nin ${JSON.stringify(body)}`);
    }
    return body;
}

// ---- XML ----

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescape(text) {
    return text.replace(/&(?:(#x?[0-9A-Fa-f]+|\w+);)?/g, (whole, name) => {
        if (name === undefined) {
            throw new Error('XML: a bare &');
        }
        if (name.startsWith('#')) {
            return String.fromCodePoint(name[1] === 'x' ? parseInt(name.slice(2), 16) : Number(name.slice(1)));
        }
        if (ENTITIES[name] === undefined) {
            throw new Error(`XML: unknown entity ${whole}`);
        }
        return ENTITIES[name];
    });
}

/** Parses the XML that the server writes (elements, text, CDATA, names of columns) into { name, children, text }. */
export function parseXml(text) {
    const head = "<?xml version='1.0' encoding='UTF-8'?>";
    if (!text.startsWith(head)) {
        throw new Error(`XML: begins with ${text.slice(0, 60)}`);
    }
    const token = /<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.-]*)(\/?)>|([^<]+)|<(Column) name="([^"<]*)">|([\s\S])/g;
    token.lastIndex = head.length;
    const root = { name: '', children: [], text: '' };
    const stack = [root];
    for (let match; (match = token.exec(text)) !== null;) {
        const at = stack[stack.length - 1];
        if (match[1] !== undefined) {
            at.text += match[1];
        } else if (match[5] !== undefined) {
            at.text += unescape(match[5]);
        } else if (match[6] !== undefined) {
            // A column of a map whose name is no element's name (operations.md §0.4).
            const element = { name: match[6], column: unescape(match[7]), children: [], text: '' };
            at.children.push(element);
            stack.push(element);
        } else if (match[8] !== undefined) {
            throw new Error(`XML: not well-formed at ${text.slice(match.index, match.index + 60)}`);
        } else if (match[2] === '/') {
            if (at.name !== match[3] || stack.length === 1) {
                throw new Error(`XML: </${match[3]}> closes <${at.name}>`);
            }
            stack.pop();
        } else {
            const element = { name: match[3], children: [], text: '' };
            at.children.push(element);
            if (match[4] !== '/') {
                stack.push(element);
            }
        }
    }
    if (stack.length !== 1 || root.children.length !== 1 || root.text.trim() !== '') {
        throw new Error('XML: not exactly one complete root element');
    }
    return root.children[0];
}

/** What the element means, by the schema: the same value that JSON would have carried. */
function xmlValue(element, schema) {
    switch (schema?.type) {
    case 'object': {
        const value = {};
        for (const [name, inner] of Object.entries(schema.properties ?? {})) {
            const found = element.children.filter((child) => child.name === name);
            if (inner.type === 'array') {
                // No element means an empty list: XML has no other word for it.
                value[name] = found.map((child) => xmlValue(child, inner.items));
            } else if (found.length > 1) {
                throw new Error(`XML: <${name}> stands ${found.length} times in <${element.name}>`);
            } else if (found.length === 1) {
                value[name] = xmlValue(found[0], inner);
            }
        }
        for (const child of element.children) {
            if (!(child.name in (schema.properties ?? {}))) {
                throw new Error(`XML: unknown element <${child.name}> in <${element.name}>`);
            }
        }
        return value;
    }
    case 'map':
        return Object.fromEntries(element.children.map((child) => [child.column ?? child.name, child.text]));
    case 'long':
    case 'integer':
        return /^-?\d+$/.test(element.text) ? Number(element.text) : element.text;
    case 'boolean':
        return { true: true, false: false }[element.text] ?? element.text;
    default:
        return element.text;
    }
}

/** The body of a success in XML, as the JSON form would have it, checked like that. */
export function successFromXml(action, text) {
    const root = parseXml(text);
    if (root.name !== `${action}Response`) {
        throw new Error(`XML: the root of ${action} is <${root.name}>`);
    }
    return checkSuccess(action, xmlValue(root, operation(action).response));
}

/** The body of a failure in XML. */
export function failureFromXml(action, status, text) {
    const root = parseXml(text);
    if (root.name !== 'Error') {
        throw new Error(`XML: the root of a failure is <${root.name}>`);
    }
    const body = Object.fromEntries(root.children.map((child) => [child.name, child.text]));
    if (body.Success !== undefined) {
        body.Success = body.Success === 'true';
    }
    return checkFailure(action, status, body);
}
