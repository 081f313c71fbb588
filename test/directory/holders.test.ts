import { expect, it } from 'vitest';
import { onBothDatabases } from '../helpers/both-databases.ts';

onBothDatabases('whose accounts, numbers and addresses are', (under) => {
  it('is answered for many at once, whatever their source', async () => {
    const { store } = under;
    await store.transaction(async (tx) => {
      for (const id of ['GT-1', 'GT-2', 'GT-3']) {
        await tx.createPerson({
          ...{ id, name: id, state: 'Active', privileged: false, attributes: {}, engagements: [] },
          identifiers: [
            { source: 'workday', type: 'workerId', value: id },
            { source: 'workday', type: 'email', value: `${id}@GlobalTech.example` },
          ],
        });
      }
      await tx.addIdentifier('GT-2', { source: 'sailpoint', type: 'workerId', value: 'GT-1' });
      await tx.putAccount({
        ...{ target: 'crm', id: '005', name: 'c', kind: 'primary', owner: 'GT-3', origin: 'found' },
        ...{ status: 'enabled', entitlements: [] },
      });
      await tx.putAccount({
        ...{ target: 'other', id: '006', name: 'o', kind: 'primary', owner: 'GT-3', origin: 'found' },
        ...{ status: 'enabled', entitlements: [] },
      });
    });
    const found = await store.read((reader) =>
      reader.holders({
        target: 'crm',
        accounts: ['005', '006'],
        workerIds: ['GT-1', 'GT-9'],
        emails: ['gt-2@globaltech.EXAMPLE'],
      }),
    );
    expect(found.accounts).toEqual([{ id: '005', owner: 'GT-3' }]);
    expect(found.identifiers.sort((a, b) => a.person.localeCompare(b.person) || a.type.localeCompare(b.type))).toEqual([
      { type: 'workerId', value: 'GT-1', person: 'GT-1' },
      { type: 'email', value: 'gt-2@globaltech.example', person: 'GT-2' },
      { type: 'workerId', value: 'GT-1', person: 'GT-2' },
    ]);
    const people = await store.read((reader) => reader.peopleOf(['GT-3', 'GT-1', 'GT-9']));
    expect(people.map(({ id }) => id)).toEqual(['GT-1', 'GT-3']);
    expect(await store.read((reader) => reader.peopleOf([]))).toEqual([]);
    expect(
      await store.read((reader) => reader.holders({ target: 'crm', accounts: [], workerIds: [], emails: [] })),
    ).toEqual({ accounts: [], identifiers: [] });
  });

  it('evidence can be read from its end', async () => {
    const { store } = under;
    const at = '2025-11-15T12:00:00.000Z';
    await store.transaction((tx) =>
      tx.addEvidence(['a', 'b', 'c'].map((step) => ({ workflowId: 'reconcile', step, kind: 'x', at, data: {} }))),
    );
    const filter = { workflowId: 'reconcile', newestFirst: true as const };
    const first = await store.read((reader) => reader.evidence(filter, { limit: 2 }));
    const rest = await store.read((reader) => reader.evidence(filter, { limit: 2, cursor: first.next ?? '' }));
    expect([...first.items, ...rest.items].map(({ step }) => step)).toEqual(['c', 'b', 'a']);
    expect(rest.next).toBeUndefined();
  });
});
