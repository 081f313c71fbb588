import { setTimeout as pause } from 'node:timers/promises';
import proto from '@temporalio/proto';
import { z } from 'zod';
import type { EvidenceRow } from '../directory/store.ts';
import type { Embedded } from '../embedded.ts';
import { personWorkflowId } from '../model/messages.ts';
import { addDays, dateIn } from '../model/time.ts';
import { deliver } from './delivery.ts';

/** Somebody new, who starts in two weeks. */
export const newcomer = {
  workerId: 'GT-51007',
  firstName: 'Priya',
  lastName: 'Lindqvist',
  department: 'Sales',
  jobTitle: 'Account Executive',
  location: 'Berlin',
  workerType: 'employee',
  managerId: 'GT-44310',
} as const;

const changed = z.object({ changes: z.array(z.object({ id: z.string(), action: z.string(), outcome: z.string() })) });
const planMade = z.object({ changes: z.array(z.object({ id: z.string(), because: z.string() })) });
const moved = z.object({ from: z.string(), to: z.string(), by: z.string() });

const patienceMs = 60_000;

/** Tells a hire from HR's event to the first day: pre-hire access, a start that moves, and two weeks in a few seconds. */
export class HireStory {
  readonly #muster: Embedded;
  readonly #say: (line: string) => void;
  readonly #env: NodeJS.ProcessEnv;
  readonly #told = new Set<number>();

  constructor(muster: Embedded, env: NodeJS.ProcessEnv, say: (line: string) => void) {
    this.#muster = muster;
    this.#env = env;
    this.#say = say;
  }

  /** True when it came true: the person is Active, and every target has what policy gives. */
  async tell(): Promise<boolean> {
    const zone = this.#muster.policy.zones.byLocation[newcomer.location] ?? this.#muster.policy.zones.default;
    const today = dateIn(Date.now(), zone);
    const first = addDays(today, 10);
    const start = addDays(today, 14);
    this.#say(
      `\nAnd somebody who comes: ${newcomer.firstName} ${newcomer.lastName}, hired for ${first} in ${newcomer.location}.`,
    );
    await this.#send({ event: 'Worker_Hired', ...newcomer, startDate: first }, 'hired');
    const ready = (rows: EvidenceRow[]) => rows.some(({ kind }) => kind === 'access-confirmed');
    if (!(await this.#follow(ready))) return false;

    this.#say(`\nThe start moves to ${start}:`);
    await this.#send({ event: 'Worker_Start_Date_Changed', workerId: newcomer.workerId, startDate: start }, 'moved');
    if (!(await this.#follow((rows) => rows.some(({ kind }) => kind === 'start-moved')))) return false;

    const days = 14;
    this.#say(
      `\nTwo weeks in a few seconds: this one workflow's clock is put forward by ${days} days; every other timer is real.`,
    );
    const before = Date.now();
    await this.#fastForward((days + 1) * 86_400);
    if (!(await this.#follow(() => this.#works()))) return false;
    this.#say(
      `\n${newcomer.workerId} is Active, ${((Date.now() - before) / 1_000).toFixed(1)} s later. Day one works.`,
    );
    return true;
  }

  async #send(body: object, id: string): Promise<void> {
    const { config, ready } = this.#muster;
    this.#say(`  ${JSON.stringify(body)}`);
    await deliver({
      ...{ config, source: 'workday', id: `demo-${newcomer.workerId}-${id}`, receiver: ready.receiver, env: this.#env },
      body: Buffer.from(JSON.stringify(body)),
    });
  }

  /** Tells what is written down as it is written, until `done` or the patience is over. */
  async #follow(done: (rows: EvidenceRow[]) => boolean | Promise<boolean>): Promise<boolean> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      // Asked before the last look, so that whatever led to it is told.
      const isDone = await done(await this.#evidence());
      for (const row of await this.#evidence()) {
        if (this.#told.has(row.seq)) continue;
        this.#told.add(row.seq);
        for (const line of this.#inWords(row)) this.#say(`  ${line}`);
      }
      if (isDone) return true;
      if (Date.now() > deadline) {
        this.#say(`  … and then nothing more for ${patienceMs / 1_000} s`);
        return false;
      }
      await pause(100);
    }
  }

  async #evidence(): Promise<EvidenceRow[]> {
    const page = await this.#muster.store.read((reader) =>
      reader.evidence({ person: newcomer.workerId }, { limit: 500 }),
    );
    return page.items;
  }

  /** Active, and nothing of what policy gives is still to be confirmed. */
  async #works(): Promise<boolean> {
    const person = await this.#muster.store.read((reader) => reader.person(newcomer.workerId));
    return person?.state === 'Active' && person.pending.every(({ kind }) => kind !== 'access');
  }

  #inWords({ kind, data, target, at }: EvidenceRow): string[] {
    const title = target === undefined ? '' : (this.#muster.targets.get(target)?.title ?? target);
    switch (kind) {
      case 'person-created':
        return [`${newcomer.workerId} is in the directory`];
      case 'start-scheduled':
        return [`waits for 00:00 of the first day: ${String(data['dueAt'])} (${String(data['zone'])})`];
      case 'plan-made': {
        const { changes } = planMade.parse(data);
        return changes.map(({ id, because }) => `plan: ${id} (${because})`);
      }
      case 'access-changed':
        return changed.parse(data).changes.map(({ action, outcome }) => `${title}: ${action}, ${outcome}, read back`);
      case 'message-sent':
        return [`${title}: told`];
      case 'start-moved': {
        const { from, to, by } = moved.parse(data);
        return [`the start moved from ${from} to ${to}, by ${by}`];
      }
      case 'person-active':
        return [`${at}: the first day has begun`];
      default:
        return [];
    }
  }

  /** Only a server that was told so takes this; it is for demonstrations, and changes one workflow alone. */
  async #fastForward(seconds: number): Promise<void> {
    const { client } = this.#muster;
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: personWorkflowId(newcomer.workerId) },
      workflowExecutionOptions: proto.temporal.api.workflow.v1.WorkflowExecutionOptions.fromObject({
        timeSkippingConfig: { enabled: true, fastForwardConfig: { id: 'demo', duration: { seconds } } },
      }),
      updateMask: { paths: ['time_skipping_config'] },
    });
  }
}
