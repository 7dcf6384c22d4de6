// SPDX-License-Identifier: Apache-2.0
// One call, many clients: the vendor's own, unchanged apart from the endpoint, and a raw one that signs by itself and can
// ask for XML or break any rule on purpose.
//
// client.call(action, params) resolves to the reply's body after it was checked against the specification; a failure
// rejects with an ApiError, whose body was checked as well.
import crypto from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';

import { note } from './coverage.mjs';
import { PATIENCE } from './server.mjs';
import { VERSION, checkFailure, checkSuccess, failureFromXml, operation, successFromXml } from './spec.mjs';

const require = createRequire(import.meta.url);

const TIMEOUT_MS = 20000 * PATIENCE;

export class ApiError extends Error {
    constructor(action, status, body) {
        super(`${action}: ${status} ${body.Code}: ${body.Message} (${body.Description ?? ''})`);
        this.status = status;
        this.code = body.Code;
        this.reply = body;
    }
}

/** A parameter as the wire carries it: lists and objects are JSON text. */
function wireText(value) {
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function wireParams(params) {
    return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, wireText(value)]));
}

function failure(action, status, body) {
    checkFailure(action, status, body);
    return new ApiError(action, status, body);
}

function plain(value) {
    return JSON.parse(JSON.stringify(value));
}

class PopCore {
    constructor(server, method) {
        const { RPCClient } = require('@alicloud/pop-core');
        this.name = `pop-core ${method}`;
        this.method = method;
        this.client = new RPCClient({
            endpoint: `${server.scheme}://${server.address}`,
            apiVersion: VERSION,
            accessKeyId: server.accessKeyId,
            accessKeySecret: server.accessKeySecret,
            ...(server.securityToken === undefined ? {} : { securityToken: server.securityToken }),
        });
    }

    async call(action, params = {}) {
        let body;
        try {
            body = await this.client.request(action, wireParams(params), { method: this.method, timeout: TIMEOUT_MS });
        } catch (error) {
            if (error.data === undefined) {
                throw error;
            }
            note(action, 'pop-core', 'JSON', error.data.Code);
            throw failure(action, error.entry.response.statusCode, plain(error.data));
        }
        note(action, 'pop-core', 'JSON');
        return checkSuccess(action, plain(body));
    }
}

/** openapi-client and openapi-core have the same shape; algorithm 'v2' selects the older signature generation. */
class OpenApi {
    constructor(server, library, algorithm) {
        const module = require(`@alicloud/${library}`);
        this.library = library;
        const types = library === 'openapi-core' ? module.$OpenApiUtil : module;
        this.name = `${library} ${algorithm === 'v2' ? 'v1 signature' : 'v3 signature'}`;
        this.types = types;
        this.Runtime =
            library === 'openapi-core' ? require('@darabonba/typescript').RuntimeOptions : require('@alicloud/tea-util').RuntimeOptions;
        const config = {
            endpoint: server.address,
            protocol: server.scheme,
            accessKeyId: server.accessKeyId,
            accessKeySecret: server.accessKeySecret,
        };
        if (server.securityToken !== undefined) {
            config.securityToken = server.securityToken;
        }
        if (algorithm !== undefined) {
            config.signatureAlgorithm = algorithm;
        }
        this.client = new module.default(new types.Config(config));
    }

    async call(action, params = {}) {
        const described = operation(action);
        const query = {};
        const form = {};
        for (const [name, value] of Object.entries(wireParams(params))) {
            const place = described.params.find((param) => param.name === name)?.in;
            (place === 'body' ? form : query)[name] = value;
        }
        const request = new this.types.OpenApiRequest({ query, ...(Object.keys(form).length > 0 ? { body: form } : {}) });
        const kind = new this.types.Params({
            action,
            version: VERSION,
            protocol: 'HTTPS',
            pathname: '/',
            method: 'POST',
            authType: 'AK',
            style: 'RPC',
            reqBodyType: 'formData',
            bodyType: 'json',
        });
        let reply;
        try {
            reply = await this.client.callApi(kind, request, new this.Runtime({ readTimeout: TIMEOUT_MS, connectTimeout: TIMEOUT_MS }));
        } catch (error) {
            if (error.data?.Code === undefined) {
                throw error;
            }
            const { statusCode, ...body } = plain(error.data);
            note(action, this.library, 'JSON', body.Code);
            throw failure(action, Number(statusCode ?? error.statusCode), body);
        }
        checkHeaders('JSON', reply.headers, reply.body.RequestId);
        note(action, this.library, 'JSON');
        return checkSuccess(action, plain(reply.body));
    }
}

const CONTENT_TYPES = { JSON: 'application/json;charset=utf-8', XML: 'text/xml;charset=utf-8' };

function checkHeaders(format, headers, requestId) {
    const breaches = [];
    if (headers['content-type'] !== CONTENT_TYPES[format]) {
        breaches.push(`Content-Type is ${headers['content-type']}`);
    }
    if (headers['x-acs-request-id'] !== requestId) {
        breaches.push(`x-acs-request-id is ${headers['x-acs-request-id']}, RequestId is ${requestId}`);
    }
    if (headers['content-encoding'] !== undefined) {
        breaches.push('the reply is compressed');
    }
    if (breaches.length > 0) {
        throw new Error(breaches.join('\n'));
    }
}

/** The strict encoding that both signature generations use. */
export function percent(text) {
    return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function canonical(pairs) {
    const sorted = [...pairs].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return sorted.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&');
}

export function signV1(method, pairs, secret) {
    const toSign = `${method}&%2F&${percent(canonical(pairs))}`;
    return crypto.createHmac('sha1', `${secret}&`).update(toSign).digest('base64');
}

function sha256(text) {
    return crypto.createHash('sha256').update(text).digest('hex');
}

export function signV3(method, query, headers, bodyHash, secret) {
    const names = Object.keys(headers).sort();
    const list = names.join(';');
    const request = [
        method,
        '/',
        canonical(query),
        ...names.map((name) => `${name}:${headers[name].trim()}`),
        '',
        list,
        bodyHash,
    ].join('\n');
    const signature = crypto.createHmac('sha256', secret).update(`ACS3-HMAC-SHA256\n${sha256(request)}`).digest('hex');
    return { list, signature };
}

export function timestamp(offsetMs = 0) {
    return new Date(Date.now() + offsetMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Sends one request and resolves to { status, headers, text }. */
export function send(server, { method = 'POST', target = '/', headers = {}, body = '' }) {
    return new Promise((resolve, reject) => {
        const request = http.request(
            { host: '127.0.0.1', port: server.port, method, path: target, headers, agent: false, timeout: TIMEOUT_MS },
            (reply) => {
                let text = '';
                reply.setEncoding('utf8');
                reply.on('data', (data) => (text += data));
                reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text }));
                reply.on('error', reject);
            },
        );
        request.on('timeout', () => request.destroy(new Error('the server does not answer')));
        request.on('error', reject);
        request.end(body);
    });
}

/**
 * The raw client. Options: generation 'v1' or 'v3'; format 'JSON' or 'XML'; method; place 'query' or 'form' for the
 * parameters. `change` holds what one request does wrong: keyId, secret, nonce, time, signature, …, and `pairs`, a function
 * that changes the parameters after they were signed.
 */
export class Raw {
    constructor(server, { generation = 'v1', format = 'JSON', method = 'POST', place = 'query' } = {}) {
        Object.assign(this, { server, generation, format, method, place });
        this.name = `raw ${generation} ${format}`;
    }

    build(action, params = {}, change = {}) {
        const business = Object.entries(wireParams(params));
        return this.generation === 'v1' ? this.buildV1(action, business, change) : this.buildV3(action, business, change);
    }

    buildV1(action, business, change) {
        let pairs = [
            ['Action', action],
            ['Version', change.version ?? VERSION],
            ['AccessKeyId', change.keyId ?? this.server.accessKeyId],
            ['SignatureMethod', change.signatureMethod ?? 'HMAC-SHA1'],
            ['SignatureVersion', '1.0'],
            ['SignatureNonce', change.nonce ?? crypto.randomUUID()],
            ['Timestamp', change.time ?? timestamp()],
            ['Format', this.format],
            ...(this.server.securityToken === undefined ? [] : [['SecurityToken', this.server.securityToken]]),
            ...business,
        ].filter(([name]) => !(change.without ?? []).includes(name));
        const signature = change.signature ?? signV1(this.method, pairs, change.secret ?? this.server.accessKeySecret);
        if (!(change.without ?? []).includes('Signature')) {
            pairs.push(['Signature', signature]);
        }
        pairs = change.pairs ? change.pairs(pairs) : pairs;
        const text = pairs.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&');
        if (this.place === 'form') {
            return {
                method: this.method,
                headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(text) },
                body: text,
            };
        }
        return { method: this.method, target: `/?${text}`, headers: { 'content-length': 0 } };
    }

    buildV3(action, business, change) {
        const isForm = this.place === 'form';
        const text = business.map(([name, value]) => `${percent(name)}=${percent(value)}`).join('&');
        const body = isForm ? text : '';
        const signed = {
            host: this.server.address,
            'x-acs-action': action,
            'x-acs-version': change.version ?? VERSION,
            'x-acs-date': change.time ?? timestamp(),
            'x-acs-signature-nonce': change.nonce ?? crypto.randomUUID(),
            'x-acs-content-sha256': change.hash ?? sha256(body),
        };
        if (this.server.securityToken !== undefined) {
            signed['x-acs-security-token'] = this.server.securityToken;
        }
        if (isForm) {
            signed['content-type'] = 'application/x-www-form-urlencoded';
        }
        for (const name of change.without ?? []) {
            delete signed[name];
        }
        const { list, signature } = signV3(
            this.method,
            isForm ? [] : business,
            signed,
            signed['x-acs-content-sha256'] ?? '',
            change.secret ?? this.server.accessKeySecret,
        );
        const keyId = change.keyId ?? this.server.accessKeyId;
        return {
            method: this.method,
            target: isForm ? '/' : `/?${text}${change.suffix ?? ''}`,
            headers: {
                ...signed,
                accept: this.format === 'XML' ? 'application/xml' : 'application/json',
                'content-length': Buffer.byteLength(body),
                authorization:
                    change.authorization ??
                    `${change.scheme ?? 'ACS3-HMAC-SHA256'} Credential=${keyId},SignedHeaders=${list},Signature=${change.signature ?? signature}`,
            },
            body,
        };
    }

    /** Judges a reply in the format asked for. */
    judge(action, reply) {
        let body;
        if (reply.status === 200) {
            body = this.format === 'XML' ? successFromXml(action, reply.text) : checkSuccess(action, JSON.parse(reply.text));
        } else {
            body =
                this.format === 'XML'
                    ? failureFromXml(action, reply.status, reply.text)
                    : checkFailure(action, reply.status, JSON.parse(reply.text));
        }
        checkHeaders(this.format, reply.headers, body.RequestId);
        note(action, 'raw', this.format, reply.status === 200 ? undefined : body.Code);
        if (reply.status !== 200) {
            throw new ApiError(action, reply.status, body);
        }
        return body;
    }

    async call(action, params = {}, change = {}) {
        return this.judge(action, await send(this.server, this.build(action, params, change)));
    }
}

/** The vendor's clients, each in every signature generation and place of parameters that it knows. */
export function vendorClients(server) {
    return [
        new PopCore(server, 'POST'),
        new PopCore(server, 'GET'),
        new OpenApi(server, 'openapi-client'),
        new OpenApi(server, 'openapi-client', 'v2'),
        new OpenApi(server, 'openapi-core'),
        new OpenApi(server, 'openapi-core', 'v2'),
    ];
}

/** Expects the call to be refused with this status and code, and a message that matches; resolves to the body. */
export async function refused(client, action, params, status, code, message, change) {
    let body;
    try {
        body = await client.call(action, params, change);
    } catch (error) {
        if (!(error instanceof ApiError)) {
            throw error;
        }
        if (error.status !== status || error.code !== code) {
            throw new Error(`expected ${status} ${code}, got ${error.message}`);
        }
        if (message !== undefined && !(message instanceof RegExp ? message.test(error.reply.Message) : message === error.reply.Message)) {
            throw new Error(`expected the message ${message}, got ${error.reply.Message}`);
        }
        return error.reply;
    }
    throw new Error(`expected ${status} ${code}, but ${action} succeeded with ${JSON.stringify(body).slice(0, 500)}`);
}
