import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Dependencies } from '../../activities/dependencies.ts';
import { createMusterActivities } from '../../activities/index.ts';
import type { IdentityEvent } from '../../src/model/event.ts';
import { eventWorkflowId, personWorkflowId } from '../../src/model/messages.ts';
import { endOfDay, startOfDay } from '../../src/model/time.ts';
import { Company, newcomer, newYork } from '../helpers/company.ts';
import { companyPolicy } from '../helpers/company-policy.ts';
import { until } from '../helpers/line.ts';
import { memoryStore } from '../helpers/store.ts';

let company: Company | undefined;

const open = async (options?: Parameters<typeof Company.open>[0]): Promise<Company> => {
  company = await Company.open(options);
  return company;
};
afterEach(async () => {
  await company?.close();
  company = undefined;
});

type Word = Pick<IdentityEvent, 'type' | 'data'> & { id: string; effectiveDate?: string; enteredAt: string };

/** What HR says of one person, each with the moment it was entered: the later one holds, whichever comes first. */
const words = (start: string, moved: string, again: string, transfer: string, end: string): [Word, ...Word[]] => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return [
    { id: 'hired', type: 'hired', effectiveDate: start, enteredAt: at(1), data: { ...newcomer, startDate: start } },
    { id: 'moved', type: 'start-date-changed', enteredAt: at(2), data: { startDate: moved } },
    { id: 'again', type: 'start-date-changed', enteredAt: at(3), data: { startDate: again } },
    {
      id: 'transfer',
      type: 'department-changed',
      effectiveDate: transfer,
      enteredAt: at(4),
      data: { department: 'Support' },
    },
    { id: 'end', type: 'terminated', effectiveDate: end, enteredAt: at(5), data: { category: 'voluntary' } },
  ];
};

describe('many dated changes of one person', () => {
  it('are the same timeline in whatever order they arrive', async () => {
    const now = '2026-11-23T12:00:00.000Z';
    const [hired, ...rest] = words('2026-12-07', '2026-12-14', '2026-12-10', '2026-12-20', '2026-12-30');
    const expected = ['change 2026-12-20', 'end 2026-12-30', 'start 2026-12-10'];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(rest, { minLength: rest.length }), async (order) => {
        const store = await memoryStore();
        const handle = { signal: async () => undefined };
        const dependencies = {
          store,
          policy: companyPolicy,
          targets: new Map(),
          workflows: { getHandle: () => handle },
          sources: { workday: { authoritative: true, duplicateWindow: 0, mode: 'enforce' } },
          timing: {},
          log: pino({ level: 'silent' }),
        } as unknown as Dependencies;
        const activities = createMusterActivities(dependencies);
        for (const word of [hired, ...order]) {
          const event: IdentityEvent = {
            ...word,
            ...{
              key: `workday:${word.id}`,
              source: 'workday',
              subject: 'GT-50001',
              receivedAt: now,
              payloadHash: word.id,
            },
          };
          const request = { event, now, workflowId: eventWorkflowId(event.key), firstRunId: word.id };
          await activities.admitEvent(request);
          await activities.decideEvent({ person: 'GT-50001', event, now, workflowId: personWorkflowId('GT-50001') });
        }
        const person = await store.read((reader) => reader.person('GT-50001'));
        const dated = person?.pending
          .filter(({ kind }) => kind !== 'access')
          .map(({ kind, date }) => `${kind} ${date}`);
        await store.close();
        expect(dated?.sort()).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  });

  it('are all kept, sorted and shown by the status, and each happens on its day', async () => {
    const us = await open();
    const days = await Promise.all([20, 30, 10, 15, 25].map((each) => us.inDays(each)));
    const [start = '', moved = '', again = '', transfer = '', end = ''] = days;
    const [hired, ...rest] = words(start, moved, again, transfer, end);
    await us.say(hired);
    for (const word of [...rest].reverse()) await us.say(word);
    await us.until(({ pending }) => pending.every(({ kind }) => kind !== 'access'), 'pre-hire access');
    const { timeline } = await us.status();
    expect((timeline as { kind: string; date: string }[]).map(({ kind, date }) => `${kind} ${date}`)).toEqual([
      `start ${again}`,
      `change ${transfer}`,
      `end ${end}`,
    ]);
    expect(await us.outcome('moved')).toBe('ignored');
    await us.goTo(endOfDay(end, newYork) + 60_000);
    await us.until(({ state }) => state === 'Terminated', 'the end');
    const at = (day: string) => new Date(startOfDay(day, newYork)).toISOString();
    expect(await us.happened('person-active')).toEqual([at(again)]);
    expect(await us.happened('person-changed')).toEqual([at(transfer)]);
    expect(await us.happened('end-begun')).toEqual([new Date(endOfDay(end, newYork)).toISOString()]);
    expect(us.targets.ad.changes).toContain('grant support to nadia.berg@GT-50001');
  });

  it('that came due while nothing ran happen in their order all the same', async () => {
    const us = await open();
    const [start, transfer, end] = [await us.inDays(5), await us.inDays(8), await us.inDays(12)];
    await us.hire(start, { enteredAt: us.entered() });
    await us.say({
      id: 'transfer',
      type: 'department-changed',
      effectiveDate: transfer,
      data: { department: 'Support' },
    });
    await us.say({ id: 'end', enteredAt: us.entered(), data: { effectiveDate: end, category: 'voluntary' } });
    await us.until(({ pending }) => pending.every(({ kind }) => kind !== 'access'), 'pre-hire access');
    // All three days pass between one look and the next.
    const past = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    await us.line.store.transaction(async (tx) => {
      const person = await tx.person('GT-50001');
      for (const row of person?.pending ?? []) {
        const days = row.kind === 'start' ? 9 : row.kind === 'change' ? 6 : 2;
        await tx.putPending('GT-50001', { ...row, dueAt: past(days) });
      }
    });
    await us.say({ id: 'nudge', type: 'leave-started', data: {} });
    await us.until(({ state }) => state === 'Terminated', 'the end');
    const kinds = (await us.evidence()).map(({ kind }) => kind);
    const order = ['person-active', 'person-changed', 'end-begun', 'person-terminated'];
    expect(kinds.filter((kind) => order.includes(kind))).toEqual(order);
  });
});

describe('a long life', () => {
  it('starts afresh with a short history and loses nothing that comes in that moment, events or signals', async () => {
    const us = await open({ timing: { historyEvents: 40 } });
    await us.hire(await us.inDays(30));
    await us.until(({ pending }) => pending.every(({ kind }) => kind !== 'access'), 'pre-hire access');
    const first = (await us.environment.client.workflow.getHandle(personWorkflowId(us.person)).describe()).runId;
    const ids = Array.from({ length: 24 }, (_, index) => `leave-${index}`);
    const dates = await Promise.all([40, 50, 60, 70].map((days) => us.inDays(days)));
    await Promise.all([
      ...ids.map((id) => us.send({ id, type: 'leave-started' })),
      ...dates.map((endDate) => us.signal('changeEndDate', { endDate, reason: 'a test' })),
    ]);
    await until(async () => {
      const outcomes = await Promise.all(ids.map((id) => us.outcome(id)));
      return outcomes.every((outcome) => outcome === 'ignored');
    }, 'every event to be answered');
    const signalled = await until(async () => {
      const { items } = await us.line.store.read((reader) => reader.arrivals({ source: 'signal' }, { limit: 50 }));
      return items.length === 4 && items.every(({ outcome }) => outcome !== undefined) && items;
    }, 'every signal to be an event');
    expect(new Set(signalled.map(({ event }) => event.data.endDate)).size).toBe(4);
    const now = await us.environment.client.workflow.getHandle(personWorkflowId(us.person)).describe();
    expect(now.runId).not.toBe(first);
    expect(now.historyLength).toBeLessThan(200);
  });

  it('goes on after its workers were started anew, for everybody who waits', async () => {
    const us = await open({ real: true });
    const [start, today] = [await us.inDays(14), await us.today()];
    const people = ['GT-50001', 'GT-50002', 'GT-50003'];
    for (const [index, subject] of people.entries()) {
      const data = { ...newcomer, firstName: `Nadia${index}`, startDate: start };
      await us.say({ id: `hired-${index}`, type: 'hired', subject, data });
    }
    await until(() => us.targets.portal.accounts.size === 3 && us.targets.ad.accounts.size === 3, 'pre-hire access');
    await us.line.restartWorkers();
    for (const subject of people) {
      const sooner = {
        id: `sooner-${subject}`,
        type: 'start-date-changed' as const,
        subject,
        data: { startDate: today },
      };
      expect(await us.say(sooner)).toMatchObject({ outcome: 'applied' });
      expect(await us.line.store.read((reader) => reader.person(subject))).toMatchObject({ state: 'Active' });
    }
  });
});
