import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York } }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType == "employee"', give: [{ target: ad, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [seller] }, { target: ad, entitlements: [sales] }] }
  - { id: support, why: Support helps, when: 'person.department == "Support"', give: [{ target: ad, entitlements: [support] }] }
leave: { default: suspend, byType: { parental: reduce, vacation: keep }, reducedTo: [everybody] }
exceptions: { owner: identity-operations }
`;

const who = 'GT-48291';
let team: Team;
afterEach(() => team?.close());

async function open(): Promise<Team> {
  team = await Team.open({
    policy,
    // The last look after a risk comes when the first has ended.
    durations: { ends: { readAgainAfter: 3_600_000 } },
    targets: {
      ad: new FakeTarget([
        { id: 'schen', worker: who, enabled: true, entitlements: ['staff', 'sales'], sessions: ['s1'] },
        { id: 'adm', worker: who, kind: 'admin', enabled: true, entitlements: ['admins'] },
        { id: 'old-adm', worker: who, kind: 'admin', enabled: false },
      ]),
      crm: new FakeTarget([{ id: '005', worker: who, enabled: true, entitlements: ['seller'] }]),
    },
  });
  await team.add(who, { department: 'Sales' });
  return team;
}

const leave = (id: string, leaveType?: string, more: Record<string, unknown> = {}) => ({
  ...{ id, type: 'leave-started' as const, subject: who, ...more },
  data: leaveType === undefined ? {} : { leaveType },
});
const back = (id = 'back', more: Record<string, unknown> = {}) => ({
  ...{ id, type: 'leave-ended' as const, subject: who, ...more },
});
const risk = (id = 'risk') => ({ id, type: 'session-risk' as const, subject: who, source: 'cloudevents' });
const cleared = () => ({ id: 'cleared', type: 'risk-cleared' as const, subject: who, source: 'cloudevents' });
const all = ['ad: schen on sales,staff', 'ad: adm on admins', 'ad: old-adm off', 'crm: 005 on seller'];
const none = ['ad: schen off sales,staff', 'ad: adm off admins', 'ad: old-adm off', 'crm: 005 off seller'];
const state = async () => (await team.record(who)).state;

describe('a leave', () => {
  it('that suspends closes every account, and its end opens what was open before', async () => {
    await open();
    expect(await team.say(leave('away'))).toEqual({ outcome: 'applied' });
    expect([await state(), team.access(who)]).toEqual(['OnLeave', none]);
    expect(team.targets['ad']?.accounts.get('schen')?.sessions).toEqual([]);
    await team.quiet(who);
    expect(await team.say(back())).toEqual({ outcome: 'applied' });
    expect([await state(), team.access(who)]).toEqual(['Active', all]);
  });

  it('that reduces leaves what policy lists, and its end gives the rest again', async () => {
    await open();
    await team.say(leave('away', 'parental'));
    expect(team.access(who)).toEqual(['ad: schen on staff', 'ad: adm on admins', 'ad: old-adm off', 'crm: 005 off']);
    await team.say(back());
    expect(team.access(who)).toEqual(all);
  });

  it('that keeps changes nothing but the state', async () => {
    await open();
    await team.say(leave('away', 'vacation'));
    expect([await state(), team.access(who)]).toEqual(['OnLeave', all]);
  });

  it('begins and ends on its days, by today’s policy for what was said meanwhile', async () => {
    await open();
    expect(await team.say(leave('away', undefined, { effectiveDate: await team.inDays(3) }))).toMatchObject({
      outcome: 'scheduled',
    });
    expect(await team.say(back('back', { effectiveDate: await team.inDays(10) }))).toMatchObject({
      outcome: 'scheduled',
    });
    expect([await state(), team.access(who)]).toEqual(['Active', all]);
    await team.pass('4 days');
    await team.comesTo(who, none);
    expect(
      await team.say({ id: 'move', type: 'department-changed', subject: who, data: { department: 'Support' } }),
    ).toEqual({
      outcome: 'applied',
    });
    expect(team.access(who)).toEqual(none);
    await team.pass('7 days');
    await team.comesTo(who, ['ad: schen on staff,support', 'ad: adm on admins', 'ad: old-adm off', 'crm: 005 off']);
    await team.quiet(who);
    expect(await team.outcome('workday:away', 'applied')).toMatchObject({ outcome: 'applied' });
    expect(team.targets['ad']?.accounts.get('schen')?.attributes).toMatchObject({ department: 'Support' });
  });

  it('that is to come is off when it ends before', async () => {
    await open();
    await team.say(leave('away', undefined, { effectiveDate: await team.inDays(3) }));
    expect(await team.say(back())).toMatchObject({ outcome: 'applied', reason: 'the leave that was to come is off' });
    await team.quiet(who);
    expect([await team.outcome('workday:away'), await state()]).toEqual([
      { outcome: 'ignored', reason: 'the leave is off by workday:back' },
      'Active',
    ]);
  });

  it('does not keep a termination from running as usual; its end is ignored after', async () => {
    await open();
    await team.say(leave('away'));
    expect(
      await team.say({ id: 'end', type: 'terminated', subject: who, data: { immediate: true, category: 'voluntary' } }),
    ).toEqual({
      outcome: 'applied',
    });
    expect(await team.say(back())).toMatchObject({ outcome: 'ignored' });
    expect([await state(), team.access(who)]).toEqual([
      'Terminated',
      ['ad: schen off', 'ad: adm off', 'ad: old-adm off', 'crm: 005 off'],
    ]);
  });
});

describe('a session at risk', () => {
  it('closes everything, though a target hangs, and is lifted by security alone', async () => {
    await open();
    // What the directory knows is closed without asking anybody first.
    await team.say({ id: 'known', subject: who, data: { costCenter: '1' } });
    const crm = team.targets['crm'] ?? new FakeTarget();
    crm.misbehave = () => {
      throw new Failure('unavailable', 'no answer');
    };
    await team.send(risk());
    await team.comesTo(who, [...none.slice(0, 3), 'crm: 005 on seller']);
    crm.misbehave = () => undefined;
    await team.comesTo(who, none);
    expect(await team.outcome('cloudevents:risk', 'applied')).toMatchObject({ outcome: 'applied' });
    expect(await team.say(back())).toMatchObject({ outcome: 'ignored' });
    await team.say({ id: 'status', subject: who, data: { status: 'Active' } });
    await team.pass('30 days');
    expect([await state(), team.access(who)]).toEqual(['Suspended', none]);
    expect(await team.say(cleared())).toEqual({ outcome: 'applied' });
    expect([await state(), team.access(who)]).toEqual(['Active', all]);
  });

  it('finds what the directory did not know', async () => {
    await open();
    expect(await team.say(risk())).toMatchObject({ outcome: 'applied' });
    expect(team.access(who)).toEqual(all);
    await team.pass('10 seconds');
    await team.comesTo(who, none);
    await team.pass('2 hours');
    await team.quiet(who);
  });

  it('does not bring somebody back from a leave, and outlasts it', async () => {
    await open();
    await team.say(leave('away'));
    await team.say(risk());
    expect(await team.say(cleared())).toEqual({ outcome: 'applied' });
    expect([await state(), team.access(who)]).toEqual(['OnLeave', none]);
    await team.say(back());
    expect([await state(), team.access(who)]).toEqual(['Active', all]);
  });

  it('lifted leaves somebody active whose next engagement is to come', async () => {
    await open();
    const engagement = {
      id: 'next',
      source: 'workday',
      workerId: who,
      workerType: 'employee',
      startDate: await team.inDays(30),
      primary: false,
    };
    await team.line.store.transaction(async (tx) => {
      await tx.putEngagement(who, engagement);
      const start = {
        id: 'start:next',
        kind: 'start' as const,
        event: 'workday:next',
        confidential: false,
        data: { engagement: 'next' },
      };
      await tx.putPending(who, { ...start, dueAt: new Date((await team.now()) + 30 * 86_400_000).toISOString() });
    });
    await team.say(risk());
    await team.pass('10 seconds');
    await team.comesTo(who, none);
    await team.say(cleared());
    expect([await state(), team.access(who)]).toEqual(['Active', all]);
  });
});
