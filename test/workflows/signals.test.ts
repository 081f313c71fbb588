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

const hiredAhead = async () => {
  const start = await company.inDays(14);
  await company.hire(start);
  await company.until(({ pending }) => pending.every(({ kind }) => kind === 'start'), 'pre-hire access');
  return start;
};

const sender = expect.stringMatching(/^temporal:\d+@/);

/** What became of the one event that a signal was made into. */
const event = () =>
  until(async () => {
    const { items } = await company.line.store.read((reader) => reader.arrivals({ source: 'signal' }, { limit: 10 }));
    return items[0]?.outcome !== undefined && items[0];
  }, 'the signal’s event');

describe('a signal from the Web UI or the command line', () => {
  it('changeStartDate moves the start, with Temporal’s own word of who sent it and not the payload’s', async () => {
    const [from, to] = [await hiredAhead(), await company.inDays(21)];
    await company.signal('changeStartDate', { startDate: to, reason: 'visa', by: 'the CEO' });
    expect(await event()).toMatchObject({ outcome: 'scheduled', event: { by: sender, type: 'start-date-changed' } });
    expect((await company.evidence('start-moved')).map(({ data }) => data)).toEqual([
      { from, to, zone: newYork, by: sender },
    ]);
    expect((await company.record()).pending.find(({ kind }) => kind === 'start')).toMatchObject({
      dueAt: new Date(startOfDay(to, newYork)).toISOString(),
    });
  });

  it('changeStartDate to a day that is past would give access now: it is held', async () => {
    const start = await hiredAhead();
    await company.signal('changeStartDate', { startDate: await company.inDays(-1), reason: 'sooner' });
    expect(await event()).toMatchObject({ outcome: 'held' });
    expect(await company.record()).toMatchObject({ state: 'PreHire', engagements: [{ startDate: start }] });
    expect(await company.evidence('start-moved')).toEqual([]);
    const api = await asking(company.line.store, { client: company.environment.client });
    const id = `person:GT-50001/${(await event()).event.key}/to-release`;
    await api.post(
      `/api/exceptions/${encodeURIComponent(id)}`,
      { action: 'release', reason: 'HR was asked' },
      'security',
    );
    await api.close();
    await company.until(({ state }) => state === 'Active', 'the start');
  });

  it('cancelHire calls the hire off', async () => {
    await hiredAhead();
    await company.signal('cancelHire', { reason: 'declined' });
    await company.finished();
    expect(await company.record()).toMatchObject({ state: 'Cancelled' });
    expect(company.access()).toEqual({ ad: [], crm: [], portal: [] });
  });

  it('changeEndDate sets and takes away the end of a contract', async () => {
    await hiredAhead();
    const end = await company.inDays(60);
    await company.signal('changeEndDate', { endDate: end, reason: 'six weeks' });
    expect(await event()).toMatchObject({ outcome: 'scheduled', reason: `ends ${end}` });
    await company.signal('changeEndDate', { endDate: null, reason: 'for good' });
    await company.until(({ pending }) => pending.every(({ kind }) => kind !== 'end'), 'the end to go');
  });

  it('event is a CloudEvent like any other, but what would give access is held', async () => {
    await hiredAhead();
    await company.signal('event', { type: 'muster.department-changed', data: { department: 'Support' } });
    expect(await event()).toMatchObject({ outcome: 'held', reason: expect.stringContaining('nobody vouches for') });
    expect(await company.record()).toMatchObject({ attributes: { department: 'Sales' } });
  });

  it('is applied as the event it was once security releases it, and by nobody else', async () => {
    await hiredAhead();
    const api = await asking(company.line.store, { client: company.environment.client });
    try {
      await company.signal('event', { type: 'muster.department-changed', data: { department: 'Support' } });
      const { key } = (await event()).event;
      const id = `person:GT-50001/${key}/to-release`;
      const say = (role: string, action = 'release') =>
        api.post(`/api/exceptions/${encodeURIComponent(id)}`, { action, reason: 'HR was asked' }, role);
      expect((await say('operator')).status).toBe(403);
      expect(await say('security')).toMatchObject({
        status: 200,
        body: {
          said: `${id}: released by security-1`,
          exception: { id, resolution: { action: 'release', by: 'security-1' } },
        },
      });
      await until(async () => (await company.outcome(key)) === 'applied', 'the move');
      expect(await company.record()).toMatchObject({ attributes: { department: 'Support' } });
      expect((await company.evidence('event-released')).map(({ data }) => data)).toEqual([{ by: 'security-1' }]);
      expect((await say('security')).status).toBe(409);
    } finally {
      await api.close();
    }
  });

  it('that cannot be obeyed leaves a line that says why, and the workflow goes on', async () => {
    await hiredAhead();
    await company.signal('changeStartDate', { startDate: 'tomorrow' });
    await company.signal('event', { type: 'muster.promoted', data: {} });
    await company.signal('cancelHire', 'please');
    await until(async () => (await company.evidence('signal-refused')).length === 3, 'the refusals');
    const refused = (await company.status())['refusedSignals'];
    expect(refused).toHaveLength(3);
    expect(refused).toEqual(
      expect.arrayContaining([
        expect.stringContaining('changeStartDate: startDate must be a date such as 2026-02-02; reason'),
        expect.stringContaining('event: "muster.promoted" is no event type that Muster knows'),
        expect.stringContaining('cancelHire: it'),
      ]),
    );
    expect(await company.line.store.read((reader) => reader.arrivals({ source: 'signal' }, {}))).toMatchObject({
      items: [],
    });
    expect(await company.record()).toMatchObject({ state: 'PreHire' });
  });
});
