import type { Account } from '../src/model/person.ts';
import type { Sight } from '../src/model/work.ts';
import type { AccountSeen } from '../src/targets/target.ts';
import { callContext } from './call-context.ts';
import type { Dependencies } from './dependencies.ts';
import { resultOfFailure } from './failures.ts';
import { keysOf, personOf } from './keys.ts';
import { targetOf } from './target-of.ts';

/** Reads what one target holds of a person into the directory, so that a plan is made from what is there. */
export async function seeAccess(
  dependencies: Dependencies,
  work: { person: string; event: string; target: string; now: string; workflowId: string },
): Promise<Sight> {
  const { store, timing } = dependencies;
  try {
    const { name, title, target } = targetOf(dependencies, work.target);
    if (target.accounts === undefined) return { status: 'seen', accounts: 0 };
    const person = await personOf(store, work.person);
    const summary = `read ${work.person} in ${title}`;
    const context = callContext(dependencies, { ...work, change: { id: `see:${name}`, target: name, summary } });
    const seen = await target.accounts.find(keysOf(person, name), context);
    const at = new Date().toISOString();
    const accounts = seen.map((account) => recordOf(work.person, name, account, at));
    if (accounts.length > 0) await store.write({ accounts, evidence: [] });
    return { status: 'seen', accounts: accounts.length };
  } catch (error) {
    const result = resultOfFailure(error, timing.retryMaximumMs);
    if (result.status === 'blocked') return { status: 'blocked', code: result.code, message: result.message };
    throw error;
  }
}

/** An account as the target shows it, as the directory keeps it. Of one that is known, owner and origin stay. */
export function recordOf(
  owner: string,
  target: string,
  { id, name, kind, status, entitlements }: AccountSeen,
  seenAt: string,
  origin: Account['origin'] = 'found',
): Account {
  return { target, id, name, kind, owner, origin, status, entitlements: [...entitlements].sort(), seenAt };
}
