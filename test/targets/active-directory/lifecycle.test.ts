import { Attribute } from 'ldapts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ListedAccount } from '../../../src/targets/target.ts';
import { decoyOf, sarahChen } from '../bench.ts';
import { accountNamed, base, type Connected, context, type Domain, openDomain } from './domain.ts';

const sarah = { ...sarahChen('active-directory'), managerId: 'GT-10007' };
const manager = { ...decoyOf(sarah), workerId: 'GT-10007', login: 'rpatel', privileged: true };
const people = [sarah, manager];

let domain: Domain;
beforeAll(async () => {
  domain = await openDomain(people);
});
afterAll(() => domain.close());
beforeEach(() => domain.seed(people));

const listAll = async (target: Connected): Promise<ListedAccount[][]> => {
  const pages: ListedAccount[][] = [];
  for await (const page of target.accounts.list?.(context()) ?? []) pages.push(page);
  return pages;
};

/** What an account holds now, by attribute. */
const held = async (login: string, ...attributes: string[]) => {
  const client = await domain.administrator();
  const { searchEntries } = await client.search(base, { filter: `(sAMAccountName=${login})`, attributes });
  const [{ dn: _, ...entry } = { dn: '' }] = searchEntries;
  return entry;
};

test('a domain with more accounts than a directory sends at once is listed whole', async () => {
  const many = Array.from({ length: 1_300 }, (_, at) => ({
    ...decoyOf(sarah),
    workerId: `GT-7${at}`,
    login: `user${at}`,
    email: `user${at}@globaltech.example`,
    privileged: false,
  }));
  domain.seed(many);
  const pages = await listAll(domain.connect());
  expect(pages.map((page) => page.length <= 500)).toEqual(pages.map(() => true));
  expect(pages.flat().map(({ workerId }) => workerId)).toEqual(many.map(({ workerId }) => workerId));
});

test('a member of a privileged group is privileged, whatever the account is called', async () => {
  const privileged = async (settings: Record<string, unknown>) =>
    (await listAll(domain.connect(settings)))
      .flat()
      .filter((account) => account.privileged)
      .map(({ name }) => name);
  expect(await privileged({ adminAccounts: { ou: `OU=Elsewhere,${base}` } })).toEqual(['adm-schen', 'adm-rpatel']);
  const none = { adminAccounts: { ou: `OU=Elsewhere,${base}` }, privilegedGroups: [`CN=VPN Users,OU=Groups,${base}`] };
  expect(await privileged(none)).toEqual(['schen', 'rpatel']);
});

test('what is written is what was asked for, and a display name made of the names follows them', async () => {
  const target = domain.connect({ locationAttribute: 'l' });
  const account = await accountNamed(target, sarah, 'schen');
  const wanted = {
    firstName: 'Sarah',
    lastName: 'Chen-Lee',
    jobTitle: null,
    location: 'Berlin',
    managerId: 'GT-10007',
  };
  expect(await target.accounts.update?.(account, wanted, context())).toBe('changed');
  expect(await held('schen', 'sn', 'displayName', 'title', 'l', 'manager')).toEqual({
    sn: 'Chen-Lee',
    displayName: 'Sarah Chen-Lee',
    title: [],
    l: 'Berlin',
    manager: `CN=rpatel,OU=People,${base}`,
  });
  expect(domain.calls).toEqual(['change account schen']);
});

test('a display name that somebody chose stays, as does what another system writes', async () => {
  const target = domain.connect({ managedAttributes: ['department', 'managerId'] });
  const account = await accountNamed(target, sarah, 'adm-schen');
  const chosen = { lastName: 'Lee', department: 'Sales', managerId: 'GT-10007' };
  await target.accounts.update?.(account, { lastName: 'Lee' }, context());
  await target.accounts.update?.(account, { firstName: 'S' }, context());
  expect(await held('adm-schen', 'displayName')).toEqual({ displayName: 'S Lee' });
  expect(await target.accounts.update?.(account, chosen, context())).toBe('already');
});

test('a manager who has no account here leaves the old one in place', async () => {
  const target = domain.connect();
  const account = await accountNamed(target, sarah, 'schen');
  await target.accounts.update?.(account, { managerId: 'GT-10007' }, context());
  expect(await target.accounts.update?.(account, { managerId: 'GT-99999' }, context())).toBe('already');
  expect(await held('schen', 'manager')).toEqual({ manager: `CN=rpatel,OU=People,${base}` });
  expect(await target.accounts.update?.(account, { managerId: null }, context())).toBe('changed');
});

test('an account with something below it is deleted together with that, which is asked for by itself', async () => {
  const client = await domain.administrator();
  await client.add(`CN=Phone,CN=schen,OU=People,${base}`, [
    new Attribute({ type: 'objectClass', values: ['top', 'msExchActiveSyncDevice'] }),
  ]);
  const target = domain.connect();
  const account = await accountNamed(target, sarah, 'schen');
  const asked: string[] = [];
  const beforeChange = async (operation: string) => void asked.push(operation);
  expect(await target.accounts.remove?.(account, context({ beforeChange }))).toBe('changed');
  expect(asked).toEqual(['delete account', 'delete account']);
  expect(await target.accounts.read(account.id, context())).toBeUndefined();
});
