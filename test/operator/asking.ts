import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Config } from '../../src/config.ts';
import type { NewPerson, Store } from '../../src/directory/store.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import type { OpenException } from '../../src/model/exception.ts';
import { createOperator, type OperatorOptions } from '../../src/operator/operator.ts';

/** Who may ask, one for each role, by a token that is their id. */
const operators: Config['operators'] = (
  ['viewer', 'operator', 'approver', 'security', 'auditor', 'admin'] as const
).map((role) => ({ id: `${role}-1`, token: `env:${role}`, roles: [role] }));

/** A Temporal that is there, and runs nothing. */
const temporal = {
  options: { namespace: 'default' },
  withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  workflowService: { describeNamespace: async () => ({}) },
} as unknown as Client;

export const noon = '2025-11-15T12:00:00.000Z';

export interface Answer {
  status: number;
  type: string | null;
  headers: Headers;
  body: unknown;
}

export interface Asking {
  url: string;
  app: ReturnType<typeof createOperator>['app'];
  log: string[];
  /** Asks as somebody with that role; `undefined`: as nobody. */
  ask(path: string, role?: string, init?: RequestInit): Promise<Answer>;
  post(path: string, body: unknown, role?: string): Promise<Answer>;
  close(): Promise<void>;
}

/** The operator's API over a store, on a port of its own. */
export async function asking(store: Store, more: Partial<OperatorOptions> = {}): Promise<Asking> {
  const log: string[] = [];
  const operator = createOperator({
    config: { operators },
    secret: async (reference) => `token of ${reference.slice(4)}`.replaceAll(' ', '-'),
    store,
    client: temporal,
    proofKey: async () => 'proof-key-of-the-tests',
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    registry: new Registry(),
    clock: () => Date.parse(noon),
    ...more,
  });
  const listening = await operator.listen({ port: 0 });
  const ask = async (path: string, role?: string, init: RequestInit = {}): Promise<Answer> => {
    const authorization = role === undefined ? {} : { authorization: `Bearer token-of-${role}` };
    const answer = await fetch(listening.url + path, { ...init, headers: { ...authorization, ...init.headers } });
    const text = await answer.text();
    const type = answer.headers.get('content-type');
    return {
      status: answer.status,
      type,
      headers: answer.headers,
      body: type?.includes('json') === true ? (JSON.parse(text) as unknown) : text,
    };
  };
  return {
    url: listening.url,
    app: operator.app,
    log,
    ask,
    post: (path, body, role = 'admin') =>
      ask(path, role, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    close: () => listening.close(0),
  };
}

/** Enters somebody. */
export async function addPerson(store: Store, id: string, more: Partial<NewPerson> = {}): Promise<void> {
  const person: NewPerson = {
    id,
    name: `Person ${id}`,
    state: 'Active',
    privileged: false,
    attributes: { department: 'Sales', location: 'New York', managerId: 'GT-41007', email: `${id}@globaltech.example` },
    identifiers: [
      { source: 'workday', type: 'workerId', value: id },
      { source: 'workday', type: 'email', value: `${id.toLowerCase()}@globaltech.example` },
    ],
    engagements: [
      {
        id: `workday:${id}`,
        source: 'workday',
        workerId: id,
        workerType: 'employee',
        startDate: '2021-03-15',
        primary: true,
      },
    ],
    ...more,
  };
  await store.transaction(async (tx) => {
    await tx.createPerson(person);
    await tx.putAccount({
      ...{ target: 'salesforce', id: `005-${id}`, name: id, kind: 'primary', owner: id, origin: 'found' },
      ...{ status: 'enabled', entitlements: ['Sales_Console'] },
    });
  });
}

/** Enters an event about `person` as it arrived. */
export async function addEvent(
  store: Store,
  id: string,
  person: string,
  more: Partial<IdentityEvent> = {},
): Promise<string> {
  const key = `workday:${id}`;
  const event: IdentityEvent = {
    ...{ key, source: 'workday', id, type: 'terminated', subject: person, receivedAt: noon, payloadHash: 'f00' },
    effectiveDate: '2025-11-15',
    data: { effectiveDate: '2025-11-15', category: 'voluntary', reason: 'private words' },
    ...more,
  };
  await store.transaction(async (tx) => {
    await tx.admit({ key, event, workflowId: `event:${key}`, firstRunId: 'run-1', person, receivedAt: noon });
    await tx.addEvidence([
      {
        workflowId: `event:${key}`,
        step: key,
        kind: 'event-accepted',
        person,
        event: key,
        at: noon,
        data: { source: 'workday' },
      },
    ]);
  });
  return key;
}

/** Opens an exception. */
export async function addException(store: Store, step: string, more: Partial<OpenException> = {}): Promise<string> {
  const id = more.id ?? `person:GT-48291/${step}`;
  await store.transaction((tx) =>
    tx.openException({
      ...{ id, kind: 'step-failed', workflowId: 'person:GT-48291', reason: 'it said no', owner: 'identity-team' },
      ...{ openedAt: noon, dueAt: '2025-11-15T13:00:00.000Z' },
      ...more,
    }),
  );
  return id;
}
