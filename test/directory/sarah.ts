import type { NewPerson } from '../../src/directory/store.ts';
import type { Account, Engagement, PendingChange, Person } from '../../src/model/person.ts';

/** An employment with everything that one can have. */
export const employment: Engagement = {
  id: 'GT-48291/1',
  source: 'workday',
  workerId: 'GT-48291',
  wid: '3aa5550b7fe348b98d7b5741afc65534',
  workerType: 'Employee',
  startDate: '2021-03-01',
  endDate: '2025-11-15',
  lastDayOfWork: '2025-11-14',
  managerId: 'GT-10007',
  location: 'Austin',
  primary: true,
};

/** Sarah Chen as an authoritative source first tells of her. */
export const sarah: NewPerson = {
  id: 'GT-48291',
  name: 'Sarah Chen',
  state: 'Active',
  privileged: false,
  attributes: {
    department: 'Engineering',
    managerId: 'GT-10007',
    location: 'Austin',
    remote: true,
    badges: ['b1', 'b2'],
  },
  identifiers: [
    { source: 'workday', type: 'workerId', value: 'GT-48291' },
    { source: 'workday', type: 'email', value: 'Sarah.Chen@globaltech.example' },
  ],
  engagements: [employment],
};

/** The record that comes of it. */
export const sarahsRecord: Person = {
  ...sarah,
  epoch: 0,
  accounts: [],
  pending: [],
  grants: [],
  facts: {},
  legalHolds: [],
};

/** An account of hers. */
export function accountOf(owner: string, change: Partial<Account> = {}): Account {
  return {
    target: 'salesforce',
    id: '005000000000001',
    name: 'sarah.chen@globaltech.example',
    kind: 'primary',
    owner,
    origin: 'adopted',
    status: 'enabled',
    entitlements: ['Sales User', 'a "quoted", one', '{braces}'],
    ...change,
  };
}

/** Somebody about whom only the id matters. */
export function someone(id: string, change: Partial<NewPerson> = {}): NewPerson {
  return {
    id,
    name: id,
    state: 'Active',
    privileged: false,
    attributes: {},
    identifiers: [],
    engagements: [],
    ...change,
  };
}

/** An end that is due at an instant. */
export function endAt(dueAt: string, id = 'end'): PendingChange {
  return {
    id,
    kind: 'end',
    dueAt,
    event: 'workday:e-1',
    confidential: true,
    data: { endDate: null, category: 'voluntary' },
  };
}
