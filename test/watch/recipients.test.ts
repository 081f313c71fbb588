import { expect, it } from 'vitest';
import type { Reader } from '../../src/directory/store.ts';
import type { Person } from '../../src/model/person.ts';
import { addressOf } from '../../src/watch/recipients.ts';
import { policyWith, sarah } from '../policy/examples.ts';

const now = '2025-11-15T17:00:00.000Z';
const policy = policyWith(`
groups: { security: { email: security@globaltech.example } }
owners: { salesforce: GT-2, github: group:security, jira: GT-4 }
`);
const one = (id: string, managerId: string, more: Partial<Person> = {}) =>
  sarah({ id, identifiers: [], attributes: { managerId, email: `${id}@globaltech.example` }, ...more });
const leaving: Person['pending'] = [
  { id: 'end:1', kind: 'end', dueAt: '2025-11-18T05:00:00.000Z', event: 'workday:1', confidential: false, data: {} },
];
const people = [
  one('GT-1', 'GT-2'),
  one('GT-2', 'GT-3', { pending: leaving }),
  one('GT-3', ''),
  one('GT-4', 'GT-3', { state: 'Terminated' }),
];
const reader = {
  person: async (id: string) => people.find((each) => each.id === id),
  personByAlias: async (id: string) => people.filter((each) => each.id === id),
} as unknown as Reader;

it.each([
  ['manager', { person: 'GT-1' }, 'GT-3@globaltech.example'],
  ['manager', { person: 'GT-3' }, undefined],
  ['manager', {}, undefined],
  ['owner', { target: 'salesforce' }, 'GT-2@globaltech.example'],
  ['owner', { target: 'jira' }, 'GT-3@globaltech.example'],
  ['owner', { target: 'github' }, 'security@globaltech.example'],
  ['owner', { target: 'ad' }, undefined],
  ['group:security', {}, 'security@globaltech.example'],
  ['group:nobody', {}, undefined],
])(
  'an alert for %s about %j goes to %s: the nearest manager who stays, here as everywhere',
  async (who, about, address) => {
    expect(await addressOf(policy, reader, about, who, now)).toBe(address);
  },
);
