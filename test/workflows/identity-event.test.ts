import { createHmac } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type EventTiming,
  eventWorkflowId,
  laterKey,
  musterQueue,
  occurrenceOf,
  personWorkflowId,
} from '../../src/model/messages.ts';
import { proofText } from '../../src/model/proof.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, personOf, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line;

// A server of its own for each test: its clock jumps, and what one test leaves would be in the next one's way.
beforeEach(async () => {
  environment = await timeSkipping();
});
afterEach(async () => {
  await line?.stop();
  await environment?.teardown();
});

async function begin(eventTiming?: EventTiming): Promise<FakeTarget> {
  const ad = new FakeTarget([{ id: 'schen', worker: 'GT-48291', enabled: true }]);
  line = await startLine({ environment, targets: { ad }, ...(eventTiming === undefined ? {} : { eventTiming }) });
  return ad;
}

const hire = {
  id: 'hire',
  type: 'hired' as const,
  data: { firstName: 'Sarah', lastName: 'Chen', startDate: '2020-01-06', location: 'New York' },
};

function proof(workflowId: string, item: string, action: string, by: string) {
  const nonce = 'n-1';
  const mac = createHmac('sha256', 'proof-key-of-the-tests')
    .update(proofText({ workflowId, item, action, by, nonce }))
    .digest('hex');
  return { nonce, mac };
}

const openExceptions = async () =>
  (await line.store.transaction((tx) => tx.exceptions({ open: true }, {}))).items.map(({ kind }) => kind);

describe('identityEvent', () => {
  it('is started once for fifty copies of an event, and each account is closed once', async () => {
    const ad = await begin();
    await line.addPerson();
    const copies = await Promise.allSettled(Array.from({ length: 50 }, () => line.send({ id: 'copies' })));
    const started = copies.filter((copy) => copy.status === 'fulfilled');
    const refused = copies.filter(
      (copy) => copy.status === 'rejected' && copy.reason instanceof WorkflowExecutionAlreadyStartedError,
    );
    expect([started.length, refused.length]).toEqual([1, 49]);
    await environment.client.workflow.getHandle(eventWorkflowId('workday:copies')).result();
    expect(ad.changes).toEqual(['disable schen']);
  });

  it('waits for the person that a later event creates: a termination that overtakes its hire has its whole effect', async () => {
    const ad = await begin();
    const termination = await line.send({ id: 'early' });
    await until(
      async () => (await line.store.transaction((tx) => tx.waitingFor('workday', 'GT-48291'))).length === 1,
      'the waiting row',
    );
    const hired = await (await line.send(hire)).result();
    expect(hired).toMatchObject({ outcome: 'ignored', reason: 'overtaken by workday:early' });
    expect((await termination.result()).outcome).toBe('applied');
    expect(ad.changes).toEqual(['disable schen']);
    expect(await line.store.transaction((tx) => tx.person('GT-48291'))).toMatchObject({
      state: 'Terminated',
      name: 'Sarah Chen',
    });
    expect(await line.store.transaction((tx) => tx.waitingFor('workday', 'GT-48291'))).toEqual([]);
  });

  it('looks three times for somebody nobody knows, then stays open with an exception until a person decides', async () => {
    const ad = await begin();
    const handle = await line.send({ id: 'nobody' });
    await environment.sleep('2 minutes');
    await until(async () => (await openExceptions()).length === 1, 'the exception');
    expect(await openExceptions()).toEqual(['unknown-person']);
    expect((await handle.describe()).status.name).toBe('RUNNING');

    await expect(
      handle.executeUpdate('resolve', { args: [{ action: 'drop', reason: 'a test worker' }] }),
    ).rejects.toThrow();
    const forged = { action: 'drop', reason: 'a test worker', by: 'operator-1', proof: { nonce: 'n-1', mac: '00' } };
    await expect(handle.executeUpdate('resolve', { args: [forged] })).rejects.toThrow();

    const vouched = { ...forged, proof: proof(handle.workflowId, 'workday:nobody', 'drop', 'operator-1') };
    // The answer comes when it is done.
    expect(await handle.executeUpdate('resolve', { args: [vouched] })).toBe('workday:nobody is dropped');
    expect(await openExceptions()).toEqual([]);
    expect((await handle.result()).outcome).toBe('dropped');
    expect(ad.calls).toEqual([]);
  });

  it('attaches a parked event to the person an operator names', async () => {
    const ad = await begin();
    await line.addPerson();
    const handle = await line.send({ id: 'attach', subject: 'OLD-17' });
    await environment.sleep('2 minutes');
    await until(async () => (await openExceptions()).length === 1, 'the exception');
    const attach = (person: string) => {
      const vouched = proof(handle.workflowId, 'workday:attach', 'attach', 'operator-1');
      return handle.executeUpdate('resolve', {
        args: [{ action: 'attach', person, reason: 'an old number', by: 'operator-1', proof: vouched }],
      });
    };
    const refused = {
      cause: { message: expect.stringContaining('"GT-99999": nobody by that id is in the directory') },
    };
    await expect(attach('GT-99999')).rejects.toMatchObject(refused);
    expect(await openExceptions()).toEqual(['unknown-person']);
    expect(await attach('GT-48291')).toBe('workday:attach goes to GT-48291');
    expect(await openExceptions()).toEqual([]);
    expect((await handle.result()).outcome).toBe('applied');
    expect(ad.changes).toEqual(['disable schen']);
  });

  it('never takes the first of two people: it asks', async () => {
    const ad = await begin();
    await line.addPerson();
    await line.addPerson({
      id: 'GT-2',
      identifiers: [{ source: 'workday', type: 'email', value: 'shared@globaltech.example' }],
    });
    await line.send({ id: 'two', data: { email: 'shared@globaltech.example' } });
    await until(async () => (await openExceptions()).length === 1, 'the exception');
    expect(await openExceptions()).toEqual(['ambiguous-person']);
    expect(ad.calls).toEqual([]);
  });

  it('delivers again when its person’s workflow was ended by hand, and the person goes on from the directory', async () => {
    // In real time: an activity of a run that was ended keeps this server's clock from skipping.
    const ad = await begin({ lookAgainMs: 1, looks: 0, firstRedeliverMs: 500, redeliverMs: 500 });
    let away = true;
    ad.misbehave = () => {
      if (away) throw new Error('no answer');
    };
    await line.addPerson();
    const handle = await line.send({ id: 'revived' });
    await until(() => ad.calls.length > 0, 'the first try');
    await until(async () => {
      const { events } = await handle.fetchHistory();
      return events?.some(({ activityTaskCompletedEventAttributes: done }) => done != null);
    }, 'the delivery to be answered');
    await environment.client.workflow.getHandle(personWorkflowId('GT-48291')).terminate('by hand');
    away = false;
    expect((await handle.result()).outcome).toBe('applied');
    expect(ad.changes).toEqual(['disable schen']);
    expect(await line.store.transaction((tx) => tx.person('GT-48291'))).toMatchObject({
      state: 'Terminated',
      epoch: 2,
    });
  });

  it('finds an event settled long ago in the ledger, when Temporal has forgotten it', async () => {
    const ad = await begin();
    await line.addPerson();
    const first = await line.send({ id: 'forgotten' });
    await first.result();
    const arrival = await line.store.transaction((tx) => tx.arrival('workday:forgotten'));
    if (arrival === undefined) throw new Error('no arrival');
    // Past retention the id is free again; another id stands in for that here, with the very same event inside.
    const again = await environment.client.workflow.execute('identityEvent', {
      workflowId: `${eventWorkflowId('workday:forgotten')}-after-retention`,
      taskQueue: musterQueue,
      args: [{ event: arrival.event }],
    });
    expect(again).toMatchObject({ outcome: 'duplicate' });
    expect(ad.changes).toEqual(['disable schen']);
  });

  it('takes equal words without an id as new when they come again long after, though Temporal has forgotten the first', async () => {
    const ad = await begin();
    await line.addPerson();
    const id = `fp-${'0'.repeat(64)}.1`;
    const key = `workday:${id}`;
    await (await line.send({ id })).result();
    // Somebody takes her on again by hand; then she leaves once more, and HR's words for it are the same.
    await line.store.transaction(async (tx) => {
      await tx.updatePerson('GT-48291', { state: 'Active' });
      for (const engagement of personOf().engagements) await tx.putEngagement('GT-48291', engagement);
    });
    ad.accounts.set('schen', { id: 'schen', worker: 'GT-48291', enabled: true });
    const arrival = await line.store.transaction((tx) => tx.arrival(key));
    const event = { ...arrival?.event, receivedAt: new Date((await environment.currentTimeMs()) + 3_600_000) };
    const again = await environment.client.workflow.start('identityEvent', {
      workflowId: eventWorkflowId(key),
      taskQueue: musterQueue,
      args: [{ event }],
      // Stands in for an id that is free again because the first run's retention is over.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    const later = laterKey(key, again.firstExecutionRunId);
    expect(await again.result()).toEqual({ event: later, outcome: 'applied' });
    expect(ad.changes).toEqual(['disable schen', 'disable schen']);
    const { items } = await line.store.transaction((tx) => tx.arrivals({}, {}));
    expect(items.map((each) => [each.key, each.outcome])).toEqual([
      [later, 'applied'],
      [key, 'applied'],
    ]);
  });

  it('asks anew whose such an event is, though somebody was asked about the first', async () => {
    await begin();
    const id = `fp-${'1'.repeat(64)}.1`;
    const key = `workday:${id}`;
    const drop = async (handle: WorkflowHandle, item: string) => {
      await environment.sleep('2 minutes');
      await until(async () => (await openExceptions()).length === 1, 'the exception');
      const vouched = proof(handle.workflowId, item, 'drop', 'operator-1');
      await handle.executeUpdate('resolve', {
        args: [{ action: 'drop', reason: 'a test worker', by: 'operator-1', proof: vouched }],
      });
      await handle.result();
    };
    await drop(await line.send({ id }), key);
    const arrival = await line.store.transaction((tx) => tx.arrival(key));
    const event = { ...arrival?.event, receivedAt: new Date((await environment.currentTimeMs()) + 3_600_000) };
    const again = await environment.client.workflow.start('identityEvent', {
      workflowId: eventWorkflowId(key),
      taskQueue: musterQueue,
      args: [{ event }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    const later = laterKey(key, again.firstExecutionRunId);
    await drop(again, later);
    const { items } = await line.store.transaction((tx) => tx.exceptions({ open: false }, {}));
    expect(items.map((each) => [each.id, each.event])).toEqual([
      [`event:${key}/unknown-person`, key],
      [`event:${key}/unknown-person${occurrenceOf(later)}`, later],
    ]);
  });

  it('keeps an event that came under a taken id, as held, until somebody drops it', async () => {
    const ad = await begin();
    await line.addPerson();
    await (await line.send({ id: 'taken' })).result();
    const arrival = await line.store.transaction((tx) => tx.arrival('workday:taken'));
    const event = { ...arrival?.event, subject: 'GT-1', payloadHash: 'another-hash-than-that' };
    const handle = await environment.client.workflow.start('refusal', {
      workflowId: 'refusal:workday:taken:another',
      taskQueue: musterQueue,
      args: [{ event }],
    });
    await until(async () => (await openExceptions()).length === 1, 'the exception');
    expect(await openExceptions()).toEqual(['conflicting-event']);
    expect(await line.store.transaction((tx) => tx.arrival('workday:taken.another-hash'))).toMatchObject({
      outcome: 'held',
    });
    expect((await handle.describe()).status.name).toBe('RUNNING');
    const vouched = proof(handle.workflowId, 'workday:taken', 'drop', 'operator-1');
    await handle.executeUpdate('resolve', {
      args: [{ action: 'drop', reason: 'sent again under a new id', by: 'operator-1', proof: vouched }],
    });
    expect(await openExceptions()).toEqual([]);
    expect((await handle.result()).outcome).toBe('dropped');
    expect(ad.changes).toEqual(['disable schen']);
  });
});
