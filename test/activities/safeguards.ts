import type { Dependencies } from '../../activities/dependencies.ts';
import { type Reserved, type ReserveRequest, reserve } from '../../activities/safeguards.ts';
import type { Store } from '../../src/directory/store.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/schema.ts';
import type { TestDatabase } from '../helpers/store.ts';

/** Ahead of every clock, or the database's own would count. */
export const noon = Date.parse('2099-01-05T12:00:00.000Z');
const minute = 60_000;

/** The instant so many minutes after noon. */
export const at = (minutes: number): string => new Date(noon + minutes * minute).toISOString();

/** The repository's policy with other limits. */
export function policyOf(safeguards: Partial<Policy['safeguards']> = {}): Policy {
  const policy = loadPolicy('policy.yaml');
  return { ...policy, safeguards: { ...policy.safeguards, ...safeguards } };
}

/** The id of the person that `addPeople` entered under this number. */
export const idOf = (number: number): string => `GT-${number}`;

/** Enters `many` people who are active, by one statement. */
export async function addPeople(sql: TestDatabase['sql'], many: number): Promise<void> {
  await sql(`INSERT INTO muster.person (id, name, state, privileged, attributes)
    SELECT 'GT-' || n, 'Person ' || n, 'Active', false, '{}' FROM generate_series(1, ${many}) AS n`);
}

/** An end of one of them begins, as its activity does it: counted, and committed only where it may go on. */
export function begin(
  store: Store,
  policy: Policy,
  number: number,
  minutes = 0,
  more: Partial<ReserveRequest> = {},
): Promise<Reserved> {
  const person = idOf(number);
  return store.transaction(async (tx) => {
    await tx.person(person, { lock: true });
    const reserved = await reserve(tx, { policy } as Dependencies, {
      ...{ person, event: `workday:end-${number}`, kind: 'end', source: 'workday', now: at(minutes), priority: 2 },
      ...{ summary: `end ${person}`, workflowId: `person:${person}` },
      ...more,
    });
    const ends = more.kind === undefined || more.kind === 'end' || more.kind === 'security';
    if (reserved.state === 'taken' && ends) await tx.updatePerson(person, { state: 'Terminating' });
    return reserved;
  });
}

/** How many there are of each state. */
export const statesOf = (answers: { state: string }[]): Record<string, number> => {
  const states: Record<string, number> = {};
  for (const { state } of answers) states[state] = (states[state] ?? 0) + 1;
  return states;
};

/** From the first to the last. */
export const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
