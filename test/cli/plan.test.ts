import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnsweringApi, answeringApi } from './answering-api.ts';

const change = {
  id: 'grant:crm:seller',
  target: 'crm',
  action: 'grant',
  summary: 'give GT-1 seller in CRM',
  after: [],
};
const plan = {
  ...{ hash: `sha256:${'a'.repeat(64)}`, policy: 'sha256:b', proposed: [], observed: [] },
  changes: [
    { ...change, because: 'sales: Sales sells' },
    { ...change, id: 'message:slack:m', action: 'message', summary: 'tell the manager', because: 'transitions.moved' },
  ],
  kept: [{ target: 'ad', entitlement: 'support', because: 'what they had before they moved' }],
  stopped: [{ id: 'grant:crm:admin', summary: 'give GT-1 admin in CRM', reason: 'pays and approves' }],
};
const shown = {
  ...{ person: 'GT-1', event: { type: 'department-changed', subject: 'GT-1', source: 'workday' }, mode: 'observe' },
  ...{ outcome: 'applied', state: { before: 'Active', after: 'Active' }, gone: [], exceptions: [], accounts: [] },
  moments: [
    {
      ...{ at: '2025-11-15T12:00:00.000Z', state: 'Active', plan },
      asks: [
        {
          rule: 'console',
          state: 'open',
          approvers: ['GT-2'],
          dueAt: '2025-11-16T12:00:00.000Z',
          summary: ['GT-1 gets console'],
        },
      ],
    },
  ],
  due: [{ id: 'g', kind: 'grace', dueAt: '2025-11-22T12:00:00.000Z', what: 'access is planned anew' }],
  seen: { read: ['ad'], unread: ['crm'] },
};

let api: AnsweringApi;
beforeEach(async () => {
  api = await answeringApi();
});
afterEach(() => api.close());

describe('muster plan', () => {
  it('says what would happen, who would be asked and told, and what it was planned from', async () => {
    api.answers.push({ status: 200, body: shown });
    expect(await api.muster('plan', '--person', 'GT-1')).toBe(0);
    expect(api.asked).toMatchObject([{ method: 'POST', url: '/api/plan', body: { person: 'GT-1' } }]);
    expect(api.out.join('\n').split('\n')).toEqual([
      'department-changed of GT-1, from workday: would be applied',
      '  GT-1 is Active',
      '  workday is in mode "observe": today nothing of this would be done',
      'now  plan sha256:aaaaaaaaaaaa…',
      '  give GT-1 seller in CRM  (sales: Sales sells)',
      '  told:',
      '    tell the manager  (transitions.moved)',
      '  kept for a while:',
      '    support in ad  (what they had before they moved)',
      '  stopped by separation of duties:',
      '    give GT-1 admin in CRM: pays and approves',
      '  asked:',
      '    GT-2 (console): GT-1 gets console',
      '  on the timeline:',
      '    2025-11-22T12:00:00.000Z  access is planned anew',
      '  planned from what ad hold now; no answer from crm',
    ]);
  });

  it('takes a file with its source, or a person, and not both or neither', async () => {
    for (const line of ['plan', 'plan leaver.json', 'plan leaver.json --source workday --person GT-1']) {
      expect(await api.muster(...line.split(' '))).toBe(2);
    }
    expect(api.asked).toEqual([]);
  });
});
