import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnsweringApi, answeringApi } from './answering-api.ts';

const accepted = { status: 'accepted', eventId: 'operator:1', workflowId: 'event:operator:1' };
const at = (outcome: string | undefined, reason?: string) => ({
  status: 200,
  body: {
    key: 'operator:1',
    ...(outcome === undefined ? {} : { outcome }),
    ...(reason === undefined ? {} : { reason }),
  },
});

let api: AnsweringApi;
beforeEach(async () => {
  api = await answeringApi();
});
afterEach(() => api.close());

const amend = (...more: string[]) =>
  api.muster('hire', 'amend', 'GT-50001', '--start', '2026-02-02', '--reason', 'visa', ...more);

describe('an order', () => {
  it.each<[string, string, unknown]>([
    ['hire cancel GT-50001 --reason withdrew', '/api/hires/GT-50001/cancel', { reason: 'withdrew' }],
    [
      'people contract-end a/b --end 2026-03-31 --reason prolonged',
      '/api/people/a%2Fb/contract-end',
      { endDate: '2026-03-31', reason: 'prolonged' },
    ],
    [
      'people contract-end GT-1 --end none --reason permanent',
      '/api/people/GT-1/contract-end',
      { endDate: null, reason: 'permanent' },
    ],
    [
      'privileges grant GT-1 production --until 2026-01-31 --reason on-call',
      '/api/people/GT-1/privileges',
      { privilege: 'production', reason: 'on-call', until: '2026-01-31' },
    ],
    ['legal-hold place GT-1 --case C-7', '/api/people/GT-1/legal-holds', { case: 'C-7' }],
    ['legal-hold lift GT-1', '/api/people/GT-1/legal-holds/lift', {}],
    ['legal-hold lift GT-1 --hold hold:1', '/api/people/GT-1/legal-holds/lift', { hold: 'hold:1' }],
    ['undo workday:42 --reason wrong', '/api/undo', { event: 'workday:42', reason: 'wrong' }],
  ])('muster %s is posted', async (line, url, body) => {
    api.answers.push({ status: 202, body: accepted });
    expect(await api.muster(...line.split(' '), '--no-wait')).toBe(0);
    expect(api.asked).toEqual([{ method: 'POST', url, token: 'Bearer a-token', body }]);
    expect(api.out).toEqual(['accepted: operator:1 (workflow event:operator:1)']);
  });

  it('waits until it is known what comes of it, and says so', async () => {
    api.answers.push(
      { status: 202, body: accepted },
      { status: 404, body: { detail: 'no event has that key' } },
      at(undefined),
      at('scheduled', 'starts 2026-02-02T05:00:00.000Z (was 2026-01-05)'),
    );
    expect(await amend()).toBe(0);
    expect(api.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /api/hires/GT-50001/amend',
      ...Array<string>(3).fill('GET /api/events/operator%3A1'),
    ]);
    expect(api.out).toEqual([
      'scheduled: starts 2026-02-02T05:00:00.000Z (was 2026-01-05)',
      '  event operator:1, workflow event:operator:1',
    ]);
  });

  it.each([
    ['held', 1],
    ['ignored', 1],
    ['failed', 1],
    ['dropped', 1],
    ['applied', 0],
    ['waiting', 0],
  ])('of which becomes "%s" ends with %i', async (outcome, code) => {
    api.answers.push({ status: 202, body: accepted }, at(outcome, 'because'));
    expect(await amend('--json')).toBe(code);
    expect(JSON.parse(api.out[0] ?? '')).toEqual({ ...accepted, outcome, reason: 'because' });
  });

  it('that nobody has decided about in time is still under way, which is no failure', async () => {
    api.answers.push({ status: 202, body: accepted }, at(undefined));
    expect(await amend()).toBe(0);
    expect(api.out).toEqual(['accepted: operator:1, and still under way (workflow event:operator:1)']);
  });

  it('that is refused says why, with every fault', async () => {
    const errors = [{ path: '/startDate', problem: 'must be a real date such as 2025-11-15' }];
    api.answers.push({ status: 400, body: { detail: 'the body breaks the schema', errors } });
    expect(await amend()).toBe(1);
    expect(api.err.join('\n')).toContain('/startDate: must be a real date');
  });

  it('lacks nothing that it needs', async () => {
    expect(await api.muster('hire', 'amend', 'GT-1', '--start', '2026-02-02')).toBe(2);
    expect(await api.muster('undo', 'workday:42')).toBe(2);
    expect(await api.muster('hire', 'cancel', 'GT-1', '--reason', 'so', '--as', '../../x')).toBe(2);
    expect(await api.muster('hire', 'cancel', 'GT-1', '--reason', 'so', '--as', 'nobody')).toBe(2);
    expect(api.asked).toEqual([]);
  });
});

const hire = {
  ...{ person: 'GT-50001', name: 'Nadia Berg', state: 'PreHire', startDate: '2026-02-02', zone: 'Europe/Berlin' },
  ...{ startsAt: '2026-02-01T23:00:00.000Z', event: 'workday:7', workflowId: 'person:GT-50001' },
  moves: [
    { from: '2026-01-05', to: '2026-02-02', by: 'operator-1', event: 'operator:1', at: '2025-12-01T10:00:00.000Z' },
  ],
  accounts: [{ target: 'portal', name: 'nadia', kind: 'primary', status: 'enabled', entitlements: 1 }],
  due: [
    {
      ...{ id: 's', kind: 'start', dueAt: '2026-02-01T23:00:00.000Z', event: 'workday:7', confidential: false },
      what: 'they start on 2026-02-02',
    },
  ],
};

describe('muster hire', () => {
  it('lists who is to start, all pages of them', async () => {
    api.answers.push({ status: 200, body: { items: [hire], next: 'more' } }, { status: 200, body: { items: [] } });
    expect(await api.muster('hire', 'list', '--starts-before', '2026-03-01', '--location', 'Berlin')).toBe(0);
    expect(api.asked.map(({ url }) => url)).toEqual([
      '/api/hires?startsBefore=2026-03-01&location=Berlin&limit=200',
      '/api/hires?startsBefore=2026-03-01&location=Berlin&limit=200&cursor=more',
    ]);
    expect(api.out).toEqual(['2026-02-02 Europe/Berlin  GT-50001  Nadia Berg  (PreHire, was 2026-01-05)']);
  });

  it('shows one', async () => {
    api.answers.push({ status: 200, body: hire });
    expect(await api.muster('hire', 'show', 'GT-50001')).toBe(0);
    expect(api.out.join('\n').split('\n')).toEqual([
      'GT-50001  Nadia Berg  PreHire',
      '  starts 2026-02-02 (Europe/Berlin), at 2026-02-01T23:00:00.000Z, by workday:7',
      '  moved    from 2026-01-05 to 2026-02-02 by operator-1 at 2025-12-01T10:00:00.000Z',
      '  account  portal: nadia enabled, 1 entitlement',
      '  due      2026-02-01T23:00:00.000Z  they start on 2026-02-02, from workday:7',
    ]);
  });
});

describe('muster people timeline', () => {
  it('tells all pages of what happened, and what is due', async () => {
    const line = (what: string) => ({
      at: '2025-11-15T12:00:00.000Z',
      recordedAt: '2025-11-15T12:00:00.000Z',
      kind: 'k',
      what,
    });
    const rest = { person: 'GT-1', name: 'One', state: 'Active', due: hire.due, workflowId: 'person:GT-1' };
    api.answers.push(
      { status: 200, body: { ...rest, happened: [line('first')], next: 'more' } },
      { status: 200, body: { ...rest, happened: [line('second')] } },
    );
    expect(await api.muster('people', 'timeline', 'GT-1')).toBe(0);
    expect(api.out.join('\n').split('\n')).toEqual([
      'GT-1  One  Active',
      'happened',
      '  2025-11-15T12:00:00.000Z  first',
      '  2025-11-15T12:00:00.000Z  second',
      'due',
      '  due      2026-02-01T23:00:00.000Z  they start on 2026-02-02, from workday:7',
    ]);
  });
});

describe('muster legal-hold', () => {
  it('lists those in force', async () => {
    const hold = { person: 'GT-1', id: 'hold:1', case: 'C-7', by: 'operator-2', at: '2025-11-15T12:00:00.000Z' };
    api.answers.push({ status: 200, body: { items: [{ ...hold, liftAskedBy: 'operator-1' }] } });
    expect(await api.muster('legal-hold')).toBe(0);
    expect(api.out).toEqual([
      'GT-1  C-7  by operator-2 at 2025-11-15T12:00:00.000Z; operator-1 asks to lift it  (hold:1)',
    ]);
  });
});
