// SPDX-License-Identifier: Apache-2.0
// Users, keys and tenants for tests: a user with roles and a key of its own, and a second tenant with an administrator.
//
import { Raw } from './clients.mjs';

let count = 0;

/** The same server, called with another key. Anything that takes a server takes this: `new Raw(as(server, key))`. */
export function as(server, { AccessKeyId, AccessKeySecret, SecurityToken }) {
    return Object.create(server, {
        accessKeyId: { value: AccessKeyId, enumerable: true, writable: true },
        accessKeySecret: { value: AccessKeySecret, enumerable: true, writable: true },
        securityToken: { value: SecurityToken, enumerable: true, writable: true },
    });
}

/** The key, the server as seen with it, a raw client, and make(factory) for other clients: `make((at) => vendorClients(at)[0])`. */
function withKey(server, key) {
    const at = as(server, key);
    return { key, server: at, client: new Raw(at), make: (factory) => factory(at) };
}

/** The server of what a test has in hand: a server, a raw client, or somebody that was made here. */
function serverOf(admin) {
    return admin.accessKeyId === undefined ? admin.server : admin;
}

/**
 * Adds a user to the tenant of `admin` and gives it a key. `admin` is the server itself (its first administrator), a raw
 * client of an administrator, or what makeUser or makeTenant gave. Options: roles (['USER']), uid, nick.
 * Resolves to { userId, uid, nick, key, server, client, make }: `client` is a raw client with the user's key, `server` goes
 * to any client class or to vendorClients(), make(factory) gives factory(server).
 */
export async function makeUser(admin, { roles = ['USER'], uid, nick } = {}) {
    const server = serverOf(admin);
    const client = new Raw(server);
    count++;
    const Uid = uid ?? String(700000 + (process.pid % 100000) * 1000 + count);
    const UserNick = nick ?? `user ${count}`;
    await client.call('RegisterUser', { Uid, UserNick, RoleNames: roles.join(',') });
    const { User } = await client.call('GetUser', { Uid });
    const key = await client.call('CreateAccessKey', { UserId: User.UserId });
    return { userId: User.UserId, uid: Uid, nick: UserNick, ...withKey(server, key) };
}

/**
 * Makes a tenant; `server` is called with the key of its first administrator. Resolves to { tid, uid, userId, name, key,
 * server, client, make } of the new tenant's administrator.
 */
export async function makeTenant(server, name) {
    count++;
    const TenantName = name ?? `tenant ${process.pid} ${count}`;
    const made = await new Raw(serverOf(server)).call('CreateTenant', { TenantName });
    const admin = withKey(serverOf(server), made);
    const { User } = await admin.client.call('GetUser');
    return { tid: made.Tid, uid: made.AdminUid, userId: User.UserId, name: TenantName, ...admin };
}
