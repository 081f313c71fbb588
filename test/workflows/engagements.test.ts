import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endOfDay, startOfDay } from '../../src/model/time.ts';
import { Company, newYork } from '../helpers/company.ts';

let company: Company;

beforeEach(async () => {
  company = await Company.open();
});
afterEach(() => company.close());

/** Works here as an employee, and has the number of a contractor as well. */
async function worksHere(): Promise<void> {
  await company.hire(await company.inDays(-400), { enteredAt: company.entered() });
  await company.line.store.transaction((tx) =>
    tx.addIdentifier('GT-50001', { source: 'workday', type: 'workerId', value: 'C-77' }),
  );
}

const contract = (id: string, startDate: string, data: Record<string, unknown> = {}) =>
  company.say({
    ...{ id, type: 'hired', subject: 'C-77', enteredAt: company.entered() },
    data: { startDate, workerType: 'contractor', firstName: 'Nadia', lastName: 'Berg', ...data },
  });

const end = (id: string, subject: string, effectiveDate: string) =>
  company.say({ id, subject, enteredAt: company.entered(), data: { effectiveDate, category: 'voluntary' } });

describe('a second engagement', () => {
  it('is one with another number or of another kind; the same said again is ignored, with the reason', async () => {
    await worksHere();
    expect(await contract('second', await company.inDays(-1))).toMatchObject({ outcome: 'applied' });
    expect((await company.record()).engagements.map(({ workerId, primary }) => ({ workerId, primary }))).toEqual([
      { workerId: 'GT-50001', primary: true },
      { workerId: 'C-77', primary: false },
    ]);
    expect(await contract('third', await company.inDays(-1))).toEqual({
      outcome: 'ignored',
      reason: 'GT-50001 is Active already (C-77)',
    });
    expect(await company.hire(await company.inDays(14), { id: 'again' })).toEqual({
      outcome: 'ignored',
      reason: 'GT-50001 is Active already (GT-50001)',
    });
  });

  it('keeps their access when the other ends, and the end of the last one is a leaver', async () => {
    await worksHere();
    await contract('second', await company.inDays(-1));
    const before = company.access();
    expect(await end('first-over', 'GT-50001', await company.today())).toMatchObject({ outcome: 'applied' });
    expect(company.access()).toEqual(before);
    expect(await company.record()).toMatchObject({ state: 'Active' });
    expect(await end('second-over', 'C-77', await company.today())).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
  });

  it('takes the place of the primary one when that ends: manager, location, zone and kind of worker are its own', async () => {
    await worksHere();
    const leave = await company.inDays(20);
    await company.say({ id: 'leave', type: 'leave-started', effectiveDate: leave, data: { type: 'parental' } });
    await contract('second', await company.inDays(-1), { location: 'Berlin', managerId: 'GT-9' });
    expect(await company.record()).toMatchObject({ attributes: { location: 'New York', workerType: 'employee' } });
    expect(await end('first-over', 'GT-50001', await company.today())).toEqual({ outcome: 'applied' });
    const { attributes, engagements, pending } = await company.record();
    expect(attributes).toMatchObject({ location: 'Berlin', managerId: 'GT-9', workerType: 'contractor' });
    expect(engagements.map(({ workerId, primary }) => ({ workerId, primary }))).toEqual([
      { workerId: 'GT-50001', primary: false },
      { workerId: 'C-77', primary: true },
    ]);
    expect(pending.filter(({ kind }) => kind === 'leave')).toMatchObject([
      { zone: 'Europe/Berlin', dueAt: new Date(startOfDay(leave, 'Europe/Berlin')).toISOString() },
    ]);
    expect((await company.evidence('engagement-goes-on')).map(({ data }) => data)).toEqual([
      { engagement: expect.stringContaining('C-77'), facts: ['location', 'managerId', 'workerType'] },
    ]);
  });

  it('takes it on the day as well, and none from one that was not the primary', async () => {
    await worksHere();
    const over = await company.inDays(1);
    await contract('second', await company.inDays(-1), { location: 'Berlin', endDate: over });
    await contract('third', await company.inDays(-1), { workerType: 'temporary' });
    expect(await end('first-over', 'GT-50001', await company.inDays(4))).toMatchObject({ outcome: 'scheduled' });
    await company.goTo(endOfDay(over, newYork) + 60_000);
    await company.until(({ pending }) => pending.length === 1, 'the end of the second');
    expect(await company.record()).toMatchObject({ attributes: { location: 'New York', workerType: 'employee' } });
    await company.finished();
    expect(await company.record()).toMatchObject({
      ...{ state: 'Active', attributes: { workerType: 'temporary' } },
      engagements: [{ primary: false }, { primary: false }, { primary: true }],
    });
    expect(await company.outcome('first-over')).toBe('applied');
  });

  it('that ends on a day ends alone on that day', async () => {
    await worksHere();
    const over = await company.inDays(1);
    await contract('second', await company.inDays(-1), { endDate: over });
    await company.goTo(endOfDay(over, newYork) + 60_000);
    await company.until(({ pending }) => pending.every(({ kind }) => kind !== 'end'), 'the end');
    expect(await company.record()).toMatchObject({ state: 'Active' });
    expect((await company.evidence('engagement-ended')).map(({ data }) => data)).toEqual([
      { engagement: expect.stringContaining('C-77'), date: expect.any(String) },
    ]);
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on sales,staff']);
  });

  it('that begins long after the first has ended begins all the same', async () => {
    await worksHere();
    const start = await company.inDays(60);
    expect(await contract('second', start)).toMatchObject({ outcome: 'scheduled' });
    expect(await end('first-over', 'GT-50001', await company.inDays(10))).toMatchObject({ outcome: 'scheduled' });
    await company.finished();
    expect(await company.evidence('person-terminated')).toHaveLength(1);
    expect(await company.happened('person-active')).toContain(new Date(startOfDay(start, newYork)).toISOString());
    expect(await company.record()).toMatchObject({ state: 'Active' });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 on sales,staff']);
  });
});

describe('ends of two engagements', () => {
  it('are rescinded one by one', async () => {
    await worksHere();
    await contract('second', await company.inDays(-1));
    const [one, other] = [await company.inDays(10), await company.inDays(20)];
    await end('first-over', 'GT-50001', one);
    await end('second-over', 'C-77', other);
    const rescinded = {
      id: 'not',
      type: 'termination-rescinded' as const,
      subject: 'C-77',
      enteredAt: company.entered(),
    };
    expect(await company.say(rescinded)).toMatchObject({ outcome: 'applied' });
    expect(await company.timeline()).toEqual([`end ${one}`]);
    expect([await company.outcome('first-over'), await company.outcome('second-over')]).toEqual([
      'scheduled',
      'ignored',
    ]);
  });

  it('are not rescinded by a word entered before them', async () => {
    await worksHere();
    const before = company.entered();
    const over = await company.inDays(10);
    await end('over', 'GT-50001', over);
    expect(await company.say({ id: 'not', type: 'termination-rescinded', enteredAt: before })).toEqual({
      outcome: 'ignored',
      reason: 'the end that is pending was entered later',
    });
    expect(await company.timeline()).toEqual([`end ${over}`]);
  });
});

describe('a conversion', () => {
  it('from contractor to employee is one passage: no leaver between, and the contract’s end is no end any more', async () => {
    const ends = await company.inDays(30);
    const data = { workerType: 'contractor', endDate: ends };
    await company.hire(await company.inDays(-60), { enteredAt: company.entered(), data });
    const date = await company.inDays(5);
    const converted = {
      id: 'converted',
      type: 'converted' as const,
      effectiveDate: date,
      enteredAt: company.entered(),
    };
    expect(await company.say({ ...converted, data: { from: 'contractor', to: 'employee', date } })).toMatchObject({
      outcome: 'scheduled',
    });
    await company.finished();
    expect(await company.evidence('person-terminated')).toEqual([]);
    expect(company.targets.ad.changes.filter((change) => change.startsWith('disable'))).toEqual([]);
    expect(await company.record()).toMatchObject({
      state: 'Active',
      attributes: { workerType: 'employee' },
      engagements: [{ workerType: 'contractor' }, { workerType: 'employee', startDate: date }],
    });
  });
});
