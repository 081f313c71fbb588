import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import type { Store } from '../../src/directory/store.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Answer, type Asking, asking, noon } from './asking.ts';

let store: Store;
let api: Asking;
beforeEach(async () => {
  store = await memoryStore();
  api = await asking(store);
});
afterEach(async () => {
  await api.close();
  await store.close();
});

const detail = ({ status, body }: Answer) => [status, (body as { detail?: string }).detail];
const post = (path: string, body: unknown, role = 'operator') => api.post(path, body, role);
const stops = async () => ((await api.ask('/api/stops', 'viewer')).body as { items: unknown[] }).items;

describe('stop and go', () => {
  it('stop everything, a source or a target, and say what is stopped by whom and why', async () => {
    const all = { scope: 'all', by: 'operator-1', reason: 'a drill', at: noon };
    expect(await post('/api/stop', { reason: 'a drill' })).toMatchObject({
      ...{ status: 200, body: { said: 'stopped: everything', stops: [all] } },
    });
    await post('/api/stop', { source: 'workday', reason: 'a bad feed' }, 'security');
    await post('/api/stop', { target: 'github', reason: 'an outage' }, 'admin');
    expect(await stops()).toEqual([
      all,
      { scope: 'source:workday', by: 'security-1', reason: 'a bad feed', at: noon },
      { scope: 'target:github', by: 'admin-1', reason: 'an outage', at: noon },
    ]);
    expect((await post('/api/go', {})).body).toMatchObject({
      said: 'goes on: everything; still stopped: source:workday, target:github',
    });
    expect((await post('/api/go', { source: 'workday', reason: 'mended' })).body).toMatchObject({
      ...{ said: 'goes on: source workday; still stopped: target:github', stops: [{ scope: 'target:github' }] },
    });
    const { items } = await store.read((reader) => reader.evidence({}, {}));
    expect(items.map(({ kind, data }) => [kind, data['scope'], data['by']])).toEqual([
      ['stopped', 'all', 'operator-1'],
      ['stopped', 'source:workday', 'security-1'],
      ['stopped', 'target:github', 'admin-1'],
      ['stop-lifted', 'all', 'operator-1'],
      ['stop-lifted', 'source:workday', 'operator-1'],
    ]);
  });

  it('say that nothing by that name is stopped', async () => {
    expect(detail(await post('/api/go', {}))).toEqual([409, 'that is not stopped; nothing is']);
    await post('/api/stop', { reason: 'x' });
    expect(detail(await post('/api/go', { target: 'github' }))).toEqual([409, 'that is not stopped; stopped: all']);
  });

  it('refuse a name that muster.yaml has not: a misspelt one would stop nothing', async () => {
    await api.close();
    const named = {
      operators: [{ id: 'operator-1', token: 'env:operator', roles: ['operator'] }],
      targets: { github: {} },
    };
    api = await asking(store, { config: { ...named, sources: {} } as unknown as Config });
    expect(detail(await post('/api/stop', { target: 'gihtub', reason: 'x' }))).toEqual([
      ...[400, 'muster.yaml names no target gihtub; it names github'],
    ]);
    expect((await post('/api/stop', { target: 'github', reason: 'x' })).status).toBe(200);
    expect((await post('/api/stop', { source: 'workday', reason: 'x' })).status).toBe(400);
  });

  it.each([
    ['/api/stop', {}, '/reason'],
    ['/api/stop', { source: 'a', target: 'b', reason: 'x' }, ''],
    ['/api/go', { source: 'a', target: 'b' }, ''],
    ['/api/stop', { reason: 'x', by: 'admin-1' }, '/by'],
  ])('%s refuses %j', async (path, body, fault) => {
    const answer = await post(path, body);
    expect([answer.status, (answer.body as { errors: { path: string }[] }).errors[0]?.path]).toEqual([400, fault]);
  });

  it.each(['viewer', 'approver', 'auditor'])('are not for a %s', async (role) => {
    expect((await post('/api/stop', { reason: 'x' }, role)).status).toBe(403);
    expect((await post('/api/go', {}, role)).status).toBe(403);
  });
});
