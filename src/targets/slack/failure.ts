import { z } from 'zod';
import { Failure, type FailureCode, type FailureOptions } from '../../model/failure.ts';
import { codeOfStatus, type HttpAnswer, retryAfter } from '../http-client.ts';

const errorSchema = z.object({
  ok: z.literal(false),
  error: z.string().regex(/^\w{1,60}$/),
  /** With `missing_scope`: the scopes of which one is needed. */
  needed: z
    .string()
    .regex(/^[\w.:, ]{1,200}$/)
    .nullish()
    .catch(undefined),
});

/** A refusal by Slack: the failure, and Slack's word for it that callers may act on. */
export class SlackError extends Failure {
  readonly error: string | undefined;

  constructor(code: FailureCode, message: string, error: string | undefined, options: FailureOptions) {
    super(code, message, options);
    this.error = error;
  }
}

/** Slack's words by class; those that are not here are `refused`. https://docs.slack.dev/reference/methods/chat.postMessage */
const words: Partial<Record<FailureCode, string[]>> = {
  credentials: [
    'invalid_auth',
    'not_authed',
    'account_inactive',
    'token_revoked',
    'token_expired',
    'not_allowed_token_type',
    'org_login_required',
    'two_factor_setup_required',
  ],
  'not-found': ['channel_not_found', 'users_not_found', 'user_not_found'],
  throttled: ['ratelimited', 'rate_limited', 'message_limit_exceeded'],
  unavailable: ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org'],
  protocol: [
    'invalid_blocks',
    'invalid_blocks_format',
    'msg_blocks_too_long',
    'msg_too_long',
    'no_text',
    'invalid_arguments',
    'invalid_json',
    'json_not_object',
    'invalid_form_data',
    'invalid_metadata_format',
    'invalid_metadata_schema',
    'metadata_too_large',
    'unknown_method',
  ],
};

const codes = new Map<string, FailureCode>();
for (const code of ['credentials', 'not-found', 'throttled', 'unavailable', 'protocol'] as const) {
  for (const word of words[code] ?? []) codes.set(word, code);
}

const advices: Readonly<Record<string, string>> = {
  not_in_channel: 'Invite the app to the channel: /invite and its name.',
  channel_not_found:
    'Compare "channels" in the settings; a private channel needs the app invited: /invite and its name.',
  is_archived: 'Name another channel under "channels" in the settings, or bring this one back.',
  users_not_found: 'Nobody in the workspace has this address: compare the profile in Slack with the directory.',
  invalid_auth: 'Take the bot token anew: api.slack.com/apps, the app, OAuth & Permissions.',
  account_inactive: 'The app was removed from the workspace: install it again, and take its new token.',
  token_revoked: 'Install the app again, and take its new token.',
};

/** An answer that is not what was asked for → a failure in its class; undefined when it says `"ok": true`. */
export function failureIn(call: string, answer: HttpAnswer): SlackError | undefined {
  const body = bodyIn(answer);
  const error = errorSchema.safeParse(body).data;
  if (error === undefined && answer.status < 300) {
    if (z.object({ ok: z.literal(true) }).safeParse(body).success) return undefined;
    return new SlackError(
      'protocol',
      `Slack: ${call} answered ${answer.status} with something else than JSON`,
      undefined,
      {
        advice: 'Look whether "baseUrl" is Slack\'s Web API, and not a proxy\'s page.',
      },
    );
  }
  const word = error?.error;
  // Slack's refusals come with status 200: the word says more than the status.
  const code = codes.get(word ?? '') ?? (answer.status >= 300 ? codeOfStatus(answer.status) : 'refused');
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  const advice = adviceFor(word, error?.needed ?? undefined);
  const told = word === undefined ? '' : `: ${word}`;
  return new SlackError(code, `Slack: ${call} answered ${answer.status}${told}`, word, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(advice === undefined ? {} : { advice }),
  });
}

function adviceFor(word: string | undefined, needed: string | undefined): string | undefined {
  if (word !== 'missing_scope') return advices[word ?? ''];
  return `Give the app the scope ${needed ?? 'that the README names'}, and install it again.`;
}

function bodyIn(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}
