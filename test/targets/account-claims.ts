import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import type { NewAccount } from '../../src/targets/target.ts';
import { decoyOf } from './bench.ts';
import type { SuiteTools } from './suite-tools.ts';

/** Find, read, disable, enable and create: what must be true of accounts. */
export function accountClaims(tools: SuiteTools): void {
  const { suite, person, probe, accountsOf, find, closeAll, claim, ability } = tools;
  ability(probe.accounts, 'accounts', () => {
    test('find returns every account of the person, admin ones too, and nobody else’s', async () => {
      const found = await find(tools.bench.connect());
      const held = await tools.bench.accounts(person.workerId);
      expect(found.map((account) => account.id).sort()).toEqual(held.map((account) => account.id).sort());
      expect(found.length).toBeGreaterThan(0);
      if (found.length > 1)
        expect(new Set(found.map((account) => account.kind))).toEqual(new Set(['primary', 'admin']));
      expect(new Set(found.map((account) => account.status))).toEqual(new Set(['enabled']));
    });

    test('find returns nothing for a person who has nothing there', async () => {
      const nobody = { person: 'GT-1', workerIds: ['GT-1'], email: 'nobody@globaltech.example', knownAccounts: [] };
      expect(await accountsOf(tools.bench.connect()).find(nobody, tools.bench.context())).toEqual([]);
    });

    test('read shows what find showed, and undefined for an id that is not there', async () => {
      const target = tools.bench.connect();
      for (const account of await find(target)) {
        expect(await accountsOf(target).read(account.id, tools.bench.context())).toEqual(account);
      }
      if (suite.unknownId === undefined) throw new Error('the suite needs unknownId for a target with accounts');
      expect(await accountsOf(target).read(suite.unknownId, tools.bench.context())).toBeUndefined();
    });

    test('disable closes once: the second time it is already so, with no further changing call', async () => {
      const target = tools.bench.connect();
      const found = await find(target);
      const othersBefore = await tools.bench.accounts(decoyOf(person).workerId);
      for (const account of found) {
        expect(await accountsOf(target).disable(account, tools.bench.context())).toBe('changed');
      }
      const calls = await tools.bench.operations();
      expect(calls).toHaveLength(tools.bench.announced().length);
      expect(calls.length).toBeGreaterThan(0);
      for (const account of found) {
        expect(await accountsOf(target).disable(account, tools.bench.context())).toBe('already');
      }
      expect(await tools.bench.operations()).toEqual(calls);
      for (const account of found) {
        const now = await accountsOf(target).read(account.id, tools.bench.context());
        expect(now?.status ?? 'absent').not.toBe('enabled');
      }
      expect((await tools.bench.accounts(person.workerId)).filter((account) => account.enabled)).toEqual([]);
      expect(await tools.bench.accounts(decoyOf(person).workerId)).toEqual(othersBefore);
    });

    test('beforeChange is asked before every changing call, and when it throws nothing more is changed', async () => {
      const target = tools.bench.connect();
      const whole = await closeAll(target, await find(target));
      for (let allowed = 0; allowed < whole.length; allowed += 1) {
        await tools.bench.reset();
        const fresh = tools.bench.connect();
        const context = tools.bench.context({
          beforeChange: async (_operation, asked) => {
            if (asked > allowed) throw new Failure('superseded', 'an older epoch');
          },
        });
        await expect(closeAll(fresh, await find(fresh), context)).rejects.toMatchObject({ code: 'superseded' });
        expect(await tools.bench.operations()).toEqual(whole.slice(0, allowed));
      }
    });

    claim('cut', 'a call whose answer was lost is neither forgotten nor made twice', async () => {
      const target = tools.bench.connect();
      const whole = await closeAll(target, await find(target));
      for (let lost = 1; lost <= whole.length; lost += 1) {
        await tools.bench.reset();
        const fresh = tools.bench.connect();
        const found = await find(fresh);
        const losing = tools.bench.context({
          beforeChange: async (_operation, asked) => {
            if (asked === lost) tools.bench.relay.loseNextAnswer();
          },
        });
        await expect(closeAll(fresh, found, losing)).rejects.toMatchObject({ code: 'unavailable' });
        expect([...(await closeAll(fresh, found))].sort()).toEqual([...whole].sort());
        expect((await tools.bench.accounts(person.workerId)).filter((account) => account.enabled)).toEqual([]);
      }
    });

    claim('undo', 'enable opens what was closed, twice with one effect, and everything is as it was', async () => {
      const target = tools.bench.connect();
      const before = await find(target);
      for (const account of before) {
        await accountsOf(target).disable(account, tools.bench.context());
        for (const id of account.entitlements) await target.entitlements?.revoke(account, id, tools.bench.context());
      }
      const closed = (await tools.bench.operations()).length;
      for (const account of before) {
        expect(await accountsOf(target).enable(account, tools.bench.context())).toBe('changed');
      }
      const opened = await tools.bench.operations();
      expect(opened.length).toBeGreaterThan(closed);
      for (const account of before) {
        expect(await accountsOf(target).enable(account, tools.bench.context())).toBe('already');
      }
      expect(await tools.bench.operations()).toEqual(opened);
      for (const account of before) {
        for (const id of account.entitlements) await target.entitlements?.grant(account, id, tools.bench.context());
        const { name, kind, status, entitlements: held } = account;
        const now = await accountsOf(target).read(account.id, tools.bench.context());
        expect({ ...now, entitlements: [...(now?.entitlements ?? [])].sort() }).toMatchObject({
          name,
          kind,
          status,
          entitlements: [...held].sort(),
        });
      }
    });

    claim('lie', 'a target that says yes and does nothing is found out by reading back', async () => {
      const target = tools.bench.connect();
      const found = await find(target);
      await tools.bench.fault({ lie: true });
      for (const account of found) {
        const outcome = await accountsOf(target)
          .disable(account, tools.bench.context())
          .catch((error: unknown) => (error instanceof Failure ? error.code : error));
        expect(['changed', 'not-confirmed']).toContain(outcome);
        expect((await accountsOf(target).read(account.id, tools.bench.context()))?.status).toBe('enabled');
      }
      expect(await tools.bench.operations()).toEqual([]);
    });

    ability(probe.accounts?.create, 'create', () => {
      const hire: NewAccount = {
        person: 'GT-50001',
        workerId: 'GT-50001',
        login: 'lfischer',
        email: 'lena.fischer@globaltech.example',
        firstName: 'Lena',
        lastName: 'Fischer',
        enabled: true,
        attributes: {},
        ...suite.newAccount,
      };

      test('creating twice, or after a lost answer, makes one account', async () => {
        const target = tools.bench.connect();
        const create = accountsOf(target).create?.bind(accountsOf(target));
        if (create === undefined) throw new Error('unreachable');
        const losing = tools.bench.context({ beforeChange: async () => tools.bench.relay.loseNextAnswer() });
        await expect(create(hire, losing)).rejects.toMatchObject({ code: 'unavailable' });
        const second = await create(hire, tools.bench.context());
        const calls = await tools.bench.operations();
        const third = await create(hire, tools.bench.context());
        expect(third).toEqual({ account: second.account, outcome: 'already' });
        expect(await tools.bench.operations()).toEqual(calls);
        expect(second.account.status).toBe(suite.newStatus ?? 'enabled');
        const found = await accountsOf(target).find(
          { person: hire.person, workerIds: [hire.workerId], email: hire.email, knownAccounts: [] },
          tools.bench.context(),
        );
        expect(found.map((account) => account.id)).toEqual([second.account.id]);
      });
    });
  });
}
