import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addDays, endOfDay, startOfDay } from '../../src/model/time.ts';
import { Company, newYork } from '../helpers/company.ts';
import { until } from '../helpers/line.ts';

let company: Company;

beforeEach(async () => {
  company = await Company.open();
});
afterEach(() => company.close());

/** Somebody who worked here until today. */
async function left(data: Record<string, unknown> = {}): Promise<string> {
  await company.hire(await company.inDays(-400), { enteredAt: company.entered() });
  const end = { effectiveDate: await company.today(), category: 'voluntary', ...data };
  expect(await company.say({ id: 'ended', enteredAt: company.entered(), data: end })).toMatchObject({
    outcome: 'applied',
  });
  await company.until(
    ({ pending }) => pending.every(({ data }) => data['action'] !== 'readAgain'),
    'the second reading',
  );
  return company.today();
}

describe('the days after the last one', () => {
  it('have policy’s steps, a timer each, and accounts are deleted after 30 days and never sooner', async () => {
    const over = await left();
    expect(await company.timeline()).toEqual([
      `later removeLicences ${addDays(over, 10)}`,
      `later deleteAccounts ${addDays(over, 30)}`,
    ]);
    await company.goTo(startOfDay(addDays(over, 30), newYork) - 60_000);
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
    await company.finished();
    expect(company.access().ad).toEqual([]);
    expect(await company.record()).toMatchObject({ state: 'Terminated', pending: [] });
  });

  it('count from when access ended, for an end that was entered months late', async () => {
    const today = await company.today();
    await left({ effectiveDate: await company.inDays(-90) });
    expect(await company.timeline()).toContain(`later deleteAccounts ${addDays(today, 30)}`);
  });

  it('release what was granted beside the rules, and the names into their quarantine', async () => {
    await company.hire(await company.inDays(-400));
    await company.line.store.transaction((tx) =>
      tx.putGrant('GT-50001', {
        ...{ target: 'crm', entitlement: 'report', origin: 'adopted', event: 'workday:hired', because: 'it was there' },
        ...{ privileged: false, at: new Date(0).toISOString() },
      }),
    );
    await company.say({ id: 'ended', data: { effectiveDate: await company.today(), category: 'voluntary' } });
    expect(await company.record()).toMatchObject({ state: 'Terminated', grants: [] });
    const names = await company.line.store.read((reader) => reader.namesOf('GT-50001'));
    expect(names.map(({ releasedAt }) => releasedAt !== undefined)).toEqual([true, true]);
  });

  it('delete no shared account of theirs', async () => {
    company.targets.ad.accounts.set('press', { id: 'press', worker: company.person, kind: 'shared', enabled: true });
    const over = await left();
    await company.goTo(startOfDay(addDays(over, 30), newYork) + 60_000);
    await company.until(({ pending }) => pending.length === 0, 'the deletion');
    expect(company.access().ad).toEqual(['press on']);
  });

  it('are over for whoever is hired again', async () => {
    await left();
    await company.hire(await company.inDays(20), { id: 'again', enteredAt: company.entered() });
    await company.finished();
    expect(company.targets.ad.changes.filter((change) => change.startsWith('remove'))).toEqual([]);
    expect(await company.record()).toMatchObject({ state: 'Active', pending: [] });
  });
});

describe('a legal hold', () => {
  const hold = (id: string, type: 'legal-hold-placed' | 'legal-hold-lifted', by: string) =>
    company.say({ id, type, source: 'cloudevents', by, data: { case: 'C-2026-7' } });

  it('stops every deletion until two people have lifted it, and then what waited is due again', async () => {
    const over = await left();
    await hold('placed', 'legal-hold-placed', 'counsel-1');
    // At noon: a hold is looked at again at midnight, and what is said in that very moment this server forgets.
    await company.goTo(startOfDay(addDays(over, 31), newYork) + 12 * 3_600_000);
    await until(
      async () => (await company.record()).pending.some(({ data }) => typeof data['heldSince'] === 'string'),
      'the deletion to be held',
    );
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
    expect(await hold('one', 'legal-hold-lifted', 'counsel-1')).toMatchObject({ outcome: 'applied' });
    expect(await hold('same', 'legal-hold-lifted', 'counsel-1')).toMatchObject({ outcome: 'ignored' });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
    expect(await hold('two', 'legal-hold-lifted', 'counsel-2')).toMatchObject({ outcome: 'applied', reason: 'lifted' });
    await company.finished();
    expect(company.access().ad).toEqual([]);
  });

  it('never stops a disable, and has an account that a hire had made closed and not removed', async () => {
    await company.hire(await company.inDays(14));
    await company.until(({ pending }) => pending.every(({ kind }) => kind === 'start'), 'pre-hire access');
    await hold('placed', 'legal-hold-placed', 'counsel-1');
    expect(await company.say({ id: 'off', type: 'hire-cancelled' })).toMatchObject({ outcome: 'applied' });
    expect(company.access()).toEqual({
      ad: ['nadia.berg@GT-50001 off'],
      crm: [],
      portal: ['nadia.berg@GT-50001 off'],
    });
  });
});

describe('an end that must not show', () => {
  const leaves = async (data: Record<string, unknown>) => {
    await company.hire(await company.inDays(-400), { enteredAt: company.entered() });
    return company.say({ id: 'ends', enteredAt: company.entered(), data });
  };

  it('involuntary and to come, is told to security at once, and neither the status nor any history says what it said', async () => {
    const last = await company.inDays(10);
    expect(await leaves({ effectiveDate: last, category: 'involuntary' })).toEqual({
      outcome: 'scheduled',
      reason: 'kept until its time',
    });
    await until(() => company.targets.crm.messages.length > 0, 'the message');
    expect(company.targets.crm.messages).toMatchObject([
      { to: { channel: '#security' }, text: `SECRET GT-50001 ${last}` },
    ]);
    await company.until(({ pending }) => pending.length === 1, 'the message to be off the timeline');
    expect(await company.personHistory()).not.toContain('SECRET');
    expect(await company.status()).toMatchObject({ state: 'Active', timeline: [] });
    await company.goTo(endOfDay(last, newYork) + 60_000);
    await company.until(({ state }) => state === 'Terminated', 'the end');
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
  });

  it('is sticky once it is so: an "active" record is written down and enables nothing', async () => {
    await left();
    const before = company.access();
    expect(await company.say({ id: 'active', type: 'attributes-changed', data: { status: 'Active' } })).toMatchObject({
      outcome: 'ignored',
    });
    expect(company.access()).toEqual(before);
  });

  it('for cause is now, whatever its date', async () => {
    const answer = await leaves({ effectiveDate: await company.inDays(10), category: 'forCause' });
    expect(answer).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
  });

  it('at an instant is then, to the minute', async () => {
    const minute = 60_000 * Math.ceil((await company.environment.currentTimeMs()) / 60_000);
    const at = new Date(minute + 3 * 3_600_000).toISOString();
    expect(await leaves({ effectiveAt: at, category: 'voluntary' })).toMatchObject({ outcome: 'scheduled' });
    await company.goTo(Date.parse(at) - 30_000);
    expect(await company.record()).toMatchObject({ state: 'Active' });
    await company.goTo(Date.parse(at) + 30_000);
    await company.until(({ state }) => state === 'Terminated', 'the end');
    expect((await company.happened('end-begun'))[0]?.slice(0, 16)).toBe(at.slice(0, 16));
  });

  it('rescinded before its moment is none, and of two that are pending the later entered holds', async () => {
    const [one, other] = [await company.inDays(10), await company.inDays(20)];
    await leaves({ effectiveDate: one, category: 'voluntary' });
    const second = { id: 'later', enteredAt: company.entered(), data: { effectiveDate: other, category: 'voluntary' } };
    expect(await company.say(second)).toMatchObject({ outcome: 'scheduled' });
    expect(await company.timeline()).toEqual([`end ${other}`]);
    const stale = {
      id: 'stale',
      enteredAt: '2025-01-01T00:00:00.000Z',
      data: { effectiveDate: one, category: 'voluntary' },
    };
    expect(await company.say(stale)).toMatchObject({ outcome: 'ignored' });
    expect(await company.say({ id: 'not', type: 'termination-rescinded', enteredAt: company.entered() })).toMatchObject(
      {
        outcome: 'applied',
      },
    );
    await company.finished();
    expect(await company.record()).toMatchObject({ state: 'Active', pending: [] });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on sales,staff']);
  });
});
