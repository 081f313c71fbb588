import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Store } from '../../src/directory/store.ts';
import { memoryStore } from '../helpers/store.ts';
import { type Asking, addEvent, addException, addPerson, asking } from './asking.ts';

const documentShape = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']) })).default([]),
        responses: z.looseObject({
          200: z.object({ content: z.object({ 'application/json': z.object({ schema: z.looseObject({}) }) }) }),
        }),
      }),
    ),
  ),
});

let store: Store;
let api: Asking;
let paths: z.infer<typeof documentShape>['paths'];
beforeAll(async () => {
  store = await memoryStore();
  api = await asking(store);
  paths = documentShape.parse((await api.ask('/api/openapi.json')).body).paths;
  await addPerson(store, 'GT-48291');
  await addEvent(store, 'a', 'GT-48291', {
    type: 'transferred',
    sequence: '1',
    correction: true,
    data: { managerId: 'GT-1' },
  });
  await addException(store, 'x', { person: 'GT-48291', target: 'salesforce', event: 'workday:a' });
  await store.transaction(async (tx) => {
    await tx.putPending('GT-48291', {
      ...{
        id: 'later',
        kind: 'later',
        dueAt: '2026-01-01T00:00:00.000Z',
        event: 'workday:a',
        confidential: false,
        data: { n: null },
      },
      ...{ date: '2026-01-01', zone: 'Europe/Berlin' },
    });
    await tx.putPending('GT-48291', {
      ...{ id: 'start', kind: 'start', dueAt: '2026-01-01T00:00:00.000Z', date: '2026-01-01', zone: 'Europe/Berlin' },
      ...{ event: 'workday:a', confidential: false, data: { moves: [] } },
    });
    await tx.placeLegalHold('GT-48291', { id: 'hold:1', case: 'C', by: 'a', at: '2026-01-01T00:00:00.000Z' });
    await tx.updateArrival('workday:a', { outcome: 'applied', reason: 'done', settledAt: '2025-11-15T12:00:01.000Z' });
  });
  await store.transaction(async (tx) => {
    const at = '2025-11-15T12:00:00.000Z';
    const item = { target: 'salesforce', entitlement: 'admin', because: 'so', hash: 'sha256:b' };
    await tx.openApproval({
      ...{ id: 'GT-48291/a/1', person: 'GT-48291', event: 'workday:a', hash: 'sha256:a', state: 'approved', step: 1 },
      ...{
        openedAt: at,
        dueAt: at,
        decidedAt: at,
        decidedBy: 'GT-2',
        comment: 'so',
        approvers: ['operator:operator-2'],
      },
      data: {
        ...{ rule: 'both', summary: ['so'], requestedBy: 'GT-3', fallback: true, reminders: 1, remindAt: at },
        items: [item, { ...item, requested: { until: at, privileged: true } }],
        said: [{ step: 0, by: 'GT-4', decision: 'approve', at, comment: 'so' }],
        told: { at, to: ['GT-3'], kind: 'decided' },
      },
    });
    await tx.putDelegation({ approver: 'GT-48291', delegate: 'GT-2', from: at, until: at, by: 'operator-1' });
  });
  await store.seal();
});
afterAll(async () => {
  await api.close();
  await store.close();
});

/** Every path below /api that Express has a handler for, as OpenAPI writes it, with its methods. */
function served(): string[] {
  const layers = (
    stack: unknown,
  ): { route?: { path: string; stack: { method?: string }[] }; handle?: { stack?: unknown } }[] =>
    (stack ?? []) as never;
  const walk = (stack: unknown): string[] =>
    layers(stack).flatMap(({ route, handle }) =>
      route === undefined
        ? walk(handle?.stack)
        : [...new Set(route.stack.flatMap(({ method }) => method ?? []))].map(
            (method) => `${method} ${route.path.replace(/\*(\w+)/g, '{$1}')}`,
          ),
    );
  return walk(api.app.router.stack)
    .filter((each) => each.includes(' /api/'))
    .sort();
}

describe('/api/openapi.json', () => {
  it('names every route that is served, and no other', () => {
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.length).toBeGreaterThan(5);
    expect([...described, 'get /api/openapi.json'].sort()).toEqual(served());
  });

  it.each([
    ['/api/people', '/api/people'],
    ['/api/people/{id}', '/api/people/GT-48291'],
    ['/api/events', '/api/events'],
    ['/api/events/{key}', '/api/events/workday:a'],
    ['/api/exceptions', '/api/exceptions'],
    ['/api/exceptions/{id}', '/api/exceptions/person:GT-48291/x'],
    ['/api/approvals', '/api/approvals?open=all'],
    ['/api/approvals/{id}', '/api/approvals/GT-48291/a/1'],
    ['/api/delegations', '/api/delegations?past=true'],
    ['/api/hires', '/api/hires'],
    ['/api/hires/{person}', '/api/hires/GT-48291'],
    ['/api/people/{id}/timeline', '/api/people/GT-48291/timeline'],
    ['/api/legal-holds', '/api/legal-holds'],
  ])('describes what %s answers', async (path, asked) => {
    const schema = paths[path]?.['get']?.responses[200].content['application/json'].schema;
    const answer = await api.ask(asked, 'admin');
    expect(answer.status).toBe(200);
    expect(z.fromJSONSchema(schema as never).safeParse(answer.body).error?.issues).toBeUndefined();
    // Strict: a field that is answered and not described would be found.
    expect(z.fromJSONSchema(schema as never).safeParse({ ...(answer.body as object), surplus: 1 }).success).toBe(false);
  });

  it('describes every parameter, and what it does not describe is refused', async () => {
    for (const [path, methods] of Object.entries(paths)) {
      const named = methods['get']?.parameters.filter((parameter) => parameter.in === 'query') ?? [];
      const tries: Record<string, string> = {
        limit: '1',
        state: 'Active',
        outcome: 'applied',
        type: 'hired',
        open: 'all',
        kind: 'handover',
        past: 'true',
        startsBefore: '2026-01-01',
      };
      const one = path.replace('{id}', 'GT-48291');
      for (const { name } of named.filter((parameter) => parameter.name !== 'cursor')) {
        expect(await api.ask(`${one}?${name}=${tries[name] ?? 'x'}`, 'admin')).toMatchObject({ status: 200 });
      }
    }
    expect(paths['/api/people']?.['get']?.parameters.map((parameter) => parameter.name)).toEqual([
      'state',
      'department',
      'managerId',
      'location',
      'target',
      'limit',
      'cursor',
    ]);
    expect(await api.ask('/api/people?undescribed=1', 'admin')).toMatchObject({ status: 400 });
  });

  it('describes what is posted to an exception, and what is answered', async () => {
    const operation = paths['/api/exceptions/{id}']?.['post'];
    const { requestBody } = z.object({ requestBody: z.looseObject({ content: z.unknown() }) }).parse(operation);
    const { schema } = z
      .object({ 'application/json': z.object({ schema: z.looseObject({}) }) })
      .parse(requestBody.content)['application/json'];
    const takes = (body: object) => z.fromJSONSchema(schema as never).safeParse(body).success;
    const bodies = [
      { action: 'retry' },
      { action: 'done', reason: 'so' },
      { action: 'attach', reason: 'so', person: 'GT-48291' },
      { action: 'done' },
      { action: 'attach', reason: 'so' },
      { action: 'drop', reason: 'so', by: 'somebody-else' },
    ];
    expect(bodies.map(takes)).toEqual([true, true, true, false, false, false]);
    const id = 'watch/stuck/workday:a';
    await addException(store, 'x', { id, kind: 'event-stuck', workflowId: 'event:workday:a', event: 'workday:a' });
    const answer = await api.post(`/api/exceptions/${id}`, { action: 'done', reason: 'so' }, 'operator');
    expect(answer.status).toBe(200);
    const answered = z.fromJSONSchema(operation?.responses[200].content['application/json'].schema as never);
    expect(answered.safeParse(answer.body).error?.issues).toBeUndefined();
    expect(answered.safeParse({ ...(answer.body as object), surplus: 1 }).success).toBe(false);
  });

  it('describes the body of an import', () => {
    expect(paths['/api/people']?.['post']).toMatchObject({
      requestBody: {
        content: {
          'application/json': { schema: { required: ['people'], properties: { people: { type: 'array' } } } },
        },
      },
    });
  });
});
