import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Somebody pressed a button of ours. Who they are to Muster, and whether they may decide, is not Slack's to say. */
export interface SlackClick {
  kind: 'decision';
  /** Slack's id of who pressed it. */
  slackUser: string;
  /** The button's id: `approve`, `refuse`. */
  actionId: string;
  /** The opaque id that the button carries. */
  value: string;
  /** Where the message may be changed, for 30 minutes and five times. */
  responseUrl?: string;
  /** The same for a request that is sent again; for `SlackRequests`. */
  request: string;
}

/** A request that is Slack's and says nothing to decide: a link was opened, a field was filled in. Answered like a click. */
export interface SlackNothing {
  kind: 'nothing';
  reason: string;
}

/** A request that is refused. The problem of a 401 is for the log alone: the answer is one for every cause. */
export interface SlackRefusal {
  kind: 'refused';
  status: 400 | 401 | 415;
  problem: string;
}

const toleranceSeconds = 300;

const clickSchema = z.object({
  user: z.object({ id: z.string().regex(/^[UW][A-Z0-9]{1,40}$/) }),
  actions: z
    .array(z.object({ action_id: z.string().min(1).max(255), value: z.string().min(1).max(2_000).exactOptional() }))
    .length(1),
  /** One that is not https is left out. */
  response_url: z
    .url({ protocol: /^https$/ })
    .max(2_000)
    .optional()
    .catch(undefined),
});

/**
 * A request of Slack's interactivity, from its raw bytes: proved by the signing secret (v0, five minutes), then read. Pure: that
 * the same request comes twice is for `SlackRequests` to see. `headers` have lower-case names, `nowMs` is epoch milliseconds.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function readSlackClick(
  rawBody: Buffer,
  headers: Readonly<Record<string, string>>,
  signingSecret: string,
  nowMs: number,
): SlackClick | SlackNothing | SlackRefusal {
  const timestamp = headers['x-slack-request-timestamp'] ?? '';
  const signature = headers['x-slack-signature'] ?? '';
  // An empty secret would let everybody in who knows how to sign.
  if (signingSecret === '') return refuse(401, 'there is no signing secret');
  if (!/^\d{1,12}$/.test(timestamp)) return refuse(401, 'there is no timestamp');
  if (!isSame(signature, slackSignature(signingSecret, timestamp, rawBody)))
    return refuse(401, 'the signature is wrong');
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > toleranceSeconds) return refuse(401, 'the timestamp is too old');
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/x-www-form-urlencoded') return refuse(415, 'it is not a form');
  const payloads = new URLSearchParams(rawBody.toString('utf8')).getAll('payload');
  const [text] = payloads;
  if (text === undefined || payloads.length > 1) return refuse(400, 'it must have one field "payload"');
  return readPayload(text, `${timestamp}:${signature}`);
}

/** Slack's signature of a body, as its header `x-slack-signature` has it. `timestamp` is seconds since 1970, as text. */
export function slackSignature(signingSecret: string, timestamp: string, rawBody: Buffer): string {
  const mac = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(rawBody);
  return `v0=${mac.digest('hex')}`;
}

/** Requests taken lately, so that one that somebody recorded and sends again is noticed. In this process's memory. */
export class SlackRequests {
  readonly #taken = new Map<string, number>();

  /** True for the first time that a request is seen; it is kept for as long as its timestamp could pass. */
  isNew({ request }: Pick<SlackClick, 'request'>, nowMs: number): boolean {
    for (const [key, until] of this.#taken) {
      if (until > nowMs) break;
      this.#taken.delete(key);
    }
    if (this.#taken.has(request)) return false;
    // The timestamp may lie in the future by the tolerance, and passes for that much longer.
    this.#taken.set(request, nowMs + 2 * toleranceSeconds * 1_000 + 1_000);
    return true;
  }
}

function readPayload(text: string, request: string): SlackClick | SlackNothing | SlackRefusal {
  const payload = jsonOf(text);
  const type = z.object({ type: z.string() }).safeParse(payload).data?.type;
  if (type === undefined) return refuse(400, 'the payload is not JSON with a type');
  if (type !== 'block_actions') return { kind: 'nothing', reason: 'not the click of a button' };
  const click = clickSchema.safeParse(payload);
  if (!click.success) {
    const paths = click.error.issues.map((issue) => issue.path.join('.'));
    return refuse(400, `the payload differs from Slack's documentation at ${paths.join(', ')}`);
  }
  const { user, actions, response_url: responseUrl } = click.data;
  const [action] = actions;
  if (action?.value === undefined) return { kind: 'nothing', reason: 'the button carries no value: a link' };
  return {
    kind: 'decision',
    slackUser: user.id,
    actionId: action.action_id,
    value: action.value,
    ...(responseUrl === undefined ? {} : { responseUrl }),
    request,
  };
}

const refuse = (status: SlackRefusal['status'], problem: string): SlackRefusal => ({
  kind: 'refused',
  status,
  problem,
});

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
