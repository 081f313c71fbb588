import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importPeople } from '../../src/directory/import-people.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import { addDays, endOfDay, startOfDay } from '../../src/model/time.ts';
import { waitForDays } from '../../src/operator/import-ahead.ts';
import { startEvent } from '../../src/receiver/event-start.ts';
import { Company, newYork } from '../helpers/company.ts';
import { until } from '../helpers/line.ts';

let company: Company;

beforeEach(async () => {
  company = await Company.open();
  await company.line.addPerson({ id: 'GT-1', attributes: { email: 'lead@globaltech.example' } });
});
afterEach(() => company.close());

/** Somebody on a contract that ends in so many days. */
async function contracted(days: number): Promise<string> {
  const end = await company.inDays(days);
  const data = { workerType: 'contractor', endDate: end, managerId: 'GT-1' };
  await company.hire(await company.inDays(-60), { enteredAt: company.entered(), data });
  return end;
}

const change = (id: string, endDate: string | null, more: Record<string, unknown> = {}) =>
  company.say({ id, type: 'contract-end-changed', enteredAt: company.entered(), data: { endDate }, ...more });

const rows = (end: string) => [30, 7, 1].map((days) => `reminder ${addDays(end, -days)}`).concat(`end ${end}`);

describe('the end of a contract', () => {
  it('is told the manager 30, 7 and 1 days before, and is a termination though HR says no other word', async () => {
    const end = await contracted(45);
    expect(await company.timeline()).toEqual(rows(end));
    await company.goTo(endOfDay(end, newYork) + 60_000);
    await company.until(({ state }) => state === 'Terminated', 'the end');
    expect(company.targets.crm.messages.map(({ to, title }) => ({ to, title }))).toEqual(
      [1, 2, 3].map(() => ({ to: { email: 'lead@globaltech.example' }, title: `Contract of GT-50001 ends ${end}` })),
    );
    const sent = (await company.evidence('message-sent')).map(({ at }) => at.slice(0, 10));
    expect(sent).toEqual(
      [30, 7, 1].map((days) => new Date(startOfDay(addDays(end, -days), newYork)).toISOString().slice(0, 10)),
    );
    expect(await company.happened('end-begun')).toEqual([new Date(endOfDay(end, newYork)).toISOString()]);
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
    expect(await company.record()).toMatchObject({ engagements: [{ endDate: end, end: { event: 'workday:hired' } }] });
  });

  it('moves with its reminders, forwards and back, and by nothing that was entered earlier', async () => {
    await contracted(45);
    const [later, sooner] = [await company.inDays(100), await company.inDays(20)];
    const stale = company.entered();
    expect(await change('later', later)).toEqual({ outcome: 'scheduled', reason: `ends ${later}` });
    expect(await company.timeline()).toEqual(rows(later));
    expect(await change('stale', sooner, { enteredAt: stale })).toMatchObject({ outcome: 'ignored' });
    expect(await change('sooner', sooner)).toMatchObject({ outcome: 'scheduled' });
    expect(await company.timeline()).toEqual(rows(sooner).slice(1));
    expect(await change('same', sooner)).toEqual({ outcome: 'ignored', reason: `already so: it ends on ${sooner}` });
    expect((await company.evidence('contract-end-moved')).map(({ data }) => data)).toEqual([
      { from: expect.any(String), to: later, by: 'workday' },
      { from: later, to: sooner, by: 'workday' },
    ]);
  });

  it('is none any more with `endDate: null`, and a word entered before that does not bring it back', async () => {
    await contracted(45);
    const stale = company.entered();
    expect(await change('none', null)).toEqual({ outcome: 'applied', reason: 'no end any more' });
    expect(await company.timeline()).toEqual([]);
    expect(await change('stale', await company.inDays(90), { enteredAt: stale })).toMatchObject({ outcome: 'ignored' });
    expect((await company.record()).engagements[0]).not.toHaveProperty('endDate');
    expect(await company.timeline()).toEqual([]);
  });

  it('more than a week past is held, and less is an end now', async () => {
    const end = await contracted(45);
    const longAgo = await company.inDays(-8);
    expect(await change('long-ago', longAgo)).toMatchObject({ outcome: 'held' });
    expect(await company.timeline()).toEqual(rows(end));
    const past = await company.inDays(-3);
    expect(await change('past', past)).toMatchObject({ outcome: 'applied' });
    expect(await company.record()).toMatchObject({ state: 'Terminated', engagements: [{ endDate: past }] });
    expect(company.access().ad).toEqual(['nadia.berg@GT-50001 off']);
  });

  it('gives way to HR’s termination, and comes back when that is rescinded', async () => {
    const end = await contracted(45);
    const sooner = await company.inDays(10);
    const over = { effectiveDate: sooner, category: 'voluntary' };
    expect(await company.say({ id: 'ends', enteredAt: company.entered(), data: over })).toMatchObject({
      outcome: 'scheduled',
    });
    expect((await company.timeline()).filter((row) => row.startsWith('end'))).toEqual([`end ${sooner}`]);
    const moved = await company.inDays(80);
    expect(await change('moved', moved)).toMatchObject({ outcome: 'ignored' });
    expect(moved > end).toBe(true);
    expect(await company.say({ id: 'not', type: 'termination-rescinded', enteredAt: company.entered() })).toMatchObject(
      {
        outcome: 'applied',
      },
    );
    expect(await company.timeline()).toEqual(rows(moved));
    expect(await company.outcome('ends')).toBe('ignored');
    await until(async () => (await company.outcome('not')) === 'applied', 'the rescission');
  });

  it('stays in sight beside an end that must not show, moves as if there were none, and goes when that takes effect', async () => {
    const end = await contracted(45);
    const sooner = await company.inDays(10);
    const secret = { effectiveDate: sooner, category: 'involuntary' };
    expect(await company.say({ id: 'ends', enteredAt: company.entered(), data: secret })).toMatchObject({
      outcome: 'scheduled',
    });
    const shown = async () =>
      (await company.record()).pending
        .filter(({ confidential }) => !confidential)
        .map(({ kind, date }) => `${kind} ${date}`);
    expect((await shown()).sort()).toEqual([...rows(end)].sort());
    const inStatus = async () => (await company.status())['timeline'] as { kind: string; date: string }[];
    expect((await inStatus()).filter(({ kind }) => kind === 'end')).toMatchObject([{ date: end }]);
    // Said as it is always said.
    const moved = await company.inDays(60);
    expect(await change('moved', moved)).toEqual({ outcome: 'scheduled', reason: `ends ${moved}` });
    expect((await shown()).sort()).toEqual([...rows(moved)].sort());
    expect(await company.outcome('ends')).toBe('scheduled');
    await company.goTo(endOfDay(sooner, newYork) + 60_000);
    await company.until(({ state }) => state === 'Terminated', 'the end');
    expect((await company.timeline()).filter((row) => row.startsWith('end') || row.startsWith('reminder'))).toEqual([]);
    expect(await company.record()).toMatchObject({
      engagements: [{ endDate: sooner, end: { category: 'involuntary' } }],
    });
  });

  it.each([
    ['on the same day, it is that end', 5],
    ['on a day before, it is none', 8],
  ])('beside an end that must not show: %s', async (_, days) => {
    const end = await contracted(5);
    const day = await company.inDays(days);
    const secret = { effectiveDate: day, category: 'involuntary' };
    await company.say({ id: 'ends', enteredAt: company.entered(), data: secret });
    await company.goTo(endOfDay(end, newYork) + 60_000);
    if (day !== end) {
      await company.until(({ pending }) => pending.length === 1, 'the contract’s day to pass');
      expect(await company.record()).toMatchObject({ state: 'Active' });
      await company.goTo(endOfDay(day, newYork) + 60_000);
    }
    await company.until(({ state }) => state === 'Terminated', 'the end');
    expect(await company.evidence('end-begun')).toHaveLength(1);
    expect(await company.record()).toMatchObject({ engagements: [{ endDate: day, end: { category: 'involuntary' } }] });
  });

  it('comes back to nobody’s notice when what must not show is taken back', async () => {
    const end = await contracted(45);
    const before = (await company.record()).pending;
    const secret = { effectiveDate: await company.inDays(10), category: 'involuntary' };
    await company.say({ id: 'ends', enteredAt: company.entered(), data: secret });
    await company.until(
      ({ pending }) => pending.every(({ kind, confidential }) => kind !== 'reminder' || !confidential),
      'the word to security',
    );
    expect(await company.say({ id: 'not', type: 'termination-rescinded', enteredAt: company.entered() })).toEqual({
      outcome: 'applied',
    });
    const { pending } = await company.record();
    const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
    expect([...pending].sort(byId)).toEqual([...before].sort(byId));
    expect(await company.timeline()).toEqual(rows(end));
  });

  it('is a termination of its own priority and day, whatever the hire said when it armed it', async () => {
    const end = await contracted(3);
    await company.goTo(endOfDay(end, newYork) + 60_000);
    await company.until(({ state }) => state === 'Terminated', 'the end');
    expect(await company.timeline()).toEqual([
      `later removeLicences ${addDays(end, 11)}`,
      `later deleteAccounts ${addDays(end, 31)}`,
    ]);
  });

  it('of somebody who was imported is waited for as well', async () => {
    const [startDate, endDate] = [await company.inDays(-60), await company.inDays(45)];
    const imported = {
      ...{ source: 'workday', workerId: company.person, firstName: 'Nadia', lastName: 'Berg', managerId: 'GT-1' },
      ...{ email: 'nadia@globaltech.example', location: 'New York', workerType: 'contractor', startDate, endDate },
    };
    const stamp = { by: 'operator-1', at: new Date(await company.environment.currentTimeMs()).toISOString() };
    const workflows = company.environment.client.workflow;
    const frontend = { start: (_: string, __: string, event: IdentityEvent) => startEvent(workflows, event) };
    await importPeople(company.line.store, [imported], stamp);
    await waitForDays(company.line.store, frontend, [imported], stamp);
    await company.until(({ pending }) => pending.length === 4, 'the timeline');
    expect(await company.timeline()).toEqual(rows(endDate));
  });
});
