import { Failure } from '../src/model/failure.ts';
import { personalKinds } from '../src/model/person.ts';
import type { ChangeResult, ChangeWork } from '../src/model/work.ts';
import type { AccountSeen } from '../src/targets/target.ts';
import { type AllowedCall, callContext } from './call-context.ts';
import type { Dependencies } from './dependencies.ts';
import { resultOfFailure } from './failures.ts';
import { readSeen } from './restoration.ts';
import { recordOf } from './see-access.ts';
import { targetOf } from './target-of.ts';

/** Brings accounts at one target back to what was recorded before an event took it, and reads them back. Nothing beyond that. */
export async function restoreAccess(dependencies: Dependencies, work: ChangeWork): Promise<ChangeResult> {
  const allowed: AllowedCall[] = [];
  try {
    return await restoreAll(dependencies, work, allowed);
  } catch (error) {
    return resultOfFailure(error, dependencies.timing.retryMaximumMs);
  }
}

async function restoreAll(dependencies: Dependencies, work: ChangeWork, allowed: AllowedCall[]): Promise<ChangeResult> {
  const { store } = dependencies;
  const { change, person, event, epoch, now, workflowId } = work;
  const { name, title, target } = targetOf(dependencies, change.target);
  const { accounts, entitlements } = target;
  const { restores } = change;
  if (accounts === undefined || restores === undefined)
    throw new Failure('misconfigured', `${title} has no accounts to restore`);
  const context = callContext(dependencies, work, allowed);
  const states = await store.read((reader) => reader.before(restores.event));
  const records = [];
  const done = [];
  const wrong: string[] = [];
  for (const { target: where, state } of states) {
    const was = readSeen(state);
    const wanted = restores.accounts.find(({ account }) => account === was?.id);
    if (where !== name || was === undefined || wanted === undefined || !personalKinds.has(was.kind)) continue;
    let account = await accounts.read(was.id, context);
    if (account === undefined || account.status === 'absent') {
      wrong.push(`account ${was.id} is gone`);
      continue;
    }
    let opened = 'already';
    if (wanted.enable && account.status === 'disabled') {
      opened = await accounts.enable({ ...account, before: was.before }, context);
      account = (await accounts.read(was.id, context)) ?? account;
    }
    const given: string[] = [];
    for (const entitlement of wanted.entitlements.filter((each) => account?.entitlements.includes(each) === false)) {
      if (entitlements === undefined) throw new Failure('misconfigured', `${title} has no entitlements`);
      if ((await entitlements.grant(account, entitlement, context)) === 'changed') given.push(entitlement);
    }
    const after = await accounts.read(was.id, context);
    wrong.push(...missing(after, wanted));
    if (after !== undefined) records.push(recordOf(person, name, after, new Date().toISOString()));
    done.push({ account: was.id, opened, entitlements: given.length });
  }
  if (wrong.length > 0) {
    throw new Failure('refused', `${title} does not show what was to come back: ${wrong.join(', ')}`, {
      advice: 'Restore that part by hand; the rest is done.',
    });
  }
  const at = new Date().toISOString();
  const piece = { workflowId, step: `${event}/${epoch}/${change.id}`, person, event, target: name, at: now };
  const data = { undoes: restores.event, accounts: done, calls: allowed, readBackAt: at };
  await store.write({ accounts: records, evidence: [{ ...piece, kind: 'access-restored', data }] });
  return { status: 'confirmed', at, accounts: [] };
}

function missing(
  now: AccountSeen | undefined,
  { account, enable, entitlements }: { account: string; enable: boolean; entitlements: string[] },
): string[] {
  const left = entitlements.filter((each) => now?.entitlements.includes(each) !== true);
  return [
    ...(enable && now?.status !== 'enabled' ? [`account ${account} is ${now?.status ?? 'gone'}`] : []),
    ...left.map((each) => `account ${account} lacks ${each}`),
  ];
}
