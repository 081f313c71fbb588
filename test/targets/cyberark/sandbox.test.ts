import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeStandIn, sandboxCredentials } from '../../../src/targets/cyberark/sandbox.ts';
import { type Door, openDoor, sarah } from './vault.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const logOn = async (): Promise<string> => {
  const answer = await fetch(`${door.url}/PasswordVault/API/auth/Cyberark/Logon`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: sandboxCredentials.username, password: sandboxCredentials.password }),
  });
  return JSON.parse(await answer.text());
};
const get = async (path: string, authorization: string) => {
  const answer = await fetch(`${door.url}/PasswordVault/API${path}`, { headers: { authorization } });
  return { status: answer.status, body: await answer.text() };
};

test('a vault token is taken raw, and not as a bearer', async () => {
  const token = await logOn();
  expect((await get('/Users', token)).status).toBe(200);
  expect(await get('/Users', `Bearer ${token}`)).toEqual({
    status: 401,
    body: '{"ErrorCode":"PASWS006E","ErrorMessage":"The session token is missing, invalid or expired.","Details":""}',
  });
});

test('a path with a dot is found only when it ends with a slash', async () => {
  const token = await logOn();
  const path = '/Safes/sap.basis/Members/adm-sarah.chen';
  expect([(await get(path, token)).status, (await get(`${path}/`, token)).status]).toEqual([404, 200]);
});

test('a page holds 25 sessions unless fewer are asked for, and says how many there are', async () => {
  const token = await logOn();
  const pages = await Promise.all(
    ['', '?Limit=100', '?Limit=10&OffSet=30'].map(async (query) =>
      JSON.parse((await get(`/LiveSessions${query}`, token)).body),
    ),
  );
  expect(pages.map((page) => [page.LiveSessions.length, page.Total])).toEqual([
    [25, 33],
    [25, 33],
    [3, 33],
  ]);
});

test('its state comes back from a dump as it was', () => {
  const standIn = makeStandIn({ called: () => {}, fault: () => undefined });
  const copy = makeStandIn({ called: () => {}, fault: () => undefined });
  standIn.seed([sarah]);
  copy.restore(JSON.parse(JSON.stringify(standIn.dump())));
  expect(copy.state()).toEqual(standIn.state());
  expect(standIn.state()['accounts']).toContainEqual({
    id: '102',
    name: 'adm-sarah.chen',
    worker: 'GT-48291',
    enabled: true,
    suspended: false,
    entitlements: ['Windows-Domain-Admins', 'sap.basis'],
    sessions: ['00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000002'],
  });
});

test('somebody without privileges has one user, one safe and one session; a break-glass account has none of these', () => {
  const standIn = makeStandIn({ called: () => {}, fault: () => undefined });
  const breakGlass = {
    ...sarah,
    workerId: 'GT-BG-1',
    email: 'bg1@globaltech.example',
    workerType: 'breakGlass' as const,
  };
  standIn.seed([{ ...sarah, privileged: false }, breakGlass]);
  expect(standIn.state()).toMatchObject({
    accounts: [
      { name: 'svc-patching', worker: null, sessions: [] },
      {
        name: 'sarah.chen',
        entitlements: ['Engineering%20Shared'],
        sessions: ['00000000-0000-4000-8000-000000000001'],
      },
      { name: 'bg1', worker: 'GT-BG-1', entitlements: [], sessions: [] },
    ],
  });
});
