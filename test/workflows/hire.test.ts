import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOfDay } from '../../src/model/time.ts';
import { Company, newYork } from '../helpers/company.ts';
import { companyPolicy } from '../helpers/company-policy.ts';
import { until } from '../helpers/line.ts';

let company: Company;

const open = async (options?: Parameters<typeof Company.open>[0]) => {
  company = await Company.open(options);
};

afterEach(() => company.close());

describe('a hire two weeks ahead', () => {
  beforeEach(() => open());

  it('has pre-hire access and accounts made ahead until the day, and everything from 00:00 where they are', async () => {
    const { targets } = company;
    const start = await company.inDays(14);
    expect(await company.hire(start)).toMatchObject({ outcome: 'scheduled' });
    await until(() => targets.portal.accounts.size > 0 && targets.ad.accounts.size > 0, 'pre-hire access');
    expect(company.access()).toEqual({
      ad: ['nadia.berg@GT-50001 off'],
      crm: [],
      portal: ['nadia.berg@GT-50001 on onboarding'],
    });
    expect(await company.record()).toMatchObject({
      state: 'PreHire',
      attributes: { login: 'nadia.berg', email: 'nadia.berg@globaltech.example' },
    });
    await company.finished();
    expect(await company.happened('person-active')).toEqual([new Date(startOfDay(start, newYork)).toISOString()]);
    expect(company.access()).toEqual({
      ad: ['nadia.berg@GT-50001 on sales,staff'],
      crm: ['nadia.berg@GT-50001 on seller'],
      portal: ['nadia.berg@GT-50001 off'],
    });
    expect(await company.record()).toMatchObject({ state: 'Active', pending: [] });
    expect(await company.outcome('hired')).toBe('applied');
  });

  it('begins at midnight of the place they work at, and not of headquarters', async () => {
    const start = await company.inDays(14);
    await company.hire(start, { data: { location: 'Berlin' } });
    await company.finished();
    expect(await company.happened('person-active')).toEqual([
      new Date(startOfDay(start, 'Europe/Berlin')).toISOString(),
    ]);
  });

  it('at a place without a time zone begins by the default one, and somebody is asked', async () => {
    const start = await company.inDays(14);
    expect(await company.hire(start, { data: { location: 'Atlantis' } })).toMatchObject({ outcome: 'scheduled' });
    expect(await company.openExceptions()).toEqual([
      'needs-decision: the location of GT-50001 has no time zone in policy.yaml; their start was read in America/New_York',
    ]);
    expect((await company.record()).pending.find(({ kind }) => kind === 'start')).toMatchObject({
      dueAt: new Date(startOfDay(start, newYork)).toISOString(),
      zone: newYork,
    });
  });

  it('said again is what it was, and said again with another day asks, unless it says which word is the later', async () => {
    const [start, later] = [await company.inDays(14), await company.inDays(21)];
    const [before, first, second] = [company.entered(), company.entered(), company.entered()];
    await company.hire(start, { enteredAt: first });
    expect(await company.hire(start, { id: 'again' })).toEqual({
      outcome: 'ignored',
      reason: `already so: they start on ${start}`,
    });
    expect(await company.hire(later, { id: 'older', enteredAt: before })).toEqual({
      outcome: 'ignored',
      reason: `stale: that they start on ${start} was entered later`,
    });
    expect(await company.hire(later, { id: 'unclear' })).toMatchObject({ outcome: 'held' });
    expect(await company.timeline()).toContain(`start ${start}`);
    expect(await company.hire(later, { id: 'newer', enteredAt: second })).toMatchObject({ outcome: 'scheduled' });
    expect(await company.timeline()).toContain(`start ${later}`);
  });

  it('that ends before it begins, or is over already, is held and gives nothing', async () => {
    const [start, end] = [await company.inDays(-30), await company.inDays(-3)];
    expect(await company.hire(start, { data: { endDate: end } })).toEqual({
      outcome: 'held',
      reason: `hired for GT-50001 is held: it begins on ${start} and ends on ${end}, which is over; nothing was given`,
    });
    expect(company.access()).toEqual({ ad: [], crm: [], portal: [] });
  });
});

describe('a hire that is entered late', () => {
  beforeEach(() => open());

  it('makes them active at once, and they never had pre-hire access', async () => {
    expect(await company.hire(await company.inDays(-3))).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Active' });
    expect(company.targets.portal.changes).toEqual([]);
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on sales,staff']);
  });

  it('for today does the same', async () => {
    expect(await company.hire(await company.today())).toMatchObject({ outcome: 'applied' });
    expect(company.targets.portal.changes).toEqual([]);
    expect(await company.record()).toMatchObject({ state: 'Active' });
  });
});

describe('policy’s lead before a hire', () => {
  const hires = { ...companyPolicy.hires, preHireLead: 5 };
  beforeEach(() => open({ policy: { hires } }));

  it('keeps pre-hire access back until so many days before the start, whatever is said of them meanwhile', async () => {
    const start = await company.inDays(14);
    await company.hire(start);
    expect(
      await company.say({ id: 'moves', type: 'department-changed', data: { department: 'Support' } }),
    ).toMatchObject({
      outcome: 'applied',
    });
    expect(company.access()).toEqual({ ad: [], crm: [], portal: [] });
    await company.goTo(startOfDay(await company.inDays(9), newYork) + 60_000);
    await until(() => company.targets.portal.accounts.size > 0, 'pre-hire access');
    expect(company.access().portal).toEqual(['nadia.berg@GT-50001 on onboarding']);
    expect(await company.record()).toMatchObject({ state: 'PreHire' });
    await company.finished();
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on staff,support']);
  });
});

describe('somebody who may have been here before', () => {
  beforeEach(() => open());

  const asked = async () => (await company.openExceptions()).map((each) => each.split(':')[0]);

  it('is held before any account is made: by an address, by a former number, by the source’s own word', async () => {
    await company.line.addPerson({
      id: 'GT-100',
      state: 'Terminated',
      identifiers: [
        { source: 'workday', type: 'workerId', value: 'GT-100' },
        { source: 'workday', type: 'email', value: 'nadia@home.example' },
      ],
    });
    const start = await company.inDays(14);
    const claims: Record<string, unknown>[] = [
      { email: 'Nadia@home.example' },
      { priorWorkerIds: ['GT-100'] },
      { isRehire: true },
    ];
    for (const [index, data] of claims.entries()) {
      await company.send({
        id: `hired-${index}`,
        type: 'hired',
        subject: `GT-6000${index}`,
        data: { ...newcomerData, startDate: start, ...data },
      });
      await until(async () => (await asked()).length === index + 1, 'the question');
    }
    expect(await asked()).toEqual(['ambiguous-person', 'ambiguous-person', 'ambiguous-person']);
    expect(company.access()).toEqual({ ad: [], crm: [], portal: [] });
  });

  it('whose number was given again is held: the names are another human being’s', async () => {
    await company.hire(await company.inDays(-100));
    await company.say({ id: 'end', data: { effectiveDate: await company.inDays(-2) } });
    const answer = await company.hire(await company.inDays(14), {
      id: 'again',
      data: { firstName: 'Omar', lastName: 'Haddad' },
    });
    expect(answer).toMatchObject({ outcome: 'held', reason: expect.stringContaining('was given again: its name') });
    expect(await company.record()).toMatchObject({ state: 'Terminated', name: 'Nadia Berg' });
  });

  it('whose number was given again is held: they were born on another day', async () => {
    await company.hire(await company.inDays(-100), { data: { birthDateHash: 'hash-of-a-day' } });
    await company.say({ id: 'end', data: { effectiveDate: await company.inDays(-2) } });
    const answer = await company.hire(await company.inDays(14), {
      id: 'again',
      data: { birthDateHash: 'hash-of-another' },
    });
    expect(answer).toMatchObject({
      outcome: 'held',
      reason: expect.stringContaining('given again: its date of birth'),
    });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
  });
});

const newcomerData = { firstName: 'Nadia', lastName: 'Berg', location: 'New York', workerType: 'employee' };
