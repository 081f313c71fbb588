import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOfDay } from '../../src/model/time.ts';
import { Company, newYork } from '../helpers/company.ts';
import { until } from '../helpers/line.ts';

let company: Company;

beforeEach(async () => {
  company = await Company.open();
});
afterEach(() => company.close());

const move = (id: string, startDate: string, more: Record<string, unknown> = {}) =>
  company.say({ id, type: 'start-date-changed', data: { startDate }, ...more });

// This server refuses a workflow task that cancels a call which has just ended, and gives it again only after ten seconds.
const preHired = () => company.until(({ pending }) => pending.every(({ kind }) => kind === 'start'), 'pre-hire access');

/** Somebody who was here, left, and has disabled accounts. */
async function left(data: Record<string, unknown> = {}): Promise<void> {
  await company.hire(await company.inDays(-400));
  const end = { effectiveDate: await company.inDays(-20), category: 'voluntary', ...data };
  expect(await company.say({ id: 'ended', enteredAt: company.entered(), data: end })).toMatchObject({
    outcome: 'applied',
  });
  await company.until(
    ({ pending }) => pending.every(({ data }) => data['action'] !== 'readAgain'),
    'the second reading',
  );
}

describe('a start that moves', () => {
  it('moves twice: the timer follows, and both dates and who moved it are evidence', async () => {
    const [first, second, third] = [await company.inDays(14), await company.inDays(21), await company.inDays(10)];
    await company.hire(first);
    await preHired();
    expect(await move('one', second)).toEqual({
      outcome: 'scheduled',
      reason: `starts ${new Date(startOfDay(second, newYork)).toISOString()} (was ${first})`,
    });
    expect(await move('two', third, { source: 'cloudevents', by: 'operator-1' })).toMatchObject({
      outcome: 'scheduled',
    });
    expect((await company.evidence('start-moved')).map(({ data }) => data)).toEqual([
      { from: first, to: second, zone: newYork, by: 'workday' },
      { from: second, to: third, zone: newYork, by: 'operator-1' },
    ]);
    expect(company.access().portal).toEqual(['nadia.berg@GT-50001 on onboarding']);
    await company.finished();
    expect(await company.happened('person-active')).toEqual([new Date(startOfDay(third, newYork)).toISOString()]);
    expect(await company.record()).toMatchObject({ state: 'Active', engagements: [{ startDate: third }] });
  });

  it('to today or the past makes them active at once, and their hire is through', async () => {
    await company.hire(await company.inDays(14));
    await preHired();
    expect(await move('now', await company.inDays(-1))).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Active', pending: [] });
    expect(await company.outcome('hired')).toBe('applied');
    expect(company.access()).toEqual({
      ad: ['nadia.berg@GT-50001 on sales,staff'],
      crm: ['nadia.berg@GT-50001 on seller'],
      portal: ['nadia.berg@GT-50001 off'],
    });
  });

  it('for somebody who is active takes nothing away, and somebody is asked', async () => {
    await company.hire(await company.inDays(-3));
    const before = company.access();
    const later = await company.inDays(14);
    expect(await move('late', later)).toMatchObject({ outcome: 'held' });
    expect(await company.openExceptions()).toEqual([
      `needs-decision: start-date-changed for GT-50001 is held: they are Active already; nothing is taken away for a start on ${later}. If they are to wait, take the access away by hand.`,
    ]);
    expect(await company.record()).toMatchObject({ state: 'Active' });
    expect(company.access()).toEqual(before);
  });

  it('by a word entered before the one that holds is ignored, though the one that holds said nothing new', async () => {
    const [start, other] = [await company.inDays(14), await company.inDays(21)];
    const entered = [company.entered(), company.entered(), company.entered()] as const;
    await company.hire(start, { enteredAt: entered[0] });
    expect(await move('same', start, { enteredAt: entered[2] })).toEqual({
      outcome: 'ignored',
      reason: `already so: they start on ${start}`,
    });
    expect(await move('stale', other, { enteredAt: entered[1] })).toEqual({
      outcome: 'ignored',
      reason: 'the start that is pending was entered later',
    });
    expect(await company.timeline()).toEqual([`start ${start}`]);
  });

  it('for nobody who is to start is ignored, with the reason', async () => {
    await left();
    expect(await move('none', await company.inDays(14))).toEqual({
      outcome: 'ignored',
      reason: 'GT-50001 is Terminated, and no start is pending',
    });
  });
});

describe('a hire that is called off', () => {
  const cancel = (id = 'off', more: Record<string, unknown> = {}) =>
    company.say({ id, type: 'hire-cancelled', ...more });

  it('removes what it made: pre-hire access and the accounts made ahead', async () => {
    await company.hire(await company.inDays(14), { enteredAt: company.entered() });
    await preHired();
    expect(await cancel()).toMatchObject({ outcome: 'applied' });
    expect(company.access()).toEqual({ ad: [], crm: [], portal: [] });
    expect(await company.record()).toMatchObject({ state: 'Cancelled', pending: [] });
    expect(await company.outcome('hired')).toBe('ignored');
    await company.finished();
  });

  it('leaves shared accounts that are theirs already alone', async () => {
    company.targets.ad.accounts.set('press', { id: 'press', worker: company.person, kind: 'shared', enabled: true });
    await company.hire(await company.inDays(14));
    await until(() => company.targets.portal.accounts.size > 0 && company.targets.ad.accounts.size > 1, 'the accounts');
    await cancel();
    expect(company.access()).toEqual({ ad: ['press on'], crm: [], portal: [] });
  });

  it('does not believe a target that says an account is gone and shows it', async () => {
    await company.hire(await company.inDays(14));
    await preHired();
    let lies = 1;
    const { portal } = company.targets;
    const account = portal.accounts.get('nadia.berg@GT-50001');
    portal.afterChange = (operation) => {
      if (operation.startsWith('remove') && lies-- > 0 && account !== undefined)
        portal.accounts.set(account.id, account);
    };
    await cancel();
    expect(portal.accounts.size).toBe(0);
  });

  it('of somebody who was here returns their accounts to disabled, and their later steps to the timeline', async () => {
    await left();
    const [accounts, steps] = [company.access(), await company.timeline()];
    expect(steps).toHaveLength(2);
    await company.hire(await company.inDays(14), { id: 'again', enteredAt: company.entered() });
    await until(() => company.targets.portal.accounts.size > 0, 'pre-hire access');
    await company.until(({ pending }) => pending.length === 1, 'the later steps to be off');
    expect(await company.timeline()).toEqual([`start ${await company.inDays(14)}`]);
    expect(await cancel('off', { enteredAt: company.entered() })).toMatchObject({ outcome: 'applied' });
    expect(company.access()).toEqual(accounts);
    expect(await company.timeline()).toEqual(steps);
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
  });

  it('takes what it gave from an account that was there before, and leaves it disabled', async () => {
    company.targets.portal.accounts.set('old', {
      id: 'old',
      worker: company.person,
      enabled: true,
      entitlements: ['alumni'],
    });
    await left();
    company.targets.portal.accounts.set('old', { id: 'old', worker: company.person, enabled: false, entitlements: [] });
    await company.hire(await company.inDays(14), { id: 'again', enteredAt: company.entered() });
    await until(() => company.access()['portal']?.[0] === 'old on onboarding', 'pre-hire access');
    await cancel('off', { enteredAt: company.entered() });
    expect(company.access().portal).toEqual(['old off']);
  });

  it('is brought back only by what was entered after it', async () => {
    const start = await company.inDays(14);
    const entered = [company.entered(), company.entered(), company.entered()] as const;
    await company.hire(start, { enteredAt: entered[0] });
    await preHired();
    await cancel('off', { enteredAt: entered[1] });
    expect(await company.hire(start, { id: 'resent', enteredAt: entered[0] })).toEqual({
      outcome: 'ignored',
      reason: 'stale: it was entered before that hire was called off',
    });
    expect(await company.hire(start, { id: 'unclear' })).toMatchObject({ outcome: 'held' });
    expect(await company.record()).toMatchObject({ state: 'Cancelled' });
    expect(await company.hire(start, { id: 'anew', enteredAt: entered[2] })).toMatchObject({ outcome: 'scheduled' });
    expect(await company.record()).toMatchObject({ state: 'PreHire' });
  });

  it('when they are active removes nothing unasked', async () => {
    await company.hire(await company.inDays(-3));
    const before = company.access();
    expect(await cancel()).toMatchObject({ outcome: 'held' });
    expect(await company.openExceptions()).toEqual([
      'needs-decision: hire-cancelled for GT-50001 is held: they are Active already, and nothing is removed unasked. If they are to go, send a termination.',
    ]);
    expect(company.access()).toEqual(before);
  });

  it('said twice is ignored, with the reason', async () => {
    await company.hire(await company.inDays(14));
    await preHired();
    await cancel();
    expect(await cancel('twice')).toEqual({
      outcome: 'ignored',
      reason: 'already so: GT-50001 is Cancelled, and no start is pending',
    });
  });
});
