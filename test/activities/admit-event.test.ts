import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admitEvent } from '../../activities/admit-event.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { Store } from '../../src/directory/store.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import { eventWorkflowId } from '../../src/model/messages.ts';
import { personOf } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';

const window = 600_000;
const noon = Date.parse('2025-11-15T12:00:00.000Z');
const fingerprint = `fp-${'0'.repeat(64)}.1`;
const runs = { first: '11111111-run', second: '22222222-run', third: '33333333-run' };

let store: Store;
beforeEach(async () => {
  store = await memoryStore();
  await store.transaction((tx) => tx.createPerson(personOf()));
});
afterEach(() => store.close());

const eventOf = (id: string, afterMs: number): IdentityEvent => ({
  ...{ key: `workday:${id}`, source: 'workday', id, type: 'terminated', subject: 'GT-48291', payloadHash: 'hash' },
  receivedAt: new Date(noon + afterMs).toISOString(),
  data: { effectiveDate: '2025-11-15' },
});

/** A run of the event's workflow enters it, `afterMs` after the first came. */
function admit(firstRunId: string, { id = fingerprint, afterMs = 0 } = {}) {
  const event = eventOf(id, afterMs);
  const sources = { workday: { authoritative: true, mode: 'enforce', duplicateWindow: window } };
  const request = { event, now: event.receivedAt, workflowId: eventWorkflowId(event.key), firstRunId };
  return admitEvent({ store, sources } as Partial<Dependencies> as Dependencies, request);
}

const settle = (key: string) =>
  store.transaction((tx) => tx.updateArrival(key, { outcome: 'applied', settledAt: new Date(noon + 1).toISOString() }));

const arrivals = async () =>
  (await store.read((reader) => reader.arrivals({}, {}))).items.map(({ key, firstRunId }) => [key, firstRunId]);

const first = `workday:${fingerprint}`;
const admitted = { kind: 'admitted', match: { kind: 'person', person: 'GT-48291', priority: expect.any(Number) } };

describe('an equal event without an own id that comes when Temporal has forgotten the first', () => {
  it('is a duplicate within the source’s window, to its last moment', async () => {
    expect(await admit(runs.first)).toEqual(admitted);
    await settle(first);
    expect(await admit(runs.second, { afterMs: window })).toEqual({ kind: 'duplicate', outcome: 'applied' });
    expect(await arrivals()).toEqual([[first, runs.first]]);
  });

  it('is new after it, under a key of its own, and the same one however often its run asks', async () => {
    await admit(runs.first);
    await settle(first);
    const later = { ...admitted, event: { ...eventOf(fingerprint, window + 1), key: `${first}~22222222` } };
    const ask = () => admit(runs.second, { afterMs: window + 1 });
    expect([await ask(), await ask()]).toEqual([later, later]);
    expect(await arrivals()).toEqual([
      [`${first}~22222222`, runs.second],
      [first, runs.first],
    ]);
    const { items } = await store.read((reader) => reader.evidence({ event: `${first}~22222222` }, {}));
    expect(items.map(({ kind, workflowId }) => [kind, workflowId])).toEqual([
      ['event-accepted', `event:${first}`],
      ['person-identified', `event:${first}`],
    ]);
  });

  it('is new each time', async () => {
    await admit(runs.first);
    await settle(first);
    await admit(runs.second, { afterMs: 2 * window });
    await settle(`${first}~22222222`);
    await admit(runs.third, { afterMs: 4 * window });
    expect((await arrivals()).map(([key]) => key)).toEqual([`${first}~33333333`, `${first}~22222222`, first]);
  });

  it('takes over what the first left open, whatever its age', async () => {
    await admit(runs.first);
    expect(await admit(runs.second, { afterMs: 2 * window })).toEqual(admitted);
    expect(await arrivals()).toEqual([[first, runs.second]]);
  });
});

it('an event with an own id that was settled stays a duplicate for ever', async () => {
  await admit(runs.first, { id: 'e-1' });
  await settle('workday:e-1');
  expect(await admit(runs.second, { id: 'e-1', afterMs: 1_000 * window })).toEqual({
    kind: 'duplicate',
    outcome: 'applied',
  });
});
