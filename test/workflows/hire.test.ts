import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { personWorkflowId } from '../../src/model/messages.ts';
import { addDays, dateIn, startOfDay } from '../../src/model/time.ts';
import { parsePolicy } from '../../src/policy/load.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { type Line, startLine, until } from '../helpers/line.ts';
import { timeSkipping } from '../helpers/temporal.ts';

let environment: TestWorkflowEnvironment;
let line: Line | undefined;
let targets: Record<'ad' | 'crm' | 'portal', FakeTarget>;

const policyText = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York, Berlin: Europe/Berlin } }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType in ["employee", "contractor"]', give: [{ target: ad, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [seller] }, { target: ad, entitlements: [sales] }] }
  - { id: support, why: Support helps, when: 'person.department == "Support"', give: [{ target: ad, entitlements: [support] }] }
hires:
  preHire: [{ target: portal, entitlements: [onboarding] }]
  ahead: [ad]
names: { domain: globaltech.example }
moves: { grace: 7d }
contractEnds:
  reminders: [30d, 7d, 1d]
  tell: [{ id: contract-ends, target: crm, to: manager, title: 'Contract of {{person.id}} ends {{date}}', text: 'On {{date}}.' }]
transitions:
  leaver:
    later:
      - { id: delete, after: 30d, do: deleteAccounts, targets: [ad] }
exceptions: { owner: identity-operations }
`;

const policy = parsePolicy(policyText);

beforeEach(async () => {
  environment = await timeSkipping();
  targets = { ad: new FakeTarget(), crm: new FakeTarget(), portal: new FakeTarget() };
  const { ends: _, retries: __, safeguards: ___, ...rest } = policy;
  line = await startLine({ environment, targets, policy: rest });
});
afterEach(async () => {
  await line?.stop();
  await environment?.teardown();
  line = undefined;
});

const running = () => {
  if (line === undefined) throw new Error('no line');
  return line;
};

const today = async () => dateIn(await environment.currentTimeMs(), 'America/New_York');
const inDays = async (days: number) => addDays(await today(), days);
const finished = (person: string) => environment.client.workflow.getHandle(personWorkflowId(person)).result();
const record = (id: string) => running().store.read((reader) => reader.person(id));

/** When pieces of evidence of a kind were written, by the workflow's clock and to the second. */
const happened = async (kind: string) => {
  const { items } = await running().store.read((reader) => reader.evidence({ person: 'GT-50001' }, { limit: 500 }));
  return items.filter((piece) => piece.kind === kind).map(({ at }) => at.replace(/\.\d+Z$/, '.000Z'));
};

const newcomer = {
  firstName: 'Nadia',
  lastName: 'Berg',
  department: 'Sales',
  jobTitle: 'Account Executive',
  location: 'New York',
  workerType: 'employee',
};

type Given = Partial<IdentityEvent> & { id: string };

async function say(given: Given): Promise<unknown> {
  const { data = {}, ...rest } = given;
  const clean = { subject: 'GT-50001', ...rest, data: { effectiveDate: undefined, category: undefined, ...data } };
  return (await running().send(JSON.parse(JSON.stringify(clean)))).result();
}

const hire = async (startDate: string, more: Partial<Given> = {}) =>
  say({ id: 'hired', type: 'hired', effectiveDate: startDate, data: { ...newcomer, startDate }, ...more });

const access = () =>
  Object.fromEntries(
    Object.entries(targets).map(([name, target]) => [
      name,
      [...target.accounts.values()].map(({ id, enabled, entitlements = [] }) =>
        `${id} ${enabled ? 'on' : 'off'} ${[...entitlements].sort().join(',')}`.trim(),
      ),
    ]),
  );

describe('a hire two weeks ahead', () => {
  it('has pre-hire access and accounts made ahead until the day, and everything from 00:00 where they are', async () => {
    const start = await inDays(14);
    expect(await hire(start)).toMatchObject({ outcome: 'scheduled' });
    await until(() => targets.portal.accounts.size > 0 && targets.ad.accounts.size > 0, 'pre-hire access');
    expect(access()).toEqual({
      ad: ['nadia.berg@GT-50001 off'],
      crm: [],
      portal: ['nadia.berg@GT-50001 on onboarding'],
    });
    expect(await record('GT-50001')).toMatchObject({
      state: 'PreHire',
      attributes: { login: 'nadia.berg', email: 'nadia.berg@globaltech.example' },
    });
    await finished('GT-50001');
    expect(await happened('person-active')).toEqual([new Date(startOfDay(start, 'America/New_York')).toISOString()]);
    expect(access()).toEqual({
      ad: ['nadia.berg@GT-50001 on sales,staff'],
      crm: ['nadia.berg@GT-50001 on seller'],
      portal: ['nadia.berg@GT-50001 off'],
    });
    expect(await record('GT-50001')).toMatchObject({ state: 'Active', pending: [] });
  });

  it('who starts today or before is active at once, and never had pre-hire access', async () => {
    expect(await hire(await inDays(-3))).toMatchObject({ outcome: 'applied' });
    expect(await record('GT-50001')).toMatchObject({ state: 'Active' });
    expect(targets.portal.changes).toEqual([]);
    expect(access().ad).toEqual(['nadia.berg@GT-50001 on sales,staff']);
  });
});
