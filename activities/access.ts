import type { Transaction } from '../src/directory/store.ts';
import { agreedItems } from '../src/ledger/agreed.ts';
import type { Settlement } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId, priorities } from '../src/model/messages.ts';
import { type PendingChange, type Person, personalKinds } from '../src/model/person.ts';
import type { AccessPlan, Change } from '../src/model/plan.ts';
import { addDays, dateIn, startOfDay } from '../src/model/time.ts';
import type { AccessDecision, BegunAccess, PersonView } from '../src/model/work.ts';
import { planAccess } from '../src/policy/access-plan.ts';
import { desiredAccess } from '../src/policy/desired-access.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import { planMessage, planNotices } from '../src/policy/notices.ts';
import type { PlannedTarget } from '../src/policy/plan.ts';
import type { Policy } from '../src/policy/schema.ts';
import { abilitiesOf } from '../src/targets/connect.ts';
import { type AccessData, accessKinds, graceRow, planLater, readAccessData } from './access-rows.ts';
import { askFor } from './asks.ts';
import type { Dependencies } from './dependencies.ts';
import { raise, settleSteps } from './exceptions.ts';
import { lookAtBelongings } from './handover.ts';
import { reserveNames } from './names.ts';
import { takeBackByHand } from './orders.ts';
import { reserve } from './safeguards.ts';
import { tell, writeSettlement } from './settle.ts';
import { viewOf } from './view.ts';

/** What the rows of the timeline that are due together ask for, as one. */
interface Asked {
  rows: PendingChange[];
  data: AccessData[];
  /** The newest row's. */
  event: string;
  priority: number;
}

interface Beginning {
  dependencies: Dependencies;
  tx: Transaction;
  person: Person;
  asked: Asked;
  now: string;
  workflowId: string;
  /** Targets that were read before; null where none was asked. */
  seen: string[] | null;
}

type BeginRequest = { person: string; pending: string[]; seen: string[] | null; now: string; workflowId: string };

/**
 * Begins to bring a person's access in line, in one transaction: planned from what is known now, names reserved, questions
 * asked, safeguards counted. The rows stay until it is done; a lost run finds them and plans anew.
 */
export async function beginAccess(dependencies: Dependencies, request: BeginRequest): Promise<AccessDecision> {
  const { store, timing, workflows } = dependencies;
  const { settled, ...decision } = await store.transaction(async (tx) => {
    const person = await tx.person(request.person, { lock: true });
    if (person === undefined) throw new Failure('not-found', `${request.person} is not in the directory`);
    const asked = askedOf(person, request.pending);
    if (asked === undefined || person.state === 'Terminating')
      return { view: await viewOf(tx, timing, person.id), settled: [] };
    if (await isUnderLegalHold(tx, person, asked, request.now))
      return { view: await viewOf(tx, timing, person.id), settled: [] };
    const { now, workflowId, seen } = request;
    const beginning = { dependencies, tx, person, asked, now, workflowId, seen };
    if (request.seen === null && asked.data.some(({ see }) => see)) {
      // What older plans have in the air is refused from here on, so that what is read stays so.
      if (plansAccess(asked)) await tx.updatePerson(person.id, { epoch: person.epoch + 1 });
      return { view: await viewOf(tx, timing, person.id), see: toSee(dependencies, asked), settled: [] };
    }
    const begun = await begin(beginning);
    const view = await viewOf(tx, timing, person.id);
    return begun.access === undefined
      ? { view, settled: begun.settled }
      : { view, access: begun.access, settled: begun.settled };
  });
  for (const settlement of settled) await tell(workflows, eventWorkflowId(settlement.event), settlement);
  return decision;
}

const blockedByLegalHold: ReadonlySet<AccessData['action']> = new Set([
  'deleteAccounts',
  'removeLicences',
  'handOverMailbox',
]);

/** A legal hold keeps every step that destroys something; each is due again when the hold is lifted. */
async function isUnderLegalHold(tx: Transaction, person: Person, asked: Asked, now: string): Promise<boolean> {
  if (person.legalHolds.length === 0) return false;
  const blocked = asked.rows.filter((_, index) => blockedByLegalHold.has(asked.data[index]?.action));
  for (const row of blocked) {
    const data = { ...row.data, heldSince: row.data['heldSince'] ?? row.dueAt };
    // Out of reach, and still on the timeline for everybody to see.
    await tx.putPending(person.id, { ...row, dueAt: later(now, 7 * 24 * 3_600_000), data });
  }
  asked.data = asked.data.filter((_, index) => !blocked.some(({ id }) => id === asked.rows[index]?.id));
  asked.rows = asked.rows.filter((row) => !blocked.includes(row));
  return asked.rows.length === 0;
}

function askedOf(person: Person, ids: string[]): Asked | undefined {
  const rows = person.pending.filter(
    (change) => ids.includes(change.id) && accessKinds.has(change.kind) && change.data['action'] !== 'readAgain',
  );
  const newest = rows.at(-1);
  if (newest === undefined) return undefined;
  const data = rows.map(readAccessData);
  const wanted = data.map(({ process, priority }) => priority ?? byProcess[process]);
  return { rows, data, event: newest.event, priority: Math.min(...wanted) };
}

const byProcess: Readonly<Record<AccessData['process'], number>> = {
  security: priorities.security,
  leaver: priorities.termination,
  mover: priorities.change,
  privilege: priorities.change,
  leave: priorities.change,
  joiner: priorities.hire,
  policy: priorities.bulk,
  drift: priorities.bulk,
};

function toSee({ targets }: Dependencies, { priority, event }: Asked): NonNullable<AccessDecision['see']> {
  const withAccounts = [...targets.values()].filter(({ target }) => target.accounts !== undefined);
  return {
    targets: withAccounts.map(({ name }) => name),
    titles: Object.fromEntries(withAccounts.map(({ name, title }) => [name, title])),
    priority,
    event,
  };
}

async function begin(beginning: Beginning): Promise<{ access?: BegunAccess; settled: Settlement[] }> {
  const { dependencies, tx, asked, now, workflowId } = beginning;
  const { policy, targets } = dependencies;
  // A contract's end is looked at from its first reminder on.
  if (asked.data.some(({ tell }) => tell === 'contractEnd')) await lookAtBelongings(beginning);
  const plan = await planned(beginning);
  const person = beginning.person;
  const held = await holdBack(beginning, plan);
  if (held !== undefined) return { settled: held };
  await keepForAWhile(beginning, plan);
  // Rows that only tell somebody something ask nothing, and make no question void.
  const waits =
    plansAccess(asked) && (await askFor({ dependencies, tx, person, event: asked.event, plan, now, workflowId }));
  const piece = { workflowId, step: `${asked.event}/${plan.hash.slice(7, 19)}`, person: person.id, event: asked.event };
  const named = (changes: Change[]) =>
    changes.map(({ id, target, action, because }) => ({ id, target, action, because }));
  await tx.addEvidence([
    {
      ...piece,
      at: now,
      kind: 'plan-made',
      data: {
        hash: plan.hash,
        policy: plan.policy,
        rows: asked.rows.map(({ id }) => id),
        changes: named(plan.changes),
        proposed: named(plan.proposed),
        observed: named(plan.observed),
        asks: plan.asks.map(({ rule, hash }) => ({ rule, hash })),
        kept: plan.kept,
        stopped: plan.stopped.map(({ change, reason }) => ({ id: change.id, reason })),
      },
    },
  ]);
  for (const change of plan.proposed) {
    const reason = `${change.summary}: ${change.target} is in mode "propose", so nothing was changed there. Do it by hand, or set its mode to "enforce" in muster.yaml.`;
    const step = `${asked.event}/${change.id}/needs-decision`;
    const request = {
      step,
      kind: 'needs-decision' as const,
      event: asked.event,
      person: person.id,
      target: change.target,
      reason,
    };
    await raise(tx, dependencies, { request, workflowId, now });
  }
  const agreed = plansAccess(asked) ? await aboutConflicts(beginning, plan) : [];
  const unseen = unseenOf(beginning);
  if (plan.changes.length === 0) {
    const settled = await close({ ...beginning, waits, stopped: plan.stopped.length > 0, at: now, unseen });
    return { settled: [...agreed, ...settled] };
  }
  const { epoch, deadlineAt, stopAt } = await begunAt(beginning);
  const access: BegunAccess = {
    event: asked.event,
    pending: asked.rows.map(({ id }) => id),
    ...{ epoch, plan, priority: asked.priority, at: now, deadlineAt, stopAt },
    titles: Object.fromEntries([...targets.values()].map(({ name, title }) => [name, title])),
    owner: policy.exceptions.owner,
    process: asked.data.at(-1)?.process ?? 'mover',
    ...(unseen.length === 0 ? {} : { unseen }),
  };
  return { access, settled: agreed };
}

/**
 * A plan of access makes whatever was planned before it void: calls that are still in the air are refused from now on. What
 * only tells somebody something overtakes nothing. Clocks run from the moment that each row was due.
 */
async function begunAt({ dependencies, tx, person, asked, now }: Beginning) {
  const { deadline, stopAfter } = dependencies.policy.access;
  const epoch = plansAccess(asked) ? person.epoch + 1 : person.epoch;
  if (epoch !== person.epoch) await tx.updatePerson(person.id, { epoch });
  const due = asked.rows.map(({ dueAt }) => Date.parse(dueAt));
  const latest = Math.max(Math.max(...due) + stopAfter, Date.parse(now) + deadline);
  return {
    epoch,
    deadlineAt: new Date(Math.min(...due) + deadline).toISOString(),
    stopAt: new Date(latest).toISOString(),
  };
}

/** Targets that were to be read before the plan and did not answer in time: planned from what is known, and looked at again. */
function unseenOf({ dependencies, asked, seen }: Beginning): string[] {
  if (seen === null || !asked.data.some(({ see }) => see)) return [];
  return toSee(dependencies, asked).targets.filter((target) => !seen.includes(target));
}

/** What separation of duties stops is a person's to look at, once; what it stops no more goes on by this plan. */
async function aboutConflicts(
  { dependencies, tx, person, asked, now, workflowId }: Beginning,
  plan: AccessPlan,
): Promise<Settlement[]> {
  const kind = 'separation-of-duties' as const;
  const { items } = await tx.exceptions({ open: true, person: person.id, kind }, { limit: 500 });
  const own = items.filter(({ id }) => id.includes('/grant:') || id.includes('/revoke:'));
  const isAbout = (id: string, change: Change) => id.endsWith(`/${change.id}/${kind}`);
  const settled: Settlement[] = [];
  for (const { id, event } of own.filter((open) => !plan.stopped.some(({ change }) => isAbout(open.id, change)))) {
    await tx.resolveException(id, { action: 'done', by: 'muster', reason: 'the conflict is gone' }, now);
    const about = { workflowId, step: id, person: person.id, at: now };
    await tx.addEvidence([{ ...about, kind: 'exception-resolved', data: { action: 'done', by: 'muster' } }]);
    if (event === undefined || asked.rows.some((row) => row.event === event)) continue;
    if ((await tx.personEvent(person.id, event))?.outcome !== 'held') continue;
    const settlement: Settlement = { event, outcome: 'applied', reason: 'what was in conflict with it is gone' };
    await writeSettlement(tx, person.id, settlement, now);
    settled.push(settlement);
  }
  for (const { change, reason } of plan.stopped) {
    if (own.some(({ id }) => isAbout(id, change))) continue;
    const step = `${asked.event}/${change.id}/${kind}`;
    const where = { event: asked.event, person: person.id, target: change.target };
    await raise(tx, dependencies, { request: { step, kind, ...where, reason }, workflowId, now });
  }
  return settled;
}

const later = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();

/** The plan for all rows together, after names are there for whoever gets an account. */
async function planned(beginning: Beginning): Promise<AccessPlan> {
  const { dependencies, tx, asked, now } = beginning;
  const first = await planOnce(beginning);
  if (!first.changes.some(({ action }) => action === 'create')) return first;
  const names = await reserveNames(tx, dependencies.policy, beginning.person, now);
  const { person } = beginning;
  if (person.attributes['login'] !== names.login) {
    const known = (await tx.person(person.id)) ?? person;
    const attributes = {
      ...known.attributes,
      login: names.login,
      ...(names.email === '' ? {} : { email: names.email }),
    };
    await tx.updatePerson(person.id, { attributes });
    beginning.person = { ...known, attributes };
    const piece = {
      workflowId: beginning.workflowId,
      step: asked.event,
      person: person.id,
      event: asked.event,
      at: now,
    };
    await tx.addEvidence([{ ...piece, kind: 'names-reserved', data: { policy: dependencies.policy.hash } }]);
  }
  return first;
}

async function planOnce(beginning: Beginning): Promise<AccessPlan> {
  const { dependencies, tx, person, asked, now } = beginning;
  const { policy } = dependencies;
  const targets = plannedTargets(dependencies);
  const notices = asked.rows.flatMap((row, index) => noticesFor(beginning, targets, row, asked.data[index]));
  return planAccess({
    ...{ person, policy, targets, event: asked.event, at: now },
    align: plansAccess(asked),
    grace: asked.data.some(({ grace }) => grace),
    attributes: asked.data.some(({ attributes }) => attributes),
    agreed: await agreedItems(tx, person.id),
    more: [...special(beginning, targets), ...notices],
  });
}

/** Do the rows ask for access as rules give it, or only for something besides? */
const plansAccess = ({ rows, data }: Asked): boolean => rows.some((row, index) => isAlignment(row, data[index]));

/** The targets as plans need to know them. */
export function plannedTargets({ targets }: Pick<Dependencies, 'targets'>): PlannedTarget[] {
  return [...targets.values()].map(({ name, title, entry, target }) => ({
    name,
    title,
    mode: entry.mode,
    abilities: [...abilitiesOf(target), ...(target.accounts?.update === undefined ? [] : ['update'])],
  }));
}

const isAlignment = ({ kind }: PendingChange, data: AccessData | undefined): boolean =>
  (kind === 'access' || kind === 'grace') &&
  data?.align !== false &&
  data?.had === undefined &&
  data?.restore === undefined;

/** What rows ask for beyond what rules give: taken away by name, the end of a hire that is off, steps of the days after. */
function special({ dependencies, person, asked }: Beginning, targets: PlannedTarget[]): Change[] {
  const title = (target: string) => targets.find(({ name }) => name === target)?.title ?? target;
  return asked.data.flatMap((data): Change[] => {
    const one = (target: string, action: Change['action'], words: string, because: string): Change => ({
      id: `${action}:${target}`,
      target,
      action,
      summary: `${words} ${person.id} in ${title(target)}`,
      because,
      after: [],
    });
    if (data.had !== undefined) return undone(person, data.had, data.keeps, one);
    if (data.restore !== undefined) {
      const { event, accounts } = data.restore;
      return [...new Set(accounts.map(({ target }) => target))].sort().map((target) => ({
        ...one(target, 'restore', 'restore', `undo of ${event}, as people agreed`),
        restores: { event, accounts: accounts.filter((account) => account.target === target) },
      }));
    }
    if (data.action === 'deleteAccounts') {
      return existing(person, data.targets).map((target) =>
        one(target, 'remove', 'delete the account of', 'policy: after the last day'),
      );
    }
    if (data.action === 'handOverMailbox') {
      return existing(person, data.targets).map((target) =>
        one(target, 'handOver', 'hand over the mailbox of', 'policy: after the last day'),
      );
    }
    if (data.action === 'credential') {
      const { credential } = dependencies.policy.hires;
      if (credential === undefined) return [];
      return [one(credential.target, 'credential', 'hand over the first credential of', 'hires.credential')];
    }
    const licences = data.action === 'removeLicences' ? licencesOf(person, data.targets) : [];
    return [...licences, ...data.revoke].map(({ target, entitlement }) => ({
      ...one(
        target,
        'revoke',
        `take ${entitlement} from`,
        data.action === undefined ? 'it was revoked' : 'policy: after the last day',
      ),
      id: `revoke:${target}:${entitlement}`,
      entitlement,
    }));
  });
}

type MakeChange = (target: string, action: Change['action'], words: string, because: string) => Change;

/** A hire that is off: accounts that were there before are closed and hold what they held; the others are removed, or closed under a legal hold. */
function undone(
  { accounts, legalHolds }: Person,
  had: string[],
  keeps: AccessData['keeps'],
  one: MakeChange,
): Change[] {
  const there = accounts.filter(({ kind, status }) => personalKinds.has(kind) && status !== 'absent');
  return [...new Set(there.map(({ target }) => target))].flatMap((target) => {
    const own = there.filter((account) => account.target === target);
    const before = own.some(({ id }) => had.includes(`${target}/${id}`));
    if (!before && legalHolds.length === 0)
      return [one(target, 'remove', 'remove the account made for', 'the hire is off')];
    const kept = new Set(keeps.filter((each) => each.target === target).map(({ entitlement }) => entitlement));
    const given = [...new Set(own.flatMap(({ entitlements }) => entitlements))].filter((each) => !kept.has(each));
    return [
      ...given.map((entitlement) => ({
        ...one(target, 'revoke', `take ${entitlement} from`, 'the hire is off'),
        id: `revoke:${target}:${entitlement}`,
        entitlement,
      })),
      one(target, 'disable', 'disable', 'the hire is off: as it was before'),
    ];
  });
}

const existing = (person: Person, targets: string[]): string[] =>
  targets.filter((target) => person.accounts.some((each) => each.target === target && each.status !== 'absent'));

function licencesOf(person: Person, targets: string[]): { target: string; entitlement: string }[] {
  return person.accounts
    .filter((account) => targets.includes(account.target))
    .flatMap(({ target, entitlements }) => entitlements.map((entitlement) => ({ target, entitlement })));
}

function noticesFor(
  { dependencies, person, now }: Beginning,
  targets: PlannedTarget[],
  row: PendingChange,
  data: AccessData | undefined,
): Change[] {
  const { policy } = dependencies;
  if (data === undefined) return [];
  const { zone } = zoneOf(policy, person);
  const date = data.date ?? row.date ?? dateIn(Date.parse(now), zone);
  const of =
    data.transition === undefined ? [] : planNotices({ person, policy, targets, transition: data.transition, date });
  if (data.message !== undefined) return [...of, ...spoken(dependencies, person, targets, row, data.message)];
  if (data.tell !== 'contractEnd' && data.tell !== 'privilegeEnds') return of;
  if (data.tell === 'privilegeEnds') {
    const text = `What ${person.id} was given for a time ends soon: ${data.what ?? ''}. If it is still needed, have it asked for again.`;
    const message = { id: 'privilege-ends', title: `${person.id}: access ends soon`, text, people: [person.id] };
    return [...of, ...spoken(dependencies, person, targets, row, message)];
  }
  const told = policy.contractEnds.tell;
  return [
    ...of,
    ...told.map((message) => {
      const change = planMessage(
        { person, targets, date, transition: 'contractEnd' },
        message,
        'contractEnds.reminders',
      );
      const correlationId = `${change.content?.correlationId}:${row.id}`;
      return { ...change, ...(change.content === undefined ? {} : { content: { ...change.content, correlationId } }) };
    }),
  ];
}

/** What is said to people by every way that approvers are asked. */
function spoken(
  { policy }: Dependencies,
  person: Person,
  targets: PlannedTarget[],
  row: PendingChange,
  { id, title, text, people, actions }: NonNullable<AccessData['message']>,
): Change[] {
  return policy.approvals.via.map((target) => ({
    id: `message:${target}:${row.id}`,
    target,
    action: 'message',
    summary: `tell ${people.join(', ')} about ${person.id} by ${targets.find(({ name }) => name === target)?.title ?? target}`,
    because: 'approvals.via',
    after: [],
    content: {
      kind: id,
      title,
      body: text,
      correlationId: row.id,
      people,
      ...(actions === undefined ? {} : { actions }),
    },
  }));
}

/** Counts what takes access away from somebody who stays; above the limit it waits, and nothing of it begins. */
async function holdBack(
  { dependencies, tx, person, asked, now, workflowId }: Beginning,
  plan: AccessPlan,
): Promise<Settlement[] | undefined> {
  const takes = plan.changes.filter(({ action }) => action === 'revoke' || action === 'disable' || action === 'remove');
  if (takes.length === 0 || asked.data.some(({ process }) => process === 'joiner')) return undefined;
  const security = asked.data.some(({ process }) => process === 'security');
  const [source = ''] = asked.event.split(':');
  const verdict = await reserve(tx, dependencies, {
    person: person.id,
    event: asked.event,
    kind: security ? 'security' : 'removal',
    source,
    now,
    summary: takes.map(({ summary }) => summary).join('; '),
    priority: asked.priority,
    workflowId,
  });
  if (verdict.state === 'taken') return undefined;
  const settled: Settlement[] = [];
  for (const [index, row] of asked.rows.entries()) {
    if (verdict.state === 'rejected') await tx.removePending(person.id, row.id);
    else await tx.putPending(person.id, { ...row, data: { ...row.data, hold: verdict.hold } });
    if (asked.data[index]?.settles !== true) continue;
    const settlement: Settlement =
      verdict.state === 'rejected'
        ? { event: row.event, outcome: 'dropped', reason: verdict.reason }
        : { event: row.event, outcome: 'held', reason: `held by a safeguard: ${verdict.hold}` };
    await writeSettlement(tx, person.id, settlement, now);
    settled.push(settlement);
  }
  return settled;
}

/** Old access that a move leaves gets its time, and a row of the timeline at which it is planned anew. */
async function keepForAWhile({ dependencies, tx, person, asked, now }: Beginning, plan: AccessPlan): Promise<void> {
  const { policy } = dependencies;
  if (asked.data.some(({ grace }) => grace)) await forgetOldGrace(tx, policy, person, now);
  if (plan.kept.length === 0) return;
  const { event } = asked;
  const until = later(now, policy.moves.grace);
  for (const { target, entitlement, because } of plan.kept) {
    const grant = { target, entitlement, origin: 'grace' as const, until, event, because, privileged: false, at: now };
    await tx.putGrant(person.id, grant);
  }
  await planLater(tx, person, { id: graceRow(event), kind: 'grace', event, dueAt: until }, { process: 'mover' });
}

/** What a rule gives again is not old any more: should they move on, its time begins anew. */
async function forgetOldGrace(tx: Transaction, policy: Policy, person: Person, now: string): Promise<void> {
  const grants = person.grants.filter(({ origin }) => origin !== 'grace');
  const due = desiredAccess(policy, { ...person, grants }, now);
  for (const grant of person.grants.filter(({ origin }) => origin === 'grace')) {
    const here = due.find(({ target }) => target === grant.target);
    const isDue =
      here !== undefined && (grant.entitlement === '' || here.entitlements.some(({ id }) => id === grant.entitlement));
    if (isDue) await tx.removeGrant(person.id, grant);
  }
}

/** Everything is confirmed: the rows are answered, their events told. */
export async function finishAccess(
  dependencies: Dependencies,
  { person: id, access, now, workflowId }: { person: string; access: BegunAccess; now: string; workflowId: string },
): Promise<PersonView> {
  const { store, timing, workflows } = dependencies;
  const { view, settled } = await store.transaction(async (tx) => {
    const person = await tx.person(id, { lock: true });
    if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
    const asked = person.epoch === access.epoch ? askedOf(person, access.pending) : undefined;
    if (asked === undefined) return { view: await viewOf(tx, timing, id), settled: [] };
    const { plan, at, unseen = [] } = access;
    const open = await tx.approvals({ person: id, open: true }, { limit: 500 });
    const settled = await close({
      ...{ dependencies, tx, person, asked, now, workflowId, at, unseen },
      // Some may have been decided meanwhile; what is agreed to has a row of its own.
      waits: plan.asks.some(({ hash }) => open.items.some((approval) => approval.hash === hash)),
      stopped: plan.stopped.length > 0,
    });
    const step = `${access.event}/${plan.hash.slice(7, 19)}`;
    const data = { plan: plan.hash, changes: plan.changes.length, rows: access.pending };
    await tx.addEvidence([
      { workflowId, step, kind: 'access-confirmed', person: id, event: access.event, at: now, data },
    ]);
    return { view: await viewOf(tx, timing, id), settled };
  });
  for (const settlement of settled) await tell(workflows, eventWorkflowId(settlement.event), settlement);
  return view;
}

interface Closing extends Omit<Beginning, 'seen'> {
  /** The ISO instant for which it was planned. */
  at: string;
  unseen: readonly string[];
  waits: boolean;
  stopped: boolean;
}

/** Takes the rows off the timeline and settles the events that waited for them, and what was open about steps of older plans. */
async function close(closing: Closing): Promise<Settlement[]> {
  const { dependencies, tx, person, asked, now, workflowId, at, unseen, waits, stopped } = closing;
  const settled: Settlement[] = [];
  for (const [index, row] of asked.rows.entries()) {
    // Put there anew while this was under way: the next plan answers it.
    if (Date.parse(row.dueAt) > Date.parse(at)) continue;
    await tx.removePending(person.id, row.id);
    if (asked.data[index]?.settles !== true) continue;
    const settlement: Settlement = stopped
      ? { event: row.event, outcome: 'held', reason: 'separation of duties stops a part of it; see its exception' }
      : waits
        ? { event: row.event, outcome: 'waiting', reason: 'a part of it waits for approval' }
        : { event: row.event, outcome: 'applied' };
    await writeSettlement(tx, person.id, settlement, now);
    settled.push(settlement);
  }
  await settleSteps(tx, { person: person.id, events: asked.rows.map(({ event }) => event), workflowId, now });
  if (!plansAccess(asked)) return settled;
  // What a grace or a privilege's time had kept is over: its row has been planned.
  const over = person.grants.filter(({ until }) => until !== undefined && Date.parse(until) <= Date.parse(at));
  for (const grant of over) await tx.removeGrant(person.id, grant);
  await takeBackByHand({ dependencies, tx, person, now, workflowId }, over, asked.event);
  if (unseen.length > 0) {
    const dueAt = later(now, dependencies.timing.slowRetryMs);
    const row = { id: `unseen:${asked.event}`, event: asked.event, dueAt };
    await planLater(tx, person, row, { process: asked.data.at(-1)?.process ?? 'mover', see: true });
  }
  return settled;
}

/**
 * The days after the last one: policy's steps, each at the start of its day in the person's zone; accounts are deleted 30 days
 * after `date` at the earliest. Somebody who is to be back has none of them, unless that hire is called off.
 */
export async function planDaysAfter(
  { policy }: Pick<Dependencies, 'policy'>,
  tx: Transaction,
  person: Person,
  { event, date }: { event: string; date: string },
): Promise<void> {
  const { zone } = zoneOf(policy, person);
  const rows = policy.transitions.leaver.later.map(({ id, after, do: action, targets }): PendingChange => {
    const day = addDays(date, action === 'deleteAccounts' ? Math.max(30, after) : after);
    return {
      id: `later:${id}:${event}`,
      kind: 'later',
      event,
      dueAt: new Date(startOfDay(day, zone)).toISOString(),
      date: day,
      zone,
      confidential: false,
      data: { action, targets, process: 'leaver', step: id },
    };
  });
  const start = person.pending.find(({ kind }) => kind === 'start');
  if (start !== undefined) {
    await tx.putPending(person.id, { ...start, data: { ...start.data, later: rows } });
    return;
  }
  // Whoever is closed once more has each step once, counted from now.
  const steps = new Set(rows.map(({ data }) => data['step']));
  const before = person.pending.filter(({ kind, data }) => kind === 'later' && steps.has(data['step']));
  for (const { id } of before) await tx.removePending(person.id, id);
  for (const row of rows) await tx.putPending(person.id, row);
}
