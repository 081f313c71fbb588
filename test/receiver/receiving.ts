import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { configSchema } from '../../src/config.ts';
import type { ListenOptions } from '../../src/http/listen.ts';
import { createReceiver } from '../../src/receiver/receiver.ts';
import { signWebhook } from '../../src/receiver/standard-webhooks.ts';
import type { TemporalClient } from '../../src/receiver/temporal.ts';
import { secretResolver } from '../../src/secrets.ts';

/** Two HMAC secrets, a password and a token, as the environment has them. */
export const secrets = {
  HR_SECRET: `whsec_${Buffer.from('an hmac key of thirty-two bytes!').toString('base64')}`,
  HR_NEXT_SECRET: `whsec_${Buffer.from('the key that will replace it now').toString('base64')}`,
  HR_PASSWORD: 'correct:horse battery staple',
  HR_TOKEN: 'a-bearer-token',
};

const configText = `
sources:
  workday:
    kind: workday
    authoritative: true
    authentication:
      - { type: standard-webhooks, secrets: [env:HR_SECRET, env:HR_NEXT_SECRET] }
      - { type: basic, username: workday, password: env:HR_PASSWORD }
      - { type: bearer, tokens: [env:HR_TOKEN] }
  cloudevents:
    kind: cloudevents
    authentication:
      - { type: standard-webhooks, secrets: [env:HR_SECRET] }
`;

export const end = {
  event: 'Worker_Terminated',
  workerId: 'GT-48291',
  effectiveDate: '2025-11-15',
  terminationType: 'Voluntary',
};

/** A clock that tests set; it does not run. */
export const noon = Date.parse('2025-11-15T12:00:00Z');

export interface Receiving {
  url: string;
  clock: { now: number };
  log: Record<string, unknown>[];
  registry: Registry;
  /** Signs and posts to a source. */
  post(source: string, body: unknown, more?: Post): Promise<Answer>;
  /** Posts as it is, with no proof. */
  raw(path: string, init?: RequestInit): Promise<Answer>;
  close(): Promise<void>;
}

interface Post {
  id?: string;
  mediaType?: string;
  secret?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  type: string | null;
  headers: Headers;
  body: unknown;
}

export interface ReceivingOptions {
  client: TemporalClient;
  /** YAML; tests add to it. */
  config?: string;
  listen?: Partial<ListenOptions>;
  env?: NodeJS.ProcessEnv;
  temporalDeadlineMs?: number;
}

/** A receiver on a free port of its own. */
export async function receiving(options: ReceivingOptions): Promise<Receiving> {
  const clock = { now: noon };
  const log: Record<string, unknown>[] = [];
  const registry = new Registry();
  const receiver = createReceiver({
    config: { ...configSchema.parse(parse(options.config ?? configText)), folder: '.' },
    secret: secretResolver('.', options.env ?? secrets),
    client: options.client,
    log: pino(
      { level: 'info' },
      { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    registry,
    clock: () => clock.now,
    temporalDeadlineMs: options.temporalDeadlineMs ?? 2_000,
  });
  const listening = await receiver.listen({ port: 0, ...options.listen });
  const raw = async (path: string, init?: RequestInit): Promise<Answer> => {
    const answer = await fetch(listening.url + path, { method: 'POST', ...init });
    const text = await answer.text();
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      headers: answer.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  };
  return {
    url: listening.url,
    clock,
    log,
    registry,
    raw,
    post(source, body, more = {}) {
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const id = more.id ?? createHash('sha256').update(bytes).digest('hex');
      const signed = signWebhook({
        id,
        timestamp: clock.now / 1_000,
        body: bytes,
        secret: more.secret ?? secrets.HR_SECRET,
      });
      return raw(`/events/${source}`, {
        headers: {
          'content-type':
            more.mediaType ?? (source === 'cloudevents' ? 'application/cloudevents+json' : 'application/json'),
          'webhook-id': signed.id,
          'webhook-timestamp': signed.timestamp,
          'webhook-signature': signed.signature,
          ...more.headers,
        },
        body: new Uint8Array(bytes),
      });
    },
    close: () => listening.close(0),
  };
}

/** The headers by which Workday proves itself with a password. */
export const basic = (username = 'workday', password = secrets.HR_PASSWORD): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});

/** Stands in for Temporal where it must not be reached at all. */
export const unreachable = (): Promise<Client> => Promise.reject(new Error('Temporal must not be asked here'));
