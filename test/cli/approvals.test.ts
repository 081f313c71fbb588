import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnsweringApi, answeringApi } from './answering-api.ts';

const id = 'GT-48291/aaaaaaaaaaaa/1';
const approval = {
  ...{ id, person: 'GT-48291', rule: 'admin-role', state: 'open', summary: ['GT-48291 gets admin in Salesforce'] },
  ...{ approvers: ['GT-41007', 'operator:operator-2'], said: [{ by: 'GT-2' }], dueAt: '2026-01-06T17:00:00.000Z' },
  requestedBy: 'GT-3',
};
const { requestedBy: _, ...refused } = {
  ...{ ...approval, id: 'GT-9/b/1', state: 'refused', said: [], decidedAt: '2026-01-05T10:00:00.000Z' },
  ...{ decidedBy: 'GT-2', comment: 'no need' },
};

let api: AnsweringApi;
beforeEach(async () => {
  api = await answeringApi();
});
afterEach(() => api.close());

describe('muster approvals', () => {
  it('lists the open ones, all pages of them', async () => {
    api.answers.push(
      { status: 200, body: { items: [approval], next: 'more' } },
      { status: 200, body: { items: [refused] } },
    );
    expect(await api.muster('approvals', '--person', 'GT-48291')).toBe(0);
    expect(api.asked.map(({ method, url }) => [method, url])).toEqual([
      ['GET', '/api/approvals?person=GT-48291&limit=200&open=true'],
      ['GET', '/api/approvals?person=GT-48291&cursor=more&limit=200&open=true'],
    ]);
    expect(api.out).toEqual([
      [
        `admin-role: GT-48291, asked for by GT-3  (${id})`,
        '  GT-48291 gets admin in Salesforce',
        '  asked GT-41007, operator:operator-2, due 2026-01-06T17:00:00.000Z, agreed by GT-2',
      ].join('\n'),
      [
        'admin-role: GT-48291  (GT-9/b/1)',
        '  GT-48291 gets admin in Salesforce',
        '  refused 2026-01-05T10:00:00.000Z by GT-2: no need',
      ].join('\n'),
    ]);
  });

  it('says when there are none, and gives JSON', async () => {
    api.answers.push({ status: 200, body: { items: [] } });
    expect(await api.muster('approvals', 'list', '--all', '--approver', 'operator-1')).toBe(0);
    expect(await api.muster('approvals', 'list', '--json')).toBe(0);
    expect(api.asked[0]?.url).toBe('/api/approvals?approver=operator-1&limit=200&open=all');
    expect(api.out).toEqual(['No approvals.', '{"items":[]}']);
  });

  it('sends what is decided, and says what came of it', async () => {
    api.answers.push({ status: 200, body: { said: `${id}: step 2 of it is asked now`, approval } });
    expect(await api.muster('approvals', 'approve', id)).toBe(0);
    expect(api.asked).toEqual([
      {
        method: 'POST',
        url: `/api/approvals/${encodeURIComponent(id)}`,
        token: 'Bearer a-token',
        body: { decision: 'approve' },
      },
    ]);
    expect(api.out).toEqual([
      `${id}: step 2 of it is asked now`,
      'Asked now: GT-41007, operator:operator-2, until 2026-01-06T17:00:00.000Z.',
    ]);
  });

  it('refuses with a comment, and without one not at all', async () => {
    api.answers.push({ status: 200, body: { said: `${id} is refused`, approval: { ...approval, state: 'refused' } } });
    expect(await api.muster('approvals', 'refuse', id)).toBe(2);
    expect(api.err.join('\n')).toContain('say why: refuse needs --comment');
    expect(api.asked).toEqual([]);
    expect(await api.muster('approvals', 'refuse', id, '--comment', 'no need')).toBe(0);
    expect(api.asked[0]?.body).toEqual({ decision: 'refuse', comment: 'no need' });
    expect(api.out).toEqual([`${id} is refused`]);
  });

  it.each([
    [403, 1],
    [409, 1],
    [503, 3],
  ])('ends a %i with %i', async (status, code) => {
    api.answers.push({ status, body: { title: 'Problem', status, detail: 'in its own words' } });
    expect(await api.muster('approvals', 'approve', id)).toBe(code);
    expect(api.err.join('\n')).toContain('in its own words');
  });
});

describe('muster delegate', () => {
  const delegation = {
    ...{ approver: 'GT-2', delegate: 'GT-3', by: 'operator-1' },
    ...{ from: '2026-07-01T00:00:00.000Z', until: '2026-07-15T00:00:00.000Z' },
  };

  it('says who decides for whom, from the first day to the end of the last', async () => {
    api.answers.push({ status: 200, body: delegation });
    expect(await api.muster('delegate', 'GT-2', 'GT-3', '--from', '2026-07-01', '--until', '2026-07-14')).toBe(0);
    const { by: _, ...body } = delegation;
    expect(api.asked).toEqual([{ method: 'POST', url: '/api/delegations', token: 'Bearer a-token', body }]);
    expect(api.out).toEqual([
      'GT-3 decides for GT-2 from 2026-07-01T00:00:00.000Z until 2026-07-15T00:00:00.000Z (said by operator-1)',
    ]);
  });

  it('lists them without names', async () => {
    api.answers.push({ status: 200, body: { items: [] } });
    expect(await api.muster('delegate')).toBe(0);
    expect(api.asked.map(({ method, url }) => [method, url])).toEqual([['GET', '/api/delegations']]);
    expect(api.out).toEqual(['Nobody decides for anybody.']);
  });

  it('takes an instant with its offset, and now', async () => {
    api.answers.push({ status: 200, body: delegation });
    await api.muster('delegate', 'GT-2', 'GT-3', '--until', '2026-07-14T18:00:00+02:00');
    await api.muster('delegate', 'GT-2', 'GT-3', '--until', 'now');
    expect(api.asked.map(({ body }) => body)).toEqual([
      { approver: 'GT-2', delegate: 'GT-3', until: '2026-07-14T18:00:00+02:00' },
      { approver: 'GT-2', delegate: 'GT-3', until: expect.stringMatching(/Z$/) },
    ]);
  });

  it.each([
    [['GT-2'], 'say who decides for them'],
    [['GT-2', 'GT-3'], 'say how long: --until'],
    [['GT-2', 'GT-3', '--until', '2026-07-14T18:00'], 'is neither a day'],
    [['GT-2', 'GT-3', '--until', '2026-02-30'], 'is neither a day'],
  ])('is wrong usage with %j', async (args, words) => {
    expect(await api.muster('delegate', ...args)).toBe(2);
    expect(api.err.join('\n')).toContain(words);
    expect(api.asked).toEqual([]);
  });
});
