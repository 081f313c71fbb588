import { afterEach, describe, expect, it } from 'vitest';
import type { NewPerson } from '../../src/directory/store.ts';
import { personWorkflowId } from '../../src/model/messages.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { until } from '../helpers/line.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York } }
groups: { last: { operators: [operator-9], email: last@globaltech.example } }
owners: { ad: GT-7 }
contractEnds: { reminders: [30d, 7d], tell: [{ id: ends, target: mail, to: manager, title: it ends, text: it ends }] }
requestable:
  - { id: wiki, why: write, target: ad, entitlement: wiki, approval: boss }
approvals: { rules: { boss: { steps: [{ by: manager, within: 4h }] } }, fallback: last, via: [mail] }
exceptions: { owner: identity-operations }
`;

const who = 'GT-7';
let team: Team;
afterEach(() => team?.close());

/** GT-7 has two people, a service account and a target; over them is GT-1. */
async function open(more: Partial<NewPerson> = {}): Promise<void> {
  team = await Team.open({
    policy,
    targets: {
      ad: new FakeTarget([
        { id: 'lead', worker: who, enabled: true },
        { id: 'svc-build', worker: who, kind: 'service', enabled: true },
      ]),
      mail: new FakeTarget(),
    },
  });
  const at = (id: string) => ({ email: `${id.toLowerCase()}@globaltech.example` });
  await team.add('GT-1', { managerId: '', ...at('GT-1') });
  await team.add(who, { managerId: 'GT-1', ...at(who) }, more);
  for (const id of ['GT-8', 'GT-9']) await team.add(id, { managerId: who, ...at(id) });
  await team.line.store.transaction((tx) =>
    tx.putAccount({
      ...{ target: 'ad', id: 'svc-build', name: 'svc-build', kind: 'service', owner: who },
      ...{ origin: 'found', status: 'enabled', entitlements: [] },
    }),
  );
}

const entered = async (seconds: number) => new Date((await team.now()) + seconds * 1_000).toISOString();
const leaves = async (id: string, days: number, category = 'voluntary') =>
  team.say({
    ...{ id, type: 'terminated', subject: who, enteredAt: await entered(0) },
    data: { effectiveDate: await team.inDays(days), category },
  });
const exceptions = async (isOpen = true) =>
  (await team.line.store.read((reader) => reader.exceptions({ person: who, open: isOpen }, { limit: 100 }))).items;
const asked = async () =>
  (await exceptions()).map(({ id, about }) => `${id.replace(`person:${who}/owns/`, '')}: ${about}`).sort();
const everything = ['accounts: ad/svc-build', 'reports: GT-8,GT-9', 'targets: ad'];
const moves = async (report: string, managerId: string) =>
  team.say({ id: `move-${report}`, type: 'transferred', subject: report, data: { managerId } });

describe('what a leaver owns', () => {
  it('is asked about when their end is scheduled, moves with it, and is off when it is taken back', async () => {
    await open();
    await leaves('end', 40);
    expect(await asked()).toEqual(everything);
    const [{ dueAt } = { dueAt: '' }] = (await team.record(who)).pending;
    expect((await exceptions()).map((each) => [each.owner, each.dueAt])).toEqual(Array(3).fill(['GT-1', dueAt]));
    await team.pass('1 hour');
    await leaves('sooner', 20);
    const [sooner] = (await team.record(who)).pending;
    expect((sooner?.dueAt ?? dueAt) < dueAt).toBe(true);
    expect((await exceptions()).map((each) => each.dueAt)).toEqual(Array(3).fill(sooner?.dueAt));
    expect(await asked()).toEqual(everything);
    await team.pass('1 hour');
    await team.say({ id: 'off', type: 'termination-rescinded', subject: who, enteredAt: await entered(0) });
    expect(await asked()).toEqual([]);
    expect(await exceptions(false)).toHaveLength(3);
    await team.quiet(who);
  });

  it('stays asked after the end until it is seen to: a report’s next manager closes it by itself', async () => {
    await open();
    await leaves('end', 3);
    await team.pass('4 days');
    await team.outcome('workday:end', 'applied');
    expect(await until(async () => (await team.record(who)).state === 'Terminated', 'the end')).toBe(true);
    // The account that was asked about before they left is not asked about again as it is found.
    expect(await asked()).toEqual(everything);
    expect(team.access(who)).toEqual(['ad: lead off', 'ad: svc-build on']);
    await moves('GT-8', 'GT-1');
    expect(await asked()).toEqual(['accounts: ad/svc-build', 'reports: GT-9', 'targets: ad']);
    await moves('GT-9', 'GT-1');
    expect(await asked()).toEqual(['accounts: ad/svc-build', 'targets: ad']);
    await until(async () => {
      const { exceptions: known } = (await team.line.status(who)) as { exceptions: { id: string }[] };
      return known.length === 2;
    }, 'the leaver’s workflow to know');
  });

  it('shows nothing of a confidential end before its time, and is asked about then', async () => {
    await open();
    const { outcome, reason } = await leaves('secret', 5, 'involuntary');
    expect({ outcome, reason }).toEqual({ outcome: 'scheduled', reason: 'kept until its time' });
    expect(await exceptions()).toEqual([]);
    expect(await team.line.status(who)).toMatchObject({ state: 'Active', timeline: [], exceptions: [] });
    const handle = team.environment.client.workflow.getHandle(personWorkflowId(who));
    expect((await handle.describe()).searchAttributes['MusterWaitingFor'] ?? []).toEqual([]);
    expect((await team.evidence(who, 'belongings-looked-at')).length).toBe(0);
    await team.pass('6 days');
    await team.outcome('workday:secret', 'applied');
    expect(await asked()).toEqual(everything);
  });

  it('is asked about when an end is planned that is now', async () => {
    await open();
    await leaves('now', 0);
    await team.outcome('workday:now', 'applied');
    expect(await asked()).toEqual(everything);
  });

  it('hands itself over where it can: who is asked in somebody else’s place is asked in the leaver’s as well', async () => {
    await open();
    await team.add('GT-5', { managerId: 'GT-1' });
    await team.add('GT-20', { managerId: 'GT-5' });
    const from = new Date((await team.now()) - 1_000).toISOString();
    const until = new Date((await team.now()) + 86_400_000).toISOString();
    await team.line.store.transaction((tx) =>
      tx.putDelegation({ approver: 'GT-5', delegate: who, from, until, by: 'operator-1' }),
    );
    const data = { privilege: 'wiki', requestedBy: 'GT-20' };
    await team.say({ id: 'ask', type: 'privilege-granted', subject: 'GT-20', data });
    expect((await team.question('GT-20')).approvers).toEqual(['GT-5', who]);
    await leaves('now', 0);
    const question = await team.question('GT-20', ({ approvers }) => !approvers.includes(who));
    expect(question.approvers).toEqual(['GT-1', 'GT-5']);
    expect(await asked()).toEqual(everything);
  });

  it('is asked about with the first reminder of a contract’s end, and before it not', async () => {
    await open();
    await team.say({
      ...{ id: 'contract', type: 'contract-end-changed', subject: who },
      data: { endDate: await team.inDays(60) },
    });
    expect(await asked()).toEqual([]);
    await team.pass('31 days');
    await until(() => team.told('mail').length > 0, 'the reminder');
    expect(await asked()).toEqual(everything);
    await team.say({
      id: 'longer',
      type: 'contract-end-changed',
      subject: who,
      data: { endDate: await team.inDays(90) },
    });
    expect(await asked()).toEqual([]);
  });
});
