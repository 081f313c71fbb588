import { parseArgs } from 'node:util';
import type { Account, Person } from '../src/model/person.ts';
import { planAccess } from '../src/policy/access-plan.ts';
import { loadPolicy } from '../src/policy/load.ts';
import type { PlannedTarget } from '../src/policy/plan.ts';
import { percentile } from './measure.ts';

/**
 * How long it takes to plan everybody: people of GlobalTech's departments with the access that policy gives them, each moved to
 * the next department. Nothing but the plan: no database, no targets.
 */
const { values } = parseArgs({ options: { people: { type: 'string', default: '10000' } } });
const people = Number(values.people);
const policy = loadPolicy('policy.yaml');
const at = '2026-01-15T12:00:00.000Z';
const targets: PlannedTarget[] = ['active-directory', 'aws-iam', 'cyberark', 'entra-id', 'github', 'salesforce'].map(
  (name) => ({ name, title: name, mode: 'enforce', abilities: ['accounts', 'entitlements', 'update'] }),
);
const departments = ['Engineering', 'Sales', 'Finance', 'People'] as const;

function somebody(index: number): Person {
  const id = `GT-${100_000 + index}`;
  const person: Person = {
    ...{ id, name: id, state: 'Active', epoch: 0, privileged: index % 20 === 0 },
    attributes: {
      department: departments[index % departments.length] ?? 'Sales',
      jobTitle: index % 20 === 0 ? 'Security Engineer' : 'Account Executive',
      location: index % 3 === 0 ? 'Berlin' : 'New York',
      workerType: 'employee',
    },
    engagements: [
      { id: 'e1', source: 'workday', workerId: id, workerType: 'employee', startDate: '2020-01-06', primary: true },
    ],
    ...{ identifiers: [], accounts: [], pending: [], grants: [], facts: {}, legalHolds: [] },
  };
  return { ...person, accounts: accountsOf(person) };
}

/** What they have when everything is as policy says. */
function accountsOf(person: Person): Account[] {
  const accounts = new Map<string, Account>();
  for (const { target, action, entitlement } of plan(person, false).changes) {
    if (action === 'create') {
      accounts.set(target, {
        ...{ target, id: person.id, name: person.id, kind: 'primary', owner: person.id, origin: 'created' },
        ...{ status: 'enabled', entitlements: [] },
      });
    }
    if (action === 'grant' && entitlement !== undefined) accounts.get(target)?.entitlements.push(entitlement);
  }
  return [...accounts.values()];
}

function plan(person: Person, grace: boolean) {
  return planAccess({ person, policy, targets, event: 'bench:1', at, grace });
}

const everybody = Array.from({ length: people }, (_, index) => somebody(index));
const moved = everybody.map((person, index): Person => {
  const department = departments[(index + 1) % departments.length] ?? 'Sales';
  return { ...person, attributes: { ...person.attributes, department } };
});

for (const [name, all, grace] of [
  ['nothing to change', everybody, false],
  ['everybody moves', moved, true],
] as const) {
  const took: number[] = [];
  let changes = 0;
  const began = performance.now();
  for (const person of all) {
    const start = performance.now();
    changes += plan(person, grace).changes.length;
    took.push(performance.now() - start);
  }
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `${name}: ${people} people in ${seconds.toFixed(2)} s, ${Math.round(people / seconds)} a second; ` +
      `p50 ${percentile(took, 0.5).toFixed(2)} ms, p99 ${percentile(took, 0.99).toFixed(2)} ms; ${changes} changes`,
  );
}
