import { IAM, type Tag } from '@aws-sdk/client-iam';
import { Failure } from '../../model/failure.ts';
import type { CallContext, Outcome, TargetDependencies } from '../target.ts';
import { saysNoSuchEntity, toFailure } from './failure.ts';
import { operationOf } from './operation.ts';
import type { Settings } from './settings.ts';

/** What each call of the SDK is given beside its input. */
export interface CallOptions {
  abortSignal: AbortSignal;
}

type Call<Answer> = (iam: IAM, options: CallOptions) => Promise<Answer>;

interface Page {
  IsTruncated?: boolean | undefined;
  Marker?: string | undefined;
}

/** An IAM user as both ways of reading one show it. */
export interface IamUser {
  userId: string;
  userName: string;
  arn: string;
  tags: ReadonlyMap<string, string>;
}

/** The only way out to IAM: one try a call (Temporal has the retries), a clock for each, every failure in its class. */
export class IamClient {
  readonly #iam: IAM;
  readonly #timeoutMs: number;

  constructor(settings: Settings, dependencies: TargetDependencies) {
    this.#timeoutMs = settings.timeoutMs;
    const { accessKeyId, secretAccessKey, sessionToken } = settings;
    this.#iam = new IAM({
      region: settings.region,
      maxAttempts: 1,
      retryMode: 'standard',
      requestHandler: { connectionTimeout: settings.timeoutMs, requestTimeout: 0 },
      ...(settings.baseUrl === undefined ? {} : { endpoint: settings.baseUrl }),
      ...(accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : {
            credentials: async () => ({
              accessKeyId: await dependencies.secret(accessKeyId),
              secretAccessKey: await dependencies.secret(secretAccessKey),
              ...(sessionToken === undefined ? {} : { sessionToken: await dependencies.secret(sessionToken) }),
              // Without an expiry the SDK asks once and keeps the answer; with one that has passed it asks at each use.
              expiration: new Date(0),
            }),
          }),
    });
  }

  /** One call. `action` is its name in the IAM API, for messages. */
  async ask<Answer>(action: string, signal: AbortSignal, call: Call<Answer>): Promise<Answer> {
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    try {
      return await call(this.#iam, { abortSignal });
    } catch (error) {
      throw toFailure(`AWS IAM: ${action}`, error, abortSignal);
    }
  }

  /** One reading call; undefined where IAM says that there is no such thing. */
  async find<Answer>(action: string, signal: AbortSignal, call: Call<Answer>): Promise<Answer | undefined> {
    try {
      return await this.ask(action, signal, call);
    } catch (error) {
      if (saysNoSuchEntity(error)) return undefined;
      throw error;
    }
  }

  /** All pages of a list. */
  async list<Answer extends Page, Item>(
    action: string,
    signal: AbortSignal,
    call: (iam: IAM, page: { Marker?: string }, options: CallOptions) => Promise<Answer>,
    itemsOf: (answer: Answer) => Item[] | undefined,
  ): Promise<Item[]> {
    const all: Item[] = [];
    for await (const items of this.pages(action, signal, call, itemsOf)) all.push(...items);
    return all;
  }

  /** A list page by page. */
  async *pages<Answer extends Page, Item>(
    action: string,
    signal: AbortSignal,
    call: (iam: IAM, page: { Marker?: string }, options: CallOptions) => Promise<Answer>,
    items: (answer: Answer) => Item[] | undefined,
  ): AsyncGenerator<Item[]> {
    let page: { Marker?: string } = {};
    for (;;) {
      const answer = await this.ask(action, signal, (iam, options) => call(iam, page, options));
      const found = items(answer);
      // A login page with status 200 has neither; taken for an empty list, it would say that nobody is here.
      if (found === undefined) present(answer.IsTruncated, action, 'its list');
      yield found ?? [];
      if (answer.IsTruncated !== true) return;
      page = { Marker: present(answer.Marker, action, 'Marker') };
    }
  }

  /** One changing call, behind the check that must pass first, and its answer. */
  async make<Answer>(action: string, context: CallContext, call: Call<Answer>): Promise<Answer> {
    await context.beforeChange(operationOf(action));
    return this.ask(action, context.signal, call);
  }

  /** One changing call whose answer says nothing. */
  async change(action: string, context: CallContext, call: Call<unknown>): Promise<Outcome> {
    await this.make(action, context, call);
    return 'changed';
  }

  /** One changing call on something that may be gone by now, which is `already`. */
  async changeIfThere(action: string, context: CallContext, call: Call<unknown>): Promise<Outcome> {
    try {
      return await this.change(action, context, call);
    } catch (error) {
      if (saysNoSuchEntity(error)) return 'already';
      throw error;
    }
  }

  /** The user with this name, live. */
  async user(userName: string, signal: AbortSignal): Promise<IamUser | undefined> {
    const answer = await this.find('GetUser', signal, (iam, options) => iam.getUser({ UserName: userName }, options));
    return answer === undefined ? undefined : toUser(answer.User, 'GetUser');
  }

  /** The access key id that this client signs with. */
  async ownAccessKeyId(signal: AbortSignal): Promise<string> {
    return this.ask('credentials', signal, async (iam) => (await iam.config.credentials()).accessKeyId);
  }

  close(): void {
    this.#iam.destroy();
  }
}

interface SdkUser {
  UserId?: string | undefined;
  UserName?: string | undefined;
  Arn?: string | undefined;
  Tags?: Tag[] | undefined;
}

/** The SDK's user, whose every field may be absent → ours, whose fields are there. */
export function toUser(user: SdkUser | undefined, action: string): IamUser {
  return {
    userId: present(user?.UserId, action, 'UserId'),
    userName: present(user?.UserName, action, 'UserName'),
    arn: present(user?.Arn, action, 'Arn'),
    tags: new Map((user?.Tags ?? []).map((tag: Tag) => [tag.Key ?? '', tag.Value ?? ''])),
  };
}

/** The field, or `protocol`: the vendor's documentation says that it is always there. */
export function present<Value>(value: Value | undefined, action: string, field: string): Value {
  if (value !== undefined) return value;
  throw new Failure('protocol', `AWS IAM: ${action} answered without ${field}`);
}
