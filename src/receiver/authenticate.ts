import type { Authentication } from '../config.ts';
import { bearerToken, sameSecret } from '../http/same-secret.ts';
import { Failure } from '../model/failure.ts';
import type { RawRequest } from '../sources/source.ts';
import { isSigned } from './standard-webhooks.ts';

/** Resolves a reference such as `env:NAME` to the secret. */
export type Secret = (reference: string) => Promise<string>;

/** Somebody who proved to be the source. */
export interface Caller {
  /** The message's id, where a signature vouches for it. */
  webhookId?: string;
}

/**
 * Tries a source's ways of proving itself; undefined where none fits. A secret that cannot be read is thrown only when no
 * other way fits, so that half a rotation refuses nobody.
 */
export async function authenticate(
  request: RawRequest,
  ways: readonly Authentication[],
  secret: Secret,
  nowMs: number,
): Promise<Caller | undefined> {
  const unreadable: unknown[] = [];
  for (const way of ways) {
    for (const attempt of attempts(request, way, secret, nowMs)) {
      try {
        const caller = await attempt();
        if (caller !== undefined) return caller;
      } catch (error) {
        unreadable.push(error);
      }
    }
  }
  if (unreadable.length === 0) return undefined;
  throw new Failure('unavailable', 'a secret that the sender may have used cannot be read', {
    cause: unreadable[0],
    advice: 'Mend what muster.yaml refers to; senders were told to send again.',
  });
}

type Attempt = () => Promise<Caller | undefined>;

/** One attempt for each secret. */
function attempts({ headers, body }: RawRequest, way: Authentication, secret: Secret, nowMs: number): Attempt[] {
  const { authorization } = headers;
  switch (way.type) {
    case 'none':
      return [async () => ({})];
    case 'basic': {
      const given = basicCredentials(authorization);
      if (given === undefined) return [];
      return [
        async () => {
          const password = await secret(way.password);
          // Both are compared, so that the time does not tell which was wrong.
          const same = [sameSecret(given.username, way.username), sameSecret(given.password, password)];
          return same.every(Boolean) ? {} : undefined;
        },
      ];
    }
    case 'bearer': {
      const token = bearerToken(authorization);
      if (token === undefined) return [];
      return way.tokens.map((reference) => async () => (sameSecret(token, await secret(reference)) ? {} : undefined));
    }
    case 'standard-webhooks': {
      const id = headers['webhook-id'];
      const timestamp = headers['webhook-timestamp'];
      const signature = headers['webhook-signature'];
      if (!id || !timestamp || !signature) return [];
      const signed = { id, timestamp, signature };
      return way.secrets.map((reference) => async () => {
        return isSigned(signed, body, [await secret(reference)], nowMs) ? { webhookId: id } : undefined;
      });
    }
  }
}

function basicCredentials(authorization: string | undefined): { username: string; password: string } | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** `WWW-Authenticate` for a source: what it may be asked with, the same whatever was wrong. */
export function challenge(ways: readonly Authentication[]): string {
  const schemes = { basic: 'Basic realm="muster", charset="UTF-8"', bearer: 'Bearer realm="muster"' } as const;
  const offered = ways.flatMap((way) => (way.type === 'basic' || way.type === 'bearer' ? [schemes[way.type]] : []));
  return offered.length > 0 ? [...new Set(offered)].join(', ') : 'Webhook realm="muster"';
}
