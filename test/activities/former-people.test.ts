import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admitEvent } from '../../activities/admit-event.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { Store } from '../../src/directory/store.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import { eventWorkflowId } from '../../src/model/messages.ts';
import { companyPolicy } from '../helpers/company-policy.ts';
import { personOf } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';

const at = '2026-01-05T09:00:00.000Z';
let store: Store;
beforeEach(async () => {
  store = await memoryStore();
  const born = { source: 'GT-1', type: 'birthDate' as const, value: 'hash-of-a-day' };
  await store.transaction((tx) =>
    tx.createPerson({
      ...personOf({ id: 'GT-1', state: 'Terminated', identifiers: [born] }),
      attributes: { firstName: 'Nadia', lastName: 'Núñez-Berg' },
    }),
  );
});
afterEach(() => store.close());

function hire(id: string, data: IdentityEvent['data'], attachTo?: string) {
  const event: IdentityEvent = {
    ...{ key: `workday:${id}`, source: 'workday', id, type: 'hired', subject: id, payloadHash: id, receivedAt: at },
    data: { startDate: '2026-02-02', ...data },
  };
  const sources = { workday: { authoritative: true, mode: 'enforce', duplicateWindow: 600_000 } };
  const dependencies = { store, sources, policy: companyPolicy } as Partial<Dependencies> as Dependencies;
  const request = { event, now: at, workflowId: eventWorkflowId(event.key), firstRunId: id };
  return admitEvent(dependencies, { ...request, ...(attachTo === undefined ? {} : { attachTo }) });
}
const matchOf = async (answer: ReturnType<typeof hire>) => {
  const admission = await answer;
  return 'match' in admission ? admission.match : admission;
};

describe('a hire under a number that nobody has', () => {
  it('is held before anything is made where somebody of that family name was born the same day', async () => {
    for (const lastName of ['Núñez-Berg', 'nunez berg']) {
      const data = { firstName: 'N.', lastName, birthDateHash: 'hash-of-a-day' };
      expect(await matchOf(hire(`GT-${lastName.length}-${lastName[0]}`, data))).toEqual({
        kind: 'several',
        people: ['GT-1'],
      });
    }
    expect(await store.read((reader) => reader.people({}, {}))).toMatchObject({ items: [{ id: 'GT-1' }] });
  });

  it.each([
    ['another family name', { lastName: 'Chen', birthDateHash: 'hash-of-a-day' }],
    ['another day', { lastName: 'Núñez-Berg', birthDateHash: 'hash-of-another' }],
    ['no day', { lastName: 'Núñez-Berg' }],
  ])('is new with %s', async (_, data) => {
    expect(await matchOf(hire('GT-2', data))).toMatchObject({ kind: 'person', person: 'GT-2' });
  });

  it('is new by the word of a person, twins too, and each is known by it from then on', async () => {
    const data = { lastName: 'Núñez-Berg', birthDateHash: 'hash-of-a-day' };
    expect(await matchOf(hire('GT-2', data, 'GT-2'))).toMatchObject({ kind: 'person', person: 'GT-2' });
    expect(await matchOf(hire('GT-3', data))).toEqual({ kind: 'several', people: ['GT-1', 'GT-2'] });
  });
});
