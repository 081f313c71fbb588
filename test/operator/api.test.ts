import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/directory/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { birthDateHash } from '../../src/sources/birth-date.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Answer, type Asking, addEvent, addException, addPerson, asking, noon } from './asking.ts';

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

const problem = (status: number) => ({
  status,
  type: 'application/problem+json',
  body: expect.objectContaining({ status }) as unknown,
});
const seen = ({ status, type, body }: Answer) => ({ status, type, body });
const ids = (answer: Answer) =>
  (answer.body as { items: { id?: string; key?: string }[] }).items.map((item) => item.key ?? item.id);
const paths = (answer: Answer) => (answer.body as { errors: { path: string }[] }).errors.map((fault) => fault.path);

describe('the door', () => {
  it.each<[string | undefined, string]>([
    [undefined, 'no token'],
    ['nobody', 'an unknown one'],
  ])('answers 401 for %s to every path of the API, known or not', async (role) => {
    for (const path of ['/api/people', '/api/people/GT-1', '/api/secrets']) {
      const answer = await api.ask(path, role);
      expect(seen(answer)).toEqual({
        status: 401,
        type: 'application/problem+json',
        body: { type: 'urn:muster:problem:unauthorized', title: 'Unauthorized', status: 401 },
      });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="muster"');
    }
  });

  it.each(['viewer', 'operator', 'approver', 'security', 'auditor', 'admin'])('lets %s read', async (role) => {
    for (const path of ['/api/people', '/api/events', '/api/exceptions']) {
      expect(await api.ask(path, role)).toMatchObject({ status: 200, body: { items: [] } });
    }
  });

  it('knows an operator whose token can be read, though another’s cannot', async () => {
    const half = await asking(store, {
      secret: async (reference) => {
        if (reference === 'env:viewer') throw new Failure('misconfigured', 'no such file');
        return `token-of-${reference.slice(4)}`;
      },
    });
    expect(await half.ask('/api/people', 'admin')).toMatchObject({ status: 200 });
    expect(await half.ask('/api/people', 'viewer')).toMatchObject({ status: 503 });
    await half.close();
  });

  it('answers in problem details for what is not there and what is not done', async () => {
    expect(seen(await api.ask('/api/secrets', 'admin'))).toEqual(problem(404));
    expect(seen(await api.ask('/api/people', 'admin', { method: 'DELETE' }))).toEqual(problem(405));
    expect((await api.ask('/api/people', 'admin', { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD, POST');
    expect(seen(await api.ask('/nowhere'))).toEqual(problem(404));
  });

  it('logs who asked for what, and no address', async () => {
    await api.ask('/api/people/gt-48291@globaltech.example', 'viewer');
    expect(JSON.parse(api.log.at(-1) ?? '')).toMatchObject({
      path: '/api/people/{id}',
      operator: 'viewer-1',
      status: 404,
    });
  });
});

describe('people', () => {
  beforeEach(async () => {
    for (const id of ['GT-1', 'GT-2', 'GT-3', 'GT-4', 'GT-5']) await addPerson(store, id);
    await store.transaction(async (tx) => {
      await tx.updatePerson('GT-2', { state: 'Terminated' });
      await tx.updatePerson('GT-3', { attributes: { department: 'Finance', location: 'Berlin', managerId: 'GT-1' } });
    });
  });

  it.each([
    ['', ['GT-1', 'GT-2', 'GT-3', 'GT-4', 'GT-5']],
    ['?state=Terminated', ['GT-2']],
    ['?department=Finance', ['GT-3']],
    ['?location=Berlin&state=Active', ['GT-3']],
    ['?managerId=GT-1', ['GT-3']],
    ['?target=salesforce&limit=500', ['GT-1', 'GT-2', 'GT-3', 'GT-4', 'GT-5']],
    ['?target=github', []],
  ])('can be listed by %s', async (query, found) => {
    expect(ids(await api.ask(`/api/people${query}`, 'viewer'))).toEqual(found);
  });

  it('come in pages', async () => {
    const first = await api.ask('/api/people?limit=2', 'viewer');
    const { next } = first.body as { next: string };
    const second = await api.ask(`/api/people?limit=3&cursor=${next}`, 'viewer');
    expect([ids(first), ids(second)]).toEqual([
      ['GT-1', 'GT-2'],
      ['GT-3', 'GT-4', 'GT-5'],
    ]);
    expect(second.body).not.toHaveProperty('next');
  });

  it.each([
    ['?state=Fired', ['/state']],
    ['?limit=0', ['/limit']],
    ['?limit=501', ['/limit']],
    ['?limit=ten', ['/limit']],
    ['?limit=1&limit=2', ['/limit']],
    ['?cursor=nonsense', ['/cursor']],
    ['?stat=Active&colour=red', ['/stat', '/colour']],
    ['?constructor=1', ['/constructor']],
  ])('cannot be listed by %s, and the answer says why', async (query, faults) => {
    const answer = await api.ask(`/api/people${query}`, 'viewer');
    expect(seen(answer)).toEqual(problem(400));
    expect(paths(answer)).toEqual(faults);
  });

  it.each(['GT-4', 'gt-4@globaltech.example', 'GT-4%40GLOBALTECH.example'])('are found by %s', async (alias) => {
    await addException(store, 'a', { person: 'GT-4' });
    await addException(store, 'b', { person: 'GT-5' });
    expect(await api.ask(`/api/people/${alias}`, 'viewer')).toMatchObject({
      status: 200,
      body: {
        id: 'GT-4',
        name: 'Person GT-4',
        state: 'Active',
        engagements: [{ id: 'workday:GT-4' }],
        accounts: [{ target: 'salesforce', status: 'enabled', entitlements: ['Sales_Console'] }],
        pending: [],
        exceptions: [{ id: 'person:GT-48291/a' }],
      },
    });
  });

  it('that nobody knows are a 404, and of whom there are two a 409 that names both', async () => {
    expect(seen(await api.ask('/api/people/GT-9', 'viewer'))).toEqual(problem(404));
    await store.transaction(async (tx) => {
      await tx.addIdentifier('GT-1', { source: 'sap', type: 'workerId', value: '77' });
      await tx.addIdentifier('GT-2', { source: 'entra', type: 'id', value: '77' });
    });
    expect(await api.ask('/api/people/77', 'viewer')).toMatchObject({
      status: 409,
      body: { people: ['GT-1', 'GT-2'] },
    });
  });
});

describe('an import', () => {
  const sarah = {
    ...{ source: 'workday', workerId: 'GT-48291', firstName: 'Sarah', lastName: 'Chen', workerType: 'employee' },
    ...{ email: 'schen@globaltech.example', startDate: '2021-03-15' },
  };

  it('is for administrators, counts, and says who did it', async () => {
    for (const role of ['viewer', 'operator', 'approver', 'security', 'auditor']) {
      expect(seen(await api.post('/api/people', { people: [sarah] }, role))).toEqual(problem(403));
    }
    expect(await api.post('/api/people', { people: [sarah] })).toMatchObject({
      status: 200,
      body: { created: 1, updated: 0, unchanged: 0, conflicts: [] },
    });
    expect((await api.post('/api/people', { people: [sarah] })).body).toMatchObject({ created: 0, unchanged: 1 });
    const { items } = await store.read((reader) => reader.evidence({ person: 'GT-48291' }, {}));
    expect(items).toMatchObject([{ kind: 'person-imported', at: noon, data: { by: 'admin-1' } }]);
  });

  it('keeps of a date of birth a keyed hash, which no answer shows; without a key it is refused', async () => {
    const born = { ...sarah, birthDate: '1984-03-09' };
    const refused = await api.post('/api/people', { people: [sarah, { ...born, workerId: 'GT-2' }] });
    expect([refused.status, paths(refused)]).toEqual([400, ['/people/1/birthDate']]);
    const keyed = await asking(store, {
      config: { operators: [{ id: 'admin-1', token: 'env:admin', roles: ['admin'] }], birthDateKey: 'env:key' },
    });
    expect(await keyed.post('/api/people', { people: [born] })).toMatchObject({ body: { created: 1 } });
    expect(await keyed.post('/api/people', { people: [born] })).toMatchObject({ body: { unchanged: 1 } });
    const value = birthDateHash('1984-03-09', 'token-of-key');
    const person = await store.read((reader) => reader.person('GT-48291'));
    expect(person?.identifiers).toContainEqual({ source: 'GT-48291', type: 'birthDate', value });
    expect(JSON.stringify(person)).not.toContain('1984');
    expect(JSON.stringify(await keyed.ask('/api/people/GT-48291', 'admin'))).not.toContain(value);
    await keyed.close();
  });

  it('is refused whole with every fault by its path', async () => {
    const faulty = {
      people: [
        { ...sarah, email: 'x' },
        { ...sarah, workerId: 'GT-2', colour: 'red' },
      ],
      dryRun: true,
    };
    const answer = await api.post('/api/people', faulty);
    expect(seen(answer)).toEqual(problem(400));
    expect(paths(answer).sort()).toEqual(['/dryRun', '/people/0/email', '/people/1/colour']);
    expect(ids(await api.ask('/api/people', 'viewer'))).toEqual([]);
  });

  it('does not take somebody’s word for who does it', async () => {
    expect(paths(await api.post('/api/people', { people: [sarah], by: 'somebody-else' }))).toEqual(['/by']);
  });

  it('must be JSON, without a key twice', async () => {
    const send = (body: string, contentType: string) =>
      api.ask('/api/people', 'admin', { method: 'POST', headers: { 'content-type': contentType }, body });
    expect(seen(await send('{}', 'text/plain'))).toEqual(problem(415));
    expect(paths(await send('{"people":[],"people":[]}', 'application/json'))).toEqual(['/people']);
    expect(seen(await send('', 'application/json'))).toEqual(problem(400));
  });
});

describe('events', () => {
  it('can be listed by what they are, the latest first, without what they say', async () => {
    await addPerson(store, 'GT-1');
    await addEvent(store, 'a', 'GT-1');
    await addEvent(store, 'b', 'GT-1', { type: 'transferred', data: { managerId: 'GT-2' } });
    await store.transaction((tx) => tx.updateArrival('workday:a', { outcome: 'applied', settledAt: noon }));
    const list = await api.ask('/api/events', 'viewer');
    expect(ids(list)).toEqual(['workday:b', 'workday:a']);
    expect((list.body as { items: unknown[] }).items[1]).toEqual({
      ...{ key: 'workday:a', id: 'a', source: 'workday', type: 'terminated', subject: 'GT-1', person: 'GT-1' },
      ...{ outcome: 'applied', receivedAt: noon, settledAt: noon, effectiveDate: '2025-11-15' },
      workflowId: 'event:workday:a',
    });
    for (const [query, found] of [
      ['?type=transferred', ['workday:b']],
      ['?outcome=applied', ['workday:a']],
      ['?person=GT-1&source=workday', ['workday:b', 'workday:a']],
      ['?source=okta', []],
    ] as const) {
      expect(ids(await api.ask(`/api/events${query}`, 'viewer'))).toEqual(found);
    }
    expect(paths(await api.ask('/api/events?type=fired&outcome=bad', 'viewer')).sort()).toEqual(['/outcome', '/type']);
  });

  it('by themselves come with what they say and their evidence, and HR’s reason for those who may know', async () => {
    await addPerson(store, 'GT-1');
    await addEvent(store, 'a', 'GT-1');
    const said = { effectiveDate: '2025-11-15', category: 'voluntary' };
    for (const [role, data] of [
      ['viewer', said],
      ['operator', said],
      ['auditor', { ...said, reason: 'private words' }],
      ['security', { ...said, reason: 'private words' }],
    ] as const) {
      const { body } = await api.ask('/api/events/workday:a', role);
      expect(body).toMatchObject({
        key: 'workday:a',
        payloadHash: 'f00',
        evidence: [{ kind: 'event-accepted', event: 'workday:a' }],
      });
      expect((body as { data: unknown }).data).toEqual(data);
    }
    expect(seen(await api.ask('/api/events/workday:z', 'viewer'))).toEqual(problem(404));
  });
});

describe('exceptions', () => {
  it('are the open ones unless asked otherwise, by what is due first', async () => {
    const open = await addException(store, 'workday:a/salesforce/step-failed', {
      target: 'salesforce',
      person: 'GT-1',
    });
    const first = await addException(store, 'b', { kind: 'unknown-person', dueAt: '2025-11-15T12:30:00.000Z' });
    const done = await addException(store, 'c');
    await store.transaction((tx) =>
      tx.resolveException(done, { action: 'done', by: 'operator-1', reason: 'seen' }, noon),
    );
    for (const [query, found] of [
      ['', [first, open]],
      ['?open=true&limit=1', [first]],
      ['?open=false', [done]],
      ['?open=all&kind=step-failed', [done, open]],
      ['?person=GT-1', [open]],
      ['?target=salesforce', [open]],
    ] as const) {
      expect(ids(await api.ask(`/api/exceptions${query}`, 'viewer'))).toEqual(found);
    }
    expect(paths(await api.ask('/api/exceptions?open=yes', 'viewer'))).toEqual(['/open']);
    for (const path of [open, encodeURIComponent(open)]) {
      expect(await api.ask(`/api/exceptions/${path}`, 'viewer')).toMatchObject({ status: 200, body: { id: open } });
    }
    expect(await api.ask(`/api/exceptions/${done}`, 'viewer')).toMatchObject({
      body: { resolution: { action: 'done', by: 'operator-1', reason: 'seen' }, resolvedAt: noon },
    });
    expect(seen(await api.ask('/api/exceptions/none/such', 'viewer'))).toEqual(problem(404));
  });
});

describe('a confidential end that is yet to come', () => {
  const future = {
    effectiveDate: '2025-12-31',
    data: { effectiveDate: '2025-12-31', category: 'involuntary' },
  } as const;
  let key: string;
  beforeEach(async () => {
    await addPerson(store, 'GT-48291');
    for (const id of ['a', 'b', 'c']) await addEvent(store, id, 'GT-48291', { type: 'transferred' });
    key = await addEvent(store, 'secret', 'GT-48291', future);
    await addException(store, 'secret', { person: 'GT-48291', event: key });
    await addException(store, 'plain', { person: 'GT-48291', event: 'workday:a' });
  });
  const schedule = (confidential: boolean, dueAt = '2026-01-01T05:00:00.000Z') =>
    store.transaction(async (tx) => {
      await tx.updateArrival(key, { outcome: 'scheduled', settledAt: noon });
      await tx.putPending('GT-48291', { id: 'end', kind: 'end', dueAt, event: key, confidential, data: {} });
    });
  /** Whatever this role can find out about it. */
  const trace = async (role: string) => {
    const answers = await Promise.all([
      api.ask('/api/people', role),
      api.ask('/api/people/GT-48291', role),
      api.ask('/api/events?limit=3', role),
      api.ask('/api/events?type=terminated', role),
      api.ask(`/api/events/${key}`, role),
      api.ask('/api/exceptions', role),
      api.ask('/api/exceptions/person:GT-48291/secret', role),
    ]);
    return {
      told: answers.map(
        (answer) => JSON.stringify(answer.body).includes(key) || /"kind":"end"/.test(JSON.stringify(answer.body)),
      ),
      firstEvents: ids(answers[2] as Answer),
    };
  };
  const everything = {
    told: [true, true, true, true, true, true, true],
    firstEvents: ['workday:secret', 'workday:c', 'workday:b'],
  };

  it.each(['viewer', 'operator', 'approver', 'auditor'])('is not there for %s, not even as a gap', async (role) => {
    await schedule(true);
    expect(await trace(role)).toEqual({
      told: [false, false, false, false, false, false, false],
      firstEvents: ['workday:c', 'workday:b', 'workday:a'],
    });
  });

  it('is not there before it is scheduled either', async () => {
    expect((await trace('viewer')).told).not.toContain(true);
  });

  it.each(['security', 'admin'])('is there for %s', async (role) => {
    await schedule(true);
    expect(await trace(role)).toEqual(everything);
  });

  it('is there for all once its moment has come, and where policy makes no secret of it', async () => {
    await schedule(true, '2025-11-15T11:59:59.000Z');
    expect(await trace('viewer')).toEqual(everything);
    await schedule(false);
    expect(await trace('viewer')).toEqual(everything);
  });

  it('is a 404 in the words of any other', async () => {
    await schedule(true);
    expect((await api.ask(`/api/events/${key}`, 'viewer')).body).toEqual(
      (await api.ask('/api/events/workday:none', 'viewer')).body,
    );
  });
});

describe('for machines', () => {
  it('says that it is alive, ready while its database is, and what it counted', async () => {
    expect(await api.ask('/healthz')).toMatchObject({ status: 200 });
    expect(await api.ask('/readyz')).toMatchObject({ status: 200 });
    await api.ask('/api/people', 'viewer');
    const broken = await asking({ ...store, ping: () => Promise.reject(new Failure('unavailable', 'no database')) });
    expect(seen(await broken.ask('/readyz'))).toEqual(problem(503));
    expect(await broken.ask('/healthz')).toMatchObject({ status: 200 });
    await broken.close();
    expect((await api.ask('/metrics')).body).toContain(
      'muster_api_request_duration_seconds_count{method="GET",status="200"} 1',
    );
  });

  it('is not ready without Temporal', async () => {
    const alone = await asking(store, { client: () => Promise.reject(new Error('no route')) });
    expect(await alone.ask('/readyz')).toMatchObject({ status: 503 });
    await alone.close();
  });

  it('answers 503 while the database is away', async () => {
    const away = await asking({ ...store, read: () => Promise.reject(new Failure('unavailable', 'no database')) });
    expect(seen(await away.ask('/api/people', 'viewer'))).toEqual(problem(503));
    await away.close();
  });
});
