import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectedTarget } from '../src/targets/connect.ts';
import type { AccountSeen, Target } from '../src/targets/target.ts';

const callMs = 20;

/**
 * Two stand-ins in memory that make accounts. Each call answers after 20 ms, and each takes at most 100 activities a second.
 * `closed` hears of every account as it is closed.
 */
export function startingTargets(closed: (person: string) => void = () => undefined): Map<string, ConnectedTarget> {
  const entry = { kind: 'bench', mode: 'enforce' as const, concurrency: 50, ratePerSecond: 100, settings: {} };
  const names = ['directory', 'crm'];
  return new Map(names.map((name) => [name, { name, title: name, entry, target: withAccounts(closed) }]));
}

function withAccounts(closed: (person: string) => void): Target {
  const known = new Map<string, AccountSeen>();
  const of = (id: string): AccountSeen => {
    const account = known.get(id);
    if (account === undefined) throw new Error(`no account ${id}`);
    return account;
  };
  const switched = (status: AccountSeen['status']) => async (account: AccountSeen) => {
    await pause(callMs);
    const was = of(account.id).status;
    if (status === 'disabled') closed(account.id);
    known.set(account.id, { ...of(account.id), status });
    return was === status ? ('already' as const) : ('changed' as const);
  };
  return {
    check: async () => 'in memory',
    accounts: {
      find: async ({ workerIds }) => {
        await pause(callMs);
        return workerIds.flatMap((id) => known.get(id) ?? []);
      },
      read: async (id) => {
        await pause(callMs);
        return known.get(id);
      },
      create: async ({ workerId, enabled }) => {
        await pause(callMs);
        const account: AccountSeen = {
          ...{ id: workerId, name: workerId, kind: 'primary', entitlements: [], before: {} },
          status: enabled ? 'enabled' : 'disabled',
        };
        known.set(workerId, account);
        return { account, outcome: 'changed' };
      },
      disable: switched('disabled'),
      enable: switched('enabled'),
    },
    entitlements: {
      grant: async ({ id }, entitlement) => {
        await pause(callMs);
        known.set(id, { ...of(id), entitlements: [...new Set([...of(id).entitlements, entitlement])] });
        return 'changed';
      },
      revoke: async ({ id }, entitlement) => {
        await pause(callMs);
        known.set(id, { ...of(id), entitlements: of(id).entitlements.filter((each) => each !== entitlement) });
        return 'changed';
      },
    },
  };
}
