import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import { type Effect, effectOf, openAt } from '../helpers/effect.ts';
import { startRelay } from '../helpers/held-answers.ts';
import { until } from '../helpers/line.ts';
import { loseRecords } from '../helpers/lost-records.ts';
import type { MusterPart } from '../helpers/muster-process.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { Stack } from '../helpers/stack.ts';

const [undisturbed, recordLost, answerLost, hanging, justAccepted, turnedAway, atWork, arriving] = [
  ...['GT-90001', 'GT-90002', 'GT-90003', 'GT-90004', 'GT-90005', 'GT-90006', 'GT-90007', 'GT-90008'],
] as const;
const all = ['active-directory', 'aws-iam', 'cyberark', 'entra-id', 'github', 'salesforce'];

describe.skipIf(postgresMissing('faults of single processes')).sequential('a termination', () => {
  let stack: Stack;
  let receiver: MusterPart;
  let worker: MusterPart;
  /** What a termination does when nothing goes wrong. */
  let clean: Effect;

  beforeAll(async () => {
    stack = await Stack.start([
      ...[undisturbed, recordLost, answerLost, hanging, justAccepted, turnedAway, atWork, arriving],
    ]);
    [receiver, worker] = await Promise.all([stack.part('receiver'), stack.part('worker')]);
  });
  afterAll(() => stack?.end());

  const kindsOf = async (person: string) => {
    const { items } = await stack.store.read((reader) => reader.evidence({ person }, { limit: 500 }));
    return items.map(({ kind }) => kind);
  };

  it('closes every account once, opens one ticket and leaves nothing in flight', async () => {
    expect(await openAt(stack, undisturbed)).toEqual(all);
    expect((await stack.leave(receiver, undisturbed)).status).toBe(202);
    clean = await effectOf(stack, undisturbed);
    expect(clean).toMatchObject({
      events: [{ outcome: 'applied', settled: true, workflow: 'COMPLETED' }],
      state: 'Terminated',
      workflow: 'COMPLETED',
      open: [],
      offboardingTickets: 1,
      before: all.map((target) => `${target}: enabled`),
      openExceptions: [],
      chain: { intact: true, unsealed: 0 },
    });
    expect(new Set(Object.keys(clean.calls).map((call) => call.split(':')[0]))).toEqual(
      new Set([...all, 'jira', 'servicenow', 'smtp']),
    );
  });

  it('has its whole effect once when the worker is killed between the answers of the targets and their record', async () => {
    const keepRecords = await loseRecords(stack);
    await stack.leave(receiver, recordLost);
    await until(async () => (await openAt(stack, recordLost)).length === 0, 'the targets to have answered');
    await worker.end('SIGKILL');
    await keepRecords();
    const kinds = await kindsOf(recordLost);
    expect(kinds).toContain('accounts-found');
    expect(kinds).not.toContain('access-closed');
    expect(kinds).not.toContain('ticket-opened');

    worker = await stack.part('worker');
    expect(await effectOf(stack, recordLost)).toEqual(clean);
  });

  it('is taken once when the receiver is killed between the acceptance of Temporal and its own answer', async () => {
    const relay = await startRelay(stack.temporalAddress);
    const cutOff = await stack.part('receiver', { temporal: relay.address });
    expect((await fetch(new URL('/readyz', cutOff.address('the receiver listens')))).status).toBe(200);
    relay.holdAnswers();
    const answer = stack.leave(cutOff, answerLost).then(
      ({ status }) => status,
      () => 'none',
    );
    const handle = stack.client.workflow.getHandle(eventWorkflowId(`workday:leave-${answerLost}`));
    await until(() => handle.describe().catch(notYet), 'Temporal to have the event');
    await cutOff.end('SIGKILL');
    expect(await answer).toBe('none');
    await relay.close();

    const again = await stack.part('receiver');
    expect(await stack.leave(again, answerLost)).toMatchObject({
      status: 200,
      body: { status: 'duplicate', eventId: `leave-${answerLost}`, workflowId: handle.workflowId },
    });
    expect(await effectOf(stack, answerLost)).toEqual(clean);
  });

  it('goes on where it was when the Temporal server is killed and started again, and what was accepted is kept', async () => {
    await stack.sandbox.misbehave('salesforce', { hang: true });
    await stack.leave(receiver, hanging);
    await until(async () => (await openAt(stack, hanging)).join() === 'salesforce', 'all others to be closed');
    expect((await stack.leave(receiver, justAccepted)).status).toBe(202);
    await stack.killTemporal();
    expect((await stack.leave(receiver, turnedAway)).status).toBe(503);

    await stack.sandbox.behave();
    await stack.restartTemporal();
    // As its sender does, told to send it again.
    await until(async () => (await stack.leave(receiver, turnedAway)).status === 202, 'the event to be taken');
    for (const person of [hanging, justAccepted, turnedAway]) expect(await effectOf(stack, person)).toEqual(clean);
  });

  it('waits while PostgreSQL is gone, changes nothing at any target meanwhile, and then goes on', async () => {
    await stack.sandbox.misbehave('salesforce', { status: 500 });
    await stack.leave(receiver, atWork);
    await until(async () => {
      const done = await kindsOf(atWork);
      // The portal, where they have no account, in the place of Salesforce.
      return done.filter((kind) => kind === 'access-closed').length === all.length && tickets(done) === 2;
    }, 'all targets but one to be recorded');
    await stack.postgres.stop('immediate');
    await stack.sandbox.behave();
    const calls = await stack.sandbox.calls();
    expect((await stack.leave(receiver, arriving)).status).toBe(202);
    const tries = async () => {
      const { raw } = await stack.client.workflow.getHandle(personWorkflowId(atWork)).describe();
      return raw.pendingActivities?.[0]?.attempt ?? 0;
    };
    const before = await tries();
    await until(async () => (await tries()) >= before + 5, 'five more tries without the database');
    expect(await stack.sandbox.calls()).toEqual(calls);

    await stack.postgres.start();
    for (const person of [atWork, arriving]) expect(await effectOf(stack, person)).toEqual(clean);
  });
});

const tickets = (kinds: string[]) => kinds.filter((kind) => kind === 'ticket-opened').length;

function notYet(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
