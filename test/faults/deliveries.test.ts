import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliverEvent } from '../../activities/deliver-event.ts';
import { eventKey, personWorkflowId } from '../../src/model/messages.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line;

beforeAll(async () => {
  environment = await devServer({ extraArgs: ['--log-level', 'never'] });
  line = await startLine({ environment, targets: { ad: new FakeTarget() } });
});
afterAll(async () => {
  await line?.stop();
  await environment?.teardown();
});

describe('a person who keeps closing', () => {
  it('loses none of 1,000 deliveries and takes none twice', async () => {
    await line.addPerson();
    const keys = Array.from({ length: 1_000 }, (_, index) => eventKey('workday', `delivery-${index}`));
    const waiting = [...keys];
    // There is no leave to end, so each is ignored and the person's workflow closes at once, under the next ones' feet.
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) await deliverUntilTaken(key);
      }),
    );
    const outcomes = await until(async () => {
      const all = await line.store.transaction((tx) => Promise.all(keys.map((key) => tx.personEvent('GT-48291', key))));
      return all.every((one) => one !== undefined) && all;
    }, 'every delivery to be settled');
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['ignored']));
    const kinds = new Map<string, number>();
    let cursor: string | undefined;
    do {
      const page = await line.store.transaction((tx) =>
        tx.evidence({ person: 'GT-48291' }, { limit: 500, ...(cursor === undefined ? {} : { cursor }) }),
      );
      for (const { kind } of page.items) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      cursor = page.next;
    } while (cursor !== undefined);
    expect(Object.fromEntries(kinds)).toEqual({ 'event-ignored': 1_000 });
  }, 300_000);

  it('finds an event again whose run was killed after it had answered', async () => {
    await line.addPerson({ id: 'GT-2' });
    const key = eventKey('workday', 'killed-after-answer');
    await deliverUntilTaken(key, 'GT-2');
    const handle = environment.client.workflow.getHandle(personWorkflowId('GT-2'));
    await handle.terminate('killed').catch(() => undefined);
    await deliverUntilTaken(key, 'GT-2');
    await until(() => line.store.transaction((tx) => tx.personEvent('GT-2', key)), 'the event to be settled');
    const { items } = await line.store.transaction((tx) => tx.evidence({ person: 'GT-2' }, {}));
    expect(items.map(({ kind }) => kind)).toEqual(['event-ignored']);
  });
});

/** As `identityEvent` delivers: whatever goes wrong is unknown and sent again. */
async function deliverUntilTaken(key: string, person = 'GT-48291'): Promise<void> {
  const event = {
    ...{ key, source: 'workday', id: key.slice('workday:'.length), subject: person, payloadHash: key, data: {} },
    type: 'leave-ended' as const,
    receivedAt: new Date().toISOString(),
  };
  const { store } = line;
  await store.transaction((tx) =>
    tx.admit({ key, event, workflowId: `event:${key}`, firstRunId: 'run', receivedAt: event.receivedAt }),
  );
  for (;;) {
    try {
      return await deliverEvent({ workflows: environment.client.workflow }, { event, person, priority: 3 });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
}
