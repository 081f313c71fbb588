import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectedTarget } from '../src/targets/connect.ts';
import type { AccountSeen, CallContext, Target } from '../src/targets/target.ts';

/** Every call to a stand-in of the bench takes this long, in milliseconds. */
export const callMs = 100;

const names = ['active-directory', 'salesforce', 'github', 'aws-iam', 'cyberark'] as const;

/** Six stand-ins in memory: five with one account a person, one that takes tickets. Each call answers after 100 ms. */
export function benchTargets(): Map<string, ConnectedTarget> {
  const entry = { kind: 'bench', mode: 'enforce' as const, concurrency: 100, settings: {} };
  const targets: ConnectedTarget[] = [
    ...names.map((name) => ({ name, title: name, entry, target: withAccounts() })),
    { name: 'servicenow', title: 'servicenow', entry, target: withTickets() },
  ];
  return new Map(targets.map((target) => [target.name, target]));
}

function withAccounts(): Target {
  const closed = new Set<string>();
  const seen = (id: string): AccountSeen => ({
    ...{ id, name: id, kind: 'primary', entitlements: [], before: {} },
    status: closed.has(id) ? 'disabled' : 'enabled',
  });
  return {
    check: async () => 'in memory',
    accounts: {
      find: async (keys) => {
        await pause(callMs);
        return keys.workerIds.slice(0, 1).map(seen);
      },
      read: async (id) => {
        await pause(callMs);
        return seen(id);
      },
      disable: async ({ id }, context: CallContext) => {
        await context.beforeChange('disable');
        await pause(callMs);
        const outcome = closed.has(id) ? 'already' : 'changed';
        closed.add(id);
        return outcome;
      },
      enable: async ({ id }) => (closed.delete(id) ? 'changed' : 'already'),
    },
  };
}

function withTickets(): Target {
  const tickets = new Map<string, string>();
  return {
    check: async () => 'in memory',
    tickets: {
      find: async (correlationId) => {
        await pause(callMs);
        const number = tickets.get(correlationId);
        return number === undefined ? undefined : { id: number, number, state: 'open' };
      },
      open: async ({ correlationId }, context) => {
        await context.beforeChange('open ticket');
        await pause(callMs);
        const before = tickets.get(correlationId);
        const number = before ?? `T${tickets.size + 1}`;
        tickets.set(correlationId, number);
        return { ticket: { id: number, number, state: 'open' }, outcome: before === undefined ? 'changed' : 'already' };
      },
      close: async () => 'changed',
    },
  };
}
