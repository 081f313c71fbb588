import { expect, test } from 'vitest';
import type { AccountSeen } from '../../src/targets/target.ts';
import type { SuiteTools } from './suite-tools.ts';

/** What must be true of entitlements, sessions, tickets and messages. */
export function accessClaims(tools: SuiteTools): void {
  const { suite, person, accountsOf, find, closeAll, claim, ability } = tools;
  const { entitlements, sessions, tickets, messages } = tools.probe;
  ability(entitlements, 'entitlements', () => {
    test('each is revoked once and granted once, and is read back gone and there', async () => {
      const target = tools.bench.connect();
      const found = await find(target);
      const held = found.flatMap((account) => account.entitlements.map((id) => ({ account, id })));
      expect(held.length, 'the stand-in must give the person an entitlement').toBeGreaterThan(0);
      const seen = async (account: AccountSeen) =>
        (await accountsOf(target).read(account.id, tools.bench.context()))?.entitlements ?? [];
      for (const [act, there] of [
        ['revoke', false],
        ['grant', true],
      ] as const) {
        for (const { account, id } of held) {
          const before = (await tools.bench.operations()).length;
          expect(await target.entitlements?.[act](account, id, tools.bench.context())).toBe('changed');
          expect(await tools.bench.operations()).toHaveLength(before + 1);
          expect(await target.entitlements?.[act](account, id, tools.bench.context())).toBe('already');
          expect(await tools.bench.operations()).toHaveLength(before + 1);
          expect((await seen(account)).includes(id)).toBe(there);
        }
      }
    });

    test('nothing is revoked that beforeChange refused', async () => {
      const target = tools.bench.connect();
      const account = (await find(target)).find((one) => one.entitlements.length > 0);
      const id = account?.entitlements[0];
      if (account === undefined || id === undefined)
        throw new Error('the stand-in must give the person an entitlement');
      await expect(target.entitlements?.revoke(account, id, tools.bench.refusing())).rejects.toMatchObject({
        code: 'stopped',
      });
      expect(await tools.bench.operations()).toEqual([]);
    });
  });

  ability(sessions, 'sessions', () => {
    claim('sessions', 'each that outlives the closed account is ended once, and then none is left', async () => {
      const target = tools.bench.connect();
      const found = await find(target);
      await closeAll(target, found);
      let ended = 0;
      for (const account of found) {
        for (const session of (await target.sessions?.list(account, tools.bench.context())) ?? []) {
          const before = (await tools.bench.operations()).length;
          await expect(target.sessions?.end(account, session, tools.bench.refusing())).rejects.toMatchObject({
            code: 'stopped',
          });
          expect(await target.sessions?.end(account, session, tools.bench.context())).toBe('changed');
          expect(await target.sessions?.end(account, session, tools.bench.context())).toBe('already');
          expect(await tools.bench.operations()).toHaveLength(before + 1);
          ended += 1;
        }
        expect(await target.sessions?.list(account, tools.bench.context())).toEqual([]);
      }
      expect(ended, 'the stand-in must give the person a session').toBeGreaterThan(0);
    });
  });

  ability(tickets, 'tickets', () => {
    const kinds = suite.ticketKinds ?? [];
    test.each(kinds)('a ticket of kind %s is opened once and closed once, a lost answer included', async (kind) => {
      const target = tools.bench.connect();
      const request = {
        correlationId: `${person.workerId}/left/2025-11-15`,
        kind,
        title: 'Left',
        body: 'Collect the laptop',
      };
      if (target.tickets === undefined) throw new Error('unreachable');
      expect(await target.tickets.find(request.correlationId, kind, tools.bench.context())).toBeUndefined();
      await expect(target.tickets.open(request, tools.bench.refusing())).rejects.toMatchObject({ code: 'stopped' });
      expect(await tools.bench.operations()).toEqual([]);
      const losing = tools.bench.context({ beforeChange: async () => tools.bench.relay.loseNextAnswer() });
      await expect(target.tickets.open(request, losing)).rejects.toMatchObject({ code: 'unavailable' });
      const calls = await tools.bench.operations();
      const { ticket, outcome } = await target.tickets.open(request, tools.bench.context());
      expect([outcome, ticket.state]).toEqual(['already', 'open']);
      expect(await tools.bench.operations()).toEqual(calls);
      expect(await target.tickets.find(request.correlationId, kind, tools.bench.context())).toEqual(ticket);
      expect(await target.tickets.close(ticket, kind, 'Done', tools.bench.context())).toBe('changed');
      expect(await target.tickets.close(ticket, kind, 'Done', tools.bench.context())).toBe('already');
      const closed = await target.tickets.find(request.correlationId, kind, tools.bench.context());
      expect(closed).toEqual({ result: closed?.result, ...ticket, state: 'closed' });
      const other = await target.tickets.open({ ...request, correlationId: 'another' }, tools.bench.context());
      expect([other.outcome, other.ticket.id === ticket.id]).toEqual(['changed', false]);
    });
    if (kinds.length === 0)
      test('the suite needs ticketKinds for a target with tickets', () => expect(kinds).not.toEqual([]));
  });

  ability(messages, 'messages', () => {
    const message = {
      correlationId: 'left/GT-48291',
      to: { channel: '#identity-security' },
      title: 'Left',
      text: 'GT-48291 has left',
    };
    const send = (context = tools.bench.context(), correlationId = message.correlationId) =>
      tools.bench.connect().messages?.send({ ...message, correlationId }, context);

    test('nothing is sent that beforeChange refused', async () => {
      await expect(send(tools.bench.refusing())).rejects.toMatchObject({ code: 'stopped' });
      expect(await tools.bench.operations()).toEqual([]);
    });

    if (suite.messagesMayRepeat === true) {
      test('each call sends one message and says so: this vendor cannot tell a repeat', async () => {
        expect([await send(), await send()]).toEqual(['changed', 'changed']);
        expect(await tools.bench.operations()).toHaveLength(2);
        expect(tools.bench.announced()).toHaveLength(2);
      });
    } else {
      test('a message is sent once, a lost answer included, and another one is another', async () => {
        const losing = tools.bench.context({ beforeChange: async () => tools.bench.relay.loseNextAnswer() });
        await expect(send(losing)).rejects.toMatchObject({ code: 'unavailable' });
        expect(await tools.bench.operations()).toHaveLength(1);
        expect([await send(), await send()]).toEqual(['already', 'already']);
        expect(await tools.bench.operations()).toHaveLength(1);
        expect([await send(undefined, 'another'), await send(undefined, 'another')]).toEqual(['changed', 'already']);
        expect(await tools.bench.operations()).toHaveLength(2);
      });
    }
  });
}
