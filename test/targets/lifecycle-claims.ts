import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import type { AccountAttributes, AccountSeen, CallContext, ListedAccount, Target } from '../../src/targets/target.ts';
import { decoyOf } from './bench.ts';
import type { SuiteTools } from './suite-tools.ts';

/** Listing, updating, removing, first credentials and mailboxes: what must be true of them. */
export function lifecycleClaims(tools: SuiteTools): void {
  const { suite, person, keys, probe, accountsOf, find, claim, ability } = tools;

  /** What a piece of work calls, from a fresh start. */
  type Work = (target: Target, found: AccountSeen[], context?: CallContext) => Promise<unknown>;
  const fresh = async (): Promise<[Target, AccountSeen[]]> => {
    await tools.bench.reset();
    const target = tools.bench.connect();
    return [target, await find(target)];
  };

  /** The three things that are true of everything that changes something. */
  const changing = (work: Work, again: 'already' | 'anew') => {
    test('every changing call was announced, and when one is refused nothing more is changed', async () => {
      await work(...(await fresh()));
      const whole = await tools.bench.operations();
      expect(whole.length).toBeGreaterThan(0);
      expect(tools.bench.announced()).toHaveLength(whole.length);
      for (let allowed = 0; allowed < whole.length; allowed += 1) {
        const [target, found] = await fresh();
        const context = tools.bench.context({
          beforeChange: async (_operation, asked) => {
            if (asked > allowed) throw new Failure('superseded', 'an older epoch');
          },
        });
        await expect(work(target, found, context)).rejects.toMatchObject({ code: 'superseded' });
        expect(await tools.bench.operations()).toEqual(whole.slice(0, allowed));
      }
    });

    if (again === 'already')
      claim('cut', 'a call whose answer was lost is neither forgotten nor made twice', async () => {
        await work(...(await fresh()));
        const whole = await tools.bench.operations();
        for (let lost = 1; lost <= whole.length; lost += 1) {
          const [target, found] = await fresh();
          const losing = tools.bench.context({
            beforeChange: async (_operation, asked) => {
              if (asked === lost) tools.bench.relay.loseNextAnswer();
            },
          });
          await expect(work(target, found, losing)).rejects.toMatchObject({ code: 'unavailable' });
          await work(target, found);
          expect([...(await tools.bench.operations())].sort()).toEqual([...whole].sort());
        }
      });
  };

  ability(probe.accounts?.list, 'list', () => {
    const listAll = async (target: Target) => {
      const pages: ListedAccount[][] = [];
      const { accounts } = target;
      for await (const page of accounts?.list?.(tools.bench.context()) ?? []) pages.push(page);
      return pages;
    };

    test('list gives every account of the target once, each as find shows it', async () => {
      const target = tools.bench.connect();
      const listed = (await listAll(target)).flat();
      const ids = listed.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining((await tools.bench.accounts()).map(({ id }) => id)));
      for (const one of [person, decoyOf(person)]) {
        const theirs = await accountsOf(target).find(
          { ...keys, person: one.workerId, workerIds: [one.workerId], email: one.email },
          tools.bench.context(),
        );
        expect(theirs.length).toBeGreaterThan(0);
        for (const { before: _, ...seen } of theirs) {
          const account = listed.find(({ id }) => id === seen.id);
          if (account === undefined) throw new Error('it is not listed');
          const { workerId, email, privileged } = account;
          expect({ ...account, entitlements: [...account.entitlements].sort() }).toMatchObject({
            ...seen,
            entitlements: [...seen.entitlements].sort(),
          });
          const kept = (suite.listed?.workerId ?? ['primary', 'admin']).includes(seen.kind);
          expect(workerId).toBe(kept ? one.workerId : undefined);
          if (email !== undefined) expect(email.toLowerCase()).toBe(one.email);
          expect(privileged).toBe((suite.listed?.privileged ?? ['admin']).includes(seen.kind));
        }
      }
      expect(await tools.bench.operations()).toEqual([]);
    });

    claim('pages', 'list comes in pages, none of them empty, and whoever has seen enough may stop', async () => {
      const target = tools.bench.connect();
      const pages = await listAll(target);
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.filter((page) => page.length === 0)).toEqual([]);
      for await (const page of accountsOf(target).list?.(tools.bench.context()) ?? []) {
        expect(page).toEqual(pages[0]);
        break;
      }
      expect((await find(target)).length).toBeGreaterThan(0);
    });

    test('list shows a closed account as closed', async () => {
      const target = tools.bench.connect();
      const found = await find(target);
      for (const account of found) await accountsOf(target).disable(account, tools.bench.context());
      const theirs = new Set(found.map(({ id }) => id));
      const listed = (await listAll(target)).flat();
      expect(listed.filter(({ id, status }) => theirs.has(id) && status === 'enabled')).toEqual([]);
    });
  });

  ability(probe.accounts?.update, 'update', () => {
    const attributes: AccountAttributes = {
      firstName: 'Sara',
      lastName: 'Chen-Lee',
      department: 'Platform',
      jobTitle: 'Staff Engineer',
      location: 'Berlin',
      managerId: decoyOf(person).workerId,
      startDate: '2026-01-12',
      ...suite.attributes,
    };
    const updateAll =
      (wanted: AccountAttributes): Work =>
      (target, found, context = tools.bench.context()) =>
        found.reduce<Promise<unknown[]>>(
          async (done, account) => [...(await done), await accountsOf(target).update?.(account, wanted, context)],
          Promise.resolve([]),
        );

    test('what differs is written once; written again, or emptied twice, it is so already', async () => {
      const [target, found] = await fresh();
      const changed = found.map(() => 'changed');
      const already = found.map(() => 'already');
      expect(await updateAll(attributes)(target, found)).toEqual(changed);
      const calls = await tools.bench.operations();
      expect(await updateAll(attributes)(target, found)).toEqual(already);
      expect(await tools.bench.operations()).toEqual(calls);
      expect(await updateAll({ department: 'Research' })(target, found)).toEqual(changed);
      const none = { department: null, jobTitle: null, managerId: null };
      expect(await updateAll(none)(target, found)).toEqual(changed);
      expect(await updateAll(none)(target, found)).toEqual(already);
      expect(await updateAll({})(target, found)).toEqual(already);
    });

    test('status, login and entitlements stay as they are, and so do other people’s accounts', async () => {
      const [target, found] = await fresh();
      const others = await tools.bench.accounts(decoyOf(person).workerId);
      await updateAll(attributes)(target, found);
      for (const { before: _, ...seen } of found) {
        expect(await accountsOf(target).read(seen.id, tools.bench.context())).toMatchObject(seen);
      }
      expect(await tools.bench.accounts(decoyOf(person).workerId)).toEqual(others);
    });

    changing(updateAll(attributes), 'already');
  });

  ability(probe.accounts?.remove, 'remove', () => {
    const removeAll: Work = (target, found, context = tools.bench.context()) =>
      found.reduce<Promise<unknown[]>>(
        async (done, account) => [...(await done), await accountsOf(target).remove?.(account, context)],
        Promise.resolve([]),
      );

    test('each is removed once and read as gone, and nobody else’s', async () => {
      const [target, found] = await fresh();
      const others = await tools.bench.accounts(decoyOf(person).workerId);
      expect(await removeAll(target, found)).toEqual(found.map(() => 'changed'));
      const calls = await tools.bench.operations();
      expect(await removeAll(target, found)).toEqual(found.map(() => 'already'));
      expect(await tools.bench.operations()).toEqual(calls);
      for (const { id } of found) {
        const now = await accountsOf(target).read(id, tools.bench.context());
        expect(now?.status ?? 'absent').toBe('absent');
      }
      expect(await tools.bench.accounts(person.workerId)).toEqual([]);
      expect(await tools.bench.accounts(decoyOf(person).workerId)).toEqual(others);
    });

    test('a closed one is removed as well', async () => {
      const [target, found] = await fresh();
      for (const account of found) await accountsOf(target).disable(account, tools.bench.context());
      expect(await removeAll(target, found)).toEqual(found.map(() => 'changed'));
      expect(await tools.bench.accounts(person.workerId)).toEqual([]);
    });

    changing(removeAll, 'already');
  });

  ability(probe.credentials, 'credentials', () => {
    const request = { validFrom: '2025-11-20T08:00:00.000Z', lifetimeMinutes: 480 };
    const issue = async (target: Target, found: AccountSeen[], context = tools.bench.context()) => {
      const account = found.find(({ kind }) => kind === 'primary');
      if (account === undefined || target.credentials === undefined) throw new Error('unreachable');
      return target.credentials.issue(account, request, context);
    };

    test('a repeat gives a new one, and none is seen anywhere but in the answer', async () => {
      const [target, found] = await fresh();
      const first = await issue(target, found);
      const second = await issue(target, found);
      expect(first.secret.length).toBeGreaterThanOrEqual(8);
      expect(second.secret).not.toBe(first.secret);
      expect({ ...second, secret: '' }).toEqual({
        kind: first.kind,
        secret: '',
        expiresAt: '2025-11-20T16:00:00.000Z',
      });
      const told = `${await tools.bench.shown()} ${tools.bench.announced().join(' ')}`;
      for (const { secret } of [first, second]) expect(told).not.toContain(secret);
    });

    claim('cut', 'after a lost answer there is one, and the caller has it', async () => {
      const [target, found] = await fresh();
      const losing = tools.bench.context({ beforeChange: async () => tools.bench.relay.loseNextAnswer() });
      await expect(issue(target, found, losing)).rejects.toMatchObject({ code: 'unavailable' });
      expect((await issue(target, found)).secret).not.toBe('');
    });

    changing(issue, 'anew');
  });

  ability(probe.mailbox, 'mailbox', () => {
    const to = { email: 'rowan.patel@globaltech.example' };
    const owner = (found: AccountSeen[]) => {
      const account = found.find(({ kind }) => kind === 'primary');
      if (account === undefined) throw new Error('unreachable');
      return account;
    };
    const handOver: Work = async (target, found, context = tools.bench.context()) =>
      target.mailbox?.handOver(owner(found), to, context);

    test('it is handed over once, and to somebody else when asked so', async () => {
      const [target, found] = await fresh();
      expect(await handOver(target, found)).toBe('changed');
      const calls = await tools.bench.operations();
      expect(await handOver(target, found)).toBe('already');
      expect(await tools.bench.operations()).toEqual(calls);
      const other = { email: 'lena.fischer@globaltech.example' };
      expect(await target.mailbox?.handOver(owner(found), other, tools.bench.context())).toBe('changed');
      expect(await target.mailbox?.handOver(owner(found), other, tools.bench.context())).toBe('already');
    });

    test('what it needs is among what the account holds', async () => {
      const [target, found] = await fresh();
      const needed = target.mailbox?.neededBy(owner(found)) ?? [];
      expect(needed.length).toBeGreaterThan(0);
      expect(owner(found).entitlements).toEqual(expect.arrayContaining(needed));
    });

    changing(handOver, 'already');
  });
}
