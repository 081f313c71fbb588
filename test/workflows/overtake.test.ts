import { WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { personWorkflowId } from '../../src/model/messages.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { devServer } from '../helpers/temporal.ts';

const queued = 60;
/** Calls that the target takes at once. */
const atOnce = 4;

let environment: TestWorkflowEnvironment;
let line: Line | undefined;
beforeAll(async () => {
  environment = await devServer();
});
afterEach(() => line?.stop());
afterAll(() => environment?.teardown());

/** A target that lets nobody go on until it is opened, and remembers in which order people came. */
class SlowTarget extends FakeTarget {
  readonly order: string[] = [];
  open: () => void = () => undefined;

  constructor(people: string[]) {
    super(people.map((worker) => ({ id: `a-${worker}`, worker, enabled: true })));
    const gate = new Promise<void>((resolve) => {
      this.open = resolve;
    });
    this.misbehave = (operation) => {
      const person = /^find (.*)$/.exec(operation)?.[1];
      if (person !== undefined) this.order.push(person);
      return gate;
    };
  }

  override connected(name: string) {
    const connected = super.connected(name);
    return { ...connected, entry: { ...connected.entry, concurrency: atOnce } };
  }
}

async function waitsAtTarget(person: string): Promise<boolean> {
  try {
    const { raw } = await environment.client.workflow.getHandle(personWorkflowId(person)).describe();
    return (raw.pendingActivities ?? []).length > 0;
  } catch (error) {
    // Its event has not been delivered yet.
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

describe('a privileged person’s termination', () => {
  it('begins before everything that waits for the same target', async () => {
    const people = Array.from({ length: queued }, (_, index) => `Q-${index}`);
    const crm = new SlowTarget([...people, 'GT-48291']);
    line = await startLine({ environment, targets: { crm }, policy: { retries: { call: 300_000 } } });
    const { send, addPerson } = line;
    const known = (id: string) => ({ id, identifiers: [{ source: 'workday', type: 'workerId' as const, value: id }] });
    for (const person of people) await addPerson(known(person));
    await addPerson({ ...known('GT-48291'), privileged: true });
    for (const [index, subject] of people.entries()) {
      await (index % 2 === 0
        ? send({ id: `move-${index}`, subject, type: 'department-changed', data: { department: 'Sales' } })
        : send({ id: `policy-${index}`, subject, type: 'policy-changed', source: 'muster' }));
    }
    for (const person of people) await until(() => waitsAtTarget(person), `${person} to wait`, 120_000);
    expect(crm.order).toHaveLength(atOnce);

    const handle = await send({ id: 'leaves', subject: 'GT-48291' });
    await until(() => waitsAtTarget('GT-48291'), 'the leaver to wait with them');
    crm.open();
    expect((await handle.result()).outcome).toBe('applied');
    // Those in the air end first. A queue has four partitions, each of which has its own most urgent first: so some of the
    // others go ahead, and in the order of arrival it would be all of them.
    expect(crm.order.indexOf('GT-48291')).toBeGreaterThanOrEqual(atOnce);
    expect(crm.order.indexOf('GT-48291')).toBeLessThan(queued / 2);
  }, 240_000);
});
