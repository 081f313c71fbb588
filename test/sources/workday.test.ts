import { describe, expect, it } from 'vitest';
import { endCategories } from '../../src/model/event.ts';
import type { NormalisedEvent } from '../../src/sources/source.ts';
import { workday } from '../../src/sources/workday.ts';

const read = (body: unknown, settings: unknown = {}) =>
  workday.normalise(
    {
      headers: {},
      mediaType: 'application/json',
      body: Buffer.from(JSON.stringify(body)),
      receivedAt: '2025-11-14T12:00:00.000Z',
    },
    settings,
  );

const faultsOf = (body: unknown, settings: unknown = {}): Record<string, string> => {
  const result = read(body, settings);
  return result.ok ? {} : Object.fromEntries(result.faults.map((fault) => [fault.path, fault.problem]));
};

const eventOf = (body: unknown, settings: unknown = {}): NormalisedEvent => {
  const result = read(body, settings);
  const event = result.ok ? result.events[0] : undefined;
  if (event === undefined) throw new Error(JSON.stringify(result));
  return event;
};

const end = { event: 'Worker_Terminated', workerId: 'GT-48291', effectiveDate: '2025-11-15' };

describe('a Workday body', () => {
  it('is refused with every fault by its path', () => {
    const body = {
      event: 'Worker_Hired',
      workerId: ' GT-1',
      startDate: '2025-02-30',
      endDate: '2024-01-01',
      email: 'nobody',
      isRehire: 'no',
      priorWorkerIds: ['GT-2', ''],
      transactionId: '',
    };
    expect(Object.keys(faultsOf(body)).sort()).toEqual([
      '/email',
      '/isRehire',
      '/priorWorkerIds/1',
      '/startDate',
      '/transactionId',
      '/workerId',
    ]);
  });

  it.each([
    '2025-02-30',
    '2025-13-01',
    '2023-02-29',
    '2025-1-5',
    '0001-01-01',
    '15.11.2025',
    '',
    '2025-11-15T00:00:00Z',
  ])('with the date "%s" is refused, because there is no such date', (date) => {
    expect(faultsOf({ ...end, effectiveDate: date })).toEqual({
      '/effectiveDate': 'must be a real date such as 2025-11-15',
    });
  });

  it.each([[{}], [null], [[end]], ['x'], [7]])('that is %j is refused', (body) => {
    expect(read(body).ok).toBe(false);
  });

  it.each([
    [{ event: 'Worker_Terminated', workerId: 'GT-1' }, '/effectiveDate'],
    [{ event: 'Worker_Hired', workerId: 'GT-1' }, '/startDate'],
    [{ event: 'Worker_Rehired', workerId: 'GT-1' }, '/startDate'],
    [{ event: 'Worker_Start_Date_Changed', workerId: 'GT-1' }, '/startDate'],
    [{ event: 'Worker_Transferred', workerId: 'GT-1' }, '/managerId'],
    [{ event: 'Worker_Department_Changed', workerId: 'GT-1' }, '/department'],
    [{ event: 'Worker_Contract_End_Changed', workerId: 'GT-1' }, '/endDate'],
    [{ event: 'Worker_Status_Change', workerId: 'GT-1' }, '/status'],
    [{ event: 'Worker_Terminated', effectiveDate: '2025-11-15' }, '/workerId'],
    [{ workerId: 'GT-1' }, '/event'],
    [{ event: 'Worker_Hired', workerId: 'GT-1', startDate: '2026-02-02', endDate: '2026-02-01' }, '/endDate'],
  ])('%j lacks something and is refused at %s', (body, path) => {
    expect(Object.keys(faultsOf(body))).toEqual([path]);
  });

  it('needs no date to end somebody at once', () => {
    expect(eventOf({ event: 'Worker_Terminated', workerId: 'GT-48291', immediate: true }).data).toEqual({
      immediate: true,
    });
  });

  it('with an unknown event is told the known ones and where to map others', () => {
    const problem = faultsOf({ ...end, event: 'constructor' })['/event'];
    expect(problem).toContain('Worker_Terminated');
    expect(problem).toContain('settings');
  });

  it.each([
    ['Voluntary', 'voluntary'],
    ['INVOLUNTARY', 'involuntary'],
    ['For Cause', 'forCause'],
    ['for_cause', 'forCause'],
    ['Retirement', 'retirement'],
    ['Death', 'death'],
    ['Contract End', 'contractEnd'],
    ['Job Abandonment', 'jobAbandonment'],
  ])('with the termination type "%s" is an end of category %s', (terminationType, category) => {
    expect(eventOf({ ...end, terminationType }).data.category).toBe(category);
  });

  it('with an unknown termination type is told the allowed ones and the mapping, until it is mapped', () => {
    const body = { ...end, terminationType: 'Offboarded' };
    expect(faultsOf(body)).toEqual({
      '/terminationType': `must be one of ${endCategories.join(', ')}; map other words in the source's settings (terminationTypes)`,
    });
    expect(eventOf(body, { terminationTypes: { OFFBOARDED: 'involuntary' } }).data.category).toBe('involuntary');
    expect(read({ ...end, terminationType: '__proto__' }).ok).toBe(false);
  });

  it('with a known field in another spelling is refused, because the day of the end hangs on it', () => {
    expect(faultsOf({ ...end, lastdayofwork: '2025-11-10', WorkerID: 'GT-1' })).toEqual({
      '/lastdayofwork': 'is not known; lastDayOfWork is meant, it seems',
      '/WorkerID': 'is not known; workerId is meant, it seems',
    });
  });

  it('with fields that Muster does not know is read without them', () => {
    expect(read({ ...end, costCenter: '4711', by: 'me' })).toEqual(read(end));
  });

  it("tells faults by the tenant's own names", () => {
    const settings = { fields: { workerId: '/worker/Employee_ID', effectiveDate: 'Termination_Date' } };
    const body = { event: 'Worker_Terminated', worker: { Employee_ID: 7 }, Termination_Date: '2025-02-30' };
    expect(Object.keys(faultsOf(body, settings)).sort()).toEqual(['/Termination_Date', '/worker/Employee_ID']);
    expect(Object.keys(faultsOf({ event: 'Worker_Terminated' }, settings)).sort()).toEqual([
      '/Termination_Date',
      '/worker/Employee_ID',
    ]);
  });
});

describe('the id of a Workday event', () => {
  const id = (extra: object): string | undefined => eventOf({ ...end, ...extra }).id;

  it('is absent without a transaction id', () => {
    expect(id({ enteredAt: '2025-11-14T10:00:00Z' })).toBeUndefined();
  });

  it('tells transaction, event and entry moment apart', () => {
    const ids = [
      id({ transactionId: 'T1' }),
      id({ transactionId: 'T2' }),
      id({ transactionId: 'T1', entryMoment: '2025-11-14T10:00:00Z' }),
      id({ transactionId: 'T1', entryMoment: '2025-11-14T11:00:00Z' }),
      id({ transactionId: 'T1', event: 'Worker_Termination_Rescinded' }),
      id({ transactionId: 'T1', rescinded: true }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is the same for the same moment written in two zones', () => {
    expect(id({ transactionId: 'T1', entryMoment: '2025-11-14T10:00:00Z' })).toBe(
      id({ transactionId: 'T1', enteredAt: '2025-11-14T11:00:00+01:00' }),
    );
  });
});

describe('a rescission', () => {
  it.each([
    [{ rescinded: true }, 'termination-rescinded'],
    [{ rescinded: true, active: true }, 'termination-rescinded'],
    [{ rescinded: true, active: false }, 'terminated'],
    [{ rescinded: true, correction: true }, 'terminated'],
    [{ rescinded: false, correction: true }, 'terminated'],
  ])('%j of a termination is read as %s', (flags, type) => {
    expect(eventOf({ ...end, ...flags }).type).toBe(type);
  });

  it('of a hire is a cancelled hire', () => {
    const hire = { event: 'Worker_Hired', workerId: 'GT-1', startDate: '2026-02-02', rescinded: true };
    expect(eventOf(hire).type).toBe('hire-cancelled');
    expect(eventOf({ ...hire, active: true }).type).toBe('hired');
  });
});

describe('settings', () => {
  it.each([
    { events: { X: 'Worker_Vanished' } },
    { fields: { favouriteColour: 'x' } },
    { terminationTypes: { X: 'fired' } },
    { unknown: true },
  ])('%j are refused', (settings) => {
    expect(workday.settings.safeParse(settings).success).toBe(false);
  });
});
