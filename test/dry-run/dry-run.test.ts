import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DryRun, dryRun, type Planning } from '../../src/dry-run/dry-run.ts';
import type { EventType, IdentityEvent } from '../../src/model/event.ts';
import { personWorkflowId } from '../../src/model/messages.ts';
import { addDays, dateIn } from '../../src/model/time.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line;
let targets: Record<'ad' | 'crm' | 'portal', FakeTarget>;
let planning: Planning;

const policy = parsePolicy(`
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York } }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType in ["employee", "contractor"]', give: [{ target: ad, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [seller] }, { target: ad, entitlements: [sales] }] }
  - { id: support, why: Support helps, when: 'person.department == "Support"', give: [{ target: ad, entitlements: [support] }] }
hires: { preHire: [{ target: portal, entitlements: [onboarding] }], ahead: [ad] }
names: { domain: globaltech.example }
moves: { grace: 7d }
requestable:
  - { id: console, why: the console of the CRM, target: crm, entitlement: console, privileged: true, approval: console }
approvals:
  rules: { console: { steps: [{ by: manager }] } }
  fallback: security
groups: { security: { operators: [operator-2] } }
exceptions: { owner: identity-operations }
`);

beforeAll(async () => {
  environment = await timeSkipping();
});
afterAll(() => environment?.teardown());
beforeEach(async () => {
  targets = { ad: new FakeTarget(), crm: new FakeTarget(), portal: new FakeTarget() };
  const { ends: _, retries: __, safeguards: ___, ...rest } = policy;
  line = await startLine({ environment, targets, policy: rest });
  planning = {
    ...{ store: line.store, policy: line.policy, live: true, log: pino({ level: 'silent' }) },
    sources: { workday: { authoritative: true, mode: 'observe', duplicateWindow: 600_000 } },
    targets: new Map(Object.entries(targets).map(([name, target]) => [name, target.connected(name)])),
  };
});
afterEach(() => line?.stop());

const now = async () => new Date(await environment.currentTimeMs()).toISOString();
const today = async () => dateIn(await environment.currentTimeMs(), 'America/New_York');

let count = 0;
interface Said {
  type: EventType;
  subject: string;
  data: IdentityEvent['data'];
}

async function eventOf(said: Said): Promise<IdentityEvent> {
  count += 1;
  const id = `dry-${count}`;
  const { startDate, effectiveDate = startDate } = said.data;
  const receivedAt = await now();
  const dated = effectiveDate === undefined ? {} : { effectiveDate };
  return { ...said, ...dated, key: `workday:${id}`, source: 'workday', id, receivedAt, payloadHash: id };
}

const dry = async (said: Said, more: Partial<Planning> = {}): Promise<DryRun> =>
  dryRun({ ...planning, ...more }, { event: await eventOf(said), hides: () => false, now: await now() });

const real = async (said: Said) => {
  const { key: _, ...event } = await eventOf(said);
  const data = JSON.parse(JSON.stringify({ effectiveDate: undefined, category: undefined, ...event.data }));
  return (await line.send({ ...event, id: `real-${count}`, data })).result();
};

/** Everything of the directory and the ledger that a dry run could have touched. */
const everything = () =>
  line.store.read(async (reader) => [
    await reader.people({}, {}),
    await reader.arrivals({}, {}),
    await reader.evidence({}, {}),
    await reader.exceptions({}, {}),
    await reader.approvals({}, {}),
    await reader.holds({}, {}),
  ]);

const lines = (changes: readonly { id: string; because?: string }[] = []) => changes.map(({ id }) => id).sort();

/** What the evidence of the real run says was planned, first. */
async function planned(person: string, event: string): Promise<string[]> {
  const { items } = await line.store.read((reader) => reader.evidence({ person, event }, { limit: 500 }));
  const made = items.find(({ kind }) => kind === 'plan-made');
  return lines(made?.data['changes'] as { id: string }[]);
}

const newcomer = {
  firstName: 'Nadia',
  lastName: 'Berg',
  department: 'Sales',
  location: 'New York',
  workerType: 'employee',
};

describe('a dry run', () => {
  it('of a hire today has the very changes that the real one then plans, and writes nothing', async () => {
    const said: Said = { type: 'hired', subject: 'GT-50001', data: { ...newcomer, startDate: await today() } };
    const before = await everything();
    const found = await dry(said);
    expect(await everything()).toEqual(before);
    expect(found).toMatchObject({
      person: 'GT-50001',
      outcome: 'applied',
      state: { after: 'Active' },
      due: [],
      gone: [],
    });
    expect(await real(said)).toMatchObject({ outcome: 'applied' });
    expect(lines(found.moments[0]?.plan?.changes)).toEqual([
      'create:ad',
      'create:crm',
      'grant:ad:sales',
      'grant:ad:staff',
      'grant:crm:seller',
    ]);
    expect(lines(found.moments[0]?.plan?.changes)).toEqual(await planned('GT-50001', `workday:real-${count}`));
    expect(found.moments).toHaveLength(1);
  });

  it('of a move has the changes of the real one, what it keeps for a while, and what goes when that is over', async () => {
    await line.addPerson({ id: 'GT-50002', attributes: { ...newcomer } });
    targets.ad.accounts.set('a', { id: 'a', worker: 'GT-50002', enabled: true, entitlements: ['sales', 'staff'] });
    targets.crm.accounts.set('c', { id: 'c', worker: 'GT-50002', enabled: true, entitlements: ['seller'] });
    const said: Said = { type: 'department-changed', subject: 'GT-50002', data: { department: 'Support' } };
    const before = await everything();
    const found = await dry(said);
    expect([await everything(), targets.ad.changes, targets.crm.changes]).toEqual([before, [], []]);
    expect(found).toMatchObject({ outcome: 'applied', seen: { read: ['ad', 'crm', 'portal'], unread: [] } });
    const [move, after] = found.moments;
    expect(lines(move?.plan?.changes)).toContain('grant:ad:support');
    expect(move?.plan).toMatchObject({
      kept: expect.arrayContaining([
        { target: 'ad', entitlement: 'sales', because: 'what they had before they moved' },
      ]) as unknown,
    });
    expect(lines(after?.plan?.changes)).toEqual(expect.arrayContaining(['revoke:ad:sales', 'revoke:crm:seller']));
    expect(found.due.map(({ kind }) => kind)).toEqual(['grace']);
    await real(said);
    expect(lines(move?.plan?.changes)).toEqual(await planned('GT-50002', `workday:real-${count}`));
  });

  it('of a termination closes what the real one closes', async () => {
    await line.addPerson({ id: 'GT-50003', attributes: { ...newcomer } });
    targets.ad.accounts.set('a', { id: 'a', worker: 'GT-50003', enabled: true, entitlements: ['staff'] });
    const said: Said = {
      type: 'terminated',
      subject: 'GT-50003',
      data: { effectiveDate: await today(), category: 'voluntary' },
    };
    const before = await everything();
    const found = await dry(said);
    expect([await everything(), targets.ad.changes]).toEqual([before, []]);
    expect(found).toMatchObject({
      ...{ outcome: 'applied', state: { before: 'Active', after: 'Terminated' } },
      accounts: [{ target: 'ad', id: 'a', status: 'enabled', entitlements: ['staff'] }],
    });
    expect(await real(said)).toMatchObject({ outcome: 'applied' });
    expect(lines(found.moments[0]?.plan?.changes)).toEqual(await planned('GT-50003', `workday:real-${count}`));
    expect(lines(found.moments[0]?.plan?.changes)).toEqual(['close:ad', 'close:crm', 'close:portal']);
  });

  it('of a hire ahead shows what is given now, and what on the day', async () => {
    const start = addDays(await today(), 14);
    const found = await dry({ type: 'hired', subject: 'GT-50004', data: { ...newcomer, startDate: start } });
    expect(found).toMatchObject({ outcome: 'scheduled', state: { after: 'PreHire' } });
    expect(found.moments.map(({ state, plan }) => [state, lines(plan?.changes)])).toEqual([
      ['PreHire', ['create:ad', 'create:portal', 'grant:portal:onboarding']],
      [
        'Active',
        [
          'create:crm',
          'disable:portal',
          'enable:ad',
          'grant:ad:sales',
          'grant:ad:staff',
          'grant:crm:seller',
          'revoke:portal:onboarding',
          'update:ad',
        ],
      ],
    ]);
    expect(found.due.map(({ kind, date }) => [kind, date])).toContainEqual(['start', start]);
  });

  it('of a privilege says who would be asked', async () => {
    await line.addPerson({ id: 'GT-50006' });
    await line.addPerson({ id: 'GT-50005', attributes: { ...newcomer, managerId: 'GT-50006' } });
    const found = await dry({ type: 'privilege-granted', subject: 'GT-50005', data: { privilege: 'console' } });
    expect(found).toMatchObject({
      outcome: 'waiting',
      moments: [{ asks: [{ approvers: ['GT-50006'], data: { rule: 'console' } }] }],
    });
  });

  it('of an end that a safeguard would hold says so, and shows the end all the same', async () => {
    await line.addPerson({ id: 'GT-50007' });
    const { ends, ...safeguards } = line.policy.safeguards;
    const tight = { ...line.policy, safeguards: { ...safeguards, ends: { ...ends, cap: 0 } } };
    const found = await dry(
      { type: 'terminated', subject: 'GT-50007', data: { immediate: true, category: 'voluntary' } },
      { policy: tight },
    );
    expect(found).toMatchObject({ outcome: 'held', state: { before: 'Active', after: 'Active' } });
    expect(found.moments).toMatchObject([
      { held: expect.any(String) as unknown, plan: { changes: expect.any(Array) as unknown } },
    ]);
  });

  it('is made from the directory alone where no target may be asked, and says nothing of what it did not read', async () => {
    await line.addPerson({ id: 'GT-50008', attributes: { ...newcomer } });
    const said: Said = { type: 'department-changed', subject: 'GT-50008', data: { department: 'Support' } };
    const found = await dry(said, { live: false });
    expect(found).not.toHaveProperty('seen');
    expect(targets.ad.calls).toEqual([]);
    targets.crm.misbehave = () => Promise.reject(new Error('down'));
    expect((await dry(said)).seen).toEqual({ read: ['ad', 'portal'], unread: ['crm'] });
  });

  it('of somebody nobody knows says so', async () => {
    const found = await dry({ type: 'department-changed', subject: 'GT-99999', data: { department: 'Support' } });
    expect(found).toMatchObject({ outcome: 'waiting', reason: 'nobody is known as GT-99999', moments: [] });
  });

  it('starts no workflow', async () => {
    await line.addPerson({ id: 'GT-50009', attributes: { ...newcomer } });
    await dry({ type: 'department-changed', subject: 'GT-50009', data: { department: 'Support' } });
    const handle = environment.client.workflow.getHandle(personWorkflowId('GT-50009'));
    await expect(handle.describe()).rejects.toThrow();
  });
});
