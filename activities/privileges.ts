import { z } from 'zod';
import type { Approval } from '../src/model/approval.ts';
import type { Settlement } from '../src/model/event.ts';
import type { Grant } from '../src/model/grant.ts';
import { endOfDay, isDate } from '../src/model/time.ts';
import { askHash } from '../src/policy/access-plan.ts';
import { isByHand } from '../src/policy/by-hand.ts';
import { desiredAccess } from '../src/policy/desired-access.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import { sha256 } from '../src/policy/load.ts';
import type { Requestable } from '../src/policy/schema.ts';
import { conflictsWith } from '../src/policy/separate-plan.ts';
import { planLater } from './access-rows.ts';
import { tellApprovers } from './answers.ts';
import { openApproval } from './approvals.ts';
import { ask, type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { type Given, putGrant, rowsOf } from './grants.ts';
import { orderLater, takeBackByHand } from './orders.ts';
import { writeSettlement } from './settle.ts';
import { answerDecided } from './source-answers.ts';
import { restore } from './undo.ts';
import { waitsForRelease } from './unverified.ts';

interface Ref {
  target: string;
  entitlement: string;
}

/** A privilege for a time, or for good: agreed to as policy says, given, and taken back when its time is up. */
export async function privilegeGranted(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  if (person.state === 'Terminated' || person.state === 'Terminating' || person.state === 'Cancelled') {
    return ignore(deciding, `${person.id} is ${person.state}; nobody who left is given anything`);
  }
  if (event.data['exception'] !== undefined) return exceptionGranted(deciding);
  const wanted = requestableOf(deciding);
  if (wanted === undefined) {
    return hold(
      deciding,
      'needs-decision',
      'policy.yaml (requestable) does not know what it grants. Add it there, or grant it by hand.',
    );
  }
  const until = untilOf(deciding, wanted);
  if (until !== undefined && Date.parse(until) <= Date.parse(now))
    return ignore(deciding, `its time is over already: it was granted until ${until}`);
  if (event.data['alreadyGranted'] === true) return reportedFromOutside(deciding, wanted, until);
  const because = `${wanted.id}: ${wanted.why}`;
  // Nobody is asked about what would be stopped all the same.
  const conflict = conflictsWith(dependencies.policy, person, wanted, now);
  if (conflict !== undefined) return hold(deciding, 'separation-of-duties', conflict.reason);
  if (wanted.approval === undefined || wanted.isAutomatic(person)) {
    if (event.source === 'signal') {
      const waits = await waitsForRelease(deciding, 'a signal is nobody’s word, and gives nothing.');
      if (waits !== undefined) return waits;
    }
    await give(deciding, { ...wanted, origin: 'requested', because, ...(until === undefined ? {} : { until }) });
    return { underWay: true };
  }
  const item = {
    target: wanted.target,
    entitlement: wanted.entitlement,
    because,
    ...(until === undefined ? {} : { until }),
  };
  const hash = askHash(person, dependencies.policy, wanted.approval, item);
  const requestedBy = event.data['requestedBy'];
  const asked = await openApproval(tx, dependencies, {
    person: person.id,
    event: event.key,
    rule: wanted.approval,
    hash: sha256([hash, event.key]),
    items: [
      {
        target: wanted.target,
        entitlement: wanted.entitlement,
        because,
        hash,
        requested: { privileged: wanted.privileged, ...(until === undefined ? {} : { until }) },
      },
    ],
    summary: [`${person.id} gets ${wanted.id} (${wanted.why})${until === undefined ? '' : ` until ${until}`}`],
    ...(typeof requestedBy === 'string' ? { requestedBy } : event.by === undefined ? {} : { requestedBy: event.by }),
    now,
    workflowId,
  });
  const { approval } = asked;
  await tellApprovers(deciding, asked);
  await evidence(deciding, 'approval-asked', { approval: approval.id, what: wanted.id });
  if (approval.state === 'open') {
    return { settlement: { event: event.key, outcome: 'waiting', reason: `waits for approval ${approval.id}` } };
  }
  return {
    settlement: {
      event: event.key,
      outcome: 'failed',
      reason: `nobody is left to ask: approval ${approval.id} is ${approval.state}`,
    },
  };
}

const exceptionData = z.object({
  /** An id in `separationOfDuties`. */
  rule: z.string(),
  reason: z.string().min(1),
  until: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
});

/** Against separation of duties, for a time: security answers for it by name, and it takes itself back. */
async function exceptionGranted(deciding: Deciding): Promise<Verdict> {
  const { dependencies, person, event, now } = deciding;
  const { target, entitlement } = event.data;
  const read = exceptionData.safeParse(event.data['exception']);
  const rule = dependencies.policy.separationOfDuties.find(({ id }) => id === read.data?.rule);
  const isIn = [...(rule?.one ?? []), ...(rule?.other ?? [])].some(
    (each) => each.target === target && each.entitlement === entitlement,
  );
  if (!read.success || !isIn || typeof target !== 'string' || typeof entitlement !== 'string') {
    return hold(
      deciding,
      'needs-decision',
      'an exception names a rule of separation of duties, one of the entitlements in it, a reason and an end',
    );
  }
  // The API lets security alone order it; whatever comes another way is nobody's word.
  const { by } = event;
  if (event.source !== 'operator' || by === undefined || by === person.id)
    return hold(
      deciding,
      'needs-decision',
      'only security makes an exception to separation of duties, through the API',
    );
  const until = new Date(read.data.until).toISOString();
  if (Date.parse(until) <= Date.parse(now)) return ignore(deciding, `its time is over already: it was until ${until}`);
  const { id: ruleId } = rule ?? { id: read.data.rule };
  await evidence(deciding, 'exception-granted', { rule: ruleId, target, entitlement, until, owner: by });
  const because = `exception to ${ruleId}, for which ${by} answers`;
  await give(deciding, { target, entitlement, origin: 'exception', because, privileged: false, until });
  return { underWay: true };
}

/** What an event names: an id of policy's `requestable`, or a target and an entitlement that one of those has. */
function requestableOf({ dependencies, event }: Deciding): Requestable | undefined {
  const { privilege, target, entitlement } = event.data;
  return dependencies.policy.requestable.find((each) =>
    typeof privilege === 'string' ? each.id === privilege : each.target === target && each.entitlement === entitlement,
  );
}

function untilOf({ dependencies, person, event, now }: Deciding, { longest }: Requestable): string | undefined {
  const { until } = event.data;
  const { zone } = zoneOf(dependencies.policy, person);
  // A day is theirs to its end, where they are.
  const at = typeof until !== 'string' ? Number.NaN : isDate(until) ? endOfDay(until, zone) : Date.parse(until);
  const asked = Number.isNaN(at) ? undefined : at;
  const most = longest === undefined ? undefined : Date.parse(now) + longest;
  const moments = [asked, most].filter((each) => each !== undefined);
  return moments.length === 0 ? undefined : new Date(Math.min(...moments)).toISOString();
}

/** It is there already, and somebody else gave it. */
async function reportedFromOutside(
  deciding: Deciding,
  wanted: Requestable,
  until: string | undefined,
): Promise<Verdict> {
  if (wanted.fromOutside === 'violation') {
    return hold(
      deciding,
      'drift',
      `${wanted.id} was granted past Muster, and policy.yaml says that this is a violation. Take it away there, or have it asked for.`,
    );
  }
  const because = `${wanted.id}: granted by somebody else, and taken over`;
  if (wanted.order !== undefined) {
    await putGrant(deciding, { ...wanted, origin: 'requested', because, ...(until === undefined ? {} : { until }) });
    return { settlement: { event: deciding.event.key, outcome: 'applied', reason: because } };
  }
  await give(deciding, { ...wanted, origin: 'requested', because, ...(until === undefined ? {} : { until }) });
  return { underWay: true };
}

/** Writes the grant with its end and its reminder, and has access planned anew; what a team gives by hand is ordered from it. */
export async function give(
  {
    dependencies,
    tx,
    person,
    event,
    now,
  }: Pick<Deciding, 'dependencies' | 'tx' | 'person' | 'now'> & { event: { key: string } },
  given: Given,
): Promise<void> {
  const { target, entitlement, until, approval } = given;
  const ordered = dependencies.policy.requestable.find(
    (each) => each.order !== undefined && each.target === target && each.entitlement === entitlement,
  );
  if (ordered !== undefined) {
    const more = { ...(until === undefined ? {} : { until }), ...(approval === undefined ? {} : { approval }) };
    await orderLater({ dependencies, tx, person, event, now }, ordered, more);
    return;
  }
  await putGrant({ dependencies, tx, person, event, now }, given);
  // With an order of the same event under way, that one tells its event.
  const known = (await tx.person(person.id)) ?? person;
  const settles = !known.pending.some((row) => row.kind === 'order' && row.event === event.key);
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'privilege', settles, see: true });
}

/** What a decision of people allows is given; a refusal settles the event. */
export async function approvalDecided(
  deciding: Omit<Deciding, 'event'>,
  approval: Pick<Approval, 'id' | 'event' | 'state' | 'hash' | 'data'>,
): Promise<'planned' | 'refused' | Settlement> {
  const { dependencies, tx, person, now } = deciding;
  if (approval.data.items.some(({ leadsTo }) => leadsTo === 'answer')) {
    await answerDecided(deciding, approval);
    return 'planned';
  }
  if (approval.data.items.every(({ requested, leadsTo }) => requested === undefined && leadsTo === undefined)) {
    // A rule asked: planned anew, which gives what was agreed to and settles what waited, whatever the answer was.
    const row = { id: `access:${approval.id}`, event: approval.event, dueAt: now };
    await planLater(tx, person, row, { process: 'privilege', settles: true, see: true });
    return 'planned';
  }
  if (approval.state !== 'approved') return 'refused';
  if (approval.data.items.some(({ leadsTo }) => leadsTo === 'restoration')) {
    return (await restore(deciding, approval)) ?? 'planned';
  }
  const event = { key: approval.event };
  const requested = approval.data.items.filter(
    ({ requested: asked }) =>
      asked !== undefined && (asked.until === undefined || Date.parse(asked.until) > Date.parse(now)),
  );
  for (const { target, entitlement, because, requested: asked } of requested) {
    const { until, privileged = false } = asked ?? {};
    const given = { target, entitlement, because, origin: 'requested' as const, privileged, approval: approval.id };
    await give({ dependencies, tx, person, event, now }, { ...given, ...(until === undefined ? {} : { until }) });
  }
  if (requested.length > 0) return 'planned';
  const reason = `approval ${approval.id}: its time was over when it was agreed to`;
  const settlement: Settlement = { event: approval.event, outcome: 'failed', reason };
  await writeSettlement(tx, person.id, settlement, now);
  return settlement;
}

/** It is taken away now, whatever rules say. */
export async function privilegeRevoked(deciding: Deciding): Promise<Verdict> {
  const wanted = requestableOf(deciding);
  const { target, entitlement } = deciding.event.data;
  const ref =
    wanted ?? (typeof target === 'string' && typeof entitlement === 'string' ? { target, entitlement } : undefined);
  if (ref === undefined)
    return hold(deciding, 'needs-decision', 'it does not say what is revoked, in words that policy.yaml knows');
  return takeAway(deciding, [{ target: ref.target, entitlement: ref.entitlement }]);
}

const reviewed = z.array(
  z.object({
    decision: z.string().optional(),
    privilege: z.string().optional(),
    target: z.string().optional(),
    entitlement: z.string().optional(),
    name: z.string().optional(),
  }),
);

/** What a reviewer revoked is removed; the rest of the certification is evidence. What policy cannot name is a person's to remove. */
export async function certificationSignedOff(deciding: Deciding): Promise<Verdict> {
  const { policy } = deciding.dependencies;
  const read = reviewed.safeParse(deciding.event.data['items']);
  if (!read.success) return hold(deciding, 'needs-decision', 'it does not say what was reviewed, item by item');
  const revoked: Ref[] = [];
  const unnamed: string[] = [];
  for (const { decision = '', privilege, target, entitlement, name } of read.data) {
    if (!/^revoked?$/i.test(decision)) continue;
    const known = policy.requestable.find(({ id }) => id === privilege);
    if (target !== undefined && entitlement !== undefined) revoked.push({ target, entitlement });
    else if (known !== undefined) revoked.push({ target: known.target, entitlement: known.entitlement });
    else unnamed.push(name ?? privilege ?? 'something without a name');
  }
  await evidence(deciding, 'certification-taken', { items: read.data.length, revoked, unnamed });
  if (unnamed.length > 0) {
    const what = `a reviewer revoked ${unnamed.join(', ')}, which neither policy.yaml (requestable) nor the settings of ${deciding.event.source} (access) say where to take away`;
    if (revoked.length === 0) return hold(deciding, 'needs-decision', what);
    await ask(deciding, `${what}. Have it taken away by hand; the rest is being removed.`);
  }
  if (revoked.length === 0) return ignore(deciding, 'the reviewer revoked nothing of theirs');
  return takeAway(deciding, revoked);
}

/** Takes entitlements away, and the grants that would give them again. What a team takes by hand is put to a person. */
export async function takeAway(deciding: Deciding, refs: Ref[]): Promise<Verdict> {
  const { dependencies, tx, person, event, now } = deciding;
  const gone = person.grants.filter((each) =>
    refs.some(({ target, entitlement }) => each.target === target && each.entitlement === entitlement),
  );
  for (const grant of gone) await tx.removeGrant(person.id, grant);
  await forgetEnds(deciding, gone);
  await takeBackByHand(deciding, gone, event.key);
  await askAboutRules(deciding, refs);
  await evidence(deciding, 'access-revoked', { revoked: refs });
  await planLater(
    tx,
    person,
    { event: event.key, dueAt: now },
    {
      process: 'privilege',
      settles: true,
      see: true,
      revoke: refs.filter((ref) => !isByHand(dependencies.policy, ref)),
    },
  );
  return { underWay: true };
}

/** What is gone does not end, and nobody is reminded of it. */
async function forgetEnds({ tx, person }: Deciding, gone: readonly Grant[]): Promise<void> {
  for (const grant of gone) {
    const rows = new Set(rowsOf(grant));
    for (const { id } of person.pending.filter((row) => rows.has(row.id))) await tx.removePending(person.id, id);
  }
}

/** A rule that goes on giving what was revoked would give it again: somebody must look at the rule, or at what it looks at. */
async function askAboutRules(deciding: Deciding, refs: readonly Ref[]): Promise<void> {
  const { dependencies, person, event, now } = deciding;
  const due = desiredAccess(dependencies.policy, { ...person, grants: [] }, now);
  const given = refs.flatMap(({ target, entitlement }) => {
    const found = due.find((each) => each.target === target)?.entitlements.find(({ id }) => id === entitlement);
    return found === undefined ? [] : [`${entitlement} in ${target} (${found.because.join('; ')})`];
  });
  if (given.length === 0) return;
  await ask(
    deciding,
    `${event.source} revoked what a rule of policy.yaml gives ${person.id}: ${given.join(', ')}. It is taken away now, and the next plan gives it again: change the rule, or what is said of them.`,
  );
}
