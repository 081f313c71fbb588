import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Store } from '../src/directory/store.ts';
import type { AccountSeen } from '../src/targets/target.ts';

const kept = z.object({ before: z.record(z.string(), z.unknown()) });

/**
 * The accounts with what they were when the event first came to them. A try that was cut off has left less than that to be
 * seen: what it closed by halves would be neither finished nor ever brought back.
 */
export async function asFoundFirst(
  store: Pick<Store, 'read'>,
  { event, target }: { event: string; target: string },
  accounts: AccountSeen[],
): Promise<AccountSeen[]> {
  const isFirst = Context.current().info.attempt === 1 && accounts.every(({ status }) => status === 'enabled');
  if (isFirst) return accounts;
  const states = await store.read((reader) => reader.before(event));
  return accounts.map((account) => {
    const state = states.find((each) => each.target === target && each.account === account.id)?.state;
    const found = kept.safeParse(state);
    return found.success ? { ...account, before: found.data.before } : account;
  });
}
