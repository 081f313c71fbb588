import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asFoundFirst } from '../../activities/kept-before.ts';
import type { Store } from '../../src/directory/store.ts';
import type { AccountSeen } from '../../src/targets/target.ts';
import { memoryStore } from '../helpers/store.ts';

const step = { event: 'workday:42', target: 'aws-iam' };
const account = (status: AccountSeen['status'], devices: string[]): AccountSeen => ({
  ...{ id: 'AIDA1', name: 'schen', kind: 'primary', status, entitlements: [] },
  before: { mfaDevices: devices },
});

let store: Store;
let reads: number;
const counting: Pick<Store, 'read'> = {
  read: (work) => {
    reads += 1;
    return store.read(work);
  },
};
beforeAll(async () => {
  store = await memoryStore();
  const before = [
    { ...step, account: 'AIDA1', state: account('enabled', ['phone']), at: '2026-01-05T12:00:00.000Z' },
    { ...step, target: 'github', account: 'AIDA1', state: account('enabled', ['key']), at: '2026-01-05T12:00:00.000Z' },
  ];
  await store.write({ before, evidence: [] });
});
beforeEach(() => {
  reads = 0;
});
afterAll(() => store.close());

const found = (attempt: number, accounts: AccountSeen[]) =>
  new MockActivityEnvironment({ attempt }).run(() => asFoundFirst(counting, step, accounts));

describe('what an account was before an event', () => {
  it('is what is seen, at the first try of what is open, and nobody is asked', async () => {
    const seen = [account('enabled', ['other'])];
    expect(await found(1, seen)).toEqual(seen);
    expect(reads).toBe(0);
  });

  it('is what the first try found, at every later one', async () => {
    expect(await found(2, [account('enabled', [])])).toEqual([account('enabled', ['phone'])]);
  });

  it('is what the first try found, where something is closed already', async () => {
    expect(await found(1, [account('disabled', [])])).toEqual([account('disabled', ['phone'])]);
  });

  it('is what is seen, of an account that no earlier try has come to', async () => {
    const other = { ...account('disabled', []), id: 'AIDA2' };
    expect(await found(3, [other])).toEqual([other]);
  });
});
