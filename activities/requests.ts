import { z } from 'zod';
import type { Approval } from '../src/model/approval.ts';
import type { Person } from '../src/model/person.ts';
import { askHash } from '../src/policy/access-plan.ts';
import { isByHand } from '../src/policy/by-hand.ts';
import { sha256 } from '../src/policy/load.ts';
import type { Policy, Requestable } from '../src/policy/schema.ts';
import { separate } from '../src/policy/separation.ts';
import { tellApprovers } from './answers.ts';
import { openApproval } from './approvals.ts';
import { ask, type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { orderLater } from './orders.ts';
import { give, takeAway } from './privileges.ts';
import { answerLater } from './source-answers.ts';
import { waitsForRelease } from './unverified.ts';

const itemSchema = z.object({
  /** An id of policy's `requestable`, or what the source calls it. */
  privilege: z.string().optional(),
  target: z.string().optional(),
  entitlement: z.string().optional(),
  operation: z.string().optional(),
  decision: z.string().optional(),
  until: z.string().optional(),
});
type Item = z.infer<typeof itemSchema>;

/** What is asked for or was decided: a list, or the event's data itself where it names one thing. */
function itemsOf({ data }: Deciding['event']): Item[] {
  const items = z.array(itemSchema).safeParse(data['items']);
  if (items.success) return items.data;
  const one = itemSchema.safeParse(data);
  if (!one.success || (one.data.privilege ?? one.data.entitlement) === undefined) return [];
  const { approved } = data;
  return [typeof approved === 'boolean' ? { ...one.data, decision: approved ? 'approved' : 'denied' } : one.data];
}

const isRemoval = ({ operation }: Item): boolean => operation !== undefined && /^(remove|revoke)/i.test(operation);
const isApproved = ({ decision }: Item): boolean => decision !== undefined && /^approved?$/i.test(decision);
const nameOf = ({ privilege, target, entitlement }: Item): string => privilege ?? `${entitlement} in ${target}`;

function requestableFor(policy: Policy, { privilege, target, entitlement }: Item): Requestable | undefined {
  return policy.requestable.find((each) =>
    privilege === undefined ? each.target === target && each.entitlement === entitlement : each.id === privilege,
  );
}

/** What the rules say of one thing that is asked for. */
type Judgement =
  | { is: 'yes' }
  | { is: 'no'; why: string; unknown?: true }
  | { is: 'ask'; wanted: Requestable; rule: string };

/**
 * Somebody asks for access at the source. Separation of duties and policy's automatic approvals decide, or the people policy
 * names. Where the source wants an answer it gets one before its deadline; what is undecided by then is a no.
 */
export async function accessRequested(deciding: Deciding): Promise<Verdict> {
  const { dependencies, event } = deciding;
  const items = itemsOf(event);
  const { callback } = event.data;
  if (items.length === 0) {
    const why = 'it does not say what is asked for';
    return typeof callback === 'string' ? refuse(deciding, callback, why, true) : hold(deciding, 'needs-decision', why);
  }
  const people = await peopleOf(deciding);
  if (typeof people === 'string')
    return typeof callback === 'string'
      ? refuse(deciding, callback, people, true)
      : hold(deciding, 'needs-decision', people);
  const judged = people.flatMap((each) => judge(dependencies.policy, each, items, deciding.now));
  await evidence(deciding, 'request-judged', {
    people: people.map(({ id }) => id),
    items: items.map(nameOf),
    verdicts: judged.map((each) => (each.is === 'no' ? `no: ${each.why}` : each.is)),
  });
  const no = judged.flatMap((each) => (each.is === 'no' ? [each] : []));
  const asks = judged.flatMap((each) => (each.is === 'ask' ? [each] : []));
  const why = [...new Set(no.map((each) => each.why))].join('; ');
  if (typeof callback !== 'string') return withoutCallback(deciding, items, why, asks);
  if (no.length > 0)
    return refuse(
      deciding,
      callback,
      why,
      no.some(({ unknown }) => unknown === true),
    );
  if (asks.length === 0) return settleAnswer(deciding, callback, true, 'policy agrees to it without asking');
  if (people.length > 1)
    return refuse(deciding, callback, 'what needs an approval is asked for each person by themselves', false);
  return askPeople(deciding, callback, asks);
}

/** Whom it is for: the person, and others whom one request names with them. */
async function peopleOf({ tx, person, event }: Deciding): Promise<Person[] | string> {
  const named = z.array(z.string()).safeParse(event.data['requestedFor']).data ?? [];
  const people = [person];
  for (const name of named.filter((each) => each !== event.subject)) {
    const [found, ...more] = await tx.personByAlias(name);
    if (found === undefined || more.length > 0) return `${name}, for whom it is as well, is not one known person`;
    if (people.every(({ id }) => id !== found.id)) people.push(found);
  }
  return people;
}

function judge(policy: Policy, person: Person, items: Item[], now: string): Judgement[] {
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled')
    return [{ is: 'no', why: `${person.id} is ${person.state}` }];
  const stopped = conflicts(policy, person, items, now);
  return items.map((item): Judgement => {
    if (isRemoval(item)) return { is: 'yes' };
    const wanted = requestableFor(policy, item);
    if (wanted === undefined)
      return { is: 'no', unknown: true, why: `policy.yaml (requestable) does not know ${nameOf(item)}` };
    const conflict = stopped.find(
      ({ entitlement: ref }) => ref.target === wanted.target && ref.entitlement === wanted.entitlement,
    );
    if (conflict !== undefined) return { is: 'no', why: conflict.reason };
    if (wanted.approval === undefined || wanted.isAutomatic(person)) return { is: 'yes' };
    return { is: 'ask', wanted, rule: wanted.approval };
  });
}

/** Separation of duties over what they hold, what was granted and is not there yet, what is ordered, and what is asked for. */
function conflicts(policy: Policy, person: Person, items: Item[], now: string) {
  const known = items.filter((item) => !isRemoval(item)).flatMap((item) => requestableFor(policy, item) ?? []);
  const ordered = person.pending
    .filter(({ kind }) => kind === 'order')
    .flatMap(({ data }) => policy.requestable.find(({ id }) => id === data['what']) ?? []);
  const held = [
    ...person.accounts
      .filter(({ status }) => status !== 'absent')
      .flatMap(({ target, id, entitlements }) =>
        entitlements.map((entitlement) => ({ target, entitlement, account: id })),
      ),
    ...person.grants
      .filter(({ origin }) => origin !== 'exception')
      .map(({ target, entitlement }) => ({ target, entitlement })),
    ...ordered.map(({ target, entitlement }) => ({ target, entitlement })),
  ];
  const grants = known.map(({ target, entitlement }) => ({ target, entitlement }));
  return separate(policy, { held, grants, revokes: [], grace: [], exceptions: person.grants, now }).stopped;
}

/** A no; what policy could not judge is somebody's to look at as well. */
async function refuse(deciding: Deciding, callback: string, why: string, isFault: boolean): Promise<Verdict> {
  if (isFault)
    await ask(deciding, `${deciding.event.source} was answered "denied" about ${deciding.person.id}: ${why}.`);
  return settleAnswer(deciding, callback, false, why);
}

async function settleAnswer(
  deciding: Deciding,
  callback: string,
  approved: boolean,
  comment: string,
): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const replyBy = replyByOf(deciding);
  const data = { callback, approved, comment, ...(replyBy === undefined ? {} : { replyBy }) };
  await answerLater(tx, person, { event: event.key, dueAt: now }, data);
  return { underWay: true };
}

function replyByOf({ dependencies, event }: Deciding): string | undefined {
  const patience = dependencies.callbacks?.patienceMs(event.source);
  return patience === undefined ? undefined : new Date(Date.parse(event.receivedAt) + patience).toISOString();
}

/** People decide; the answer waits for them until shortly before the source's deadline. */
async function askPeople(
  deciding: Deciding,
  callback: string,
  asks: Extract<Judgement, { is: 'ask' }>[],
): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const replyBy = replyByOf(deciding);
  const left = replyBy === undefined ? 3_600_000 : Date.parse(replyBy) - Date.parse(now);
  const dueAt = new Date(Date.parse(now) + Math.max(0, left - Math.min(300_000, left / 5))).toISOString();
  const data = { callback, comment: 'nobody has decided', ...(replyBy === undefined ? {} : { replyBy }) };
  await answerLater(tx, person, { event: event.key, dueAt }, data);
  const opened = await openAll(deciding, asks, 'answer');
  if (opened.every(({ state }) => state === 'open')) {
    const reason = `waits for approval ${opened.map(({ id }) => id).join(', ')} until ${dueAt}`;
    return { settlement: { event: event.key, outcome: 'waiting', reason } };
  }
  return settleAnswer(deciding, callback, false, 'nobody is left to ask');
}

/** One question for each rule. */
async function openAll(
  deciding: Deciding,
  asks: Extract<Judgement, { is: 'ask' }>[],
  leadsTo: 'answer' | 'grant',
): Promise<Approval[]> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  const { policy } = dependencies;
  const requestedBy = event.data['requestedBy'];
  const opened: Approval[] = [];
  for (const rule of [...new Set(asks.map((each) => each.rule))].sort()) {
    const items = asks
      .filter((each) => each.rule === rule)
      .map(({ wanted: { id, why, target, entitlement, privileged, longest } }) => {
        const until = longest === undefined ? undefined : new Date(Date.parse(now) + longest).toISOString();
        const item = { target, entitlement, because: `${id}: ${why}` };
        const given =
          leadsTo === 'answer' ? { leadsTo } : { requested: { privileged, ...(until === undefined ? {} : { until }) } };
        return { ...item, hash: askHash(person, policy, rule, item), ...given };
      });
    const change = await openApproval(tx, dependencies, {
      ...{ person: person.id, event: event.key, rule, items, now, workflowId },
      hash: sha256([...items.map(({ hash }) => hash), event.key]),
      summary: items.map(({ because }) => `${person.id} asks at ${event.source} for ${because}`),
      ...(typeof requestedBy === 'string' ? { requestedBy } : {}),
    });
    await tellApprovers(deciding, change);
    await evidence(deciding, 'approval-asked', { approval: change.approval.id, rule });
    opened.push(change.approval);
  }
  return opened;
}

/** Nobody waits for an answer: what is agreed to is given by Muster itself. */
async function withoutCallback(
  deciding: Deciding,
  items: Item[],
  why: string,
  asks: Extract<Judgement, { is: 'ask' }>[],
): Promise<Verdict> {
  const { event } = deciding;
  if (why !== '') return { settlement: { event: event.key, outcome: 'failed', reason: `denied: ${why}` } };
  if (event.source === 'signal') {
    const waits = await waitsForRelease(deciding, 'a signal is nobody’s word, and gives nothing.');
    if (waits !== undefined) return waits;
  }
  if (asks.length === 0) return fulfil(deciding, items);
  const opened = await openAll(deciding, asks, 'grant');
  const reason = `waits for approval ${opened.map(({ id }) => id).join(', ')}`;
  if (opened.every(({ state }) => state === 'open'))
    return { settlement: { event: event.key, outcome: 'waiting', reason } };
  return { settlement: { event: event.key, outcome: 'failed', reason: 'denied: nobody is left to ask' } };
}

/**
 * The source has decided. What a team gives by hand is ordered from it; what policy knows otherwise is recorded and given,
 * where the source has not done that itself; what policy does not know is the source's own business.
 */
export async function accessDecided(deciding: Deciding): Promise<Verdict> {
  const { dependencies, person, event, now } = deciding;
  const items = itemsOf(event);
  await evidence(deciding, 'request-decided', {
    items: items.map((item) => ({
      what: nameOf(item),
      operation: item.operation ?? 'Add',
      approved: isApproved(item),
    })),
  });
  const approved = items.filter(isApproved);
  if (approved.length === 0) return ignore(deciding, 'nothing of it was approved');
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled')
    return ignore(deciding, `${person.id} is ${person.state}; nobody who left is given anything`);
  if (event.source === 'signal') {
    const waits = await waitsForRelease(deciding, 'a signal is nobody’s word, and decides nothing.');
    if (waits !== undefined) return waits;
  }
  const ours = approved.filter((item) => requestableFor(dependencies.policy, item) !== undefined);
  if (ours.length === 0)
    return ignore(deciding, 'policy.yaml (requestable) knows nothing of it: the source provisions it by itself');
  const stopped = conflicts(dependencies.policy, person, ours, now);
  if (stopped.length > 0) return hold(deciding, 'separation-of-duties', stopped.map(({ reason }) => reason).join('; '));
  return fulfil(deciding, ours);
}

async function fulfil(deciding: Deciding, items: Item[]): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const { policy } = dependencies;
  const { callback } = event.data;
  // Orders first: the last of them tells the event.
  const ordered = (item: Item) => Number(requestableFor(policy, item)?.order !== undefined);
  const removed = items.filter(isRemoval).flatMap((item) => requestableFor(policy, item) ?? []);
  const given = items.filter((item) => !isRemoval(item)).sort((one, other) => ordered(other) - ordered(one));
  for (const item of given) {
    const wanted = requestableFor(policy, item);
    if (wanted === undefined) continue;
    const until = untilOf(item, wanted, now);
    if (isByHand(policy, wanted)) {
      const more = { ...(until === undefined ? {} : { until }), ...(typeof callback === 'string' ? { callback } : {}) };
      await orderLater({ dependencies, tx, person, event, now }, wanted, more);
      await evidence(deciding, 'order-decided', { what: wanted.id });
    } else {
      const because = `${wanted.id}: ${wanted.why}`;
      await give(deciding, { ...wanted, origin: 'requested', because, ...(until === undefined ? {} : { until }) });
    }
  }
  if (removed.length > 0)
    return takeAway(
      deciding,
      removed.map(({ target, entitlement }) => ({ target, entitlement })),
    );
  return { underWay: true };
}

function untilOf({ until }: Item, { longest }: Requestable, now: string): string | undefined {
  const asked = until === undefined || Number.isNaN(Date.parse(until)) ? [] : [Date.parse(until)];
  const most = longest === undefined ? [] : [Date.parse(now) + longest];
  const moments = [...asked, ...most];
  return moments.length === 0 ? undefined : new Date(Math.min(...moments)).toISOString();
}
