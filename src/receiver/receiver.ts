import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import { health, plainApp } from '../http/app.ts';
import { type Listening, type ListenOptions, listen } from '../http/listen.ts';
import { HttpProblem, notFound, onlyMethods, problemHandler } from '../http/problem.ts';
import { type Done, note, requestLog } from '../http/request-log.ts';
import { withoutBirthDate } from '../sources/birth-date.ts';
import { withCallback } from '../sources/callback.ts';
import type { Normalised, NormalisedEvent, RawRequest } from '../sources/source.ts';
import { authenticate, type Caller, challenge, type Secret } from './authenticate.ts';
import { contentOf } from './content.ts';
import { type ReceiverMetrics, receiverMetrics } from './receiver-metrics.ts';
import { type ReceivingSource, receivingSources } from './receiving-source.ts';
import { proveClick, type SlackDesk, slackSources, takeClicks } from './slack-desk.ts';
import { takeAll } from './take-all.ts';
import { Intake, type Taken } from './take-event.ts';
import { Frontend, type TemporalClient } from './temporal.ts';

export interface ReceiverOptions {
  config: Config;
  secret: Secret;
  client: TemporalClient;
  log: Logger;
  registry: Registry;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** Milliseconds Temporal may take to answer. Default 3 s. */
  temporalDeadlineMs?: number;
}

export interface Receiver {
  app: Express;
  listen(options: ListenOptions): Promise<Listening>;
}

const largestBody = 1_048_576;

/** Events in over HTTP: who sends it, what it says, then Temporal, then 202. Throws `misconfigured` naming every source that cannot be received. */
export function createReceiver(options: ReceiverOptions): Receiver {
  const { config, log, registry } = options;
  const frontend = new Frontend(options.client, options.temporalDeadlineMs ?? 3_000);
  const desk: Desk = {
    intake: new Intake(frontend),
    secret: options.secret,
    clock: options.clock ?? Date.now,
    metrics: receiverMetrics(registry),
    birthDateKey: config.birthDateKey,
  };
  const app = plainApp();
  app.use(health(() => frontend.ready()));
  const sources = receivingSources(config);
  const slack = slackSources(config);
  const names = new Map([...sources, ...slack].map((source) => [source.path, source.name]));
  app.use(requestLog(log, (done) => measure(desk.metrics, { ...done, source: names.get(done.path) ?? 'none' })));
  for (const source of sources) {
    app
      .route(source.path)
      .post(readBody(), prove(desk, source), limit(source), receive(desk, source))
      .all(onlyMethods('POST'));
  }
  const slackDesk: SlackDesk = {
    ...{ client: options.client, secret: options.secret, clock: desk.clock, log },
    proofKey: () => options.secret(config.proofKey ?? ''),
  };
  for (const source of slack) {
    app
      .route(source.path)
      .post(readBody(), proveClick(slackDesk, source), limit(source), takeClicks(slackDesk, source))
      .all(onlyMethods('POST'));
  }
  app.use(notFound);
  app.use(problemHandler(log));
  return { app, listen: (where) => listen(app, where) };
}

interface Desk {
  intake: Intake;
  secret: Secret;
  clock: () => number;
  metrics: ReceiverMetrics;
  /** A reference. Absent: dates of birth are dropped. */
  birthDateKey: string | undefined;
}

/** Raw bytes: a signature is over them, and only they can be checked for what a parser would pass over. */
const readBody = (): RequestHandler => express.raw({ type: () => true, limit: largestBody, inflate: false });

const callers = new WeakMap<Request, Caller>();

function prove({ secret, clock }: Desk, { authentication }: ReceivingSource): RequestHandler {
  const headers = { 'www-authenticate': challenge(authentication) };
  return async (request, _response, next) => {
    const caller = await authenticate(rawRequest(request, clock()), authentication, secret, clock());
    // One answer for every cause: it must not tell a guesser which half was right.
    if (caller === undefined) throw new HttpProblem(401, undefined, { headers });
    callers.set(request, caller);
    next();
  };
}

/** Counted after the proof, so that no stranger can use up what the source is allowed. */
function limit({ name, rateLimit: perMinute }: Pick<ReceivingSource, 'name' | 'rateLimit'>): RequestHandler {
  return rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    keyGenerator: () => name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: () => {
      throw new HttpProblem(429, `more than ${perMinute} requests a minute`);
    },
  });
}

function receive(desk: Desk, source: ReceivingSource): RequestHandler {
  const { intake, secret, clock, metrics } = desk;
  return async (request, response) => {
    const raw = rawRequest(request, clock());
    const { mediaType, charset } = contentOf(raw.headers['content-type']);
    if (!source.definition.mediaTypes.includes(mediaType) || (charset !== undefined && charset !== 'utf-8')) {
      const taken = source.definition.mediaTypes.join(', ');
      throw new HttpProblem(415, `taken here: ${taken}, in UTF-8`, { headers: { accept: taken } });
    }
    const read = source.definition.normalise({ ...raw, mediaType }, source.settings);
    if (!read.ok) {
      throw new HttpProblem(read.status, 'the body breaks the schema', { members: { errors: read.faults } });
    }
    const { webhookId } = callers.get(request) ?? {};
    const arrival = {
      source: source.name,
      duplicateWindow: source.duplicateWindow,
      receivedAt: raw.receivedAt,
      // A batch has one message id and many events.
      ...(webhookId === undefined || read.batch ? {} : { webhookId }),
    };
    const anonymous = await withoutBirthDates(desk, read.events);
    const events =
      read.callback === undefined ? anonymous : await withCallback(anonymous, read.callback, source, secret);
    const items = await takeAll(events, (event) => intake.take(arrival, event));
    events.forEach((event, index) => {
      const status = items[index]?.status;
      if (status === 'accepted') metrics.accepted.inc({ source: source.name, type: event.type });
      if (status === 'duplicate') metrics.duplicates.inc({ source: source.name });
    });
    note(response, noted(items));
    answer(response, read, items);
  };
}

/** Before anything is hashed, started or logged: no date of birth goes beyond this process. */
async function withoutBirthDates(
  { secret, birthDateKey }: Desk,
  events: NormalisedEvent[],
): Promise<NormalisedEvent[]> {
  const isNeeded = events.some(({ birthDate }) => birthDate !== undefined);
  const key = isNeeded && birthDateKey !== undefined ? await secret(birthDateKey) : undefined;
  return events.map((event) => withoutBirthDate(event, key));
}

function answer(response: Response, { batch, reply }: Extract<Normalised, { ok: true }>, items: Taken[]): void {
  const [only] = items;
  if (reply !== undefined && items.every(({ status }) => status !== 'conflict'))
    response.status(reply.status).json(reply.body);
  else if (batch || only === undefined) response.status(202).json({ items });
  else if (only.status !== 'conflict') response.status(only.status === 'accepted' ? 202 : 200).json(only);
  else {
    const { status: _, ...members } = only;
    const detail = 'another event came under this id; this one is held for a person to look at';
    throw new HttpProblem(409, detail, { members });
  }
}

/** For the log: a few ids are what one searches for, and a thousand would only fill it. */
function noted(items: Taken[]): Record<string, unknown> {
  const [only] = items;
  if (items.length === 1 && only !== undefined) {
    return { event: only.eventId, workflow: only.workflowId, result: only.status };
  }
  return { events: items.length, workflows: items.slice(0, 20).map((item) => item.workflowId) };
}

function measure(metrics: ReceiverMetrics, done: Done & { source: string }): void {
  const labels = { source: done.source, status: String(done.status) };
  metrics.seconds.observe(labels, done.ms / 1_000);
  if (done.status >= 400) metrics.refused.inc(labels);
}

function rawRequest(request: Request, nowMs: number): RawRequest {
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
  const body: unknown = request.body;
  return {
    headers,
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
    mediaType: '',
    receivedAt: new Date(nowMs).toISOString(),
    query: Object.fromEntries(
      Object.entries(request.query).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
  };
}
