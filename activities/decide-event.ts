import type { Transaction } from '../src/directory/store.ts';
import type { EventType, IdentityEvent, Settlement } from '../src/model/event.ts';
import { type ExceptionKind, releaseStep } from '../src/model/exception.ts';
import { Failure } from '../src/model/failure.ts';
import { eventWorkflowId, internalSources } from '../src/model/messages.ts';
import type { Person } from '../src/model/person.ts';
import type { BegunEnd, Decision } from '../src/model/work.ts';
import { confidential } from '../src/policy/ends.ts';
import { contractEndChanged } from './contract-end.ts';
import type { Dependencies } from './dependencies.ts';
import { tellOvertaken } from './ends.ts';
import { raise } from './exceptions.ts';
import { hired, rehired } from './hired.ts';
import { leaveEnded, leaveStarted, riskCleared, sessionRisk } from './leave.ts';
import { converted, moved } from './moved.ts';
import {
  identityDeleted,
  legalHoldLifted,
  legalHoldPlaced,
  planAnew,
  policyViolated,
  provisioningCompleted,
} from './noted.ts';
import { certificationSignedOff, privilegeGranted, privilegeRevoked } from './privileges.ts';
import { accessDecided, accessRequested } from './requests.ts';
import { restrain } from './restrain.ts';
import { tell, wake, writeSettlement } from './settle.ts';
import { hireCancelled, startDateChanged } from './start-date.ts';
import { terminated, terminationRescinded } from './terminated.ts';
import { undoRequested } from './undo.ts';
import { waitsForApproval, waitsForSource } from './unverified.ts';
import { viewOf } from './view.ts';

/** One event and its person, in the transaction that decides about them. */
export interface Deciding {
  dependencies: Dependencies;
  tx: Transaction;
  person: Person;
  event: IdentityEvent;
  now: string;
  workflowId: string;
  /** Who has let it go on: it was held for somebody to agree to, and is not held for the same again. */
  releasedBy?: string;
  /** Ids of others whose workflows look at the directory again once this is committed. */
  wakes?: Set<string>;
}

/** What a rule makes of an event: settled (for good, or held), or an end that begins now and settles when it is done. */
export type Verdict = { settlement: Settlement } | { end: BegunEnd } | { underWay: true };

/** Decides what an event means for this person and commits it; a repeat finds the first one's answer. */
export async function decideEvent(
  dependencies: Dependencies,
  request: { person: string; event: IdentityEvent; now: string; workflowId: string },
): Promise<Decision> {
  const { event } = request;
  const wakes = new Set<string>();
  const decision = await dependencies.store.transaction(async (tx): Promise<Decision> => {
    const person = await tx.person(request.person, { lock: true });
    if (person === undefined) throw new Failure('not-found', `${request.person} is not in the directory`);
    const verdict = await decideOnce({ ...request, dependencies, tx, person, wakes });
    if ('settlement' in verdict) await writeSettlement(tx, person.id, verdict.settlement, request.now);
    return { view: await viewOf(tx, dependencies.timing, person.id), ...('underWay' in verdict ? {} : verdict) };
  });
  if (decision.settlement !== undefined)
    await tell(dependencies.workflows, eventWorkflowId(event.key), decision.settlement);
  await wake(dependencies.workflows, [...wakes, ...(decision.end?.handedOn ?? [])]);
  await tellOvertaken(dependencies.workflows, decision.end);
  return decision;
}

async function decideOnce(deciding: Deciding): Promise<Verdict> {
  const { dependencies, tx, person, event } = deciding;
  const before = await tx.personEvent(person.id, event.key);
  if (before !== undefined) return { settlement: { event: event.key, ...before } };
  if (person.pending.some((pending) => pending.event === event.key)) return { underWay: true };
  // What comes from inside (an operator, a schedule, a signal that was checked) has no entry in muster.yaml.
  const mode = inside.has(event.source) ? 'enforce' : (dependencies.sources[event.source]?.mode ?? 'observe');
  if (mode !== 'enforce') return restrain(deciding, mode);
  return (await waitsForApproval(deciding)) ?? (await waitsForSource(deciding)) ?? decideFor(deciding);
}

const inside: ReadonlySet<string> = new Set(internalSources);

/** What an event of its type means. The rules are in `semantics`; each has a function of its own. */
export function decideFor(deciding: Deciding): Promise<Verdict> {
  return deciders[deciding.event.type](deciding);
}

const deciders: Readonly<Record<EventType, (deciding: Deciding) => Promise<Verdict>>> = {
  hired,
  rehired,
  converted,
  'start-date-changed': startDateChanged,
  'hire-cancelled': hireCancelled,
  transferred: moved,
  'department-changed': moved,
  'attributes-changed': moved,
  'contract-end-changed': contractEndChanged,
  terminated,
  'termination-rescinded': terminationRescinded,
  'leave-started': leaveStarted,
  'leave-ended': leaveEnded,
  'privilege-granted': privilegeGranted,
  'privilege-revoked': privilegeRevoked,
  'session-risk': sessionRisk,
  'risk-cleared': riskCleared,
  'access-requested': accessRequested,
  'access-decided': accessDecided,
  'provisioning-completed': provisioningCompleted,
  'certification-signed-off': certificationSignedOff,
  'policy-violated': policyViolated,
  'identity-deleted': identityDeleted,
  'policy-changed': planAnew,
  'drift-found': planAnew,
  'undo-requested': undoRequested,
  'legal-hold-placed': legalHoldPlaced,
  'legal-hold-lifted': legalHoldLifted,
};

/** Nothing is done, and a person is asked: the exception keeps the event open and in sight. */
export async function hold(deciding: Deciding, kind: ExceptionKind, why: string): Promise<Verdict> {
  const { event, person, dependencies } = deciding;
  const what = confidential(event, dependencies.policy) ? 'an event' : event.type;
  const reason = `${what} for ${person.id} is held: ${why}`;
  await question(deciding, kind, reason);
  await evidence(deciding, 'event-held', { kind });
  return { settlement: { event: event.key, outcome: 'held', reason } };
}

/** Held for security to agree to, and nobody else's to decide: released, it is decided again and goes on. */
export async function holdForRelease(deciding: Deciding, why: string): Promise<Verdict> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  const what = confidential(event, dependencies.policy) ? 'an event' : event.type;
  const reason = `${what} for ${person.id} is held: ${why}`;
  const kind = 'needs-decision';
  const request = { step: releaseStep(event.key), kind, event: event.key, person: person.id, reason } as const;
  await raise(tx, dependencies, { request, workflowId, now });
  await evidence(deciding, 'event-held', { kind });
  return { settlement: { event: event.key, outcome: 'held', reason } };
}

/** The event goes on, and a person must look at something about it all the same. */
export function ask(deciding: Deciding, why: string): Promise<void> {
  return question(deciding, 'needs-decision', why);
}

function question(deciding: Deciding, kind: ExceptionKind, reason: string): Promise<void> {
  const { dependencies, tx, person, event, now, workflowId } = deciding;
  return raise(tx, dependencies, {
    request: { step: `${event.key}/${kind}`, kind, event: event.key, person: person.id, reason },
    workflowId,
    now,
  });
}

/** Nothing is to be done; the reason is kept with the event. */
export async function ignore(deciding: Deciding, reason: string): Promise<Verdict> {
  await evidence(deciding, 'event-ignored', {});
  return { settlement: { event: deciding.event.key, outcome: 'ignored', reason } };
}

/** A piece of evidence about this event and this person. */
export async function evidence(
  { tx, person, event, now, workflowId }: Deciding,
  kind: string,
  data: Record<string, unknown>,
): Promise<void> {
  await tx.addEvidence([{ workflowId, step: event.key, kind, person: person.id, event: event.key, at: now, data }]);
}
