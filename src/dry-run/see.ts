import { keysOf } from '../../activities/keys.ts';
import { recordOf } from '../../activities/see-access.ts';
import { Failure } from '../model/failure.ts';
import type { Account, Person } from '../model/person.ts';
import type { ConnectedTargets } from '../targets/connect.ts';

/** What targets hold of a person now. */
export interface Seen {
  accounts: Account[];
  /** Targets that were read. */
  read: string[];
  /** Those that did not answer. */
  unread: string[];
}

const patienceMs = 10_000;

/** Reads all targets side by side, and writes nothing anywhere. One that does not answer is planned from what is known of it. */
export async function seeTargets(targets: ConnectedTargets, person: Person, now: string): Promise<Seen> {
  const seen: Seen = { accounts: [], read: [], unread: [] };
  const reads = [...targets.values()].map(async ({ name, target }) => {
    if (target.accounts === undefined) return;
    const context = {
      signal: AbortSignal.timeout(patienceMs),
      beforeChange: () => Promise.reject(new Failure('refused', 'a dry run changes nothing')),
      now,
      key: `plan/${name}`,
    };
    try {
      const found = await target.accounts.find(keysOf(person, name), context);
      seen.accounts.push(...found.map((account) => asKnown(person, recordOf(person.id, name, account, now))));
      seen.read.push(name);
    } catch {
      seen.unread.push(name);
    }
  });
  await Promise.all(reads);
  return { ...seen, read: seen.read.sort(), unread: seen.unread.sort() };
}

/** Of an account that is known, owner and origin stay, and who manages it. */
function asKnown({ accounts }: Person, seen: Account): Account {
  const known = accounts.find(({ target, id }) => target === seen.target && id === seen.id);
  if (known === undefined) return seen;
  const { owner, origin, managedBy } = known;
  return { ...seen, owner, origin, ...(managedBy === undefined ? {} : { managedBy }) };
}
