import { afterEach, expect, test } from 'vitest';
import type { CallContext, ListedAccount, Target } from '../../../src/targets/target.ts';
import { type Door, openDoor, sarah } from './vault.ts';

let door: Door;
afterEach(() => door?.close());

const context: CallContext = {
  signal: new AbortController().signal,
  beforeChange: async () => {},
  now: '2025-11-15T14:30:00.000Z',
  key: 'workday:transaction-1/cyberark',
};

const listAll = async (target: Target) => {
  const listed: ListedAccount[] = [];
  for await (const page of target.accounts?.list?.(context) ?? []) listed.push(...page);
  return listed.map(({ name, kind, workerId, email, privileged }) => [name, kind, workerId, email, privileged]);
};

test('with workerIdField a full list tells whose a user is', async () => {
  door = await openDoor();
  expect(await listAll(door.connect({ workerIdField: 'description' }))).toEqual([
    ['svc-patching', 'service', undefined, undefined, false],
    ['sarah.chen', 'primary', sarah.workerId, sarah.email, false],
    ['adm-sarah.chen', 'admin', sarah.workerId, sarah.email, true],
  ]);
});

test('a list that says no status is completed user by user', async () => {
  door = await openDoor();
  door.edit((vault) => {
    vault.briefLists = true;
    for (const user of vault.users) user.enableUser = false;
  });
  const statuses: string[] = [];
  for await (const page of door.connect().accounts?.list?.(context) ?? []) {
    statuses.push(...page.map(({ status }) => status));
  }
  expect(new Set(statuses)).toEqual(new Set(['disabled']));
});

test('a member of a privileged safe is privileged', async () => {
  door = await openDoor();
  const target = door.connect({ privilegedSafes: ['Engineering%20Shared'] });
  expect((await listAll(target)).map(([name, , , , privileged]) => [name, privileged])).toEqual([
    ['svc-patching', false],
    ['sarah.chen', true],
    ['adm-sarah.chen', true],
  ]);
});
