import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Company } from '../helpers/company.ts';

let company: Company;

beforeEach(async () => {
  company = await Company.open();
  await company.hire(await company.inDays(-400), { enteredAt: company.entered() });
});
afterEach(() => company.close());

const rescinded = (more: Record<string, unknown> = {}) =>
  company.say({ id: 'not', type: 'termination-rescinded', enteredAt: company.entered(), ...more });

const leaves = (id: string, data: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  company.say({ id, data: { category: 'voluntary', ...data }, ...more });

const kept = {
  outcome: 'applied',
  reason: 'no end is pending; a termination that was entered before this ends nobody when it arrives',
};

describe('a termination that is taken back before it arrives', () => {
  it('ends nobody when it does, however it was sent, and one that was entered after that ends them', async () => {
    const [before, today] = [company.entered(), await company.today()];
    expect(await rescinded({ effectiveDate: today })).toEqual(kept);
    expect((await company.evidence('rescission-kept')).map(({ data }) => data)).toEqual([{}]);
    await company.finished();
    for (const [id, data] of [
      ['late', { effectiveDate: today }],
      ['again', { effectiveDate: today, category: 'involuntary' }],
      ['at-once', { immediate: true, category: 'forCause' }],
    ] as const) {
      expect(await leaves(id, data, { enteredAt: before })).toEqual({
        outcome: 'ignored',
        reason: 'taken back by workday:not, which was entered later and came before it',
      });
    }
    expect(await company.record()).toMatchObject({ state: 'Active', pending: [] });
    expect(await leaves('anew', { effectiveDate: today }, { enteredAt: company.entered() })).toMatchObject({
      outcome: 'applied',
    });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
  });

  it('asks a person where it names another day, or nobody knows which was entered last', async () => {
    const [before, day, other] = [company.entered(), await company.inDays(10), await company.inDays(20)];
    await rescinded({ effectiveDate: day });
    expect(await leaves('other', { effectiveDate: other }, { enteredAt: before })).toMatchObject({
      outcome: 'held',
      reason: expect.stringContaining(
        `workday:not took back an end of theirs before this arrived; that one was to be on ${day}`,
      ),
    });
    expect(await leaves('unknown', { effectiveDate: day })).toMatchObject({
      outcome: 'held',
      reason: expect.stringContaining('which of the two was entered last is not known'),
    });
    expect((await company.record()).pending).toEqual([]);
  });

  it('is no reason to wait with what is at once, nor with another day that may be the newer word: it happens, and a person is asked', async () => {
    await rescinded({ effectiveDate: await company.today() });
    const other = await company.inDays(20);
    expect(await leaves('other', { effectiveDate: other })).toMatchObject({ outcome: 'scheduled' });
    expect(await company.openExceptions()).toEqual([expect.stringContaining('took back an end of theirs')]);
    expect(await leaves('cause', { category: 'forCause' })).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Terminated' });
  });

  it('is stale though its rescission was heard in its turn, and another one says the same again later', async () => {
    const [first, day] = [company.entered(), await company.inDays(10)];
    await leaves('ends', { effectiveDate: day }, { enteredAt: first });
    expect(await rescinded()).toEqual({ outcome: 'applied' });
    expect(await leaves('resent', { effectiveDate: day }, { enteredAt: first })).toMatchObject({ outcome: 'ignored' });
    // What says no entry moment came after it: it is heard as it always was.
    expect(await leaves('anew', { effectiveDate: day })).toMatchObject({ outcome: 'scheduled' });
  });
});
