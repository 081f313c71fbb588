import type { Grant } from '../src/model/grant.ts';
import { askHash } from '../src/policy/access-plan.ts';
import { sha256 } from '../src/policy/load.ts';
import type { Requestable } from '../src/policy/schema.ts';
import { planLater } from './access-rows.ts';
import { tellApprovers } from './answers.ts';
import { openApproval } from './approvals.ts';
import { type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import type { Dependencies } from './dependencies.ts';

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
  if (wanted.approval === undefined || wanted.isAutomatic(person)) {
    if (event.source === 'signal')
      return hold(
        deciding,
        'needs-decision',
        'a signal is nobody’s word, and gives nothing. An operator asks for it through the API.',
      );
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

/** What an event names: an id of policy's `requestable`, or a target and an entitlement that one of those has. */
function requestableOf({ dependencies, event }: Deciding): Requestable | undefined {
  const { privilege, target, entitlement } = event.data;
  return dependencies.policy.requestable.find((each) =>
    typeof privilege === 'string' ? each.id === privilege : each.target === target && each.entitlement === entitlement,
  );
}

function untilOf({ event, now }: Deciding, { longest }: Requestable): string | undefined {
  const { until } = event.data;
  const asked = typeof until === 'string' && !Number.isNaN(Date.parse(until)) ? Date.parse(until) : undefined;
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
  await give(deciding, { ...wanted, origin: 'requested', because, ...(until === undefined ? {} : { until }) });
  return { underWay: true };
}

type Given = Ref & Pick<Grant, 'origin' | 'because' | 'privileged' | 'until' | 'approval'> & { remindBefore?: number };

/** Writes the grant with its end and its reminder, and has access planned anew. */
export async function give(
  { tx, person, event, now }: Pick<Deciding, 'tx' | 'person' | 'now'> & { event: { key: string } },
  { target, entitlement, origin, because, privileged, until, approval, remindBefore }: Given,
): Promise<void> {
  await tx.putGrant(person.id, {
    target,
    entitlement,
    origin,
    event: event.key,
    because,
    privileged,
    at: now,
    ...(until === undefined ? {} : { until }),
    ...(approval === undefined ? {} : { approval }),
  });
  if (until !== undefined) {
    await planLater(
      tx,
      person,
      { id: `until:${event.key}`, kind: 'grace', event: event.key, dueAt: until },
      { process: 'privilege' },
    );
    const remindAt = Date.parse(until) - (remindBefore ?? 0);
    if (remindBefore !== undefined && remindAt > Date.parse(now)) {
      const row = {
        id: `reminder:${event.key}`,
        kind: 'reminder' as const,
        event: event.key,
        dueAt: new Date(remindAt).toISOString(),
      };
      await planLater(tx, person, row, {
        tell: 'privilegeEnds',
        what: `${target} ${entitlement} until ${until}`,
        process: 'privilege',
      });
    }
  }
  await planLater(tx, person, { event: event.key, dueAt: now }, { process: 'privilege', settles: true, see: true });
}

/** What a decision of people allows is given; a refusal settles the event. */
export async function approvalDecided(
  deciding: Omit<Deciding, 'event'> & { dependencies: Dependencies },
  approval: {
    id: string;
    event: string;
    state: string;
    data: {
      items: {
        target: string;
        entitlement: string;
        because: string;
        requested?: { until?: string; privileged: boolean };
      }[];
    };
  },
): Promise<'planned' | 'refused'> {
  const { dependencies, tx, person, now } = deciding;
  if (approval.state !== 'approved') return 'refused';
  const event = { key: approval.event };
  for (const { target, entitlement, because, requested } of approval.data.items) {
    if (requested === undefined) continue;
    const rule = dependencies.policy.requestable.find(
      (each) => each.target === target && each.entitlement === entitlement,
    );
    await give(
      { tx, person, event, now },
      {
        target,
        entitlement,
        because,
        origin: 'requested',
        privileged: requested.privileged,
        approval: approval.id,
        ...(requested.until === undefined ? {} : { until: requested.until }),
        ...(rule === undefined ? {} : { remindBefore: rule.remindBefore }),
      },
    );
  }
  await planLater(
    tx,
    person,
    { event: approval.event, dueAt: now },
    { process: 'privilege', settles: true, see: true },
  );
  return 'planned';
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

/** What a reviewer revoked is removed; the rest of the certification is evidence. */
export async function certificationSignedOff(deciding: Deciding): Promise<Verdict> {
  const { items } = deciding.event.data;
  const revoked = (Array.isArray(items) ? items : []).flatMap((item: unknown): Ref[] => {
    if (typeof item !== 'object' || item === null) return [];
    const decision: unknown = Reflect.get(item, 'decision');
    const target: unknown = Reflect.get(item, 'target');
    const entitlement: unknown = Reflect.get(item, 'entitlement');
    const isRevoked = typeof decision === 'string' && /^revoked?$/i.test(decision);
    return isRevoked && typeof target === 'string' && typeof entitlement === 'string' ? [{ target, entitlement }] : [];
  });
  await evidence(deciding, 'certification-taken', { items: Array.isArray(items) ? items.length : 0, revoked });
  if (revoked.length === 0) return ignore(deciding, 'the reviewer revoked nothing of theirs');
  return takeAway(deciding, revoked);
}

async function takeAway(deciding: Deciding, refs: Ref[]): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  for (const { target, entitlement } of refs) {
    for (const grant of person.grants.filter((each) => each.target === target && each.entitlement === entitlement)) {
      await tx.removeGrant(person.id, grant);
    }
  }
  await evidence(deciding, 'access-revoked', { revoked: refs });
  await planLater(
    tx,
    person,
    { event: event.key, dueAt: now },
    { process: 'privilege', settles: true, see: true, revoke: refs },
  );
  return { underWay: true };
}
