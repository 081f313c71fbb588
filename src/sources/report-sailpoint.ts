import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { isDate } from '../model/time.ts';
import { HttpClient } from '../targets/http-client.ts';
import { httpUrl, pemText, secretReference } from '../targets/setting-types.ts';
import { TokenCache } from '../targets/token-cache.ts';
import type { ReportDependencies, ReportedChange, ReportWindow, SourceReport } from './report.ts';
import { unreadable } from './report-workday.ts';

const attribute = z
  .string()
  .regex(/^[A-Za-z_][\w.]{0,100}$/, 'must be an attribute such as "attributes.employeeNumber"');
const state = z.string().regex(/^[\w-]{1,100}$/, 'must be the technical name of a lifecycle state');

/** A search in SailPoint Identity Security Cloud: identities that entered a lifecycle state. */
export const sailPointReportSettings = z.strictObject({
  kind: z.literal('sailpoint-search'),
  /** `https://globaltech.api.identitynow.com`. */
  baseUrl: httpUrl,
  version: z.enum(['v3', 'v2024', 'v2025']).default('v2025'),
  clientId: z.string().min(1),
  clientSecret: secretReference,
  /** Where an identity keeps the worker id. */
  workerId: attribute.default('attributes.employeeNumber'),
  /** Where it keeps its lifecycle state. */
  state: attribute.default('attributes.cloudLifecycleState'),
  terminated: z
    .strictObject({
      states: z.array(state).min(1).default(['terminated', 'inactive']),
      /** Where the last day is; without one the day on which the identity was changed counts. */
      date: attribute.default('attributes.endDate'),
    })
    .prefault({}),
  hired: z
    .strictObject({
      states: z.array(state).min(1).default(['active', 'prehire']),
      /** Where the first day is. */
      date: attribute.default('attributes.startDate'),
    })
    .prefault({}),
  ca: pemText.exactOptional(),
  timeoutMs: z.int().positive().default(20_000),
});
type Settings = z.output<typeof sailPointReportSettings>;

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const identitiesSchema = z.array(z.looseObject({ id: z.string().min(1) }));
type Identity = z.output<typeof identitiesSchema>[number];

/** As many as a search gives at once. */
const pageSize = 250;

/** Searches for identities changed in the window that are terminated, and for those made in it that are hired. */
export function sailPointReport(
  settings: Settings,
  { secret, clock }: Pick<ReportDependencies, 'secret' | 'clock'>,
): SourceReport {
  const client = new HttpClient({
    ...{ baseUrl: settings.baseUrl, title: 'SailPoint', timeoutMs: settings.timeoutMs },
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
  });
  const tokens = new TokenCache(async (signal) => {
    const answer = await client.call({
      method: 'POST',
      path: '/oauth/token',
      form: {
        grant_type: 'client_credentials',
        client_id: settings.clientId,
        client_secret: await secret(settings.clientSecret),
      },
      signal,
    });
    const token = read(tokenSchema, answer.json(), 'the token');
    return { value: token.access_token, expiresInMs: token.expires_in * 1_000 };
  }, clock);

  async function* search(query: string, signal: AbortSignal): AsyncGenerator<Identity> {
    let after: string | undefined;
    do {
      const answer = await tokens.use(signal, (token) =>
        client.call({
          method: 'POST',
          path: `/${settings.version}/search?limit=${pageSize}`,
          headers: { authorization: `Bearer ${token}` },
          json: {
            indices: ['identities'],
            query: { query },
            sort: ['id'],
            ...(after === undefined ? {} : { searchAfter: [after] }),
          },
          signal,
        }),
      );
      const page: Identity[] = read(identitiesSchema, answer.json(), 'a page of identities');
      yield* page;
      after = page.length < pageSize ? undefined : page.at(-1)?.id;
    } while (after !== undefined);
  }

  const queryOf = (kind: 'terminated' | 'hired', { from, to }: ReportWindow) => {
    const moment = kind === 'terminated' ? 'modified' : 'created';
    return `${moment}:[${from} TO ${to}} AND ${settings.state}:(${settings[kind].states.join(' OR ')})`;
  };
  return {
    query: (window) =>
      (['terminated', 'hired'] as const)
        .map((kind) => `POST /${settings.version}/search identities ${queryOf(kind, window)}`)
        .join('; '),
    async *changes(window, signal) {
      const faults: string[] = [];
      for (const kind of ['terminated', 'hired'] as const) {
        for await (const identity of search(queryOf(kind, window), signal)) {
          const change = changeOf(kind, identity, settings);
          if (typeof change === 'string') faults.push(`identity ${identity.id}: ${change}`);
          else yield change;
        }
      }
      if (faults.length > 0) throw unreadable(faults);
    },
    close: () => client.close(),
  };
}

function changeOf(kind: 'terminated' | 'hired', identity: Identity, settings: Settings): ReportedChange | string {
  const workerId = textAt(identity, settings.workerId);
  if (workerId === undefined) return `has no ${settings.workerId}`;
  const entered = textAt(identity, kind === 'terminated' ? 'modified' : 'created');
  const date = (textAt(identity, settings[kind].date) ?? entered)?.slice(0, 10);
  if (date === undefined || !isDate(date)) return `has no date in ${settings[kind].date}`;
  const name = { firstName: textAt(identity, 'firstName'), lastName: textAt(identity, 'lastName') };
  return {
    ...{ workerId, kind, effectiveDate: date },
    // An identity is modified for many reasons, long after its end was entered: only a creation says when it was.
    ...(kind === 'hired' && entered !== undefined && !Number.isNaN(Date.parse(entered))
      ? { enteredAt: new Date(entered).toISOString() }
      : {}),
    data:
      kind === 'terminated'
        ? { effectiveDate: date }
        : {
            startDate: date,
            ...(name.firstName === undefined ? {} : { firstName: name.firstName }),
            ...(name.lastName === undefined ? {} : { lastName: name.lastName }),
          },
  };
}

function textAt(identity: Identity, path: string): string | undefined {
  let value: unknown = identity;
  for (const name of path.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  }
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Failure('protocol', `SailPoint: ${what} is not as documented`);
}
