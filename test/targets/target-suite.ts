import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Failure, type FailureCode } from '../../src/model/failure.ts';
import type { MakeStandIn, SeedPerson } from '../../src/sandbox/stand-in.ts';
import type { AccountSeen, NewAccount, Target, TargetDefinition } from '../../src/targets/target.ts';
import { type Bench, byId, decoyOf, openBench, sarahChen } from './bench.ts';

/** What a target under test is, and what its vendor cannot do, each with the reason that the skipped test shows. */
export interface TargetSuite {
  /** The target's name in the sandbox: `salesforce`. */
  name: string;
  definition: TargetDefinition;
  makeStandIn: MakeStandIn;
  /** Settings as muster.yaml would have them. `baseUrl` is `http://…/<name>`, or `ldaps://…` for a stand-in that listens by itself. */
  settings(baseUrl: string, made: { ca: string }): unknown;
  /** Secrets by reference: `{ 'env:SALESFORCE_KEY': '-----BEGIN…' }`. */
  secrets?: Record<string, string>;
  /** Whom the accounts belong to. Default: Sarah Chen, privileged, so that admin accounts and sessions are there. */
  person?: SeedPerson;
  /** Stable ids that the directory knows already, for a target that cannot look a person up by worker id. */
  knownAccounts?: string[];
  /** An id as the target makes them, of an account that is not there. Needed with accounts. */
  unknownId?: string;
  /** Needed with tickets: the kinds that the settings know. */
  ticketKinds?: string[];
  newAccount?: Partial<NewAccount>;
  /** What `read` says of a new account that was made enabled. Default `enabled`. */
  newStatus?: AccountSeen['status'];
  /** Where this vendor's word for a status is another class than the usual one. */
  codes?: Partial<Record<Status, FailureCode>>;
  /** What the vendor cannot do, and why: skipped aloud. */
  cannot?: Partial<Record<Claim, string>>;
}

type Status = 401 | 403 | 409 | 429 | 500 | 503;
type Claim = Status | 'retry-after' | 'undo' | 'lie' | 'hang' | 'cut' | 'sessions';

const usual: Record<Status, FailureCode> = {
  401: 'credentials',
  403: 'refused',
  409: 'conflict',
  429: 'throttled',
  500: 'unavailable',
  503: 'unavailable',
};
const statuses: Status[] = [401, 403, 409, 429, 500, 503];

/** What must be true of every target, whatever it can do: check, find, each ability twice, read back, undo, then the faults. */
export function targetSuite(suite: TargetSuite): void {
  const person = suite.person ?? sarahChen(suite.name);
  const keys = {
    person: person.workerId,
    workerIds: [person.workerId],
    email: person.email,
    knownAccounts: suite.knownAccounts ?? [],
  };
  const probe = suite.definition.connect(suite.settings('https://127.0.0.1:1', { ca: '' }), {
    secret: async () => '',
    clock: () => 0,
  });
  const { accounts: hasAccounts, entitlements, sessions, tickets, messages } = probe;

  describe(`${suite.definition.title}, as every target`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(suite, [person, decoyOf(person)]);
    });
    afterAll(async () => {
      await bench?.close();
    });
    afterEach(async () => {
      await bench.reset();
    });

    const accountsOf = (target: Target) => {
      if (target.accounts === undefined) throw new Error('this target has no accounts');
      return target.accounts;
    };
    const find = (target: Target) => accountsOf(target).find(keys, bench.context());
    /** Closes all, and says which changing calls it took. */
    const closeAll = async (target: Target, accounts: AccountSeen[], context = bench.context()) => {
      for (const account of accounts) await accountsOf(target).disable(account, context);
      return bench.operations();
    };

    /** A claim that this vendor cannot meet is skipped with the reason. */
    const claim = (what: Claim, title: string, body: () => Promise<void>) => {
      const reason = suite.cannot?.[what];
      if (reason === undefined) return test(title, body);
      return test(title, ({ skip }) => skip(`${suite.definition.title} cannot: ${reason}`));
    };
    const ability = (has: unknown, name: string, body: () => void) => {
      if (has !== undefined) return describe(name, body);
      return test(name, ({ skip }) => skip(`${suite.definition.title} has no ${name}`));
    };

    test('check logs on and says what it saw', async () => {
      expect(await bench.connect().check(bench.context())).not.toBe('');
      expect(await bench.operations()).toEqual([]);
    });

    ability(hasAccounts, 'accounts', () => {
      test('find returns every account of the person, admin ones too, and nobody else’s', async () => {
        const found = await find(bench.connect());
        const held = await bench.accounts(person.workerId);
        expect(found.map((account) => account.id).sort()).toEqual(held.map((account) => account.id).sort());
        expect(found.length).toBeGreaterThan(0);
        if (found.length > 1)
          expect(new Set(found.map((account) => account.kind))).toEqual(new Set(['primary', 'admin']));
        expect(new Set(found.map((account) => account.status))).toEqual(new Set(['enabled']));
      });

      test('find returns nothing for a person who has nothing there', async () => {
        const nobody = { person: 'GT-1', workerIds: ['GT-1'], email: 'nobody@globaltech.example', knownAccounts: [] };
        expect(await accountsOf(bench.connect()).find(nobody, bench.context())).toEqual([]);
      });

      test('read shows what find showed, and undefined for an id that is not there', async () => {
        const target = bench.connect();
        for (const account of await find(target)) {
          expect(await accountsOf(target).read(account.id, bench.context())).toEqual(account);
        }
        if (suite.unknownId === undefined) throw new Error('the suite needs unknownId for a target with accounts');
        expect(await accountsOf(target).read(suite.unknownId, bench.context())).toBeUndefined();
      });

      test('disable closes once: the second time it is already so, with no further changing call', async () => {
        const target = bench.connect();
        const found = await find(target);
        const othersBefore = await bench.accounts(decoyOf(person).workerId);
        for (const account of found) {
          expect(await accountsOf(target).disable(account, bench.context())).toBe('changed');
        }
        const calls = await bench.operations();
        expect(calls).toHaveLength(bench.announced().length);
        expect(calls.length).toBeGreaterThan(0);
        for (const account of found) {
          expect(await accountsOf(target).disable(account, bench.context())).toBe('already');
        }
        expect(await bench.operations()).toEqual(calls);
        for (const account of found) {
          const now = await accountsOf(target).read(account.id, bench.context());
          expect(now?.status ?? 'absent').not.toBe('enabled');
        }
        expect((await bench.accounts(person.workerId)).filter((account) => account.enabled)).toEqual([]);
        expect(await bench.accounts(decoyOf(person).workerId)).toEqual(othersBefore);
      });

      test('beforeChange is asked before every changing call, and when it throws nothing more is changed', async () => {
        const target = bench.connect();
        const whole = await closeAll(target, await find(target));
        for (let allowed = 0; allowed < whole.length; allowed += 1) {
          await bench.reset();
          const fresh = bench.connect();
          const context = bench.context({
            beforeChange: async (_operation, asked) => {
              if (asked > allowed) throw new Failure('superseded', 'an older epoch');
            },
          });
          await expect(closeAll(fresh, await find(fresh), context)).rejects.toMatchObject({ code: 'superseded' });
          expect(await bench.operations()).toEqual(whole.slice(0, allowed));
        }
      });

      claim('cut', 'a call whose answer was lost is neither forgotten nor made twice', async () => {
        const target = bench.connect();
        const whole = await closeAll(target, await find(target));
        for (let lost = 1; lost <= whole.length; lost += 1) {
          await bench.reset();
          const fresh = bench.connect();
          const found = await find(fresh);
          const losing = bench.context({
            beforeChange: async (_operation, asked) => {
              if (asked === lost) bench.relay.loseNextAnswer();
            },
          });
          await expect(closeAll(fresh, found, losing)).rejects.toMatchObject({ code: 'unavailable' });
          expect([...(await closeAll(fresh, found))].sort()).toEqual([...whole].sort());
          expect((await bench.accounts(person.workerId)).filter((account) => account.enabled)).toEqual([]);
        }
      });

      claim('undo', 'enable opens what was closed, twice with one effect, and everything is as it was', async () => {
        const target = bench.connect();
        const before = await find(target);
        for (const account of before) {
          await accountsOf(target).disable(account, bench.context());
          for (const id of account.entitlements) await target.entitlements?.revoke(account, id, bench.context());
        }
        const closed = (await bench.operations()).length;
        for (const account of before) {
          expect(await accountsOf(target).enable(account, bench.context())).toBe('changed');
        }
        const opened = await bench.operations();
        expect(opened.length).toBeGreaterThan(closed);
        for (const account of before) {
          expect(await accountsOf(target).enable(account, bench.context())).toBe('already');
        }
        expect(await bench.operations()).toEqual(opened);
        for (const account of before) {
          for (const id of account.entitlements) await target.entitlements?.grant(account, id, bench.context());
          const { name, kind, status, entitlements: held } = account;
          const now = await accountsOf(target).read(account.id, bench.context());
          expect({ ...now, entitlements: [...(now?.entitlements ?? [])].sort() }).toMatchObject({
            name,
            kind,
            status,
            entitlements: [...held].sort(),
          });
        }
      });

      claim('lie', 'a target that says yes and does nothing is found out by reading back', async () => {
        const target = bench.connect();
        const found = await find(target);
        await bench.fault({ lie: true });
        for (const account of found) {
          const outcome = await accountsOf(target)
            .disable(account, bench.context())
            .catch((error: unknown) => (error instanceof Failure ? error.code : error));
          expect(['changed', 'not-confirmed']).toContain(outcome);
          expect((await accountsOf(target).read(account.id, bench.context()))?.status).toBe('enabled');
        }
        expect(await bench.operations()).toEqual([]);
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
          const target = bench.connect();
          const create = accountsOf(target).create?.bind(accountsOf(target));
          if (create === undefined) throw new Error('unreachable');
          const losing = bench.context({ beforeChange: async () => bench.relay.loseNextAnswer() });
          await expect(create(hire, losing)).rejects.toMatchObject({ code: 'unavailable' });
          const second = await create(hire, bench.context());
          const calls = await bench.operations();
          const third = await create(hire, bench.context());
          expect(third).toEqual({ account: second.account, outcome: 'already' });
          expect(await bench.operations()).toEqual(calls);
          expect(second.account.status).toBe(suite.newStatus ?? 'enabled');
          const found = await accountsOf(target).find(
            { person: hire.person, workerIds: [hire.workerId], email: hire.email, knownAccounts: [] },
            bench.context(),
          );
          expect(found.map((account) => account.id)).toEqual([second.account.id]);
        });
      });
    });

    ability(entitlements, 'entitlements', () => {
      test('each is revoked once and granted once, and is read back gone and there', async () => {
        const target = bench.connect();
        const found = await find(target);
        const held = found.flatMap((account) => account.entitlements.map((id) => ({ account, id })));
        expect(held.length, 'the stand-in must give the person an entitlement').toBeGreaterThan(0);
        const seen = async (account: AccountSeen) =>
          (await accountsOf(target).read(account.id, bench.context()))?.entitlements ?? [];
        for (const [act, there] of [
          ['revoke', false],
          ['grant', true],
        ] as const) {
          for (const { account, id } of held) {
            const before = (await bench.operations()).length;
            expect(await target.entitlements?.[act](account, id, bench.context())).toBe('changed');
            expect(await bench.operations()).toHaveLength(before + 1);
            expect(await target.entitlements?.[act](account, id, bench.context())).toBe('already');
            expect(await bench.operations()).toHaveLength(before + 1);
            expect((await seen(account)).includes(id)).toBe(there);
          }
        }
      });

      test('nothing is revoked that beforeChange refused', async () => {
        const target = bench.connect();
        const account = (await find(target)).find((one) => one.entitlements.length > 0);
        const id = account?.entitlements[0];
        if (account === undefined || id === undefined)
          throw new Error('the stand-in must give the person an entitlement');
        await expect(target.entitlements?.revoke(account, id, bench.refusing())).rejects.toMatchObject({
          code: 'stopped',
        });
        expect(await bench.operations()).toEqual([]);
      });
    });

    ability(sessions, 'sessions', () => {
      claim('sessions', 'each that outlives the closed account is ended once, and then none is left', async () => {
        const target = bench.connect();
        const found = await find(target);
        await closeAll(target, found);
        let ended = 0;
        for (const account of found) {
          for (const session of (await target.sessions?.list(account, bench.context())) ?? []) {
            const before = (await bench.operations()).length;
            await expect(target.sessions?.end(account, session, bench.refusing())).rejects.toMatchObject({
              code: 'stopped',
            });
            expect(await target.sessions?.end(account, session, bench.context())).toBe('changed');
            expect(await target.sessions?.end(account, session, bench.context())).toBe('already');
            expect(await bench.operations()).toHaveLength(before + 1);
            ended += 1;
          }
          expect(await target.sessions?.list(account, bench.context())).toEqual([]);
        }
        expect(ended, 'the stand-in must give the person a session').toBeGreaterThan(0);
      });
    });

    ability(tickets, 'tickets', () => {
      const kinds = suite.ticketKinds ?? [];
      test.each(kinds)('a ticket of kind %s is opened once and closed once, a lost answer included', async (kind) => {
        const target = bench.connect();
        const request = {
          correlationId: `${person.workerId}/left/2025-11-15`,
          kind,
          title: 'Left',
          body: 'Collect the laptop',
        };
        if (target.tickets === undefined) throw new Error('unreachable');
        expect(await target.tickets.find(request.correlationId, kind, bench.context())).toBeUndefined();
        await expect(target.tickets.open(request, bench.refusing())).rejects.toMatchObject({ code: 'stopped' });
        expect(await bench.operations()).toEqual([]);
        const losing = bench.context({ beforeChange: async () => bench.relay.loseNextAnswer() });
        await expect(target.tickets.open(request, losing)).rejects.toMatchObject({ code: 'unavailable' });
        const calls = await bench.operations();
        const { ticket, outcome } = await target.tickets.open(request, bench.context());
        expect([outcome, ticket.state]).toEqual(['already', 'open']);
        expect(await bench.operations()).toEqual(calls);
        expect(await target.tickets.find(request.correlationId, kind, bench.context())).toEqual(ticket);
        expect(await target.tickets.close(ticket, kind, 'Done', bench.context())).toBe('changed');
        expect(await target.tickets.close(ticket, kind, 'Done', bench.context())).toBe('already');
        expect(await target.tickets.find(request.correlationId, kind, bench.context())).toEqual({
          ...ticket,
          state: 'closed',
        });
        const other = await target.tickets.open({ ...request, correlationId: 'another' }, bench.context());
        expect([other.outcome, other.ticket.id === ticket.id]).toEqual(['changed', false]);
      });
      if (kinds.length === 0)
        test('the suite needs ticketKinds for a target with tickets', () => expect(kinds).not.toEqual([]));
    });

    ability(messages, 'messages', () => {
      test('a message is sent once', async () => {
        const target = bench.connect();
        const message = { correlationId: 'left/GT-48291', to: '#identity-security', text: 'GT-48291 has left' };
        await expect(target.messages?.send(message, bench.refusing())).rejects.toMatchObject({ code: 'stopped' });
        expect(await target.messages?.send(message, bench.context())).toBe('changed');
        expect(await target.messages?.send(message, bench.context())).toBe('already');
        expect(await bench.operations()).toHaveLength(1);
      });
    });

    describe('faults', () => {
      /** A read and a changing call, whatever the target can do; the fault is there when each is made. */
      const read = (target: Target, context = bench.context()): Promise<unknown> =>
        target.accounts === undefined ? target.check(context) : target.accounts.find(keys, context);
      const change = async (target: Target, spoil: () => Promise<void> | void): Promise<unknown> => {
        const context = bench.context({ beforeChange: async () => spoil() });
        if (target.accounts !== undefined) {
          const account = byId(await find(target))[0];
          if (account === undefined) throw new Error('the stand-in must give the person an account');
          return target.accounts.disable(account, context);
        }
        const request = { correlationId: 'c', kind: suite.ticketKinds?.[0] ?? 'incident', title: 't', body: 'b' };
        if (target.tickets !== undefined) return target.tickets.open(request, context);
        return target.messages?.send({ correlationId: 'c', to: 't', text: 't' }, context);
      };
      /** No failure may carry a secret into logs and histories. */
      const failed = async (work: Promise<unknown>, expected: { code: FailureCode; retryAfterMs?: number }) => {
        const error: unknown = await work.then(
          (value) => new Error(`it answered ${JSON.stringify(value)}`),
          (reason: unknown) => reason,
        );
        if (!(error instanceof Failure)) throw error;
        expect({ code: error.code, retryAfterMs: error.retryAfterMs, message: error.message }).toMatchObject(expected);
        for (const secret of Object.values(suite.secrets ?? {})) expect(error.message).not.toContain(secret);
      };

      for (const status of statuses) {
        const code = suite.codes?.[status] ?? usual[status];
        claim(status, `${status} is ${code}, met by a read or by the changing call`, async () => {
          const target = bench.connect();
          await target.check(bench.context());
          await bench.fault({ status });
          await failed(read(target), { code });
          await bench.fault(undefined);
          await failed(
            change(target, () => bench.fault({ status })),
            { code },
          );
          expect(await bench.operations()).toEqual([]);
        });
      }

      claim('retry-after', 'the vendor’s own word on when to come back is passed on', async () => {
        const target = bench.connect();
        await bench.fault({ status: 429, retryAfter: 7 });
        await failed(read(target), { code: 'throttled', retryAfterMs: 7_000 });
      });

      claim('cut', 'a cut connection is unavailable, and the next call is answered', async () => {
        const target = bench.connect();
        await target.check(bench.context());
        bench.relay.cut();
        await failed(read(target), { code: 'unavailable' });
        bench.relay.mend();
        await read(target);
        await failed(
          change(target, () => bench.relay.cut()),
          { code: 'unavailable' },
        );
      });

      claim('hang', 'a call that is aborted while the target hangs is a timeout', async () => {
        const target = bench.connect();
        await target.check(bench.context());
        await bench.fault({ hang: true });
        const abort = new AbortController();
        const asked = bench.relay.nextRequest();
        const hanging = failed(read(target, bench.context({ signal: abort.signal })), { code: 'timeout' });
        await asked;
        abort.abort();
        await hanging;
        await bench.fault(undefined);
        await read(target);
      });
    });
  });
}
