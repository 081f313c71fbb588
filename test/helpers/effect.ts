import type { WorkflowExecutionDescription } from '@temporalio/client';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import { until } from './line.ts';
import type { Stack } from './stack.ts';

/** All that a termination did, so that two of them can be compared: everything once, whatever happened meanwhile. */
export interface Effect {
  /** How each of the person's events ended, in the ledger and in Temporal. */
  events: { outcome: string | undefined; settled: boolean; workflow: string }[];
  state: string | undefined;
  /** Of the person's own workflow; COMPLETED when nothing is in flight any more. */
  workflow: string;
  /** Accounts, sessions and entitlements that the targets still have open. */
  open: string[];
  /** Changing calls that the targets obeyed, and how often: `github remove member`. */
  calls: Record<string, number>;
  offboardingTickets: number;
  /** Pieces of evidence, and how many of each: `access-closed github`. */
  evidence: Record<string, number>;
  /** What was kept of each account as it was before. */
  before: string[];
  openExceptions: string[];
  chain: { intact: boolean; unsealed: number | undefined };
}

/** The targets that still have an account of the person open, or a session or an entitlement on it. */
export async function openAt({ sandbox }: Stack, person: string): Promise<string[]> {
  return Object.entries(await sandbox.state()).flatMap(([target, { accounts }]) =>
    accounts
      .filter(({ worker }) => worker === person)
      .filter(({ enabled, sessions, entitlements }) => enabled || sessions.length + entitlements.length > 0)
      .map(() => target),
  );
}

/** Waits until a termination is over, the second reading and the sealing of its evidence with it, and says all that it did. */
export async function effectOf(stack: Stack, person: string): Promise<Effect> {
  const { client, store } = stack;
  const statusOf = async (id: string) => nameOf(await client.workflow.getHandle(id).describe());
  const evidence = () => store.read((reader) => reader.evidence({ person }, { limit: 500 }));
  await until(
    async () => (await evidence()).items.some(({ kind }) => kind === 'access-confirmed-closed'),
    `${person}'s targets to be read again`,
    120_000,
  );
  // The next task of a workflow whose worker was killed waits some seconds for that worker before another gets it.
  const ended = (id: string) =>
    until(async () => {
      const status = await statusOf(id);
      return status !== 'RUNNING' && status;
    }, `${id} to end`);
  const workflow = await ended(personWorkflowId(person));
  const chain = await until(async () => {
    const verdict = await store.verify();
    return (!verdict.intact || verdict.unsealed === 0) && verdict;
  }, 'all evidence to be sealed');
  const arrivals = await store.read((reader) => reader.arrivals({ person }, {}));
  const { items } = await evidence();
  const exceptions = await store.read((reader) => reader.exceptions({ open: true, person }, {}));
  const state = await stack.sandbox.state();
  const calls = await stack.sandbox.calls(person);
  return {
    events: await Promise.all(
      arrivals.items.map(async ({ key, outcome, settledAt }) => ({
        outcome,
        settled: settledAt !== undefined,
        workflow: await ended(eventWorkflowId(key)),
      })),
    ),
    state: (await store.read((reader) => reader.person(person)))?.state,
    workflow,
    open: await openAt(stack, person),
    calls: counted(calls.map(({ target, operation }) => `${target}: ${operation}`)),
    offboardingTickets: (state['servicenow']?.tickets ?? []).filter(
      (ticket) => ticket['correlation_id']?.includes(person) && ticket['table'] !== 'incident',
    ).length,
    evidence: counted(items.map(({ kind, target }) => (target === undefined ? kind : `${kind}: ${target}`))),
    before: (await Promise.all(arrivals.items.map(({ key }) => store.read((reader) => reader.before(key))))).flatMap(
      (kept) => kept.map(({ target, state: seen }) => `${target}: ${(seen as { status: string }).status}`),
    ),
    openExceptions: exceptions.items.map(({ kind }) => kind),
    chain: { intact: chain.intact, unsealed: chain.intact ? chain.unsealed : undefined },
  };
}

const nameOf = ({ status }: WorkflowExecutionDescription): string => status.name;

function counted(words: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words.sort()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
