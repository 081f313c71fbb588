import type { Transaction } from '../src/directory/store.ts';
import type { Approval } from '../src/model/approval.ts';
import type { IdentityEvent, Settlement } from '../src/model/event.ts';
import type { Grant } from '../src/model/grant.ts';
import type { Person } from '../src/model/person.ts';
import { isByHand } from '../src/policy/by-hand.ts';
import { desiredAccess } from '../src/policy/desired-access.ts';
import { isOver } from '../src/policy/engagements.ts';
import { sha256 } from '../src/policy/load.ts';
import type { Policy } from '../src/policy/schema.ts';
import { separate } from '../src/policy/separation.ts';
import { planLater } from './access-rows.ts';
import { tellApprovers } from './answers.ts';
import { openApproval } from './approvals.ts';
import { armContractEnd } from './beginning.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import type { Dependencies } from './dependencies.ts';
import { lastEnd } from './former.ts';
import { lookAtBelongings } from './handover.ts';
import { type Restoration, restorationOf } from './restoration.ts';
import { writeSettlement } from './settle.ts';

/** What an event took is to come back: exactly what was recorded before it, when people agree. An operator asks for it. */
export async function undoRequested(deciding: Deciding): Promise<Verdict> {
  const { event } = deciding;
  const undone = event.data['event'];
  if (event.source !== 'operator')
    return hold(
      deciding,
      'needs-decision',
      `an undo comes from an operator who is known, and not from ${event.source}`,
    );
  if (typeof undone !== 'string') return ignore(deciding, 'it does not say which event is to be undone');
  return askToRestore(deciding, undone);
}

/** The source takes back an end that has taken effect: what was recorded before it comes back when people agree. */
export async function endTakenBack(deciding: Deciding): Promise<Verdict> {
  const { person } = deciding;
  const ended = lastEnd(person)?.end?.event;
  if (person.state === 'Terminating')
    return hold(
      deciding,
      'needs-decision',
      'their access is being ended at this moment; have it said again when that is done',
    );
  if (ended === undefined)
    return hold(
      deciding,
      'needs-decision',
      'what ended their access is not recorded: restore it by hand, or have them hired again',
    );
  return askToRestore(deciding, ended);
}

async function askToRestore(deciding: Deciding, undone: string): Promise<Verdict> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  const { policy } = dependencies;
  const found = await restorable(deciding, undone);
  if (typeof found === 'string') return ignore(deciding, found);
  if ('held' in found) return hold(deciding, found.kind ?? 'needs-decision', found.held);
  const { restoration } = found;
  const rule = 'undo';
  if (policy.approvals.rules[rule] === undefined && policy.approvals.fallback === undefined)
    return hold(
      deciding,
      'needs-decision',
      'nobody is named who may agree to it: name them in policy.yaml (approvals.rules.undo, or approvals.fallback)',
    );
  const because = `restored by undo of ${undone}`;
  const hash = hashOf(restoration);
  const asked = await openApproval(tx, dependencies, {
    ...{ person: person.id, event: event.key, rule, hash, now, workflowId },
    items: restoration.accounts.flatMap(({ target, entitlements }) =>
      ['', ...entitlements].map((entitlement) => ({
        target,
        entitlement,
        because,
        hash,
        leadsTo: 'restoration' as const,
      })),
    ),
    summary: summaryOf(dependencies, person, restoration),
    ...(event.by === undefined ? {} : { requestedBy: event.by }),
  });
  const { approval } = asked;
  if (approval.event !== event.key) return ignore(deciding, `asked already: it waits for approval ${approval.id}`);
  await tellApprovers(deciding, asked);
  await evidence(deciding, 'restoration-asked', { undoes: undone, approval: approval.id, ...countsOf(restoration) });
  if (approval.state === 'open') {
    const reason = `waits for approval ${approval.id}`;
    return { settlement: { event: event.key, outcome: 'waiting', reason } };
  }
  const reason = `nobody is left to ask: approval ${approval.id} is ${approval.state}`;
  return { settlement: { event: event.key, outcome: 'failed', reason } };
}

/** What would come back, or why nothing does. */
async function restorable(
  { dependencies, tx, person, now }: Pick<Deciding, 'dependencies' | 'tx' | 'person' | 'now'>,
  undone: string,
): Promise<{ restoration: Restoration } | { held: string; kind?: 'separation-of-duties' } | string> {
  const arrival = await tx.arrival(undone);
  if (arrival === undefined || arrival.person !== person.id) return `${undone} is no event about ${person.id}`;
  if (person.state === 'Terminating')
    return { held: 'their access is being ended at this moment; ask again when that is done' };
  const restoration = await restorationOf(tx, person, undone);
  if (person.state === 'Terminated' || person.state === 'Cancelled') {
    if (restoration.end === undefined) return `${person.id} is ${person.state}, and not by ${undone}`;
    const { engagement } = restoration.end;
    if (engagement !== undefined && isOver(dependencies.policy, person, engagement, Date.parse(now)))
      return {
        held: 'their contract was to be over by now all the same: have its end moved, then they are hired again',
      };
  } else if (restoration.end !== undefined) return `already so: ${person.id} is ${person.state}`;
  else if (person.state !== 'Active')
    return { held: `${person.id} is ${person.state}, and what is closed now stays closed until that is over` };
  if (restoration.end === undefined && restoration.accounts.length === 0)
    return `nothing is to be restored: what ${undone} took is there, or it took nothing`;
  const conflict = conflictOf(dependencies.policy, person, restoration, now);
  return conflict === undefined ? { restoration } : { held: conflict, kind: 'separation-of-duties' };
}

/** What comes back may be in conflict with what they have got since. What they had together then is no undo's doing. */
function conflictOf(policy: Policy, person: Person, { accounts }: Restoration, now: string): string | undefined {
  const held = person.accounts
    .filter(({ status }) => status !== 'absent')
    .flatMap(({ target, id, entitlements }) =>
      entitlements.map((entitlement) => ({ target, entitlement, account: id })),
    );
  if (held.length === 0) return undefined;
  const grants = accounts.flatMap(({ target, entitlements }) =>
    entitlements.map((entitlement) => ({ target, entitlement })),
  );
  const { stopped } = separate(policy, { held, grants, revokes: [], grace: [], exceptions: person.grants, now });
  return stopped.length === 0 ? undefined : stopped.map(({ reason }) => reason).join('; ');
}

/** Over exactly what comes back: if anything of it is another thing when people have agreed, they agreed to something else. */
const hashOf = ({ event, accounts, end }: Restoration): string =>
  sha256({
    undo: event,
    accounts,
    end: end === undefined ? null : { state: end.state, engagement: end.engagement ?? null },
  });

function summaryOf({ targets }: Dependencies, person: Person, { event, accounts, end, lost }: Restoration): string[] {
  const title = (target: string) => targets.get(target)?.title ?? target;
  return [
    end === undefined
      ? `${person.id} gets back what ${event} took`
      : `${person.id} is ${end.state} again, as before ${event}`,
    ...accounts.flatMap(({ target, account, enable, entitlements }) => [
      ...(enable ? [`account ${account} in ${title(target)} is opened`] : []),
      ...entitlements.map((entitlement) => `account ${account} in ${title(target)} gets ${entitlement}`),
    ]),
    ...lost.map(({ target, account }) => `account ${account} in ${title(target)} is gone, and does not come back`),
  ];
}

const countsOf = ({ accounts }: Restoration) => ({
  accounts: accounts.map(({ target, account, enable, entitlements }) => ({
    ...{ target, account, enable, entitlements: entitlements.length },
  })),
});

interface Agreed {
  dependencies: Dependencies;
  tx: Transaction;
  person: Person;
  now: string;
  workflowId: string;
}

/** People have agreed: the state is as before, and the accounts follow. Undefined while that is under way. */
export async function restore(
  agreed: Agreed,
  approval: Pick<Approval, 'id' | 'event' | 'hash'>,
): Promise<Settlement | undefined> {
  const { tx, person, now } = agreed;
  const asked = await tx.arrival(approval.event);
  const ended =
    asked?.event.type === 'termination-rescinded' ? lastEnd(person)?.end?.event : asked?.event.data['event'];
  const found =
    typeof ended === 'string' ? await restorable(agreed, ended) : 'what was to be undone is not known any more';
  if (
    typeof found === 'string' ||
    'held' in found ||
    hashOf(found.restoration) !== approval.hash ||
    asked === undefined
  ) {
    const why =
      typeof found === 'string'
        ? found
        : 'held' in found
          ? found.held
          : 'what would come back is not what was agreed to';
    const settlement: Settlement = { event: approval.event, outcome: 'failed', reason: `${why}. Ask for it again.` };
    await writeSettlement(tx, person.id, settlement, now);
    return settlement;
  }
  await bringBack(agreed, asked.event, found.restoration, approval.id);
  return undefined;
}

async function bringBack(
  { dependencies, tx, person, now, workflowId }: Agreed,
  event: IdentityEvent,
  restoration: Restoration,
  approval: string,
): Promise<void> {
  const { end, accounts, event: undone } = restoration;
  const deciding: Deciding = { dependencies, tx, person, event, now, workflowId };
  let restored = person;
  if (end !== undefined) {
    const engagements = person.engagements.map((each) => (each.id === end.engagement?.id ? end.engagement : each));
    await tx.updatePerson(person.id, { state: end.state });
    if (end.engagement !== undefined) {
      await tx.putEngagement(person.id, end.engagement);
      await armContractEnd(deciding, end.engagement);
    }
    for (const row of person.pending.filter(({ kind, event: of }) => kind === 'later' && of === undone))
      await tx.removePending(person.id, row.id);
    await tx.keepNames(person.id);
    await lookAtBelongings(deciding);
    restored = { ...person, state: end.state, engagements };
  }
  const grants = await regrant(deciding, restored, restoration, approval);
  await evidence(deciding, 'restoration-begun', {
    ...{ undoes: undone, approval, state: restored.state, grants, ...countsOf(restoration) },
  });
  const row = { event: event.key, dueAt: now };
  const restore = { event: undone, accounts: accounts.map(({ kind: _, ...account }) => account) };
  await planLater(tx, person, row, { process: 'privilege', settles: true, restore });
}

/** Grants that ended with them, those whose time is not over; and one for whatever else comes back and no rule gives. Says for what. */
async function regrant(
  { dependencies, tx, event, now }: Deciding,
  person: Person,
  { event: undone, accounts, end }: Restoration,
  approval: string,
): Promise<string[]> {
  const { policy } = dependencies;
  const old = (end?.grants ?? []).filter(
    (grant) => (grant.until === undefined || Date.parse(grant.until) > Date.parse(now)) && !isByHand(policy, grant),
  );
  for (const grant of old) await tx.putGrant(person.id, grant);
  for (const grant of old.filter(({ until }) => until !== undefined)) {
    const row = { id: `until:${event.key}:${grant.target}:${grant.entitlement}`, kind: 'grace' as const };
    await planLater(tx, person, { ...row, event: event.key, dueAt: grant.until ?? now }, { process: 'privilege' });
  }
  const given = new Set(
    desiredAccess(policy, { ...person, grants: old }, now).flatMap(({ target, entitlements }) =>
      entitlements.map(({ id }) => `${target}/${id}`),
    ),
  );
  const rest = accounts
    .filter(({ kind }) => kind === 'primary')
    .flatMap(({ target, entitlements }) => entitlements.map((entitlement) => ({ target, entitlement })))
    .filter(({ target, entitlement }) => !given.has(`${target}/${entitlement}`));
  for (const { target, entitlement } of rest) {
    const because = `restored by undo of ${undone}`;
    const privileged = policy.requestable.some(
      (each) => each.privileged && each.target === target && each.entitlement === entitlement,
    );
    const grant: Grant = {
      target,
      entitlement,
      origin: 'requested',
      event: event.key,
      because,
      privileged,
      approval,
      at: now,
    };
    await tx.putGrant(person.id, grant);
  }
  return [...old, ...rest].map(({ target, entitlement }) => `${target}/${entitlement}`).sort();
}
