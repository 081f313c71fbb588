import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { connectCertifications } from '../../src/sources/sailpoint-certifications.ts';

let server: Server | undefined;
afterEach(() => server?.close());

const item = (name: string, number: number, decision: string) => ({
  id: `i${number}`,
  decision,
  identitySummary: { id: 's', name, identityId: `id-${name}`, completed: true },
  accessSummary: { access: { type: 'ENTITLEMENT', id: `a${number}`, name: `Access ${number}` } },
});

async function asked(items: unknown[]) {
  const paths: string[] = [];
  const own = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '', 'http://x');
    const [offset, limit] = [Number(url.searchParams.get('offset')), Number(url.searchParams.get('limit'))];
    const allowed = request.headers.authorization === 'Bearer t1';
    const body =
      url.pathname === '/oauth/token'
        ? { access_token: 't1', expires_in: 700 }
        : allowed
          ? items.slice(offset, offset + limit)
          : {};
    response
      .writeHead(url.pathname === '/oauth/token' || allowed ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(body));
  });
  server = own;
  await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
  const address = own.address();
  const baseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const settings = {
    api: { baseUrl, clientId: 'muster', clientSecret: 'env:S' },
    access: { a0: 'hardware', a1: { target: 'ad', entitlement: 'staff' } },
  };
  const certifications = connectCertifications(
    { sailpoint: { kind: 'sailpoint', settings } },
    { secret: async () => 's', clock: Date.now },
  );
  return { paths, reviews: () => certifications.reviews('sailpoint', 'c/1', AbortSignal.timeout(5_000)) };
}

describe('a certification', () => {
  it('is read page by page, and told apart by person, in the words of policy', async () => {
    const items = Array.from({ length: 251 }, (_, index) =>
      item(index === 1 ? 'GT-2' : 'GT-1', index, index < 2 ? 'REVOKE' : 'APPROVE'),
    );
    const { paths, reviews } = await asked(items);
    const [one, other] = await reviews();
    expect(paths).toEqual([
      'POST /oauth/token',
      'GET /v2025/certifications/c%2F1/access-review-items?limit=250&offset=0',
      'GET /v2025/certifications/c%2F1/access-review-items?limit=250&offset=250',
    ]);
    expect({ worker: one?.worker, items: one?.items.length, first: one?.items[0] }).toEqual({
      ...{ worker: 'GT-1', items: 250 },
      first: { id: 'a0', name: 'Access 0', decision: 'REVOKE', privilege: 'hardware' },
    });
    expect(other).toEqual({
      worker: 'GT-2',
      items: [{ id: 'a1', name: 'Access 1', decision: 'REVOKE', target: 'ad', entitlement: 'staff' }],
    });
  });

  it('that is not as documented is said to be so', async () => {
    const { reviews } = await asked([{ something: 'else' }]);
    await expect(reviews()).rejects.toMatchObject({ code: 'protocol' });
  });
});

it('a source without an api reads nothing back', async () => {
  const certifications = connectCertifications(
    { sailpoint: { kind: 'sailpoint', settings: {} } },
    { secret: async () => 's', clock: Date.now },
  );
  await expect(certifications.reviews('sailpoint', 'c', AbortSignal.timeout(1_000))).rejects.toMatchObject({
    code: 'misconfigured',
  });
});
