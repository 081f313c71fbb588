import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../src/targets/servicenow/settings.ts';
import { basicLogin, context, type Door, oauthLogin, offboarding, openDoor } from './instance.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const failed = async (): Promise<unknown> =>
  door
    .tickets({ login: basicLogin })
    .open(offboarding, context())
    .then(
      () => 'no failure',
      (error: unknown) => error,
    );

describe('answers that are none', () => {
  test.each([
    ['at the first call', oauthLogin],
    ['with a basic login', basicLogin],
  ])('a hibernating instance is unavailable, and the reader is told how to wake it, %s', async (_when, login) => {
    door.fault = { vendor: 'hibernating' };
    await expect(door.tickets({ login }).open(offboarding, context())).rejects.toMatchObject({
      code: 'unavailable',
      advice: 'Sign in at developer.servicenow.com to wake it.',
    });
    expect(door.held()).toEqual([]);
  });

  test('any other page with status 200 breaks the protocol', async () => {
    door.answer = { status: 200, headers: { 'content-type': 'text/html' }, body: '<title>Log in</title>' };
    expect(await failed()).toMatchObject({ code: 'protocol', advice: expect.stringContaining('baseUrl') });
  });

  test('an error inside a 200 is a failure: a cancelled transaction comes again', async () => {
    door.fault = { vendor: 'errorInside' };
    expect(await failed()).toMatchObject({
      code: 'unavailable',
      message:
        'ServiceNow: read sc_task answered 200 with an error inside: Transaction cancelled: maximum execution time exceeded',
    });
    door.answer = { status: 200, body: '{"error":{"message":"Not in office hours"},"status":"failure"}' };
    expect(await failed()).toMatchObject({ code: 'refused' });
  });

  test('a result of another form is named by path, never by value', async () => {
    door.answer = { status: 200, body: '{"result":[{"sys_id":42,"number":"Sarah"}]}' };
    expect(await failed()).toMatchObject({
      code: 'protocol',
      message: 'ServiceNow: read sc_task answered another form than documented, at result.0.sys_id',
    });
  });
});

describe('refusals', () => {
  test('the platform’s own words are told, a business rule’s are not', async () => {
    const detail = "Operation against file 'sc_task' was aborted by Business Rule 'Keep it^1'. Business Rule Stack:x";
    door.answer = {
      status: 403,
      body: JSON.stringify({ error: { message: 'Operation Failed', detail }, status: 'failure' }),
    };
    expect(await failed()).toMatchObject({
      code: 'refused',
      message:
        "ServiceNow: read sc_task answered 403: Operation Failed; Operation against file 'sc_task' was aborted by Business Rule 'Keep it^1'",
      advice: expect.stringContaining('roles'),
    });
    door.answer = { status: 403, body: '{"error":{"message":"Sarah Chen was dismissed","detail":null}}' };
    expect(await failed()).toMatchObject({ message: 'ServiceNow: read sc_task answered 403' });
  });

  test('the hour’s limit says when it ends: Retry-After, or the reset in Unix seconds', async () => {
    const body = '{"error":{"message":"Rate limit exceeded","detail":null},"status":"failure"}';
    const reset = String(Date.parse('2025-11-15T14:31:30Z') / 1000);
    door.answer = { status: 429, headers: { 'x-ratelimit-reset': reset }, body };
    expect(await failed()).toMatchObject({ code: 'throttled', retryAfterMs: 90_000 });
    door.answer = { status: 429, headers: { 'x-ratelimit-reset': reset, 'retry-after': '5' }, body };
    expect(await failed()).toMatchObject({ code: 'throttled', retryAfterMs: 5_000 });
    door.now = Date.parse('2025-11-15T14:40:00Z');
    door.answer = { status: 429, headers: { 'x-ratelimit-reset': reset }, body };
    expect(await failed()).toMatchObject({ code: 'throttled', retryAfterMs: 0 });
  });
});

describe('logging on', () => {
  const logons = () => door.requests.filter((request) => request.includes('/oauth_token.do')).length;

  test('happens once for calls side by side, and once more when the token is refused', async () => {
    const tickets = door.tickets();
    const look = () => tickets.find(offboarding.correlationId, 'offboarding', context());
    await Promise.all([look(), look(), look()]);
    expect(logons()).toBe(1);
    door.restart();
    await look();
    expect(logons()).toBe(2);
  });

  test('with a wrong secret it is refused as credentials after one try', async () => {
    const login = { ...oauthLogin, clientId: 'nobody' };
    await expect(door.connect({ login }).check(context())).rejects.toMatchObject({
      code: 'credentials',
      message: 'ServiceNow: log on answered 401',
    });
    expect(logons()).toBe(1);
  });
});

const settings = { baseUrl: 'https://globaltech.service-now.com', login: basicLogin };
const table = { table: 'sc_task', closedStates: ['3'], closeWith: { state: '3' } };

test.each([
  ['a secret that is no reference', { login: { ...basicLogin, password: 'secret' } }, 'login.password'],
  ['plain http to another machine', { baseUrl: 'http://globaltech.service-now.com' }, 'baseUrl'],
  ['a table that would break the address', { tables: { x: { ...table, table: 'a/b' } } }, 'tables.x.table'],
  ['a ticket that could never be closed', { tables: { x: { ...table, closedStates: [] } } }, 'tables.x.closedStates'],
  ['an item that is no sys_id', { orders: { x: { item: '../cart' } } }, 'orders.x.item'],
  ['a kind that is a row and an order', { tables: { x: table }, orders: { x: { item: 'a'.repeat(32) } } }, 'orders.x'],
  ['a setting that nobody knows', { table: 'incident' }, ''],
])('%s is named by its path', (_what, wrong, path) => {
  const issues = settingsSchema.safeParse({ ...settings, ...wrong }).error?.issues ?? [];
  expect(issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});
