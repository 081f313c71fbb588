import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { Failure } from '../model/failure.ts';

/** Standard Webhooks (https://www.standardwebhooks.com): the three headers that sign a body. */
export interface WebhookHeaders {
  id: string;
  /** Seconds since 1970, as text. */
  timestamp: string;
  /** `v1,…` or `v1a,…`, several apart by spaces. */
  signature: string;
}

const toleranceSeconds = 300;

/** Is the body signed with one of the secrets, within five minutes of now? `whsec_` is HMAC (`v1`), `whpk_` ed25519 (`v1a`). */
export function isSigned(headers: WebhookHeaders, body: Buffer, secrets: readonly string[], nowMs: number): boolean {
  if (!/^\d{1,12}$/.test(headers.timestamp)) return false;
  if (Math.abs(nowMs / 1_000 - Number(headers.timestamp)) > toleranceSeconds) return false;
  const signed = signedContent(headers, body);
  const signatures = headers.signature.split(' ').slice(0, 20);
  return secrets.some((secret) => {
    const check = checkerFor(secret);
    return signatures.some((signature) => check(signature, signed));
  });
}

/** Signs a body as a sender does who shares a `whsec_` secret. */
export function signWebhook(options: { id: string; timestamp: number; body: Buffer; secret: string }): WebhookHeaders {
  const { id, body, secret } = options;
  const timestamp = String(Math.floor(options.timestamp));
  const mac = hmac(hmacKey(secret), signedContent({ id, timestamp }, body));
  return { id, timestamp, signature: `v1,${mac.toString('base64')}` };
}

type Check = (signature: string, signed: Buffer) => boolean;

function checkerFor(secret: string): Check {
  if (!secret.startsWith('whpk_')) {
    const key = hmacKey(secret);
    return (signature, signed) => {
      const given = decoded(signature, 'v1,');
      const right = hmac(key, signed);
      return given.length === right.length && timingSafeEqual(given, right);
    };
  }
  const raw = Buffer.from(secret.slice(5), 'base64');
  if (raw.length !== 32) throw new Failure('misconfigured', 'a whpk_ key must be 32 bytes in base64');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return (signature, signed) => signature.startsWith('v1a,') && verify(null, signed, key, decoded(signature, 'v1a,'));
}

function hmacKey(secret: string): Buffer {
  const key = Buffer.from(secret.startsWith('whsec_') ? secret.slice(6) : '', 'base64');
  if (key.length >= 16) return key;
  throw new Failure('misconfigured', 'a secret for Standard Webhooks must be whsec_ and at least 16 bytes in base64');
}

const hmac = (key: Buffer, signed: Buffer): Buffer => createHmac('sha256', key).update(signed).digest();

/** The signature's bytes; none where it is of another version. */
const decoded = (signature: string, version: string): Buffer =>
  signature.startsWith(version) ? Buffer.from(signature.slice(version.length), 'base64') : Buffer.alloc(0);

const signedContent = ({ id, timestamp }: Pick<WebhookHeaders, 'id' | 'timestamp'>, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
