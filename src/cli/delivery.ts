import { createHash } from 'node:crypto';
import type { Authentication, Config } from '../config.ts';
import { Failure } from '../model/failure.ts';
import { signWebhook } from '../receiver/standard-webhooks.ts';
import { secretResolver } from '../secrets.ts';
import { type Answer, problemOf, request } from './api.ts';

/** One event on its way to the receiver, as its source would send it. */
export interface Delivery {
  config: Config;
  /** The source's name in muster.yaml. */
  source: string;
  body: Buffer;
  /** The event's own id; absent: made of the body, so that the same bytes sent twice are one event. */
  id?: string | undefined;
  /** The receiver's address. */
  receiver: string;
  env: NodeJS.ProcessEnv;
}

/** Authenticates and posts it. Throws for every answer but 200 and 202; problem details come out in words. */
export async function deliver(delivery: Delivery): Promise<Answer> {
  const { config, source, body } = delivery;
  const entry = config.sources[source];
  if (entry === undefined) {
    throw new Failure('misconfigured', `muster.yaml has no source "${source}"`, {
      advice: `It has ${Object.keys(config.sources).join(', ') || 'none'}.`,
    });
  }
  const id = delivery.id ?? `sent-${createHash('sha256').update(body).digest('hex')}`;
  const secret = secretResolver(config.folder, delivery.env);
  const [authentication] = entry.authentication;
  const answer = await request(new URL(`/events/${source}`, delivery.receiver), {
    method: 'POST',
    headers: {
      'content-type': mediaTypeOf(body, entry.kind),
      'webhook-id': id,
      ...(authentication === undefined ? {} : await credentials(authentication, id, body, secret)),
    },
    body: new Uint8Array(body),
  });
  if (answer.status !== 200 && answer.status !== 202) throw problemOf(answer, 'the receiver');
  return answer;
}

async function credentials(
  authentication: Authentication,
  id: string,
  body: Buffer,
  secret: (reference: string) => Promise<string>,
): Promise<Record<string, string>> {
  switch (authentication.type) {
    case 'none':
      return {};
    case 'basic': {
      const pair = `${authentication.username}:${await secret(authentication.password)}`;
      return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
    }
    case 'bearer':
      return { authorization: `Bearer ${await secret(authentication.tokens[0] ?? '')}` };
    case 'standard-webhooks': {
      for (const reference of authentication.secrets) {
        const key = await secret(reference);
        if (!key.startsWith('whsec_')) continue;
        const signed = signWebhook({ id, timestamp: Date.now() / 1_000, body, secret: key });
        return { 'webhook-timestamp': signed.timestamp, 'webhook-signature': signed.signature };
      }
      throw new Failure('misconfigured', 'only the public key of this source is here, so nothing can be signed for it');
    }
  }
}

/** The media type that the body's own first character and the kind of source call for. */
export function mediaTypeOf(body: Buffer, kind: string): string {
  const first = body.toString('utf8').trimStart()[0];
  if (first === '<') return 'application/xml';
  if (kind !== 'cloudevents') return 'application/json';
  return first === '[' ? 'application/cloudevents-batch+json' : 'application/cloudevents+json';
}
