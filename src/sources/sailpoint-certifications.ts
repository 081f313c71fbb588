import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { HttpClient } from '../targets/http-client.ts';
import { TokenCache } from '../targets/token-cache.ts';
import { type CertificationApi, sailpointSettings } from './sailpoint-settings.ts';
import { type Review, reviewedSchema, reviewsOf } from './sailpoint-triggers.ts';

export type { Review };

/** Reads certifications at the sources that can be asked. */
export interface Certifications {
  /** What was reviewed, person by person. Throws `misconfigured` where the source has no `api`. */
  reviews(source: string, certification: string, signal: AbortSignal): Promise<Review[]>;
}

const pageSize = 250;
const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** All sources of muster.yaml that have SailPoint's API. https://developer.sailpoint.com/docs/api/v2025/list-identity-access-review-items */
export function connectCertifications(
  sources: Record<string, { kind: string; settings: Record<string, unknown> }>,
  dependencies: { secret(reference: string): Promise<string>; clock(): number },
): Certifications {
  return {
    async reviews(source, certification, signal) {
      const { report: _, ...own } = sources[source]?.settings ?? {};
      const settings = sailpointSettings.safeParse(own);
      if (!settings.success || settings.data.api === undefined)
        throw new Failure('misconfigured', `the source ${source} has no settings.api to read certifications by`);
      const items = await read(settings.data.api, certification, dependencies, signal);
      return reviewsOf(items, settings.data);
    },
  };
}

async function read(
  api: CertificationApi,
  certification: string,
  { secret, clock }: { secret(reference: string): Promise<string>; clock(): number },
  signal: AbortSignal,
): Promise<z.infer<typeof reviewedSchema>[]> {
  const { baseUrl, version, clientId, clientSecret, ca, timeoutMs } = api;
  const client = new HttpClient({ baseUrl, title: 'SailPoint', timeoutMs, ...(ca === undefined ? {} : { ca }) });
  const tokens = new TokenCache(async (abort) => {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: await secret(clientSecret) };
    const answer = await client.call({ method: 'POST', path: '/oauth/token', form, signal: abort });
    const token = checked(tokenSchema, answer.json(), 'the token');
    return { value: token.access_token, expiresInMs: token.expires_in * 1_000 };
  }, clock);
  try {
    const items: z.infer<typeof reviewedSchema>[] = [];
    for (;;) {
      const path = `/${version}/certifications/${encodeURIComponent(certification)}/access-review-items?limit=${pageSize}&offset=${items.length}`;
      const answer = await tokens.use(signal, (token) =>
        client.call({ path, headers: { authorization: `Bearer ${token}` }, signal }),
      );
      const page = checked(z.array(reviewedSchema), answer.json(), 'a page of access review items');
      items.push(...page);
      if (page.length < pageSize) return items;
    }
  } finally {
    await client.close();
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Failure('protocol', `SailPoint: ${what} is not as documented`);
}
