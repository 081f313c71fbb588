import { describe, expect, it } from 'vitest';
import type { IdentityEvent } from '../../src/model/event.ts';
import { birthDateHash } from '../../src/sources/birth-date.ts';
import { FakeTemporal } from './fake-temporal.ts';
import { receiving, secrets } from './receiving.ts';

const key = 'a key that stays where it is';
const config = (more: string) => `
${more}
sources:
  workday:
    kind: workday
    authoritative: true
    authentication: [{ type: standard-webhooks, secrets: [env:HR_SECRET] }]
  cloudevents:
    kind: cloudevents
    authentication: [{ type: standard-webhooks, secrets: [env:HR_SECRET] }]
`;
const day = '1984-03-09';
const hire = { event: 'Worker_Hired', workerId: 'GT-50001', startDate: '2026-02-02', birthDate: day };
const cloudEvent = {
  ...{ specversion: '1.0', id: 'A-1', source: 'hr', type: 'muster.hired', subject: 'GT-50001' },
  data: { startDate: '2026-02-02', birthDate: day, birthDateHash: 'made up' },
};

async function taken(source: string, body: unknown, more = 'birthDateKey: env:BIRTH_DATE_KEY') {
  const temporal = new FakeTemporal();
  const env = { ...secrets, BIRTH_DATE_KEY: key };
  const receiver = await receiving({ client: async () => temporal.client, config: config(more), env });
  const answer = await receiver.post(source, body);
  const everything = JSON.stringify([answer, receiver.log, [...temporal.started.values()], temporal.asked]);
  await receiver.close();
  const [start] = temporal.started.values();
  const [input] = (start?.options.args ?? []) as { event: IdentityEvent }[];
  return { status: answer.status, data: input?.event.data, event: input?.event, everything, answer };
}

describe('a date of birth', () => {
  it.each([
    ['workday', hire],
    ['cloudevents', cloudEvent],
  ])('from %s goes on as a keyed hash alone: no history, answer or log has it', async (source, body) => {
    const { status, data, event, everything } = await taken(source, body);
    expect(status).toBe(202);
    expect(data).toEqual({ startDate: '2026-02-02', birthDateHash: birthDateHash(day, key) });
    expect(event).not.toHaveProperty('birthDate');
    expect(everything).not.toContain(day);
    expect(everything).not.toContain(key);
  });

  it('is dropped where there is no key for it, and so is a hash that a sender has made up', async () => {
    const { status, data, everything } = await taken('cloudevents', cloudEvent, '');
    expect([status, data]).toEqual([202, { startDate: '2026-02-02' }]);
    expect(everything).not.toContain(day);
  });

  it('that is none is refused by its path', async () => {
    const { status, answer } = await taken('workday', { ...hire, birthDate: '1984-02-30' });
    expect(status).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ path: '/birthDate' }] });
  });

  it('has another hash under another key, and for another day', () => {
    const hashes = [birthDateHash(day, key), birthDateHash(day, 'other'), birthDateHash('1984-03-10', key)];
    expect(new Set(hashes).size).toBe(3);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });
});
