import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { HttpClient } from '../targets/http-client.ts';
import { httpUrl, secretReference } from '../targets/setting-types.ts';
import type { Fault, NormalisedEvent } from './source.ts';

/** Settings of a source that wants to be answered; both or neither. */
export const callbackSettings = {
  /** Encrypts where and with which secret to answer: an event is kept in histories and in the ledger, and they must hold neither. */
  callbackKey: secretReference.exactOptional(),
  /** Hosts that may be answered: `globaltech.api.identitynow.com`, with a port where it is not the usual one. */
  callbackHosts: z.array(z.string().regex(/^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i, 'must be a host')).default([]),
  /** How long the source waits for the answer, in minutes. */
  callbackMinutes: z.int().min(2).max(10_080).default(60),
  /** Who decided, in a name that the source knows. */
  callbackApprover: z.string().min(1).default('muster'),
};

const settingsSchema = z.looseObject(callbackSettings);

/** Where a source wants its answer, and what proves to it that the answer is ours. */
export interface Callback {
  url: string;
  secret: string;
}

const callbackSchema = z.strictObject({ url: z.string(), secret: z.string() });

/** What is wrong with a callback under a source's settings; undefined where it may be answered. */
export function callbackFault(
  url: string,
  settings: { callbackKey?: string; callbackHosts: string[] },
): string | undefined {
  if (settings.callbackKey === undefined)
    return "wants an answer: set callbackKey and callbackHosts in the source's settings";
  if (!httpUrl.safeParse(url).success) return 'must be an https address';
  const { host } = new URL(url);
  return settings.callbackHosts.includes(host) ? undefined : `${host} is not one of the source's callbackHosts`;
}

const version = 'v1';

/**
 * Encrypts a callback (AES-256-GCM), bound to its source. The nonce is made from what is encrypted, so that a request which is
 * sent again gives the same text and is seen to be the same; equal texts tell no more than equal requests do.
 */
export function sealCallback(callback: Callback, source: string, key: string): string {
  const text = Buffer.from(JSON.stringify([callback.url, callback.secret]));
  const nonce = createHmac('sha256', keyOf(key, 'nonce'))
    .update(source)
    .update('\0')
    .update(text)
    .digest()
    .subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(key, 'content'), nonce);
  cipher.setAAD(Buffer.from(source));
  const sealed = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return `${version}.${sealed.toString('base64url')}`;
}

/** Throws `credentials` where it was sealed with another key, for another source, or not by us. */
export function openCallback(sealed: string, source: string, key: string): Callback {
  try {
    const bytes = Buffer.from(sealed.slice(version.length + 1), 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', keyOf(key, 'content'), bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(source));
    decipher.setAuthTag(bytes.subarray(-16));
    const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
    const [url, secret] = z.tuple([z.string(), z.string()]).parse(JSON.parse(text));
    return callbackSchema.parse({ url, secret });
  } catch (error) {
    throw new Failure('credentials', `where to answer ${source} cannot be decrypted`, {
      advice: 'Was callbackKey replaced since it asked? Answer it there by hand.',
      cause: error,
    });
  }
}

const keyOf = (secret: string, what: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `muster callback ${what}`, 32));

/** Events with their callback as `data.callback`, sealed: what the receiver hands to Temporal. */
export async function withCallback(
  events: NormalisedEvent[],
  callback: Callback,
  source: { name: string; settings: unknown },
  secret: (reference: string) => Promise<string>,
): Promise<NormalisedEvent[]> {
  const { callbackKey } = settingsSchema.parse(source.settings);
  if (callbackKey === undefined) return events;
  const sealed = sealCallback(callback, source.name, await secret(callbackKey));
  return events.map((event) => ({ ...event, data: { ...event.data, callback: sealed } }));
}

/** What a source is answered. */
export interface CallbackOutput {
  approved: boolean;
  comment: string;
}

/** Answers sources, where they are set up to be answered. */
export interface SourceCallbacks {
  /** Milliseconds that a source waits; undefined for one that does not. */
  patienceMs(source: string): number | undefined;
  /** Posts the answer. Nothing that fails names the secret. */
  answer(source: string, sealed: string, output: CallbackOutput, signal: AbortSignal): Promise<void>;
}

/** The callbacks of all sources of muster.yaml. */
export function sourceCallbacks(
  sources: Record<string, { settings: Record<string, unknown> }>,
  secret: (reference: string) => Promise<string>,
): SourceCallbacks {
  const settingsOf = (source: string) => settingsSchema.safeParse(sources[source]?.settings ?? {}).data;
  return {
    patienceMs(source) {
      const settings = settingsOf(source);
      return settings?.callbackKey === undefined ? undefined : settings.callbackMinutes * 60_000;
    },
    async answer(source, sealed, output, signal) {
      const settings = settingsOf(source);
      const key = settings?.callbackKey;
      if (settings === undefined || key === undefined) {
        throw new Failure('misconfigured', `the source ${source} has no callbackKey any more`);
      }
      const callback = openCallback(sealed, source, await secret(key));
      const fault = callbackFault(callback.url, settings);
      if (fault !== undefined) throw new Failure('refused', `the callback of ${source} ${fault}`);
      await post(source, callback, { ...output, approver: settings.callbackApprover }, signal);
    },
  };
}

async function post(
  source: string,
  { url, secret }: Callback,
  output: CallbackOutput & { approver: string },
  signal: AbortSignal,
): Promise<void> {
  const { origin, pathname, search } = new URL(url);
  const client = new HttpClient({ baseUrl: origin, title: source, maxBytes: 100_000 });
  try {
    const path = pathname + search;
    await client.call({ method: 'POST', path, name: 'answer the request', json: { secret, output }, signal });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // What a server says about a request may quote it.
    const said = secret === '' ? error.message : error.message.replaceAll(secret, '…');
    throw new Failure(error.code, said, error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs });
  } finally {
    await client.close();
  }
}

/** For a source's reading of a request. */
export const callbackFaultAt = (
  path: string,
  url: string,
  settings: { callbackKey?: string; callbackHosts: string[] },
): Fault[] => {
  const problem = callbackFault(url, settings);
  return problem === undefined ? [] : [{ path, problem }];
};
