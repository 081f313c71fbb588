import { createHash } from 'node:crypto';
import type { IdentityEvent } from '../../src/model/event.ts';
import type { Engagement, Person } from '../../src/model/person.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/schema.ts';

/** A small policy, with more YAML behind it where a test needs other settings. */
export function policyWith(more = ''): Policy {
  return parsePolicy(`
version: 1
zones:
  default: UTC
  byLocation: { New York: America/New_York, Berlin: Europe/Berlin }
rules:
  - { id: everybody, why: everybody logs on, when: 'true', give: [{ target: active-directory, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: person.department == "Sales", give: [{ target: salesforce, entitlements: [crm] }, { target: active-directory, entitlements: [sales, staff] }] }
exceptions: { owner: operations }
${more}`);
}

/** An engagement in New York since 2020. */
export function engagement(more: Partial<Engagement> = {}): Engagement {
  return {
    id: 'e1',
    source: 'workday',
    workerId: 'GT-48291',
    workerType: 'employee',
    startDate: '2020-03-01',
    location: 'New York',
    primary: true,
    ...more,
  };
}

/** Sarah Chen, employed in New York. */
export function sarah(more: Partial<Person> = {}): Person {
  return {
    id: 'GT-48291',
    name: 'Sarah Chen',
    state: 'Active',
    epoch: 0,
    privileged: false,
    attributes: { department: 'Sales', jobTitle: 'Account Executive', location: 'New York', workerType: 'employee' },
    identifiers: [{ source: 'workday', type: 'workerId', value: 'GT-48291' }],
    engagements: [engagement()],
    accounts: [],
    pending: [],
    grants: [],
    facts: {},
    legalHolds: [],
    ...more,
  };
}

/** 2025-11-15, 12:00 in New York. */
export const noon = Date.parse('2025-11-15T17:00:00Z');

/** A termination that Workday sent a minute before noon. */
export function terminated(data: IdentityEvent['data'], more: Partial<IdentityEvent> = {}): IdentityEvent {
  const payloadHash = createHash('sha256').update(JSON.stringify(data)).digest('hex');
  return {
    key: 'workday:t-1',
    source: 'workday',
    id: 't-1',
    type: 'terminated',
    subject: 'GT-48291',
    receivedAt: '2025-11-15T16:59:00.000Z',
    data,
    payloadHash,
    ...more,
  };
}
