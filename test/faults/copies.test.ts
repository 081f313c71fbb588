import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import { type Effect, effectOf } from '../helpers/effect.ts';
import { until } from '../helpers/line.ts';
import type { MusterPart } from '../helpers/muster-process.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { Stack } from '../helpers/stack.ts';

const [undisturbed, copied] = ['GT-90001', 'GT-90002'] as const;

/** Where alerts go as well, at their own time. */
const told = new Set(['servicenow', 'slack', 'smtp']);

describe.skipIf(postgresMissing('copies of events')).sequential('the same event', () => {
  let stack: Stack;
  let receivers: [MusterPart, MusterPart];
  let clean: Effect;

  beforeAll(async () => {
    stack = await Stack.start([undisturbed, copied]);
    const [one, other] = await Promise.all([stack.part('receiver'), stack.part('receiver'), stack.part('worker')]);
    receivers = [one, other];
    await stack.leave(one, undisturbed);
    clean = await effectOf(stack, undisturbed);
  });
  afterAll(() => stack?.end());

  it('fifty times at once, at two receivers, is taken once and changes each account once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => stack.leave(receivers[index % 2 === 0 ? 0 : 1], copied)),
    );
    const words = answers.map(({ status, body }) => `${status} ${body['status']} ${body['eventId']}`);
    expect(words.sort()).toEqual([
      ...Array.from({ length: 49 }, () => `200 duplicate leave-${copied}`),
      `202 accepted leave-${copied}`,
    ]);
    expect(await effectOf(stack, copied)).toEqual(clean);
  });

  it('with another payload is refused, kept as a held event and told in one incident', async () => {
    const atAccounts = async () => (await stack.sandbox.calls()).filter(({ target }) => !told.has(target));
    const calls = await atAccounts();
    const other = { effectiveDate: '2025-11-16' };
    const answers = [await stack.leave(receivers[0], copied, other), await stack.leave(receivers[1], copied, other)];
    const heldAs = String(answers[0]?.body['heldAs']);
    expect(heldAs).toMatch(new RegExp(`^refusal:workday:leave-${copied}:`));
    for (const { status, body } of answers) expect({ status, heldAs: body['heldAs'] }).toEqual({ status: 409, heldAs });

    await stack.part('watch');
    const tickets = await until(async () => {
      const all = (await stack.sandbox.state())['servicenow']?.tickets ?? [];
      const incidents = all.filter((ticket) => ticket['table'] === 'incident');
      return incidents.length > 0 && incidents;
    }, 'the incident');
    expect(tickets.map((ticket) => ticket['short_description'])).toEqual([
      expect.stringMatching(new RegExp(`^Muster: conflicting event: workday:leave-${copied}`)),
    ]);
    const { items } = await stack.store.read((reader) => reader.exceptions({ open: true }, {}));
    expect(items.map(({ kind, workflowId }) => ({ kind, workflowId }))).toEqual([
      { kind: 'conflicting-event', workflowId: heldAs },
    ]);
    const held = await stack.store.read((reader) => reader.arrivals({ outcome: 'held' }, {}));
    expect(held.items.map(({ workflowId, event }) => ({ workflowId, date: event.effectiveDate }))).toEqual([
      { workflowId: heldAs, date: '2025-11-16' },
    ]);
    expect((await stack.client.workflow.getHandle(heldAs).describe()).status.name).toBe('RUNNING');
    expect(await atAccounts()).toEqual(calls);
  });

  it('again after Temporal has forgotten the first is accepted, known by the ledger, and changes nothing', async () => {
    const did = async () => ({
      calls: (await stack.sandbox.calls(copied)).filter(({ target }) => !told.has(target)),
      evidence: await stack.store.read((reader) => reader.evidence({ person: copied }, { limit: 500 })),
      exceptions: await stack.store.read((reader) => reader.exceptions({ person: copied }, {})),
    });
    const before = await did();
    const event = eventWorkflowId(`workday:leave-${copied}`);
    await Promise.all([event, personWorkflowId(copied)].map((workflowId) => forget(stack, workflowId)));

    expect(await stack.leave(receivers[0], copied)).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect(await stack.client.workflow.getHandle(event).result()).toMatchObject({
      event: `workday:leave-${copied}`,
      outcome: 'duplicate',
    });
    expect(await did()).toEqual(before);
    await expect(stack.client.workflow.getHandle(personWorkflowId(copied)).describe()).rejects.toThrow(
      WorkflowNotFoundError,
    );
    expect(await stack.store.verify()).toMatchObject({ intact: true });
  });
});

/** As the end of retention does. */
async function forget({ client }: Stack, workflowId: string): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  await until(
    () =>
      client.workflow
        .getHandle(workflowId)
        .describe()
        .then(
          () => false,
          (error: unknown) => error instanceof WorkflowNotFoundError,
        ),
    `${workflowId} to be forgotten`,
    90_000,
  );
}
