import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type Config, secretReference } from '../config.ts';
import { HttpProblem } from '../http/problem.ts';
import { note } from '../http/request-log.ts';
import { Failure } from '../model/failure.ts';
import { Decisions } from '../operator/decisions.ts';
import { readSlackClick, type SlackClick, type SlackNothing, SlackRequests } from '../sources/slack.ts';
import { HttpClient } from '../targets/http-client.ts';
import type { Secret } from './authenticate.ts';
import type { TemporalClient } from './temporal.ts';

/** The kind of source by which approvers decide in Slack: its requests are no events. */
export const slackKind = 'slack';

/** What muster.yaml says of a Slack app whose buttons decide. */
export const slackSettings = z.strictObject({
  /** Signs every request of the app. */
  signingSecret: secretReference,
  /** Slack's id of a user → the operator's or the person's id. Who is not here decides nothing: Slack tells no address with a click. */
  users: z.record(
    z.string().regex(/^[UW][A-Z0-9]{1,40}$/, 'must be the id of a Slack user: U0123ABC'),
    z.string().regex(/^[\w.@-]{1,100}$/, 'must be the id of an operator or a person'),
  ),
  /** Where answers may be sent that come after Slack's three seconds. */
  responseHosts: z.array(z.string().min(1)).default(['hooks.slack.com']),
});

/** A Slack app of the configuration. */
export interface SlackSource {
  name: string;
  /** `/events/<name>` */
  path: string;
  settings: z.output<typeof slackSettings>;
  rateLimit: number;
}

/** All Slack apps of the configuration, or `misconfigured` with all that is wrong with any of them. */
export function slackSources({ sources, proofKey }: Pick<Config, 'sources' | 'proofKey'>): SlackSource[] {
  const faults: string[] = [];
  const ready = Object.entries(sources).flatMap(([name, { kind, settings, authentication, rateLimit }]) => {
    if (kind !== slackKind) return [];
    if (authentication.length > 0)
      faults.push(`sources.${name}.authentication: Slack signs with settings.signingSecret alone`);
    if (proofKey === undefined) faults.push(`sources.${name}: decisions need the proofKey of muster.yaml`);
    const read = slackSettings.safeParse(settings);
    if (read.success) return [{ name, path: `/events/${name}`, settings: read.data, rateLimit }];
    faults.push(
      ...read.error.issues.map(({ path, message }) =>
        ['sources', name, 'settings', ...path].join('.').concat(`: ${message}`),
      ),
    );
    return [];
  });
  if (faults.length > 0) throw new Failure('misconfigured', faults.join('\n'));
  return ready;
}

export interface SlackDesk {
  client: TemporalClient;
  secret: Secret;
  proofKey(): Promise<string>;
  /** Epoch milliseconds. */
  clock(): number;
  log: Logger;
}

/** Slack waits three seconds; what takes longer is told by the request's own address. */
const patienceMs = 2_000;
/** A workflow that nobody works at answers nobody. */
const answerMs = 15_000;

const decisions = { approve: 'approve', refuse: 'refuse' } as const;
const isDecision = (action: string): action is keyof typeof decisions => Object.hasOwn(decisions, action);

const clicks = new WeakMap<Request, SlackClick | SlackNothing>();

/** Lets through what Slack has signed, and reads it. */
export function proveClick({ secret, clock }: SlackDesk, { settings }: SlackSource): RequestHandler {
  return async (request, response, next) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
    const body: unknown = request.body;
    const raw = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const click = readSlackClick(raw, headers, await secret(settings.signingSecret), clock());
    if (click.kind === 'refused') {
      note(response, { slack: click.problem });
      // One answer for every cause of a 401.
      throw new HttpProblem(click.status, click.status === 401 ? undefined : click.problem);
    }
    clicks.set(request, click);
    next();
  };
}

/**
 * A click on "Approve" or "Refuse": put down to whom the settings name, and decided by the person's workflow, which knows who
 * may. Whatever comes of it is answered 200, in words for whoever clicked. Only behind `proveClick`.
 */
export function takeClicks(desk: SlackDesk, source: SlackSource, post = postTo): RequestHandler {
  const requests = new SlackRequests();
  return async (request, response) => {
    const click = clicks.get(request);
    if (click?.kind !== 'decision' || !isDecision(click.actionId) || !requests.isNew(click, desk.clock())) {
      response.status(200).end();
      return;
    }
    const by = source.settings.users[click.slackUser];
    note(response, { approval: click.value, decision: click.actionId, by: by ?? 'nobody' });
    const said =
      by === undefined
        ? Promise.resolve(
            'Muster does not know who you are here: have your Slack user id put into muster.yaml. Nothing was decided.',
          )
        : decide(desk, click, by);
    const first = await Promise.race([said, after(patienceMs)]);
    response.status(200).json(answerOf(first ?? 'Muster is at it; what becomes of it is told here.'));
    // Slack shows no body to whoever pressed a button: the words go to the request's own address as well.
    await tell(desk, source, click, await said, post);
  };
}

const answerOf = (text: string) => ({ response_type: 'ephemeral', replace_original: false, text });

const after = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });

/** Says what came of it; never throws. */
async function decide(
  { client, proofKey, log }: SlackDesk,
  { value, actionId }: SlackClick,
  by: string,
): Promise<string> {
  // An approval's id begins with whom it concerns.
  const [, person] = /^([^/]+)\/[\w-]+\/\d+$/.exec(value) ?? [];
  if (person === undefined || !isDecision(actionId))
    return 'This button is none of Muster’s any more. Nothing was decided.';
  try {
    const desk = new Decisions({ client, proofKey, answerMs });
    return await desk.tell({ id: value, person }, { decision: decisions[actionId] }, by);
  } catch (error) {
    if (error instanceof HttpProblem && error.status === 409) return `Not taken: ${error.message}`;
    log.error({ approval: value, error: String(error) }, 'a decision in Slack did not reach its workflow');
    return 'Muster could not be reached. Look on its page whether this is decided, and press again if it is not.';
  }
}

async function tell(
  { log }: SlackDesk,
  { settings }: SlackSource,
  { responseUrl, value }: SlackClick,
  text: string,
  post: typeof postTo,
): Promise<void> {
  if (responseUrl === undefined) return;
  const url = new URL(responseUrl);
  if (!settings.responseHosts.includes(url.host)) {
    log.warn(
      { host: url.host, approval: value },
      'a click is to be answered where muster.yaml does not say (responseHosts)',
    );
    return;
  }
  try {
    await post(url, answerOf(text));
  } catch (error) {
    log.warn(
      { approval: value, error: String(error) },
      'whoever pressed a button in Slack was not told what came of it',
    );
  }
}

async function postTo({ origin, pathname, search }: URL, json: Record<string, unknown>): Promise<void> {
  const client = new HttpClient({ baseUrl: origin, title: 'Slack', timeoutMs: 5_000, maxBytes: 100_000 });
  try {
    const signal = AbortSignal.timeout(10_000);
    await client.call({ method: 'POST', path: pathname + search, name: 'answer the click', json, signal });
  } finally {
    await client.close();
  }
}
