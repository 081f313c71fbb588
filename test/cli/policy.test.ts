import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnsweringApi, answeringApi } from './answering-api.ts';

let api: AnsweringApi;
beforeEach(async () => {
  api = await answeringApi();
});
afterEach(() => api.close());

const change = (action: 'grant' | 'revoke', entitlement: string) => ({
  ...{ id: `${action}:crm:${entitlement}`, target: 'crm', action, entitlement, mode: 'enforce' },
  ...{ summary: `${action} ${entitlement}`, because: 'sales: Sales sells' },
});
const person = (id: string) => ({
  ...{ person: id, name: `Person ${id}`, asks: [], stopped: [] },
  changes: [change('grant', 'new'), { ...change('revoke', 'old'), mode: 'observe' }],
});
const summary = {
  ...{ looked: 60, touched: 3, grants: 3, revokes: 3, asks: 1, stopped: 0 },
  targets: [{ target: 'crm', mode: 'enforce', action: 'grant', people: 3 }],
  rules: [{ rule: 'sales', gains: 3, loses: 3 }],
  safeguards: { removals: 3, limit: '1 people in any 60 minutes', held: 2 },
};
const progress = {
  ...{ id: 'a', policy: 'sha256:a', state: 'stopped', by: 'operator-1', startedAt: '2025-11-15T12:00:00.000Z' },
  ...{ endedAt: '2025-11-15T12:01:00.000Z', looked: 100, people: 200, changed: 7, inFlight: 1, held: 2 },
  reason: 'stopped by operator-1: a wrong rule',
};

describe('muster policy', () => {
  it('plan says whom it would touch and how, over the pages that it takes', async () => {
    const base = { policy: 'sha256:b', inForce: 'sha256:a' };
    api.answers.push(
      { status: 200, body: { ...base, summary, items: [person('P-1'), person('P-2')], next: 'P-2' } },
      { status: 200, body: { ...base, items: [person('P-3')] } },
    );
    expect(await api.muster('policy', 'plan')).toBe(0);
    expect(api.asked.map(({ method, url, body }) => ({ method, url, body }))).toEqual([
      { method: 'POST', url: '/api/policy/plan', body: { limit: 20 } },
      { method: 'POST', url: '/api/policy/plan', body: { limit: 18, cursor: 'P-2' } },
    ]);
    expect(api.out.slice(0, 6)).toEqual([
      'policy sha256:b, instead of sha256:a',
      '3 of 60 people would be touched: 3 grants, 3 revokes.',
      '  crm: grant for 3',
      '  sales: 3 gain by it, 3 lose',
      '  1 approvals would be asked for first',
      "  3 people would lose something; policy's limit is 1 people in any 60 minutes: about 2 would be held",
    ]);
    expect(api.out.slice(6, 9)).toEqual([
      'P-1  Person P-1',
      '    grant new: sales: Sales sells',
      '    (observe) revoke old: sales: Sales sells',
    ]);
    expect(api.out.filter((line) => line.startsWith('P-'))).toHaveLength(3);
  });

  it('plan sends the text of another policy, and says which file it cannot read', async () => {
    expect(await api.muster('policy', 'plan', '--new', 'nowhere.yaml')).toBe(2);
    expect(api.asked).toEqual([]);
    expect(api.err.join()).toContain('nowhere.yaml cannot be read');
  });

  it('apply does nothing without --yes', async () => {
    api.answers.push({ status: 200, body: { policy: 'sha256:a', inForce: 'sha256:a', summary, items: [] } });
    expect(await api.muster('policy', 'apply')).toBe(0);
    expect(api.asked.map(({ url }) => url)).toEqual(['/api/policy/plan']);
    expect(api.out.at(-1)).toBe('Nothing was done. Do it with --yes.');
  });

  it('apply --yes, stop and progress', async () => {
    const applied = { status: 'accepted', policy: 'sha256:a', workflowId: 'propagate-policy:sha256:a' };
    api.answers.push({ status: 202, body: applied }, { status: 200, body: progress });
    expect(await api.muster('policy', 'apply', '--yes')).toBe(0);
    expect(api.out[0]).toBe('Policy sha256:a is on its way to everybody (workflow propagate-policy:sha256:a).');
    expect(await api.muster('policy', 'stop')).toBe(2);
    expect(await api.muster('policy', 'stop', '--reason', 'a wrong rule')).toBe(0);
    expect(await api.muster('policy', 'progress')).toBe(0);
    expect(api.asked.map(({ url, body }) => ({ url, body }))).toEqual([
      { url: '/api/policy/apply', body: {} },
      { url: '/api/policy/stop', body: { reason: 'a wrong rule' } },
      { url: '/api/policy/progress', body: undefined },
    ]);
    expect(api.out.slice(-3)).toEqual([
      'policy sha256:a: stopped at 2025-11-15T12:01:00.000Z, begun by operator-1 at 2025-11-15T12:00:00.000Z',
      '  looked at 100 of about 200 people, 7 touched; 1 under way, 2 wait for somebody',
      '  stopped by operator-1: a wrong rule',
    ]);
  });
});
