import { describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import type { Account, PendingChange, Person } from '../../src/model/person.ts';
import { priorityOf } from '../../src/model/priority.ts';
import { deadlineMs } from '../../src/policy/deadline.ts';
import { confidential, decideDueEnd, decideEnd, pendingEnd } from '../../src/policy/ends.ts';
import { engagement, noon, policyWith, sarah, terminated } from './examples.ts';

const policy = policyWith();
const decide = (event: IdentityEvent, person: Person = sarah(), now = noon, under = policy) =>
  decideEnd({ person, event, policy: under, now });

/** What an end of Sarah's only engagement leaves to say. */
const only = { engagement: 'e1', endsAccess: true };
const arrived = '2025-11-15T16:59:00.000Z';
const endOfThe15th = '2025-11-16T05:00:00.000Z';

describe('when an end takes effect', () => {
  it('now, from its arrival, when the source says at once, whatever date it gives', () => {
    expect(decide(terminated({ effectiveDate: '2025-12-31', immediate: true }))).toEqual({
      decision: 'now',
      effective: arrived,
      date: '2025-11-15',
      reason: 'the source says at once',
      ...only,
    });
  });

  it('now for cause, on its last day and before it, under either policy, and the answer does not say why', () => {
    const endOfDay = policyWith('ends: { lastDay: endOfDay }');
    const atOnce = {
      decision: 'now',
      effective: arrived,
      date: '2025-11-15',
      reason: 'the source says at once',
      ...only,
    };
    for (const effectiveDate of ['2025-11-15', '2025-12-31']) {
      const event = terminated({ effectiveDate, category: 'forCause' });
      expect(decide(event)).toEqual(atOnce);
      expect(decide(event, sarah(), noon, endOfDay)).toEqual(atOnce);
    }
  });

  it('now when the date is past, counting from the end of that day in the zone of the person', () => {
    expect(decide(terminated({ effectiveDate: '2025-11-14' }))).toEqual({
      decision: 'now',
      effective: '2025-11-15T05:00:00.000Z',
      date: '2025-11-14',
      reason: '2025-11-14 is past',
      ...only,
    });
  });

  it('now for a date years ago: no termination is dropped for being old', () => {
    expect(decide(terminated({ effectiveDate: '2021-06-30' }))).toMatchObject({ decision: 'now', date: '2021-06-30' });
  });

  it('at the instant that the source gives', () => {
    expect(decide(terminated({ effectiveAt: '2025-11-20T15:30:00Z' }))).toEqual({
      decision: 'schedule',
      at: '2025-11-20T15:30:00.000Z',
      zone: 'America/New_York',
      date: '2025-11-20',
      confidential: false,
      tellSecurity: false,
      ...only,
    });
    expect(decide(terminated({ effectiveAt: '2025-11-15T15:30:00Z' }))).toEqual({
      decision: 'now',
      effective: '2025-11-15T15:30:00.000Z',
      date: '2025-11-15',
      reason: 'its moment is 2025-11-15T15:30:00Z',
      ...only,
    });
  });

  it('at the end of the day that it names, in the zone of the engagement', () => {
    const later = { decision: 'schedule', date: '2025-11-30', confidential: false, tellSecurity: false, ...only };
    const event = terminated({ effectiveDate: '2025-11-30' });
    expect(decide(event)).toEqual({ ...later, at: '2025-12-01T05:00:00.000Z', zone: 'America/New_York' });
    const berlin = sarah({ engagements: [engagement({ location: 'Berlin' })] });
    expect(decide(event, berlin)).toEqual({ ...later, at: '2025-11-30T23:00:00.000Z', zone: 'Europe/Berlin' });
  });

  it('at the end of the last day of work where that is another than the effective date', () => {
    expect(decide(terminated({ effectiveDate: '2025-12-31', lastDayOfWork: '2025-11-30' }))).toMatchObject({
      decision: 'schedule',
      at: '2025-12-01T05:00:00.000Z',
      date: '2025-11-30',
    });
    expect(decide(terminated({ effectiveDate: '2025-12-31', lastDayOfWork: '2025-11-14' }))).toMatchObject({
      decision: 'now',
      date: '2025-11-14',
    });
  });

  it("today by policy's lastDay: now, or at the end of the day", () => {
    const event = terminated({ effectiveDate: '2025-11-15' });
    expect(decide(event)).toEqual({
      decision: 'now',
      effective: arrived,
      date: '2025-11-15',
      reason: 'today is the last day, and policy says now',
      ...only,
    });
    expect(decide(event, sarah(), noon, policyWith('ends: { lastDay: endOfDay }'))).toMatchObject({
      decision: 'schedule',
      at: endOfThe15th,
      date: '2025-11-15',
    });
  });

  it('by the day of the person and not of the server: past in Berlin, today in New York', () => {
    const now = Date.parse('2025-11-15T23:30:00Z');
    const event = terminated({ effectiveDate: '2025-11-15' }, { receivedAt: '2025-11-15T23:30:00.000Z' });
    const berlin = sarah({ engagements: [engagement({ location: 'Berlin' })] });
    expect(decide(event, berlin, now)).toMatchObject({ decision: 'now', reason: '2025-11-15 is past' });
    expect(decide(event, sarah(), now)).toMatchObject({
      decision: 'now',
      reason: 'today is the last day, and policy says now',
    });
  });

  it('on the day that it came where it names none, even when it is looked at a day later', () => {
    expect(decide(terminated({}))).toMatchObject({ decision: 'now', date: '2025-11-15', effective: arrived });
    expect(decide(terminated({}), sarah(), noon + 86_400_000)).toMatchObject({
      decision: 'now',
      date: '2025-11-15',
      effective: endOfThe15th,
    });
  });

  it('reads the date of the envelope as well as that of the data', () => {
    expect(decide(terminated({}, { effectiveDate: '2025-11-30' }))).toMatchObject({
      decision: 'schedule',
      date: '2025-11-30',
    });
  });

  it("takes policy's default zone for a location that nobody listed, and asks", () => {
    const person = sarah({ engagements: [engagement({ location: 'Lisbon' })] });
    expect(decide(terminated({ effectiveDate: '2025-11-30' }), person)).toEqual({
      decision: 'schedule',
      at: '2025-12-01T00:00:00.000Z',
      zone: 'UTC',
      date: '2025-11-30',
      confidential: false,
      tellSecurity: false,
      ...only,
      ask: 'their location has no time zone in policy.yaml; the date was read in UTC',
    });
    expect(decide(terminated({ immediate: true }), person)).not.toHaveProperty('ask');
  });

  it('may be during leave and suspension like any other', () => {
    for (const state of ['OnLeave', 'Suspended'] as const) {
      expect(decide(terminated({ effectiveDate: '2025-11-14' }), sarah({ state }))).toMatchObject({ decision: 'now' });
    }
  });
});

describe('an end with a future date that must not show', () => {
  it('waits for its day and is told to security at once when it is involuntary', () => {
    expect(decide(terminated({ effectiveDate: '2025-11-30', category: 'involuntary' }))).toMatchObject({
      decision: 'schedule',
      confidential: true,
      tellSecurity: true,
    });
    expect(decide(terminated({ effectiveDate: '2025-11-30', category: 'voluntary' }))).toMatchObject({
      confidential: false,
      tellSecurity: false,
    });
  });

  it('is what policy lists', () => {
    const retirement = policyWith('ends: { confidential: [retirement] }');
    const categories = ['retirement', 'involuntary', 'forCause', 'voluntary'] as const;
    const secret = (under: typeof policy) =>
      categories.filter((category) => confidential(terminated({ category }), under));
    expect([secret(policy), secret(retirement), confidential(terminated({}), policy)]).toEqual([
      ['involuntary', 'forCause'],
      ['retirement'],
      false,
    ]);
  });

  it('is not described in what a person is asked', () => {
    const event = terminated({ effectiveDate: '2019-11-30', category: 'involuntary' });
    expect(decide(event)).toEqual({
      decision: 'hold',
      kind: 'needs-decision',
      reason: 'event workday:t-1 waits for a decision by security',
    });
  });
});

describe('one pending end for an engagement', () => {
  const first = terminated(
    { effectiveDate: '2025-11-30' },
    { key: 'workday:first', id: 'first', enteredAt: '2025-11-01T10:00:00Z' },
  );
  const pendingOf = (event: IdentityEvent): PendingChange => {
    const decision = decide(event);
    if (decision.decision !== 'schedule') throw new Error('it should wait for its day');
    return pendingEnd(decision, event);
  };
  const waiting = (event = first) => sarah({ pending: [pendingOf(event)] });
  const withoutEntry = (effectiveDate: string, key = 'workday:x') => terminated({ effectiveDate }, { key, id: key });

  it('keeps what is needed to compare it with the next, and nothing about why', () => {
    expect(pendingOf(first)).toEqual({
      id: 'end:workday:first',
      kind: 'end',
      dueAt: '2025-12-01T05:00:00.000Z',
      date: '2025-11-30',
      zone: 'America/New_York',
      event: 'workday:first',
      confidential: false,
      data: { engagement: 'e1', enteredAt: '2025-11-01T10:00:00Z', source: 'workday' },
    });
  });

  it('is replaced by one entered later, for a later day or an earlier one', () => {
    for (const effectiveDate of ['2025-12-15', '2025-11-20']) {
      const later = terminated({ effectiveDate }, { enteredAt: '2025-11-02T10:00:00Z' });
      expect(decide(later, waiting())).toEqual({
        decision: 'schedule',
        at: effectiveDate === '2025-12-15' ? '2025-12-16T05:00:00.000Z' : '2025-11-21T05:00:00.000Z',
        zone: 'America/New_York',
        date: effectiveDate,
        confidential: false,
        tellSecurity: false,
        ...only,
        replaces: 'end:workday:first',
      });
    }
  });

  it('is replaced by an end now that was entered later', () => {
    const now = terminated({ effectiveDate: '2025-11-14' }, { enteredAt: '2025-11-02T10:00:00Z' });
    expect(decide(now, waiting())).toMatchObject({ decision: 'now', replaces: 'end:workday:first' });
  });

  it('stays when the other was entered earlier and only came later', () => {
    const earlier = terminated({ effectiveDate: '2025-11-14' }, { enteredAt: '2025-10-31T10:00:00Z' });
    expect(decide(earlier, waiting())).toEqual({ decision: 'ignore', reason: 'what is pending was entered later' });
  });

  it("goes by the source's own sequence where both have one and the moment does not tell", () => {
    const numbered = { ...first, sequence: '9' };
    const next = terminated({ effectiveDate: '2025-12-15' }, { enteredAt: '2025-11-01T10:00:00Z', sequence: '10' });
    expect(decide(next, waiting(numbered))).toMatchObject({ decision: 'schedule', date: '2025-12-15' });
    expect(decide({ ...next, sequence: '8' }, waiting(numbered))).toMatchObject({ decision: 'ignore' });
  });

  it('stays, and a person is asked, when the order is unknown and it is the earlier day', () => {
    expect(decide(withoutEntry('2025-12-15'), waiting(withoutEntry('2025-11-30', 'workday:first')))).toEqual({
      decision: 'hold',
      kind: 'needs-decision',
      reason:
        'an end is pending for an earlier day, and which was entered last is not known; the earlier one stays. If the later day is right, send it again with its entry moment',
    });
  });

  it('gives way, and a person is asked, when the order is unknown and the new day is the earlier: nobody keeps access for want of an answer', () => {
    expect(decide(withoutEntry('2025-11-20'), waiting(withoutEntry('2025-11-30', 'workday:first')))).toMatchObject({
      decision: 'schedule',
      date: '2025-11-20',
      replaces: 'end:workday:first',
      ask: 'another end waited for a later day, and which was entered last is not known; the earlier one counts',
    });
  });

  it('is not doubled by a second source that reports the same day', () => {
    const identity = terminated({ effectiveDate: '2025-11-30' }, { key: 'sailpoint:1', source: 'sailpoint', id: '1' });
    expect(decide(identity, waiting())).toEqual({ decision: 'ignore', reason: 'already so: it says what is pending' });
  });

  it('stays secret when a second source, which knows no category, moves it', () => {
    const secret = terminated(
      { effectiveDate: '2025-11-30', category: 'involuntary' },
      { key: 'workday:first', id: 'first', enteredAt: '2025-11-01T10:00:00Z' },
    );
    const moved = terminated({ effectiveDate: '2025-12-05' }, { enteredAt: '2025-11-03T10:00:00Z' });
    expect(decide(moved, waiting(secret))).toMatchObject({ decision: 'schedule', confidential: true });
  });

  it('becomes secret when the same day comes again as involuntary', () => {
    const involuntary = terminated({ effectiveDate: '2025-11-30', category: 'involuntary' });
    expect(decide(involuntary, waiting())).toMatchObject({
      confidential: true,
      tellSecurity: true,
      replaces: 'end:workday:first',
    });
  });

  it('never stands in the way of one that is at once, and a contradiction is asked about', () => {
    const atOnce = terminated({ immediate: true }, { enteredAt: '2025-10-31T10:00:00Z' });
    expect(decide(atOnce, waiting())).toMatchObject({
      decision: 'now',
      replaces: 'end:workday:first',
      ask: 'it was entered before the end that waited, which says otherwise',
    });
    expect(decide(terminated({ immediate: true }), waiting())).not.toHaveProperty('ask');
  });

  it('of one engagement is not in the way of an end of another', () => {
    const second = engagement({ id: 'e2', workerId: 'GT-90001' });
    const person = { ...waiting(), engagements: [engagement(), second] };
    const other = terminated({ effectiveDate: '2025-12-15' }, { subject: 'GT-90001' });
    expect(decide(other, person)).toMatchObject({ decision: 'schedule', engagement: 'e2', endsAccess: true });
    expect(decide(other, person)).not.toHaveProperty('replaces');
  });
});

describe('what is not about the employment of today', () => {
  const rehired = sarah({
    engagements: [
      engagement({ id: 'old', startDate: '2015-01-01', endDate: '2018-06-30', primary: false }),
      engagement({ startDate: '2020-03-01' }),
    ],
  });

  it('is held when it is effective before the start of the current engagement, and nothing is removed', () => {
    for (const data of [
      { effectiveDate: '2018-06-15' },
      { effectiveAt: '2018-06-15T12:00:00Z' },
      { effectiveDate: '2018-06-15', immediate: true },
    ]) {
      expect(decide(terminated(data), rehired)).toEqual({
        decision: 'hold',
        kind: 'needs-decision',
        reason:
          'it is effective on 2018-06-15, before the current engagement began on 2020-03-01; nothing was removed. If they are to leave, send it with a date in this engagement; if a hire is off, cancel the hire.',
      });
    }
  });

  it('is held by the day: the first day of the engagement itself is in it', () => {
    expect(decide(terminated({ effectiveDate: '2020-03-01' }), rehired)).toMatchObject({
      decision: 'now',
      engagement: 'e1',
    });
    expect(decide(terminated({ effectiveDate: '2020-02-29' }), rehired)).toMatchObject({ decision: 'hold' });
  });

  it('is already so when it repeats the end of an engagement that another one followed', () => {
    const converted = sarah({
      engagements: [
        engagement({ id: 'contract', workerId: 'GT-90001', endDate: '2024-06-30' }),
        engagement({ startDate: '2024-07-01' }),
      ],
    });
    const again = terminated({ effectiveDate: '2024-06-30' }, { subject: 'GT-90001' });
    expect(decide(again, converted)).toEqual({
      decision: 'ignore',
      reason: 'already so: that engagement is over, and another one gives them their access',
    });
    expect(decide({ ...again, effectiveDate: '2024-05-31' }, converted)).toMatchObject({ decision: 'hold' });
  });

  it('is already so when they have left and nothing of theirs is open', () => {
    for (const state of ['Terminated', 'Cancelled'] as const) {
      const gone = sarah({
        state,
        engagements: [engagement({ endDate: '2025-11-01' })],
        accounts: [account({ status: 'disabled' })],
      });
      expect(decide(terminated({ effectiveDate: '2025-11-01' }), gone)).toEqual({
        decision: 'ignore',
        reason: 'already so: this person has left, and no account of theirs is known to be open',
      });
    }
  });

  it('closes what is open of somebody who has left, and never what is shared', () => {
    const gone = (accounts: Account[]) =>
      sarah({ state: 'Terminated', engagements: [engagement({ endDate: '2025-11-01' })], accounts });
    expect(decide(terminated({ effectiveDate: '2025-12-24' }), gone([account({ kind: 'admin' })]))).toEqual({
      decision: 'now',
      effective: arrived,
      date: '2025-11-01',
      reason: 'this person has left, and of their accounts 1 are known to be open',
      ...only,
    });
    expect(decide(terminated({}), gone([account({ kind: 'shared' }), account({ kind: 'service' })]))).toMatchObject({
      decision: 'ignore',
    });
  });

  it('adds nothing to an end that is under way', () => {
    expect(decide(terminated({ immediate: true }), sarah({ state: 'Terminating' }))).toEqual({
      decision: 'ignore',
      reason: 'already so: this person is being terminated',
    });
  });

  it('is a question when the event says that it was taken back', () => {
    expect(decide(terminated({ effectiveDate: '2025-11-14' }, { rescinded: true }))).toEqual({
      decision: 'hold',
      kind: 'needs-decision',
      reason: 'it says that it was taken back, which is no termination',
    });
  });
});

describe('somebody who has not begun yet', () => {
  const preHire = (more: Partial<Person> = {}) =>
    sarah({ state: 'PreHire', engagements: [engagement({ startDate: '2026-02-02' })], ...more });

  it('may have an end after the start, which waits like any other', () => {
    expect(decide(terminated({ effectiveDate: '2026-06-30' }), preHire())).toMatchObject({
      decision: 'schedule',
      date: '2026-06-30',
      endsAccess: true,
    });
  });

  it('is held with an end before the start: that is a cancelled hire, and HR says so', () => {
    expect(decide(terminated({ effectiveDate: '2025-11-14' }), preHire())).toMatchObject({
      decision: 'hold',
      kind: 'needs-decision',
    });
  });

  it('is stopped by an end at once where nothing but this hire can be meant', () => {
    for (const data of [{ immediate: true }, { category: 'forCause', effectiveDate: '2025-11-15' }] as const) {
      expect(decide(terminated(data), preHire())).toMatchObject({
        decision: 'now',
        effective: arrived,
        endsAccess: true,
      });
    }
  });

  it('is held with an end for cause of an employment that they had before', () => {
    const before = engagement({ id: 'old', startDate: '2015-01-01', endDate: '2018-06-30' });
    const again = preHire({ engagements: [before, engagement({ startDate: '2026-02-02' })] });
    expect(decide(terminated({ category: 'forCause', effectiveDate: '2018-06-30' }), again)).toMatchObject({
      decision: 'hold',
    });
  });

  it('who left before and comes back can have that return ended', () => {
    const before = engagement({ id: 'old', startDate: '2015-01-01', endDate: '2018-06-30' });
    const again = sarah({ state: 'Terminated', engagements: [before, engagement({ startDate: '2026-02-02' })] });
    expect(decide(terminated({ effectiveDate: '2026-06-30' }), again)).toMatchObject({
      decision: 'schedule',
      engagement: 'e1',
    });
  });
});

describe('more than one engagement', () => {
  const contract = engagement({
    id: 'e2',
    workerId: 'GT-90001',
    workerType: 'contractor',
    startDate: '2025-01-01',
    primary: false,
  });
  const both = sarah({ engagements: [engagement(), contract] });

  it('ends the one that the worker number names, and no access goes', () => {
    expect(decide(terminated({ effectiveDate: '2025-11-14' }), both)).toMatchObject({
      decision: 'now',
      engagement: 'e1',
      endsAccess: false,
    });
    expect(decide(terminated({ effectiveDate: '2025-11-14' }, { subject: 'GT-90001' }), both)).toMatchObject({
      engagement: 'e2',
      endsAccess: false,
    });
  });

  it('takes access with the last of them, even when both end on one day', () => {
    const oneGone = sarah({ engagements: [engagement({ endDate: '2025-11-15' }), contract] });
    expect(decide(terminated({ effectiveDate: '2025-11-15' }, { subject: 'GT-90001' }), oneGone)).toMatchObject({
      decision: 'now',
      engagement: 'e2',
      endsAccess: true,
    });
  });

  it('keeps access while the other has its end still before it, and not beyond that', () => {
    const pending = {
      id: 'p',
      kind: 'end',
      dueAt: '2025-12-01T05:00:00.000Z',
      event: 'workday:p',
      confidential: false,
      data: { engagement: 'e2' },
    } as const;
    const person = { ...both, pending: [pending] };
    expect(decide(terminated({ effectiveDate: '2025-11-20' }), person)).toMatchObject({
      decision: 'schedule',
      endsAccess: false,
    });
    expect(decide(terminated({ effectiveDate: '2025-12-10' }), person)).toMatchObject({
      decision: 'schedule',
      endsAccess: true,
    });
  });

  it('is asked about when one ends at once and the other is active', () => {
    expect(decide(terminated({ immediate: true }), both)).toMatchObject({
      decision: 'now',
      endsAccess: false,
      ask: 'engagement GT-90001 is active, and their access stays',
    });
  });

  it('is held when a source that has numbers of its own could mean any of them', () => {
    expect(decide(terminated({ effectiveDate: '2025-11-14' }, { source: 'sailpoint', subject: '2c91' }), both)).toEqual(
      {
        decision: 'hold',
        kind: 'needs-decision',
        reason: '"2c91" may be more than one of their engagements',
      },
    );
    expect(decide(terminated({ effectiveDate: '2025-11-14' }, { source: 'sailpoint', subject: '2c91' }))).toMatchObject(
      { decision: 'now', engagement: 'e1' },
    );
  });

  it('is one passage when the next begins within the gap of policy: no leaver between', () => {
    const next = (startDate: string) => sarah({ engagements: [engagement(), { ...contract, startDate }] });
    const end = terminated({ effectiveDate: '2025-11-30' });
    expect(decide(end, next('2025-12-07'))).toMatchObject({ endsAccess: false });
    expect(decide(end, next('2025-12-09'))).toMatchObject({ endsAccess: true });
    expect(decide(end, next('2025-12-07'), noon, policyWith('continuityGap: 2d'))).toMatchObject({ endsAccess: true });
  });

  it('keeps nobody who is to go at once because they would begin again next week', () => {
    const next = sarah({ engagements: [engagement(), { ...contract, startDate: '2025-11-18' }] });
    expect(decide(terminated({ category: 'forCause' }), next)).toMatchObject({ decision: 'now', endsAccess: true });
  });

  it('need not be there: somebody without any still loses their access', () => {
    expect(decide(terminated({ effectiveDate: '2025-11-14' }), sarah({ engagements: [] }))).toEqual({
      decision: 'now',
      effective: '2025-11-15T05:00:00.000Z',
      date: '2025-11-14',
      reason: '2025-11-14 is past',
      endsAccess: true,
    });
  });
});

describe('protected people', () => {
  it('are held whatever the end says, and whatever state they are in', () => {
    for (const protection of ['breakGlass', 'service', 'lastAdministrator'] as const) {
      for (const data of [{ immediate: true }, { effectiveDate: '2025-11-14' }, { effectiveDate: '2026-01-01' }]) {
        for (const state of ['Active', 'Terminated'] as const) {
          expect(decide(terminated(data), sarah({ protection, state }))).toEqual({
            decision: 'hold',
            kind: 'protected-person',
            reason: `they are protected (${protection}), and no event changes their access by itself`,
          });
        }
      }
    }
  });
});

describe('an end whose moment has come', () => {
  const event = terminated({ effectiveDate: '2025-11-30' });
  const pending: PendingChange = {
    id: 'end:workday:t-1',
    kind: 'end',
    dueAt: '2025-12-01T05:00:00.000Z',
    date: '2025-11-30',
    zone: 'America/New_York',
    event: 'workday:t-1',
    confidential: false,
    data: { engagement: 'e1', source: 'workday' },
  };
  const due = (person: Person) => decideDueEnd({ person: { ...person, pending: [pending] }, pending, event, policy });

  it('is an end now, from that moment', () => {
    expect(due(sarah())).toEqual({
      decision: 'now',
      effective: '2025-12-01T05:00:00.000Z',
      date: '2025-11-30',
      reason: 'its moment has come',
      ...only,
      replaces: 'end:workday:t-1',
    });
  });

  it('ends its engagement alone when another has begun since', () => {
    expect(
      due(
        sarah({ engagements: [engagement(), engagement({ id: 'e2', workerId: 'GT-90001', startDate: '2025-12-01' })] }),
      ),
    ).toMatchObject({ engagement: 'e1', endsAccess: false });
  });

  it('is held when the person has been protected since', () => {
    expect(due(sarah({ protection: 'lastAdministrator' }))).toMatchObject({
      decision: 'hold',
      kind: 'protected-person',
    });
  });

  it('goes on for somebody whose end had begun before the run was lost', () => {
    expect(due(sarah({ state: 'Terminating' }))).toMatchObject({ decision: 'now', endsAccess: true });
  });
});

describe('urgency', () => {
  it('puts for cause and privileged people first, ends before hires, and bulk last', () => {
    const privileged = { privileged: true };
    const of = (type: IdentityEvent['type'], person?: { privileged: boolean }) =>
      priorityOf({ type, data: {} }, person);
    expect([
      priorityOf(terminated({ category: 'forCause' })),
      of('terminated', privileged),
      of('session-risk'),
      of('terminated'),
      of('transferred', privileged),
      of('hired', privileged),
      of('drift-found'),
    ]).toEqual([1, 1, 1, 2, 3, 4, 5]);
  });

  it("has policy's deadline, 15 minutes where it names none", () => {
    const event = terminated({});
    expect([
      deadlineMs(policy, sarah(), event),
      deadlineMs(policyWith('ends: { deadline: 250ms }'), sarah(), event),
    ]).toEqual([900_000, 250]);
  });
});

function account(more: Partial<Account> = {}): Account {
  return {
    target: 'github',
    id: '1',
    name: 'schen',
    kind: 'primary',
    owner: 'GT-48291',
    origin: 'adopted',
    status: 'enabled',
    entitlements: [],
    ...more,
  };
}
