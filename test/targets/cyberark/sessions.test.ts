import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AccountSeen, Target } from '../../../src/targets/target.ts';
import { context, type Door, keys, openDoor } from './vault.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const admin = async (target: Target): Promise<AccountSeen> => {
  const found = (await target.accounts?.find(keys, context())) ?? [];
  const account = found.find((candidate) => candidate.kind === 'admin');
  if (account === undefined) throw new Error('no admin account');
  return account;
};
const list = async (target: Target, account: AccountSeen) => (await target.sessions?.list(account, context())) ?? [];
const endAll = async (target: Target, account: AccountSeen) => {
  const ended = await list(target, account);
  for (const session of ended) await target.sessions?.end(account, session, context());
  return ended.length;
};
const live = (user: string) => door.vault().sessions.filter((session) => session.user === user).length;

test('sessions beyond the first page of 25 are listed, each once', async () => {
  door.edit((vault) => {
    for (let index = 100; index < 158; index += 1) {
      const guid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
      vault.sessions.push({ guid, user: 'adm-sarah.chen', safe: 'Linux-Root', machine: 'm', accountUsername: 'root' });
    }
  });
  const target = door.connect();
  const account = await admin(target);
  const sessions = await list(target, account);
  expect(new Set(sessions.map((session) => session.id)).size).toBe(60);
  expect(sessions).toHaveLength(60);
});

test('a session of somebody else, with an account that bears the person’s name, is left alone', async () => {
  const target = door.connect();
  const found = (await target.accounts?.find(keys, context())) ?? [];
  for (const account of found) await endAll(target, account);
  expect([live('sarah.chen'), live('adm-sarah.chen'), live('svc-patching')]).toEqual([0, 0, 30]);
});

test('a session that starts while the others are ended is there when listed again, and then none is', async () => {
  const target = door.connect();
  const account = await admin(target);
  door.fault = { vendor: 'sessionRace' };
  await target.accounts?.disable(account, context());
  expect(await endAll(target, account)).toBe(2);
  expect(live('adm-sarah.chen')).toBe(1);
  expect(await endAll(target, account)).toBe(1);
  expect(await list(target, account)).toEqual([]);
});

test('a session that starts as the user is disabled is there when listed first', async () => {
  const target = door.connect();
  const account = await admin(target);
  await endAll(target, account);
  door.fault = { vendor: 'sessionRace' };
  await target.accounts?.disable(account, context());
  expect(await endAll(target, account)).toBe(1);
  expect(await list(target, account)).toEqual([]);
});

test('a session that Muster may not end is refused, with the right that is missing', async () => {
  const target = door.connect();
  const account = await admin(target);
  door.fault = { vendor: 'cannotTerminate' };
  const [session] = await list(target, account);
  if (session === undefined) throw new Error('no session');
  await expect(target.sessions?.end(account, session, context())).rejects.toMatchObject({
    code: 'refused',
    advice: expect.stringContaining('Terminating Live Sessions Users and Groups'),
  });
});
