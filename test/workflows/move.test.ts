import { afterEach, describe, expect, it } from 'vitest';
import { prolongGrace } from '../../activities/prolong-grace.ts';
import { wake } from '../../activities/settle.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Person } from '../../src/model/person.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { until } from '../helpers/line.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York, byLocation: { New York: America/New_York, Berlin: Europe/Berlin } }
rules:
  - { id: everybody, why: everybody logs on, when: 'person.workerType in ["employee", "contractor"]', give: [{ target: ad, entitlements: [staff] }] }
  - { id: sales, why: Sales sells, when: 'person.department == "Sales"', give: [{ target: crm, entitlements: [seller] }, { target: ad, entitlements: [sales] }] }
  - { id: support, why: Support helps, when: 'person.department == "Support"', give: [{ target: desk, entitlements: [agent] }, { target: ad, entitlements: [support] }] }
  - { id: berlin, why: the office in Berlin, when: 'person.location == "Berlin"', give: [{ target: ad, entitlements: [berlin] }] }
  - { id: lead, why: leads see more, when: 'person.jobTitle == "Lead"', give: [{ target: ad, entitlements: [leads] }] }
  - { id: keys, why: keys to production, privileged: true, when: 'person.department == "Sales" && person.privileged', give: [{ target: ad, entitlements: [keys] }] }
names: { login: '{first}.{last}', domain: globaltech.example }
moves: { grace: 7d, longest: 30d }
hires: { preHire: [{ target: desk, entitlements: [welcome] }] }
groups: { desk: { operators: [operator-1], email: desk@globaltech.example } }
approvals: { fallback: desk }
transitions:
  moved:
    messages:
      - { id: here, target: mail, to: manager, title: '{{person.id}} works for you', text: now }
      - { id: away, target: mail, to: formerManager, title: '{{person.id}} has moved away', text: now }
exceptions: { owner: identity-operations }
`;

const mover = 'GT-48291';
let team: Team;

afterEach(() => team?.close());

/** Sarah sells, and has what a seller has; two managers, and targets that obey. */
async function open(
  more: { person?: Person['attributes']; privileged?: boolean; entitlements?: string[] } & Partial<
    Parameters<typeof Team.open>[0]
  > = {},
): Promise<Team> {
  const { person = {}, privileged = false, entitlements = [], ...options } = more;
  const has = ['staff', 'sales', ...entitlements];
  team = await Team.open({
    policy,
    targets: {
      ad: new FakeTarget([{ id: 'schen', worker: mover, enabled: true, entitlements: has }]),
      crm: new FakeTarget([{ id: '005', worker: mover, enabled: true, entitlements: ['seller'] }]),
      desk: new FakeTarget(),
      mail: new FakeTarget(),
    },
    ...options,
  });
  await team.add('GT-1', { email: 'old.boss@globaltech.example' });
  await team.add('GT-2', { email: 'new.boss@globaltech.example' });
  const attributes = { department: 'Sales', managerId: 'GT-1', firstName: 'Sarah', lastName: 'Chen', ...person };
  await team.add(mover, { email: 'sarah.chen@globaltech.example', login: 'sarah.chen', ...attributes }, { privileged });
  return team;
}

const toSupport = (id = 'move', more: Record<string, unknown> = {}) => ({
  ...{ id, type: 'department-changed' as const, subject: mover },
  ...more,
  data: { department: 'Support', ...(more['data'] as object | undefined) },
});
const sells = ['ad: schen on sales,staff', 'crm: 005 on seller'];
const both = ['ad: schen on sales,staff,support', 'crm: 005 on seller', `desk: sarah.chen@${mover} on agent`];
const helps = ['ad: schen on staff,support', 'crm: 005 off', `desk: sarah.chen@${mover} on agent`];
const target = (name: string) => team.targets[name] ?? new FakeTarget();
const refusing = (name: string, which: RegExp, code: ConstructorParameters<typeof Failure>[0] = 'refused') => {
  let on = true;
  target(name).misbehave = (operation) => {
    if (on && which.test(operation)) throw new Failure(code, 'not now');
  };
  return () => {
    on = false;
  };
};

describe('a change of department', () => {
  it('gives the new access at once and takes the old when its grace is over; the timeline shows when', async () => {
    await open();
    const began = await team.now();
    expect(await team.say(toSupport())).toEqual({ outcome: 'applied' });
    expect(team.access(mover)).toEqual(both);
    const [grace] = await team.timeline(mover);
    expect(grace).toMatch(/^grace /);
    const until7 = Date.parse(grace?.replace('grace ', '') ?? '') - began;
    expect(Math.round(until7 / 60_000)).toBe(7 * 24 * 60);
    await team.pass('6 days');
    expect(team.access(mover)).toEqual(both);
    await team.pass('2 days');
    await team.comesTo(mover, helps);
    await team.quiet(mover);
    expect(await team.record(mover)).toMatchObject({ pending: [], grants: [], attributes: { department: 'Support' } });
  });

  it('has a grace that may be prolonged, and no further than policy says', async () => {
    await open();
    const { store, policy: rules } = team.line;
    await team.say(toSupport());
    const inDays = async (days: number) => new Date((await team.now()) + days * 86_400_000).toISOString();
    const longer = async (days: number) =>
      prolongGrace(store, rules, { person: mover, until: await inDays(days), now: await inDays(0), by: 'operator-1' });
    await expect(longer(31)).rejects.toThrow('at most (moves.longest)');
    expect((await longer(20)).kept).toEqual(['ad sales', 'crm', 'crm seller']);
    await wake(team.environment.client.workflow, [mover]);
    await team.pass('19 days');
    expect(team.access(mover)).toEqual(both);
    await team.pass('2 days');
    await team.comesTo(mover, helps);
    await expect(longer(5)).rejects.toThrow('no old access whose time still runs');
  });

  it('takes privileged access at once, and has no grace for it', async () => {
    await open({ privileged: true, entitlements: ['keys'] });
    await team.say(toSupport());
    expect(team.access(mover)).toEqual(both);
    expect((await team.record(mover)).grants.map(({ entitlement }) => entitlement).sort()).toEqual([
      '',
      'sales',
      'seller',
    ]);
  });

  it('of the same value changes nothing', async () => {
    await open();
    expect(await team.say(toSupport('same', { data: { department: 'Sales' } }))).toEqual({
      outcome: 'ignored',
      reason: 'already so',
    });
    expect(team.access(mover)).toEqual(sells);
    await team.quiet(mover);
  });

  it('before the first day changes what they will have, and gives nothing now', async () => {
    await open();
    const hire = {
      firstName: 'Nadia',
      lastName: 'Berg',
      department: 'Sales',
      location: 'New York',
      workerType: 'employee',
    };
    const startDate = await team.inDays(10);
    await team.say({
      id: 'hired',
      type: 'hired',
      subject: 'GT-3',
      effectiveDate: startDate,
      data: { ...hire, startDate },
    });
    await team.comesTo('GT-3', ['desk: nadia.berg@GT-3 on welcome']);
    expect(await team.say(toSupport('early', { subject: 'GT-3' }))).toEqual({ outcome: 'applied' });
    expect(team.access('GT-3')).toEqual(['desk: nadia.berg@GT-3 on welcome']);
    await team.pass('11 days');
    await team.comesTo('GT-3', ['ad: nadia.berg@GT-3 on staff,support', 'desk: nadia.berg@GT-3 on agent']);
  });

  it('takes what was adopted like any other old access', async () => {
    await open({ entitlements: ['wiki'] });
    const grant = {
      target: 'ad',
      entitlement: 'wiki',
      origin: 'adopted' as const,
      event: 'adopt',
      because: 'it was there',
    };
    await team.line.store.transaction((tx) =>
      tx.putGrant(mover, { ...grant, privileged: false, at: '2025-01-01T00:00:00.000Z' }),
    );
    await team.say(toSupport());
    expect(team.access(mover)[0]).toBe('ad: schen on sales,staff,support,wiki');
    await team.pass('8 days');
    await team.comesTo(mover, helps);
  });

  it('leaves accounts alone that another system provisions', async () => {
    await open();
    await team.line.store.transaction((tx) =>
      tx.putAccount({
        ...{
          target: 'crm',
          id: '005',
          name: '005',
          kind: 'primary',
          owner: mover,
          origin: 'adopted',
          status: 'enabled',
        },
        ...{ entitlements: ['seller'], managedBy: 'okta' },
      }),
    );
    await team.say(toSupport());
    await team.pass('8 days');
    await team.comesTo(mover, [
      'ad: schen on staff,support',
      'crm: 005 on seller',
      `desk: sarah.chen@${mover} on agent`,
    ]);
    expect(target('crm').changes).toEqual([]);
  });
});

describe('a change of manager', () => {
  it('is told to the new one and the old, and access stays as it is', async () => {
    await open();
    expect(await team.say({ id: 'boss', type: 'transferred', subject: mover, data: { managerId: 'GT-2' } })).toEqual({
      outcome: 'applied',
    });
    expect(team.told('mail').sort()).toEqual([
      `new.boss@globaltech.example: ${mover} works for you`,
      `old.boss@globaltech.example: ${mover} has moved away`,
    ]);
    expect(team.access(mover)).toEqual(sells);
  });

  it('is no news for the old manager of a move before', async () => {
    await open();
    await team.say({ id: 'boss', type: 'transferred', subject: mover, data: { managerId: 'GT-2' } });
    target('mail').messages.length = 0;
    await team.pass('2 days');
    await team.say({ id: 'job', subject: mover, data: { jobTitle: 'Lead' } });
    expect(team.told('mail')).toEqual([`new.boss@globaltech.example: ${mover} works for you`]);
    expect(team.access(mover)[0]).toBe('ad: schen on leads,sales,staff');
  });
});

describe('what is said of somebody', () => {
  it('is told to targets that keep it', async () => {
    await open();
    await team.say({ id: 'move', subject: mover, data: { location: 'Berlin', jobTitle: 'Lead' } });
    expect(team.access(mover)[0]).toBe('ad: schen on berlin,leads,sales,staff');
    expect(target('ad').accounts.get('schen')?.attributes).toMatchObject({ location: 'Berlin', jobTitle: 'Lead' });
    expect(target('crm').accounts.get('005')?.attributes).toMatchObject({ location: 'Berlin' });
  });

  it('renames them: targets learn the new address, and the old one stays theirs', async () => {
    await open();
    await team.say({ id: 'wed', subject: mover, data: { lastName: 'Chen-Lopez' } });
    const { attributes, name } = await team.record(mover);
    expect([name, attributes.email, attributes['login']]).toEqual([
      'Sarah Chen-Lopez',
      'sarah.chen-lopez@globaltech.example',
      'sarah.chen-lopez',
    ]);
    expect(target('ad').accounts.get('schen')?.attributes).toMatchObject({
      lastName: 'Chen-Lopez',
      email: 'sarah.chen-lopez@globaltech.example',
    });
    await team.say({ id: 'again', subject: mover, data: { lastName: 'Chen' } });
    const names = await team.line.store.read((reader) => reader.namesOf(mover));
    expect(names.filter(({ kind }) => kind === 'email').map(({ value, current }) => [value, current])).toContainEqual([
      'sarah.chen-lopez@globaltech.example',
      false,
    ]);
  });

  it('empties nothing: a blank over a value asks, and the rest of what was said holds', async () => {
    await open();
    expect(await team.say({ id: 'blank', subject: mover, data: { department: '' } })).toMatchObject({
      outcome: 'held',
    });
    expect(team.access(mover)).toEqual(sells);
    expect(await team.exceptions()).toEqual(['needs-decision']);
    expect(await team.say({ id: 'part', subject: mover, data: { department: '', jobTitle: 'Lead' } })).toEqual({
      outcome: 'applied',
    });
    expect(await team.record(mover)).toMatchObject({ attributes: { department: 'Sales', jobTitle: 'Lead' } });
  });

  it('is decided fact by fact by when it was entered, whatever arrives first', async () => {
    await open();
    const entered = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString();
    await team.say({ id: 'late', subject: mover, enteredAt: entered(9), data: { jobTitle: 'Lead' } });
    await team.say(toSupport('early', { enteredAt: entered(5), data: { jobTitle: 'Agent' } }));
    expect(await team.record(mover)).toMatchObject({ attributes: { department: 'Support', jobTitle: 'Lead' } });
    expect(
      await team.say({ id: 'earlier', subject: mover, enteredAt: entered(4), data: { department: 'Sales' } }),
    ).toEqual({ outcome: 'ignored', reason: 'what holds was entered later: department' });
  });
});

describe('a move that is to come', () => {
  it('counts on its day and not before', async () => {
    await open();
    const day = await team.inDays(5);
    expect(await team.say(toSupport('dated', { effectiveDate: day }))).toMatchObject({ outcome: 'scheduled' });
    expect(team.access(mover)).toEqual(sells);
    expect(await team.record(mover)).toMatchObject({
      attributes: { department: 'Sales' },
      pending: [{ kind: 'change', date: day }],
    });
    await team.pass('6 days');
    await team.comesTo(mover, both);
    expect(await team.outcome('workday:dated', 'applied')).toMatchObject({ outcome: 'applied' });
  });

  it('of two facts for one day has each from whoever entered it last', async () => {
    await open();
    const day = await team.inDays(5);
    const entered = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString();
    await team.say(toSupport('b', { effectiveDate: day, enteredAt: entered(8), data: { location: 'New York' } }));
    await team.say(
      toSupport('a', {
        effectiveDate: day,
        enteredAt: entered(5),
        data: { department: 'Legal', jobTitle: 'Lead', location: 'Berlin' },
      }),
    );
    await team.pass('6 days');
    await team.comesTo(mover, ['ad: schen on leads,sales,staff,support', ...both.slice(1)]);
    expect(await team.record(mover)).toMatchObject({
      attributes: { department: 'Support', location: 'New York', jobTitle: 'Lead' },
    });
    expect(await team.outcome('workday:a', 'applied')).toMatchObject({ outcome: 'applied' });
  });

  it('is off when its source takes it back', async () => {
    await open();
    const effectiveDate = await team.inDays(5);
    await team.say(toSupport('dated', { effectiveDate }));
    expect(await team.say(toSupport('off', { effectiveDate, rescinded: true }))).toMatchObject({ outcome: 'applied' });
    await team.quiet(mover);
    expect(await team.outcome('workday:dated')).toEqual({ outcome: 'ignored', reason: 'taken back by workday:off' });
    expect(team.access(mover)).toEqual(sells);
  });
});

describe('a move while something is in the way', () => {
  it('waits at a target that throttles, and at no other', async () => {
    await open();
    const go = refusing('desk', /^(create|grant)/, 'throttled');
    await team.send(toSupport());
    await team.comesTo(mover, ['ad: schen on sales,staff,support', 'crm: 005 on seller']);
    go();
    await team.comesTo(mover, both);
    expect(await team.outcome('workday:move')).toEqual({ outcome: 'applied' });
  });

  it('is planned from what is known where a target hangs, and that is looked at again', async () => {
    await open({ durations: { retries: { call: 1_000, refused: 60_000 } } });
    let hangs = true;
    target('crm').misbehave = (_, { signal }) =>
      hangs
        ? new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(new Failure('timeout', 'no answer'))),
          )
        : undefined;
    await team.send(toSupport());
    await team.comesTo(mover, both);
    expect(await team.outcome('workday:move', 'applied')).toEqual({ outcome: 'applied' });
    expect((await team.record(mover)).pending.map(({ id }) => id).sort()).toEqual([
      'grace:workday:move',
      'unseen:workday:move',
    ]);
    hangs = false;
    await team.pass('2 minutes');
    await until(async () => (await team.record(mover)).pending.length === 1, 'the second look');
    // What nobody had seen before the move has its grace like the rest.
    expect((await team.record(mover)).accounts.map(({ target: name }) => name)).toContain('crm');
  });

  it('by another move is planned anew, and nothing of the older plan is done after', async () => {
    await open();
    refusing('desk', /^(create|grant)/);
    await team.send(toSupport('first'));
    await until(async () => (await team.exceptions()).length === 1, 'the first to be stuck');
    expect(await team.say(toSupport('second', { data: { department: 'Legal' } }))).toEqual({ outcome: 'applied' });
    target('desk').misbehave = () => undefined;
    expect(await team.outcome('workday:first')).toEqual({ outcome: 'applied' });
    expect(target('desk').changes).toEqual([]);
    expect(await team.exceptions()).toEqual([]);
    await team.pass('8 days');
    await team.comesTo(mover, ['ad: schen on staff', 'crm: 005 off']);
    await team.quiet(mover);
  });

  it('by another move refuses what the older plan has in the air', async () => {
    await open({ real: true });
    let answer: () => void = () => undefined;
    const inAir = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let held = false;
    target('ad').afterChange = async (operation) => {
      if (operation.startsWith('update') && !held) {
        held = true;
        await inAir;
      }
    };
    await team.send({ id: 'first', subject: mover, data: { department: 'Support', jobTitle: 'Lead' } });
    await until(() => held, 'the first plan to be under way');
    const { epoch } = await team.record(mover);
    await team.send({ id: 'second', subject: mover, data: { department: 'Legal', jobTitle: 'Clerk' } });
    await until(async () => (await team.record(mover)).epoch > epoch, 'the second to overtake it');
    answer();
    await team.outcome('workday:second', 'applied');
    expect(target('ad').changes.filter((change) => change.startsWith('grant'))).toEqual([]);
    expect(team.access(mover)[0]).toBe('ad: schen on sales,staff');
  });

  it('is overtaken by an end, after which nothing is given', async () => {
    await open();
    refusing('desk', /^(create|grant)/);
    await team.send(toSupport());
    await until(async () => (await team.exceptions()).length === 1, 'the move to be stuck');
    const end = {
      id: 'end',
      type: 'terminated' as const,
      subject: mover,
      data: { immediate: true, category: 'voluntary' },
    };
    expect(await team.say(end)).toEqual({ outcome: 'applied' });
    expect(await team.outcome('workday:move')).toEqual({ outcome: 'ignored', reason: 'overtaken by workday:end' });
    target('desk').misbehave = () => undefined;
    await team.pass('1 day');
    await team.quiet(mover);
    expect(team.access(mover)).toEqual(['ad: schen off', 'crm: 005 off']);
    expect([await team.exceptions(), target('desk').changes]).toEqual([[], []]);
  });

  it('stops giving at its time, keeps taking, and goes on when somebody says so', async () => {
    await open({
      privileged: true,
      entitlements: ['keys'],
      durations: { access: { deadline: 60_000, stopAfter: 3_600_000 } },
    });
    const give = refusing('desk', /^(create|grant)/);
    const take = refusing('ad', /^revoke/);
    await team.send(toSupport());
    await team.comesTo(mover, ['ad: schen on keys,sales,staff,support', 'crm: 005 on seller']);
    await team.pass('2 hours');
    const tries = () =>
      [target('desk'), target('ad')].map(({ calls }) => calls.filter((call) => /^(create|revoke)/.test(call)).length);
    await until(async () => (await team.exceptions()).length === 4, 'both to be late');
    expect(await team.exceptions()).toEqual([
      'deadline-missed ad',
      'deadline-missed desk',
      'step-failed ad',
      'step-failed desk',
    ]);
    const [gaves = 0, takes = 0] = tries();
    await team.pass('1 hour');
    await until(() => (tries()[1] ?? 0) > takes, 'another try to take');
    expect(tries()[0]).toBe(gaves);
    give();
    take();
    await team.retry(mover);
    await team.comesTo(mover, both);
    await until(async () => (await team.exceptions()).length === 0, 'the exceptions to close');
    expect(await team.outcome('workday:move')).toEqual({ outcome: 'applied' });
  });

  it('ends the same when its workers are stopped in the middle', async () => {
    await open({ real: true });
    const go = refusing('desk', /^(create|grant)/, 'unavailable');
    await team.send(toSupport());
    await team.comesTo(mover, ['ad: schen on sales,staff,support', 'crm: 005 on seller']);
    await team.line.restartWorkers();
    go();
    await team.comesTo(mover, both);
    expect(await team.outcome('workday:move', 'applied')).toEqual({ outcome: 'applied' });
    expect(target('ad').changes.filter((change) => change.startsWith('grant'))).toEqual(['grant support to schen']);
  });
});

describe('a source or a target that Muster may not write for', () => {
  it('is only watched: what would be done is written down', async () => {
    await open();
    expect(await team.say(toSupport('seen', { source: 'watched' }))).toMatchObject({ outcome: 'ignored' });
    expect(await team.record(mover)).toMatchObject({ attributes: { department: 'Sales' } });
    expect(team.access(mover)).toEqual(sells);
  });

  it('is asked about, change by change, where it may propose', async () => {
    await open({ modes: { desk: 'propose', crm: 'observe' } });
    expect(await team.say(toSupport())).toEqual({ outcome: 'applied' });
    expect(team.access(mover)).toEqual(['ad: schen on sales,staff,support', 'crm: 005 on seller']);
    expect(await team.exceptions()).toEqual(['needs-decision desk', 'needs-decision desk']);
  });
});
