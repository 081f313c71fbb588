import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { TokenCache } from '../../src/targets/token-cache.ts';

const never = new AbortController().signal;

function issuer() {
  let issued = 0;
  return {
    issue: async () => {
      issued += 1;
      return { value: `token-${issued}`, expiresInMs: 1_000 };
    },
    issued: () => issued,
  };
}

test('a token is used until 80 % of its life are over, and then renewed', async () => {
  const { issue } = issuer();
  let now = 0;
  const cache = new TokenCache(issue, () => now);
  const used: string[] = [];
  for (now of [0, 799, 800, 1_599, 1_600]) await cache.use(never, async (token) => used.push(token));
  expect(used).toEqual(['token-1', 'token-1', 'token-2', 'token-2', 'token-3']);
});

test('callers that come together wait for one token', async () => {
  const { issue, issued } = issuer();
  const cache = new TokenCache(issue, () => 0);
  const calls = Array.from({ length: 10 }, () => cache.use(never, async (token) => token));
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['token-1']));
  expect(issued()).toBe(1);
});

test('a refused token is renewed once, and the second refusal is the answer', async () => {
  const { issue, issued } = issuer();
  const cache = new TokenCache(issue, () => 0);
  const refusedFirst = await cache.use(never, async (token) => {
    if (token === 'token-1') throw new Failure('credentials', 'no');
    return token;
  });
  expect(refusedFirst).toBe('token-2');
  const refused = cache.use(never, async () => {
    throw new Failure('credentials', 'no');
  });
  await expect(refused).rejects.toMatchObject({ code: 'credentials' });
  expect(issued()).toBe(3);
});

test('callers whose common token was refused get one new one between them', async () => {
  const { issue, issued } = issuer();
  const cache = new TokenCache(issue, () => 0);
  const call = () =>
    cache.use(never, async (token) => {
      if (token === 'token-1') throw new Failure('credentials', 'no');
      return token;
    });
  expect(await Promise.all([call(), call(), call()])).toEqual(['token-2', 'token-2', 'token-2']);
  expect(issued()).toBe(2);
});

test('another failure is not an occasion for a new token', async () => {
  const { issue, issued } = issuer();
  const cache = new TokenCache(issue, () => 0);
  const refused = cache.use(never, async () => {
    throw new Failure('refused', 'no');
  });
  await expect(refused).rejects.toMatchObject({ code: 'refused' });
  expect(issued()).toBe(1);
});

test('who was aborted while waiting leaves, and the abort of the one who asked is not that of the others', async () => {
  let asked = 0;
  const cache = new TokenCache(
    (signal) => {
      asked += 1;
      if (asked > 1) return Promise.resolve({ value: 'second', expiresInMs: 1_000 });
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Failure('timeout', 'aborted')));
      });
    },
    () => 0,
  );
  const asking = new AbortController();
  const waiting = new AbortController();
  const first = cache.use(asking.signal, async (token) => token);
  const impatient = cache.use(waiting.signal, async (token) => token);
  const patient = cache.use(never, async (token) => token);
  waiting.abort();
  await expect(impatient).rejects.toMatchObject({ code: 'timeout' });
  asking.abort();
  await expect(first).rejects.toMatchObject({ code: 'timeout' });
  expect(await patient).toBe('second');
});
