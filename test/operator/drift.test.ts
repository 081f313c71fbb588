import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Asking, addException, asking, noon } from './asking.ts';

let store: Store;
let api: Asking;
beforeEach(async () => {
  store = await memoryStore();
  api = await asking(store);
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const found = { 'live-leaver': 0, unplanned: 0, orphan: 0, vanished: 0 };

/** One reading of a target, as the reconciliation writes it. */
async function read(run: string, target: string, pieces: object[][], at = noon): Promise<void> {
  const workflowId = `reconcile-${run}`;
  const data = { run, workflowId, accounts: 7, found, kept: pieces.flat().length, repairs: 0 };
  await store.transaction((tx) =>
    tx.addEvidence([
      ...pieces.map((findings, index) => ({
        ...{ workflowId, step: `${target}/${index}`, kind: 'drift-found', target, at, data: { findings } },
      })),
      { workflowId: 'reconcile', step: `${run}/${target}`, kind: 'target-reconciled', target, at, data },
    ]),
  );
}

const orphan = (account: string) => ({ account, finding: 'orphan', action: 'report' });

describe('/api/drift', () => {
  it('is empty before anything was read', async () => {
    expect(await api.ask('/api/drift', 'viewer')).toMatchObject({ status: 200, body: { items: [] } });
    expect(await api.ask('/api/drift/crm', 'viewer')).toMatchObject({ status: 404 });
  });

  it('has the last reading of each target', async () => {
    await read('1', 'crm', [[orphan('old')]]);
    await read('1', 'ad', []);
    await read('2', 'crm', [], '2025-11-16T12:00:00.000Z');
    const reading = { accounts: 7, found, kept: 0, repairs: 0 };
    expect((await api.ask('/api/drift', 'viewer')).body).toEqual({
      items: [
        { ...reading, target: 'ad', at: noon, workflowId: 'reconcile-1' },
        { ...reading, target: 'crm', at: '2025-11-16T12:00:00.000Z', workflowId: 'reconcile-2' },
      ],
    });
    expect((await api.ask('/api/drift/crm', 'viewer')).body).toEqual({ items: [] });
  });

  it("gives a target's differences page by page, and no other target's", async () => {
    await read('1', 'ad', [[orphan('elsewhere')]]);
    const pieces = Array.from({ length: 7 }, (_, index) => [orphan(`a${index}`), orphan(`b${index}`)]);
    await read('1', 'crm', pieces);
    const items: unknown[] = [];
    let path: string | undefined = '/api/drift/crm';
    while (path !== undefined) {
      const page = (await api.ask(path, 'viewer')).body as { items: unknown[]; next?: string };
      items.push(...page.items);
      path = page.next === undefined ? undefined : `/api/drift/crm?cursor=${encodeURIComponent(page.next)}`;
    }
    expect(items).toEqual(pieces.flat());
  });

  it('refuses a cursor that nobody gave', async () => {
    await read('1', 'crm', []);
    expect(await api.ask('/api/drift/crm?cursor=x', 'viewer')).toMatchObject({ status: 400 });
  });
});

describe('what a check found', () => {
  it.each(['delivery-check/workday/missing/2025-11-15T12:00:00.000Z', 'reconcile/crm/orphan/nobody/R1'])(
    '%s is closed by done alone, and needs no workflow for that',
    async (id) => {
      await addException(store, '', { id, kind: 'drift', workflowId: id.split('/')[0] ?? '' });
      const path = `/api/exceptions/${id}`;
      expect(await api.post(path, { action: 'retry' }, 'operator')).toMatchObject({
        status: 409,
        body: { detail: 'a check found this, and no workflow waits for an answer: "done" closes it' },
      });
      expect(await api.post(path, { action: 'done', reason: 'sent again' }, 'operator')).toMatchObject({
        status: 200,
        body: { exception: { resolution: { action: 'done', by: 'operator-1', reason: 'sent again' } } },
      });
    },
  );
});
