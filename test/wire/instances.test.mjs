#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// timeout: 300
// Data sources come, change and go: the five operations that register, change and remove them, and the list of archive runs.
import fs from 'node:fs';
import path from 'node:path';

import { Raw, refused, vendorClients } from './lib/clients.mjs';
import { makeUser } from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { after, assert, run, test } from './lib/tap.mjs';

const server = new Server();
let admin; // user id of the administrator

async function setup() {
    await server.start();
    const client = new Raw(server);
    await client.call('CreateTaskFlow', { DagName: 'whose' });
    admin = (await client.call('ListTaskFlow', {})).TaskFlowList.TaskFlow[0].CreatorId;
}

/** All parameters of AddInstance. */
function full(Host, more = {}) {
    return {
        Host,
        Port: 0,
        InstanceType: 'sqlite',
        InstanceSource: 'PUBLIC_OWN',
        NetworkType: 'CLASSIC',
        EnvType: 'dev',
        InstanceAlias: path.basename(Host),
        DatabaseUser: 'nobody',
        DatabasePassword: 'the first password',
        DbaId: Number(admin),
        EnableSellTrust: 'Y',
        QueryTimeout: 60,
        ExportTimeout: 600,
        ...more,
    };
}

const clients = () => [...vendorClients(server), new Raw(server, { format: 'XML' })];
const posting = () => clients().filter((client) => !client.name.endsWith('GET'));

for (const [number, { name }] of clients().entries()) {
    test(`a source comes, changes and goes: ${name}`, async () => {
        const client = clients()[number];
        const file = path.join(server.workspace(), `round-${number}.db`);
        await client.call('AddInstance', full(file, { DataLinkName: `link_${'abcdefgh'[number]}`, UseDsql: 1, UseSsl: -1, EnableSellCommon: 'Y', SafeRule: 'strict' }));
        const get = async (Host = file) => (await client.call('GetInstance', { Host, Port: 0 })).Instance;
        const first = await get();
        assert.equal(first.DbaId, admin);
        assert.equal(first.SellTrust, 'Y');
        assert.equal(first.SellSitd, 'false');
        assert.deepEqual(first.StandardGroup, { GroupMode: 'COMMON', GroupName: 'strict' });

        const InstanceId = first.InstanceId;
        await client.call('ModifyInstance', { InstanceId, InstanceAlias: 'renamed', QueryTimeout: 30 });
        const modified = await get();
        assert.deepEqual({ ...modified }, { ...first, InstanceAlias: 'renamed', QueryTimeout: 30, Revision: Number(first.Revision) + 1 }, 'what was not given stays');

        const moved = path.join(server.workspace(), `moved-${number}.db`);
        const { DbaId, NetworkType, EnableSellTrust, ...most } = full(moved);
        await client.call('UpdateInstance', { ...most, InstanceId, DbaId: String(DbaId), SafeRuleId: '7', EnableSellSitd: 'Y', DatabasePassword: 'the second password' });
        await refused(client, 'GetInstance', { Host: file, Port: 0 }, 404, 'InstanceNoEnoughNumber');
        const updated = await get(moved);
        assert.equal(updated.InstanceId, InstanceId);
        assert.equal(updated.SellSitd, 'true');
        assert.equal(updated.SafeRuleId, '7');
        assert.equal(updated.DataLinkName, first.DataLinkName, 'kept settings stay');
        assert.ok(fs.existsSync(moved), 'the connection was tested');
        const before = await client.call('ListDatabases', { InstanceId });
        assert.equal(before.TotalCount, 1);

        const poster = client.name.endsWith('GET') ? posting()[0] : client;
        await poster.call('DeleteInstance', { Host: moved, Port: 0 });
        await refused(client, 'GetInstance', { Host: moved, Port: 0 }, 404, 'InstanceNoEnoughNumber');
        await refused(client, 'ListDatabases', { InstanceId }, 404, 'InstanceNotExist');
        assert.ok(fs.existsSync(moved), 'the database itself is not touched');
    });

    test(`a source with few data: ${name}`, async () => {
        const client = clients()[number];
        const file = path.join(server.workspace(), `simple-${number}.db`);
        const { Instance } = await client.call('SimplyAddInstance', { Host: file, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' });
        assert.equal(Instance.Host, file);
        assert.equal(Instance.Port, '0');
        const found = (await client.call('GetInstance', { Host: file, Port: 0 })).Instance;
        assert.equal(found.InstanceId, Instance.InstanceId);
        assert.equal(found.InstanceType, 'sqlite', 'guessed from the port');
        assert.equal(found.DbaId, admin);
    });

    test(`no ticket has archive runs: ${name}`, async () => {
        const client = clients()[number];
        // GET only, by the published metadata.
        if (client.name.includes('GET')) {
            const reply = await client.call('GetPagedInstance', { OrderId: 1 });
            assert.deepEqual(reply.Data, { Instance: [] });
            assert.equal(reply.Total, 0);
        } else {
            await refused(client, 'GetPagedInstance', { OrderId: 1 }, 400, 'UnsupportedHTTPMethod');
        }
    });
}

test('no ticket has archive runs: XML', async () => {
    const reply = await new Raw(server, { format: 'XML', method: 'GET' }).call('GetPagedInstance', { OrderId: 1 });
    assert.deepEqual(reply.Data, { Instance: [] });
});

test('an administrator acts for another user, and nobody else does', async () => {
    const client = new Raw(server);
    const user = await makeUser(server, { roles: ['DBA'] });
    const file = path.join(server.workspace(), 'for-another.db');
    const simple = { Host: file, Port: 0, DatabaseUser: 'u', DatabasePassword: 'p' };
    await refused(client, 'SimplyAddInstance', { ...simple, RealLoginUserUid: 'nobody-at-all' }, 404, 'UserNotExist');
    await client.call('SimplyAddInstance', { ...simple, RealLoginUserUid: user.uid });
    const { Instance } = await client.call('GetInstance', { Host: file, Port: 0, RealLoginUserUid: user.uid });
    assert.equal(Instance.DbaId, user.userId);
    const dba = user.client;
    await refused(dba, 'ListInstances', { RealLoginUserUid: user.uid }, 403, 'NoPermission');
    await dba.call('ListInstances', {});
});

test('what does not fit is refused, names its parameter and changes nothing', async () => {
    const client = new Raw(server);
    const space = server.workspace();
    const file = path.join(space, 'kept.db');
    const free = path.join(space, 'free.db');
    await client.call('AddInstance', full(file, { DataLinkName: 'kept_link' }));
    const { Instance } = await client.call('GetInstance', { Host: file, Port: 0 });
    const total = (await client.call('ListInstances', {})).TotalCount;
    const cases = [
        ['AddInstance', full(file), 403, 'InstanceExisted'],
        ['AddInstance', full(free, { DbaId: 1 }), 404, 'UserNotExist'],
        ['AddInstance', full(free, { DbaId: -3 }), 404, 'UserNotExist'],
        ['AddInstance', full(free, { InstanceSource: 'RDS' }), 400, 'MissingEcsRegion'],
        ['AddInstance', full(free, { InstanceSource: 'ECS_OWN', EcsRegion: 'cn' }), 400, 'MissingEcsInstanceId'],
        ['AddInstance', full(free, { InstanceSource: 'GATEWAY', EcsInstanceId: 'i' }), 400, 'MissingEcsRegion'],
        ['AddInstance', full(free, { InstanceSource: 'VPC_IDC', EcsRegion: 'cn' }), 400, 'MissingVpcId'],
        ['AddInstance', full(free, { UseDsql: 1 }), 400, 'MissingDataLinkName'],
        ['AddInstance', full(free, { DataLinkName: 'Upper' }), 400, 'InvalidDataLinkName'],
        ['AddInstance', full(free, { DataLinkName: 'kept_link' }), 403, 'NameExisted'],
        ['AddInstance', full(free, { EnableSellCommon: 'Y' }), 400, 'MissingSafeRule'],
        ['AddInstance', full(free, { QueryTimeout: -1 }), 400, 'InvalidQueryTimeout'],
        ['AddInstance', full(free, { QueryTimeout: 0 }), 400, 'InvalidQueryTimeout'],
        ['AddInstance', full(free, { Port: 5432 }), 400, 'InvalidPort'],
        ['AddInstance', full(free, { InstanceType: 'mysql' }), 403, 'NotSupportYet'],
        ['AddInstance', full(free, { InstanceType: 'POLARDB_ORACLE' }), 403, 'NotSupportYet'],
        ['AddInstance', full(free, { InstanceType: 'access' }), 403, 'InvalidParameterValid'],
        ['AddInstance', full(path.join(server.data, 'state.db')), 403, 'InvalidParameterValid'],
        ['ModifyInstance', { InstanceId: '999999', InstanceAlias: 'x' }, 404, 'InstanceNotExist'],
        ['ModifyInstance', { InstanceId: Instance.InstanceId, Port: -1 }, 400, 'InvalidPort'],
        ['ModifyInstance', { InstanceId: Instance.InstanceId, InstanceSource: 'RDS' }, 400, 'MissingEcsRegion'],
        ['ModifyInstance', { InstanceId: Instance.InstanceId, Host: path.join(server.data, 'x.db') }, 403, 'InvalidParameterValid'],
        ['ModifyInstance', { InstanceId: Instance.InstanceId, DbaId: 1 }, 404, 'UserNotExist'],
        ['SimplyAddInstance', { DatabaseUser: 'u', DatabasePassword: 'p' }, 400, 'MissingHost'],
        ['SimplyAddInstance', { Host: free, DatabaseUser: 'u', DatabasePassword: 'p' }, 400, 'MissingPort'],
        ['SimplyAddInstance', { Host: free, Port: 77, DatabaseUser: 'u', DatabasePassword: 'p' }, 400, 'InvalidPort'],
        ['SimplyAddInstance', { Host: 'db', Port: 3306, DatabaseUser: 'u', DatabasePassword: 'p' }, 400, 'InvalidHost'],
        ['SimplyAddInstance', { InstanceId: 'rm-1', InstanceRegion: 'cn', DatabaseUser: 'u', DatabasePassword: 'p' }, 403, 'NotSupportYet'],
        ['DeleteInstance', { Host: free, Port: 0 }, 404, 'InstanceNoEnoughNumber'],
    ];
    for (const [action, params, status, code] of cases) {
        await refused(client, action, params, status, code);
    }
    assert.equal((await client.call('ListInstances', {})).TotalCount, total);
    assert.deepEqual((await client.call('GetInstance', { Host: file, Port: 0 })).Instance, Instance);
    assert.ok(!fs.existsSync(free));
});

after(() => server.close());
run(setup);
