import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeTemporal, grpcError } from './fake-temporal.ts';
import { type Answer, basic, end, type Receiving, receiving, secrets } from './receiving.ts';

let temporal: FakeTemporal;
let receiver: Receiving;

beforeEach(async () => {
  temporal = new FakeTemporal();
  receiver = await receiving({ client: async () => temporal.client });
  return () => receiver.close();
});

const problem = (status: number, title: string) => ({
  status,
  type: 'application/problem+json',
  body: expect.objectContaining({
    type: expect.stringMatching(/^urn:muster:problem:[a-z-]+$/),
    title,
    status,
  }) as unknown,
});
const seen = ({ status, type, body }: Answer) => ({ status, type, body });
const firstKey = () => [...temporal.started.keys()][0] ?? '';

describe('an event', () => {
  it('is answered by 202 when Temporal has it, under the id that the signature vouches for', async () => {
    const answer = await receiver.post('workday', end, { id: 'msg_1' });
    expect(seen(answer)).toEqual({
      status: 202,
      type: 'application/json; charset=utf-8',
      body: { status: 'accepted', eventId: 'msg_1', workflowId: 'event:workday:msg_1' },
    });
    expect(temporal.started.get('event:workday:msg_1')).toMatchObject({
      type: 'identityEvent',
      options: {
        taskQueue: 'muster',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        memo: {
          payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
          receivedAt: '2025-11-15T12:00:00.000Z',
        },
        priority: { priorityKey: 2 },
        args: [
          {
            event: {
              key: 'workday:msg_1',
              source: 'workday',
              id: 'msg_1',
              type: 'terminated',
              subject: 'GT-48291',
              effectiveDate: '2025-11-15',
              receivedAt: '2025-11-15T12:00:00.000Z',
              data: { effectiveDate: '2025-11-15', category: 'voluntary' },
              payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
            },
          },
        ],
      },
    });
  });

  it('is a duplicate when it comes again, however it is spaced', async () => {
    await receiver.post('workday', end, { id: 'msg_1' });
    const again = await receiver.post('workday', JSON.stringify(end, null, 4), { id: 'msg_1' });
    expect(again).toMatchObject({
      status: 200,
      body: { status: 'duplicate', eventId: 'msg_1', workflowId: 'event:workday:msg_1' },
    });
    expect(temporal.started.size).toBe(1);
  });

  it('whose answer was lost after Temporal took it is a duplicate when it is sent again', async () => {
    temporal.after = () => {
      throw grpcError(14);
    };
    expect(await receiver.post('workday', end, { id: 'msg_1' })).toMatchObject({ status: 503 });
    temporal.after = () => {};
    expect(await receiver.post('workday', end, { id: 'msg_1' })).toMatchObject({
      status: 200,
      body: { status: 'duplicate', eventId: 'msg_1' },
    });
    expect(temporal.started.size).toBe(1);
  });

  it('that comes beside another one under its id is not taken for it', async () => {
    const other = { ...end, effectiveDate: '2025-12-31' };
    const answers = await Promise.all([end, other].map((body) => receiver.post('workday', body, { id: 'msg_1' })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409]);
  });

  it('with an id of another event is refused and kept, once', async () => {
    await receiver.post('workday', end, { id: 'msg_1' });
    const other = { ...end, effectiveDate: '2025-12-31' };
    const answers = [
      await receiver.post('workday', other, { id: 'msg_1' }),
      await receiver.post('workday', other, { id: 'msg_1' }),
    ];
    for (const answer of answers) {
      expect(seen(answer)).toEqual(problem(409, 'Conflict'));
      expect(answer.body).toMatchObject({ eventId: 'msg_1', workflowId: 'event:workday:msg_1' });
    }
    const [first, refusal, ...more] = [...temporal.started];
    expect(more).toEqual([]);
    expect(first?.[0]).toBe('event:workday:msg_1');
    expect(refusal?.[0]).toMatch(/^refusal:workday:msg_1:[0-9a-f]{64}$/);
    expect(refusal?.[1]).toMatchObject({
      type: 'refusal',
      options: {
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [{ event: { key: 'workday:msg_1', data: { effectiveDate: '2025-12-31' } } }],
      },
    });
    expect(answers[0]?.body).toMatchObject({ heldAs: refusal?.[0] });
  });

  it('that is refused is not answered before it is kept', async () => {
    await receiver.post('workday', end, { id: 'msg_1' });
    temporal.before = (_what, workflowId) => {
      if (workflowId.startsWith('refusal:')) throw grpcError(14);
    };
    const other = { ...end, effectiveDate: '2025-12-31' };
    expect(await receiver.post('workday', other, { id: 'msg_1' })).toMatchObject({ status: 503 });
  });

  it.each([4, 5, 7, 8, 14])('is told to come again when Temporal says %i', async (code) => {
    temporal.before = () => {
      throw grpcError(code);
    };
    const answer = await receiver.post('workday', end);
    expect(seen(answer)).toEqual(problem(503, 'Service Unavailable'));
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(JSON.stringify(answer.body)).not.toContain('secret-host');
  });

  it('is told to come again when there is no connection at all', async () => {
    const offline = await receiving({ client: () => Promise.reject(new Error('no route')) });
    expect(seen(await offline.post('workday', end))).toEqual(problem(503, 'Service Unavailable'));
    await offline.close();
  });
});

describe('the id of an event', () => {
  it('is its own before that of its message', async () => {
    const answer = await receiver.post('cloudevents', {
      specversion: '1.0',
      id: 'A-1',
      source: 'hr',
      type: 'muster.terminated',
      subject: 'GT-48291',
      data: { effectiveDate: '2025-11-15' },
    });
    expect(answer.body).toMatchObject({ eventId: 'hr.A-1', workflowId: 'event:cloudevents:hr.A-1' });
  });

  it('that names the transaction is hashed, so that it tells nothing', async () => {
    const answer = await receiver.post('workday', { ...end, transactionId: 'T-1' }, { id: 'msg_1' });
    expect(answer.body).toMatchObject({ eventId: expect.stringMatching(/^h-[0-9a-f]{64}$/) as unknown });
  });

  it('without any is a fingerprint, and the message id of an unsigned request is nobody’s word', async () => {
    const first = await receiver.raw('/events/workday', {
      headers: { ...basic(), 'content-type': 'application/json', 'webhook-id': 'forged' },
      body: JSON.stringify(end),
    });
    expect(first).toMatchObject({
      status: 202,
      body: { eventId: expect.stringMatching(/^fp-[0-9a-f]{64}\.1$/) as unknown },
    });
  });
});

describe('an event without an own id', () => {
  const send = (minutes: number) => {
    const at = Date.parse('2025-11-15T12:00:00Z') + minutes * 60_000;
    receiver.clock.now = at;
    temporal.now = () => at;
    return receiver.raw('/events/workday', {
      headers: { ...basic(), 'content-type': 'application/json' },
      body: JSON.stringify(end),
    });
  };
  const shape = ({ status, body }: Answer) => [status, String((body as { eventId: string }).eventId).split('.')[1]];

  it('is a duplicate within the window, and a new event after it', async () => {
    expect(shape(await send(0))).toEqual([202, '1']);
    expect(shape(await send(10))).toEqual([200, '1']);
    expect(shape(await send(11))).toEqual([202, '2']);
    expect(shape(await send(12))).toEqual([200, '2']);
    expect(shape(await send(30))).toEqual([202, '3']);
  });

  it('that came a hundred times over is found without asking for each', async () => {
    for (let n = 0; n < 100; n += 1) expect(shape(await send(n * 11))).toEqual([202, String(n + 1)]);
    temporal.asked.length = 0;
    expect(shape(await send(99 * 11 + 1))).toEqual([200, '100']);
    expect(temporal.asked.length).toBeLessThan(20);
  });

  it('is a duplicate for whoever loses the race for the next number', async () => {
    await send(0);
    temporal.before = (what, workflowId) => {
      const first = temporal.started.get(firstKey());
      if (what !== 'start' || !workflowId.endsWith('.2') || first === undefined) return;
      const options = {
        ...first.options,
        workflowId,
        memo: { ...first.options.memo, receivedAt: '2025-11-15T12:20:00.000Z' },
      };
      temporal.started.set(workflowId, { ...first, options });
    };
    expect(shape(await send(20))).toEqual([200, '2']);
  });
});

describe('a request', () => {
  it.each([
    ['GET', '/events/workday', 405, 'POST'],
    ['PUT', '/events/workday', 405, 'POST'],
    ['POST', '/healthz', 405, 'GET, HEAD'],
  ])('%s %s is answered by 405 and what is allowed', async (method, path, status, allow) => {
    const answer = await receiver.raw(path, { method });
    expect(seen(answer)).toEqual(problem(status, 'Method Not Allowed'));
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it.each(['/', '/events', '/events/nobody', '/events/constructor', '/EVENTS/workday', '/events/%E0%A4%A', '/metrics'])(
    'to %s is answered in problem details',
    async (path) => {
      const answer = await receiver.raw(path, { body: '{}' });
      expect(answer.type).toBe('application/problem+json');
      expect([400, 404]).toContain(answer.status);
    },
  );

  it('gives no hint of what serves it', async () => {
    const { headers } = await receiver.raw('/healthz', { method: 'GET' });
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    'text/plain',
    'multipart/form-data',
    'application/json; charset=iso-8859-1',
    'application/cloudevents+json',
    '',
  ])('to workday in "%s" is answered by 415 and what is taken', async (mediaType) => {
    const answer = await receiver.post('workday', end, { mediaType });
    expect(seen(answer)).toEqual(problem(415, 'Unsupported Media Type'));
    expect(answer.headers.get('accept')).toBe('application/json, application/xml, text/xml');
  });

  it.each(['Application/JSON', 'application/json ;  Charset="UTF-8"', ' application/json;foo=bar'])(
    'to workday in "%s" is taken, whatever case and spacing',
    async (mediaType) => {
      expect(await receiver.post('workday', end, { mediaType })).toMatchObject({ status: 202 });
    },
  );

  it.each(['Application/CloudEvents+JSON; charset=UTF-8', 'application/cloudevents+json ;charset = utf-8'])(
    'to cloudevents in "%s" is structured',
    async (mediaType) => {
      const event = {
        specversion: '1.0',
        id: '1',
        source: 'hr',
        type: 'muster.hired',
        subject: 'GT-1',
        data: { startDate: '2026-01-05' },
      };
      expect(await receiver.post('cloudevents', event, { mediaType })).toMatchObject({ status: 202 });
    },
  );

  it('that breaks the schema is told every fault by its path, and repeated nothing', async () => {
    const answer = await receiver.post('workday', {
      event: 'Worker_Terminated',
      workerId: 7,
      effectiveDate: '2025-02-30',
    });
    expect(seen(answer)).toEqual(problem(400, 'Bad Request'));
    expect(answer.body).toMatchObject({
      errors: [
        { path: '/workerId', problem: 'must be string, not number' },
        { path: '/effectiveDate', problem: 'must be a real date such as 2025-11-15' },
      ],
    });
    expect(temporal.asked).toEqual([]);
  });

  it('of 1 MB is read, and of more is answered by 413', async () => {
    const sized = (bytes: number) => {
      const body = { ...end, pad: '' };
      return JSON.stringify({ ...body, pad: 'x'.repeat(bytes - JSON.stringify(body).length) });
    };
    expect(await receiver.post('workday', sized(1_048_576))).toMatchObject({ status: 202 });
    expect(seen(await receiver.post('workday', sized(1_048_577)))).toEqual(problem(413, 'Payload Too Large'));
  });

  it('that is compressed is answered by 415', async () => {
    const answer = await receiver.post('workday', end, { headers: { 'content-encoding': 'gzip' } });
    expect(seen(answer)).toEqual(problem(415, 'Unsupported Media Type'));
  });
});

describe('a batch', () => {
  const item = (id: string, more: object = {}) => ({
    specversion: '1.0',
    id,
    source: 'hr',
    type: 'muster.terminated',
    subject: `GT-${id}`,
    data: { effectiveDate: '2025-11-15' },
    ...more,
  });
  const send = (items: unknown[]) =>
    receiver.post('cloudevents', items, { mediaType: 'application/cloudevents-batch+json' });

  it('is answered item by item, in order', async () => {
    await send([item('2')]);
    const conflict = item('2', { data: { effectiveDate: '2026-01-01' } });
    expect(await send([item('1'), item('2'), conflict])).toMatchObject({
      status: 202,
      body: {
        items: [
          { status: 'accepted', eventId: 'hr.1', workflowId: 'event:cloudevents:hr.1' },
          { status: 'duplicate', eventId: 'hr.2', workflowId: 'event:cloudevents:hr.2' },
          {
            status: 'conflict',
            eventId: 'hr.2',
            heldAs: expect.stringMatching(/^refusal:cloudevents:hr\.2:/) as unknown,
          },
        ],
      },
    });
  });

  it('with one bad event starts none', async () => {
    const answer = await send([item('1'), item('2', { type: 'muster.vanished' })]);
    expect(seen(answer)).toEqual(problem(400, 'Bad Request'));
    expect(answer.body).toMatchObject({ errors: [{ path: '/1/type' }] });
    expect(temporal.started.size).toBe(0);
  });

  it('of which one start fails is to be sent again whole, and is complete then', async () => {
    temporal.before = (what, workflowId) => {
      if (what === 'start' && workflowId.endsWith('.3')) throw grpcError(14);
    };
    const items = Array.from({ length: 40 }, (_, index) => item(String(index)));
    expect(seen(await send(items))).toEqual(problem(503, 'Service Unavailable'));
    temporal.before = () => {};
    const again = (await send(items)).body as { items: { status: string }[] };
    expect(again.items.map((each) => each.status)).toContain('duplicate');
    expect(temporal.started.size).toBe(40);
  });
});

describe('what the receiver shows of itself', () => {
  it('is ready while Temporal answers', async () => {
    expect(await receiver.raw('/readyz', { method: 'GET' })).toMatchObject({ status: 200, body: { status: 'ready' } });
    temporal.before = () => {
      throw grpcError(14);
    };
    expect(seen(await receiver.raw('/readyz', { method: 'GET' }))).toEqual(problem(503, 'Service Unavailable'));
    expect(await receiver.raw('/healthz', { method: 'GET' })).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('is one line for each request, with ids and nothing personal', async () => {
    await receiver.post('workday', { ...end, reason: 'private words', firstName: 'Sarah' }, { id: 'msg_1' });
    await receiver.post('workday', { ...end, workerId: '' }, { id: 'msg_2' });
    await receiver.raw('/events/nobody');
    const lines = receiver.log.filter((line) => line['msg'] === 'request');
    expect(lines).toMatchObject([
      { path: '/events/workday', status: 202, event: 'msg_1', workflow: 'event:workday:msg_1', result: 'accepted' },
      { path: '/events/workday', status: 400 },
      { path: '/events/nobody', status: 404 },
    ]);
    expect(JSON.stringify(receiver.log)).not.toMatch(/private|Sarah|voluntary/i);
  });

  it('is counted', async () => {
    await receiver.post('workday', end, { id: 'msg_1' });
    await receiver.post('workday', end, { id: 'msg_1' });
    await receiver.raw('/events/workday', { body: '{}' });
    const text = await receiver.registry.metrics();
    expect(text).toContain('muster_events_accepted_total{source="workday",type="terminated"} 1');
    expect(text).toContain('muster_events_duplicate_total{source="workday"} 1');
    expect(text).toContain('muster_requests_refused_total{source="workday",status="401"} 1');
    expect(text).toContain('muster_request_duration_seconds_count{source="workday",status="202"} 1');
  });
});

describe('a source', () => {
  it('that sends more than it may is told when to come again', async () => {
    const few = await receiving({
      client: temporal.client,
      config: `
sources:
  hr: { kind: workday, rateLimit: 2, authentication: [{ type: bearer, tokens: [env:HR_TOKEN] }] }
  other: { kind: workday, authentication: [{ type: none, reason: a private network }] }`,
    });
    const send = (path: string, authorization = `Bearer ${secrets.HR_TOKEN}`) =>
      few.raw(path, { headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify(end) });
    // Strangers do not use up what the source may send.
    for (let n = 0; n < 5; n += 1) expect(await send('/events/hr', 'Bearer wrong')).toMatchObject({ status: 401 });
    expect([(await send('/events/hr')).status, (await send('/events/hr')).status]).toEqual([202, 200]);
    const late = await send('/events/hr');
    expect(seen(late)).toEqual(problem(429, 'Too Many Requests'));
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await send('/events/other')).toMatchObject({ status: 202 });
    await few.close();
  });

  it.each([
    [
      'kind: okta, authentication: [{ type: bearer, tokens: [env:HR_TOKEN] }]',
      /sources\.hr\.kind.*workday, cloudevents/,
    ],
    ['kind: workday, settings: { colour: red }, authentication: [{ type: bearer, tokens: [env:HR_TOKEN] }]', /colour/],
    [
      'kind: workday, authentication: [{ type: none, reason: a private network }, { type: bearer, tokens: [env:HR_TOKEN] }]',
      /none/,
    ],
  ])('of {%s} is refused at start', async (source, fault) => {
    const start = receiving({ client: temporal.client, config: `sources: { hr: { ${source} } }` });
    await expect(start).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringMatching(fault) as unknown,
    });
  });

  it('may go without authentication only with a reason', async () => {
    const without = (more: string) =>
      receiving({ client: temporal.client, config: `sources: { hr: { kind: workday, authentication: [${more}] } }` });
    await expect(without('')).rejects.toThrow(/authentication/);
    await expect(without('{ type: none }')).rejects.toThrow();
    await (await without('{ type: none, reason: only this host can reach it }')).close();
  });
});

describe('a slow or broken sender', () => {
  let hasty: Receiving;
  beforeAll(async () => {
    hasty = await receiving({
      client: new FakeTemporal().client,
      listen: { requestTimeoutMs: 150, headersTimeoutMs: 100 },
    });
  });
  afterAll(() => hasty.close());

  const dribble = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(hasty.url).port), '127.0.0.1');
      let heard = '';
      socket.on('data', (chunk) => {
        heard += chunk.toString();
      });
      socket.on('close', () => resolve(heard));
      socket.on('error', reject);
      socket.write(text);
    });

  it.each([
    ['of headers', 'POST /events/workday HTTP/1.1\r\nhost: x\r\n', 408],
    ['of the body', 'POST /events/workday HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{', 408],
    ['of nonsense', 'MUSTER\r\n\r\n', 400],
    ['of endless headers', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s is cut off with problem details', async (_name, text, status) => {
    const [head = '', body = ''] = (await dribble(text)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status });
  });

  it('that goes away is no fault of ours', async () => {
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${hasty.url}/events/workday`, { method: 'POST', headers: { 'content-length': 10 } });
      request.on('error', () => resolve());
      request.write('{');
      setImmediate(() => request.destroy());
    });
    expect(await hasty.post('workday', end)).toMatchObject({ status: 202 });
    expect(hasty.log.filter((line) => line['level'] === 50)).toEqual([]);
  });
});

it('a port that is taken is named, with what sets it', async () => {
  const port = Number(new URL(receiver.url).port);
  const second = receiving({ client: temporal.client, listen: { port, setting: 'MUSTER_PORT' } });
  await expect(second).rejects.toMatchObject({
    code: 'unavailable',
    message: `port ${port} on 127.0.0.1 is taken by another process`,
    advice: expect.stringContaining('MUSTER_PORT') as unknown,
  });
});
