import { expect, it } from 'vitest';
import type { Account } from '../../src/model/person.ts';
import { onBothDatabases } from '../helpers/both-databases.ts';
import { personOf } from '../helpers/line.ts';

const at = '2026-01-01T00:00:00.000Z';
const piece = { workflowId: 'person:GT-48291', step: 's', kind: 'access-closed', at, data: { n: 1 } };
const account: Account = {
  ...{ target: 'ad', id: 'a1', name: 'schen', kind: 'primary', owner: 'GT-48291', entitlements: ['x', 'y'] },
  ...{ origin: 'found', status: 'disabled' },
};
const before = { event: 'e', target: 'ad', account: 'a1', state: { words: 'with \0 and "quotes"' }, at };

onBothDatabases('what is written together', (under) => {
  it('is all there, before states to the letter', async () => {
    await under.store.transaction((tx) => tx.createPerson(personOf()));
    await under.store.write({ before: [before], accounts: [account], evidence: [piece] });
    await under.store.transaction(async (tx) => {
      expect(await tx.before('e')).toEqual([{ target: 'ad', account: 'a1', state: before.state }]);
      expect((await tx.person('GT-48291'))?.accounts).toEqual([account]);
      expect((await tx.evidence({}, {})).items).toMatchObject([piece]);
    });
  });

  it('is there once when it is written twice, and what was known of an account stays known', async () => {
    await under.store.transaction(async (tx) => {
      await tx.createPerson(personOf());
      await tx.putAccount({ ...account, entitlements: ['x', 'y'], origin: 'created', status: 'enabled' });
    });
    const again = { ...before, state: 'a later reading' };
    await under.store.write({ before: [before], accounts: [account], evidence: [piece] });
    await under.store.write({ before: [again], accounts: [account], evidence: [{ ...piece, data: { n: 2 } }] });
    await under.store.transaction(async (tx) => {
      expect(await tx.before('e')).toEqual([{ target: 'ad', account: 'a1', state: before.state }]);
      expect((await tx.person('GT-48291'))?.accounts).toEqual([{ ...account, origin: 'created' }]);
      expect((await tx.evidence({}, {})).items.map(({ data }) => data)).toEqual([{ n: 1 }]);
    });
  });

  it('is not there at all when one part of it cannot be', async () => {
    await expect(under.store.write({ before: [before], accounts: [account], evidence: [piece] })).rejects.toThrow();
    await under.store.transaction(async (tx) => {
      expect(await tx.before('e')).toEqual([]);
      expect((await tx.evidence({}, {})).items).toEqual([]);
    });
  });
});
