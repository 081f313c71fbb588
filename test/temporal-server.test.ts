import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { musterQueue } from '../src/model/messages.ts';
import { searchAttributeGap } from '../src/temporal-namespace.ts';
import { freePort, startTemporal } from '../src/temporal-server.ts';
import { superviseTemporal } from '../src/temporal-supervisor.ts';

const log = pino({ level: 'silent' });
const env = { ...process.env };
delete env['TEMPORAL_ADDRESS'];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-temporal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the embedded Temporal server', () => {
  it('knows the search attributes, keeps closed workflows for 90 days, and is gone after stop', async () => {
    const temporal = await startTemporal({ port: 0, uiPort: 0, log, find: { env } });
    try {
      const connection = await Connection.connect({ address: temporal.address });
      const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
      expect({
        gap: await searchAttributeGap(connection, 'default'),
        retention: Number(config?.workflowExecutionRetentionTtl?.seconds) / 86_400,
      }).toEqual({ gap: { missing: [], wrongType: [] }, retention: 90 });
      await connection.close();
    } finally {
      await temporal.stop();
    }
    await expect(Connection.connect({ address: temporal.address, connectTimeout: 500 })).rejects.toThrow();
  });

  it('killed in the middle, it is cleared away and its workflows are there again', async () => {
    const place = { dbFile: join(folder, 'temporal.db'), pidFile: join(folder, 'temporal.pid') };
    const first = await startTemporal({ ...place, port: 0, uiPort: 0, log, find: { env } });
    const before = await Connection.connect({ address: first.address });
    await new Client({ connection: before }).workflow.start('person', {
      taskQueue: musterQueue,
      workflowId: 'person:1',
    });
    await before.close();
    const { pid } = JSON.parse(await readFile(place.pidFile, 'utf8'));
    process.kill(pid, 'SIGKILL');
    await expect(first.lost).rejects.toMatchObject({ code: 'unavailable' });

    const second = await startTemporal({ ...place, port: 0, uiPort: 0, log, find: { env } });
    try {
      const after = await Connection.connect({ address: second.address });
      const { status } = await new Client({ connection: after }).workflow.getHandle('person:1').describe();
      expect(status.name).toBe('RUNNING');
      await after.close();
    } finally {
      await second.stop();
    }
  });

  it('one that a killed Muster left running is ended before the next is started on its database', async () => {
    const place = { dbFile: join(folder, 'temporal.db'), pidFile: join(folder, 'temporal.pid') };
    const orphan = await startTemporal({ ...place, port: 0, uiPort: 0, log, find: { env } });
    const port = Number(orphan.address.split(':')[1]);
    const next = await startTemporal({ ...place, port, uiPort: 0, log, find: { env } });
    try {
      await expect(orphan.lost).rejects.toMatchObject({ code: 'unavailable' });
      expect(next.address).toBe(orphan.address);
    } finally {
      await next.stop();
    }
  });

  it('under supervision it comes back by itself where it was, with its workflows, and is gone after stop', async () => {
    const place = { dbFile: join(folder, 'temporal.db'), pidFile: join(folder, 'temporal.pid') };
    const temporal = await superviseTemporal({ ...place, port: 0, uiPort: 0, log, find: { env } });
    const connection = Connection.lazy({ address: temporal.address });
    const { workflow } = new Client({ connection });
    try {
      await workflow.start('person', { taskQueue: musterQueue, workflowId: 'person:1' });
      const { pid } = JSON.parse(await readFile(place.pidFile, 'utf8'));
      process.kill(pid, 'SIGKILL');
      const { status } = await untilAnswered(() => workflow.getHandle('person:1').describe());
      expect(status.name).toBe('RUNNING');
      expect(JSON.parse(await readFile(place.pidFile, 'utf8')).pid).not.toBe(pid);
    } finally {
      await temporal.stop();
      await connection.close();
    }
    await expect(Connection.connect({ address: temporal.address, connectTimeout: 500 })).rejects.toThrow();
  });

  it('with TEMPORAL_ADDRESS nothing is started', async () => {
    const find = { env: { TEMPORAL_ADDRESS: 'temporal.example:7233', PATH: '', MUSTER_CACHE: folder } };
    const temporal = await startTemporal({ port: 7233, uiPort: 8233, log, find });
    expect({ address: temporal.address, ui: temporal.ui, origin: temporal.origin }).toEqual({
      address: 'temporal.example:7233',
      ui: undefined,
      origin: 'TEMPORAL_ADDRESS (temporal.example:7233)',
    });
    await temporal.stop();
  });

  it('a taken port is named, with what needs it', async () => {
    const server = createServer();
    const taken = await listen(server);
    await expect(freePort(taken, 'Temporal')).rejects.toMatchObject({
      code: 'unavailable',
      message: `port ${taken} on 127.0.0.1 is taken, and Temporal needs it`,
    });
    await new Promise((resolve) => server.close(resolve));
    expect(await freePort(taken, 'Temporal')).toBe(taken);
  });
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}
