import { Failure } from '../../model/failure.ts';
import { HttpClient } from '../http-client.ts';
import type { TargetDependencies } from '../target.ts';
import { failureOf, wordIn } from './failure.ts';
import { referenceOf, type Settings } from './settings.ts';

/** Every status is told in our own words. */
const anyStatus = Array.from({ length: 300 }, (_, index) => 300 + index);

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The workflows behind channels. Their addresses hold the key, so they are read at each use and never named. */
export class TeamsClient {
  readonly #settings: Settings;
  readonly #secret: TargetDependencies['secret'];
  readonly #hosts = new Map<string, HttpClient>();

  constructor(settings: Settings, { secret }: TargetDependencies) {
    this.#settings = settings;
    this.#secret = secret;
  }

  /** Has the channel's workflow take a card. 202 says that it was taken, not that it was shown. */
  async post(channel: string, body: unknown, signal: AbortSignal): Promise<void> {
    const url = await this.#addressOf(channel);
    const what = `post to ${channel}`;
    const answer = await this.#hostOf(url).call({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      name: what,
      json: body,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      expect: anyStatus,
      signal,
    });
    if (answer.status >= 300) throw failureOf(what, answer);
  }

  /** Asks whether the workflow is there and takes our key, without starting it: it takes POST alone, and says so to a GET. */
  async look(channel: string, signal: AbortSignal): Promise<void> {
    const url = await this.#addressOf(channel);
    const what = `look at ${channel}`;
    const path = `${url.pathname}${url.search}`;
    const answer = await this.#hostOf(url).call({ path, name: what, expect: anyStatus, signal });
    if (wordIn(answer) === 'TriggerRequestMethodNotValid') return;
    if (answer.status >= 300) throw failureOf(what, answer);
    throw new Failure('protocol', `Microsoft Teams: ${what} answered ${answer.status}, which no workflow does`, {
      advice: "Look whether the address is that of a workflow, and not a page's.",
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.close()));
  }

  async #addressOf(channel: string): Promise<URL> {
    const text = await this.#secret(referenceOf(this.#settings, channel));
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.has(url.hostname));
    if (url === undefined || !safe) {
      throw new Failure('misconfigured', `Microsoft Teams: what is set for ${channel} is no https address`, {
        advice: 'The reference must lead to the whole address of the workflow, with its sig=….',
      });
    }
    if (/(^|\.)(webhook\.office\.com|outlook\.office(365)?\.com)$/.test(url.hostname)) {
      throw new Failure('misconfigured', `Microsoft Teams: ${channel} is set to an Office 365 connector`, {
        advice: 'Microsoft has retired connectors: make a workflow, as the README says.',
      });
    }
    return url;
  }

  #hostOf({ origin }: URL): HttpClient {
    const known = this.#hosts.get(origin);
    if (known !== undefined) return known;
    const { ca, timeoutMs } = this.#settings;
    const options = { baseUrl: origin, title: 'Microsoft Teams', timeoutMs, ...(ca === undefined ? {} : { ca }) };
    const made = new HttpClient(options);
    this.#hosts.set(origin, made);
    return made;
  }
}
