import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { get, plainApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import { metricsApp } from '../../src/http/metrics-app.ts';
import { notFound, problemHandler } from '../../src/http/problem.ts';
import { Failure } from '../../src/model/failure.ts';

/** What an app answers whose only path throws this, and what it logged. */
async function thrown(error: unknown) {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const app = plainApp();
  get(app, '/', () => {
    throw error;
  });
  app.use(notFound, problemHandler(log));
  const server = await listen(app, { port: 0 });
  const answer = await fetch(server.url);
  const text = await answer.text();
  await server.close(0);
  return { answer, text, log: lines.join('') };
}

it('a fault of our own is answered by 500 without a word about it, and logged with its stack', async () => {
  const { answer, text, log } = await thrown(new Error('boom in muster.ts'));
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(JSON.parse(text)).toEqual({
    type: 'urn:muster:problem:internal-server-error',
    title: 'Internal Server Error',
    status: 500,
  });
  expect(log).toContain('boom in muster.ts');
  expect(log).toContain('problem.test.ts');
});

it('what is out of reach is answered by 503 and when to come again', async () => {
  const failure = new Failure('unavailable', 'no database at db.internal', { retryAfterMs: 2_500, advice: 'start it' });
  const { answer, text, log } = await thrown(failure);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3']);
  expect(text).not.toContain('db.internal');
  expect(log).toContain('start it');
});

it.each(['text', { status: 200 }, { status: 418 }, new Failure('credentials', 'x')])(
  'whatever else is thrown (%j) is a 500',
  async (error) => {
    expect((await thrown(error)).answer.status).toBe(500);
  },
);

it('metrics can be served by themselves', async () => {
  const server = await listen(metricsApp(new Registry(), pino({ level: 'silent' })), { port: 0 });
  const [metrics, other] = [await fetch(`${server.url}/metrics`), await fetch(`${server.url}/`)];
  expect([metrics.status, metrics.headers.get('content-type')]).toEqual([200, new Registry().contentType]);
  expect([other.status, other.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  await server.close(0);
});
