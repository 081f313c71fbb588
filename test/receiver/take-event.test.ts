import { beforeEach, describe, expect, it } from 'vitest';
import { Intake, type Taken } from '../../src/receiver/take-event.ts';
import { Frontend } from '../../src/receiver/temporal.ts';
import type { NormalisedEvent } from '../../src/sources/source.ts';
import { FakeTemporal, grpcError } from './fake-temporal.ts';

const arrival = { source: 'workday', duplicateWindow: 600_000, receivedAt: '2025-11-15T12:00:00.000Z' };
const event: NormalisedEvent = { type: 'terminated', subject: 'GT-48291', id: 'A-1', data: { immediate: true } };

const { id: _, ...withoutId } = event;

let temporal: FakeTemporal;
let intake: Intake;
beforeEach(() => {
  temporal = new FakeTemporal();
  intake = new Intake(new Frontend(temporal.client, 2_000));
});

const burst = (events: NormalisedEvent[]) => Promise.all(events.map((each) => intake.take(arrival, each)));
const statuses = (taken: Taken[]) => taken.map(({ status }) => status);
const copies = (of: NormalisedEvent) => Array.from({ length: 50 }, () => of);

describe('a burst of copies', () => {
  it.each([
    ['with an own id', event, 'A-1'],
    ['without one', withoutId, /^fp-[0-9a-f]{64}\.1$/],
  ])('%s asks Temporal once, and the first of them is the one accepted', async (_what, copy, eventId) => {
    const taken = await burst(copies(copy));
    expect(statuses(taken)).toEqual(['accepted', ...Array.from({ length: 49 }, () => 'duplicate')]);
    expect(temporal.asked).toHaveLength(1);
    for (const each of taken) expect(each.eventId).toMatch(eventId);
  });

  it('is told of the same failure, and the next copy tries again', async () => {
    temporal.before = () => {
      throw grpcError(14);
    };
    const results = await Promise.allSettled(copies(event).map((copy) => intake.take(arrival, copy)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    expect(temporal.asked).toHaveLength(1);
    temporal.before = () => {};
    expect(await intake.take(arrival, event)).toMatchObject({ status: 'accepted' });
  });

  it('is no burst with another event under the same id, nor with the same one from another source', async () => {
    const other = { ...event, subject: 'GT-1' };
    expect(statuses(await burst([event, other])).sort()).toEqual(['accepted', 'conflict']);
    const elsewhere = await Promise.all([
      intake.take({ ...arrival, source: 'a' }, event),
      intake.take({ ...arrival, source: 'b' }, event),
    ]);
    expect(statuses(elsewhere)).toEqual(['accepted', 'accepted']);
  });

  it('is forgotten once it is answered: what comes later asks Temporal', async () => {
    await burst([event, event]);
    temporal.started.clear();
    expect(await intake.take(arrival, event)).toMatchObject({ status: 'accepted' });
  });
});
