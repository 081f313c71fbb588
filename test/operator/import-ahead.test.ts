import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importPeople } from '../../src/directory/import-people.ts';
import type { ImportedPerson } from '../../src/directory/imported-person.ts';
import type { Store } from '../../src/directory/store.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import { waitForDays } from '../../src/operator/import-ahead.ts';
import { memoryStore } from '../helpers/store.ts';

const stamp = { by: 'operator-1', at: '2026-01-15T12:00:00.000Z' };

const person = (workerId: string, dates: { startDate: string; endDate?: string }): ImportedPerson => ({
  ...{
    source: 'workday',
    workerId,
    firstName: 'Nadia',
    lastName: 'Berg',
    email: `${workerId.toLowerCase()}@x.example`,
  },
  ...{ location: 'New York', workerType: 'contractor', ...dates },
});

const people = [
  person('GT-1', { startDate: '2024-01-15' }),
  person('GT-2', { startDate: '2024-01-15', endDate: '2026-06-30' }),
  person('GT-3', { startDate: '2026-03-02', endDate: '2026-12-31' }),
  person('GT-4', { startDate: '2024-01-15', endDate: '2025-06-30' }),
];

let store: Store;
let started: IdentityEvent[];

beforeEach(async () => {
  store = await memoryStore();
  started = [];
});
afterEach(() => store.close());

const frontend = {
  start: async (_type: string, _workflowId: string, event: IdentityEvent) => {
    started.push(event);
    return true;
  },
};
const enter = async () => {
  await importPeople(store, people, stamp);
  await waitForDays(store, frontend, people, stamp);
};

describe('what an import says of days to come', () => {
  it('is waited for by an event each: the end of a contract, and a start; what is over or has no end is not', async () => {
    await enter();
    expect(
      started.map(({ type, subject, data, by, source, enteredAt }) => ({ type, subject, data, by, source, enteredAt })),
    ).toEqual([
      {
        ...{ type: 'contract-end-changed', subject: 'GT-2', data: { endDate: '2026-06-30' } },
        ...{ by: 'operator-1', source: 'operator', enteredAt: undefined },
      },
      {
        ...{ type: 'hired', subject: 'GT-3', data: { startDate: '2026-03-02', endDate: '2026-12-31' } },
        ...{ by: 'operator-1', source: 'operator', enteredAt: undefined },
      },
    ]);
  });

  it('has the same id when the file is imported again, and none for who is waited for already', async () => {
    await enter();
    const [first] = started;
    started = [];
    await enter();
    expect(started.map(({ key }) => key)).toContain(first?.key);
    await store.transaction((tx) =>
      tx.putPending('GT-2', {
        ...{ id: 'end:contract:e', kind: 'end', dueAt: '2026-07-01T04:00:00.000Z', event: first?.key ?? '' },
        ...{ confidential: false, data: { engagement: 'workday:GT-2:2024-01-15', contract: true } },
      }),
    );
    started = [];
    await enter();
    expect(started.map(({ subject }) => subject)).toEqual(['GT-3']);
  });
});
