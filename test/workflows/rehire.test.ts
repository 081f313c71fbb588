import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOfDay } from '../../src/model/time.ts';
import { Company, newYork } from '../helpers/company.ts';
import { until } from '../helpers/line.ts';
import { asking } from '../operator/asking.ts';

let company: Company;

beforeEach(async () => {
  company = await Company.open();
});
afterEach(() => company.close());

/** Hired, and gone again. */
async function left(data: Record<string, unknown> = {}): Promise<void> {
  await company.hire(await company.inDays(-400), { enteredAt: company.entered() });
  const end = { effectiveDate: await company.inDays(-20), category: 'voluntary', ...data };
  await company.say({ id: 'ended', enteredAt: company.entered(), data: end });
  await company.until(
    ({ pending }) => pending.every(({ data }) => data['action'] !== 'readAgain'),
    'the second reading',
  );
}

describe('a rehire', () => {
  it('finds the same person and accounts, enables them again, and gives what today’s policy gives', async () => {
    await left();
    expect(company.access()).toEqual({
      ad: ['nadia.berg@GT-50001 off'],
      crm: ['nadia.berg@GT-50001 off'],
      portal: [],
    });
    const changed = company.targets.ad.changes.length;
    const answer = await company.hire(await company.inDays(-1), {
      id: 'again',
      enteredAt: company.entered(),
      data: { department: 'Support' },
    });
    expect(answer).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ id: 'GT-50001', state: 'Active' });
    expect(company.access()).toEqual({
      ad: ['nadia.berg@GT-50001 on staff,support'],
      crm: ['nadia.berg@GT-50001 off'],
      portal: [],
    });
    expect(company.targets.ad.changes.slice(changed).filter((change) => change.startsWith('create'))).toEqual([]);
    const names = await company.line.store.read((reader) => reader.namesOf('GT-50001'));
    expect(names.map(({ kind, value, releasedAt }) => ({ kind, value, releasedAt }))).toEqual([
      { kind: 'email', value: 'nadia.berg@globaltech.example', releasedAt: undefined },
      { kind: 'login', value: 'nadia.berg', releasedAt: undefined },
    ]);
  });

  it('two weeks ahead is prepared like any hire, and nothing of the days after the last one happens any more', async () => {
    await left();
    expect(await company.timeline()).toHaveLength(2);
    const start = await company.inDays(40);
    expect(
      await company.say({
        id: 'again',
        type: 'rehired',
        enteredAt: company.entered(),
        data: { startDate: start },
      }),
    ).toMatchObject({ outcome: 'scheduled' });
    await until(() => company.targets.portal.accounts.size > 0, 'pre-hire access');
    await company.finished();
    expect(company.targets.ad.changes.filter((change) => change.startsWith('remove'))).toEqual([]);
    expect(await company.happened('person-active')).toContain(new Date(startOfDay(start, newYork)).toISOString());
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on sales,staff']);
  });

  it('is no old hire sent again: one entered before the termination, or for an employment that is over, revives nobody', async () => {
    await left();
    const closed = company.access();
    const over = (await company.record()).engagements[0]?.endDate;
    expect(await company.hire(await company.inDays(-400), { id: 'resent' })).toEqual({
      outcome: 'ignored',
      reason: `stale: it starts on ${await company.inDays(-400)}, and their last engagement ended on ${over}`,
    });
    const stale = { id: 'stale', enteredAt: '2025-06-01T00:00:00.000Z' };
    expect(await company.hire(await company.inDays(14), stale)).toEqual({
      outcome: 'ignored',
      reason: 'stale: it was entered before the termination',
    });
    expect(company.access()).toEqual(closed);
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
  });

  it.each([
    ['for cause', { category: 'forCause' }],
    ['without being welcome again', { eligibleForRehire: false }],
  ])('of somebody who left %s is held', async (_, how) => {
    await left(how);
    const answer = await company.hire(await company.inDays(14), { id: 'again', enteredAt: company.entered() });
    expect(answer).toMatchObject({
      outcome: 'held',
      reason: expect.stringContaining('does not allow a rehire unasked'),
    });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
    // Security agrees: they are hired as it was said, and are held for the same no more.
    const api = await asking(company.line.store, { client: company.environment.client });
    const id = 'person:GT-50001/workday:again/to-release';
    const body = { action: 'release', reason: 'agreed with HR' };
    expect(await api.post(`/api/exceptions/${encodeURIComponent(id)}`, body, 'security')).toMatchObject({
      status: 200,
    });
    await api.close();
    expect(await company.outcome('again')).toBe('scheduled');
    expect(await company.record()).toMatchObject({ state: 'PreHire' });
    await company.finished();
    expect(await company.record()).toMatchObject({ state: 'Active' });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on sales,staff']);
  });

  it('under another number is found by it from then on', async () => {
    await left();
    // Somebody has said by "attach" whose it is; here both numbers are theirs already.
    await company.line.store.transaction((tx) =>
      tx.addIdentifier('GT-50001', { source: 'workday', type: 'workerId', value: 'GT-70007' }),
    );
    await company.hire(await company.inDays(-1), { id: 'again', subject: 'GT-70007', enteredAt: company.entered() });
    expect(await company.record()).toMatchObject({ id: 'GT-50001', state: 'Active' });
    const today = await company.today();
    const end = { id: 'gone', subject: 'GT-70007', enteredAt: company.entered(), data: { effectiveDate: today } };
    expect(await company.say(end)).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
  });

  it('is cut off by no correction of the employment before', async () => {
    await left();
    await company.hire(await company.inDays(-5), { id: 'again', enteredAt: company.entered() });
    const open = company.access();
    const correction = { effectiveDate: await company.inDays(-30), category: 'voluntary' };
    const answer = await company.say({
      id: 'payroll',
      correction: true,
      enteredAt: company.entered(),
      data: correction,
    });
    expect(answer).toMatchObject({ outcome: 'held', reason: expect.stringContaining('nothing was removed') });
    expect(company.access()).toEqual(open);
    expect(await company.record()).toMatchObject({ state: 'Active' });
  });
});

describe('a rehire while an end is pending', () => {
  async function endsAndComesBack(days: number): Promise<{ end: string; start: string }> {
    await company.hire(await company.inDays(-400), { enteredAt: company.entered() });
    const [end, start] = [await company.inDays(10), await company.inDays(10 + days)];
    const over = { effectiveDate: end, category: 'voluntary' };
    expect(await company.say({ id: 'ends', enteredAt: company.entered(), data: over })).toMatchObject({
      outcome: 'scheduled',
    });
    const back = { startDate: start, department: 'Support' };
    expect(await company.say({ id: 'back', type: 'rehired', enteredAt: company.entered(), data: back })).toMatchObject({
      outcome: 'scheduled',
    });
    expect(await company.timeline()).toEqual([`end ${end}`, `start ${start}`]);
    return { end, start };
  }

  it('within a week is one passage: nobody leaves, and what the next employment says holds from its first day', async () => {
    const { start } = await endsAndComesBack(5);
    await company.finished();
    expect(await company.evidence('person-terminated')).toEqual([]);
    expect(company.targets.ad.changes.filter((change) => change.startsWith('disable'))).toEqual([]);
    expect(await company.happened('engagement-begun')).toEqual([new Date(startOfDay(start, newYork)).toISOString()]);
    expect(await company.record()).toMatchObject({
      state: 'Active',
      attributes: { department: 'Support' },
      engagements: [{ primary: false }, { primary: true, startDate: start }],
    });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on staff,support']);
    expect([await company.outcome('ends'), await company.outcome('back')]).toEqual(['applied', 'applied']);
  });

  it('later is a leaver and then a start, and their accounts live on', async () => {
    const { start } = await endsAndComesBack(60);
    await company.finished();
    expect(await company.evidence('person-terminated')).toHaveLength(1);
    expect(await company.happened('person-active')).toContain(new Date(startOfDay(start, newYork)).toISOString());
    expect(company.targets.ad.changes.filter((change) => change.startsWith('remove'))).toEqual([]);
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on staff,support']);
  });

  it('and called off is a leaver after all, with the days after', async () => {
    const { end } = await endsAndComesBack(5);
    await company.goTo(startOfDay(end, newYork) + 26 * 3_600_000);
    await company.until(({ pending }) => pending.length === 1, 'the end to pass');
    expect(await company.record()).toMatchObject({ state: 'Active' });
    const off = { id: 'off', type: 'hire-cancelled' as const, enteredAt: company.entered() };
    expect(await company.say(off)).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
    expect((await company.timeline()).filter((row) => row.startsWith('later delete'))).toHaveLength(1);
  });
});
