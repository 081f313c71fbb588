import { z } from 'zod';
import { ownSource } from '../src/model/checks.ts';
import type { IdentityEvent } from '../src/model/event.ts';
import { planLater } from './access-rows.ts';
import { ask, type Deciding, evidence, hold, ignore, type Verdict } from './decide-event.ts';
import { raise } from './exceptions.ts';
import { confirmOrders } from './orders.ts';

/** Somebody outside saw that separation of duties is broken: the incident, the channel, and what the manager must do. */
export async function policyViolated(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const { policy, violation } = event.data;
  const which = [policy, violation].filter((each) => typeof each === 'string').join(', ');
  await evidence(deciding, 'policy-violated', { policy: typeof policy === 'string' ? policy : null });
  const row = { event: event.key, dueAt: now };
  // People decide which of the two goes: their access is theirs to change, and none is given meanwhile.
  const told = { process: 'policy', transition: 'violation', align: false, settles: true, priority: 2 } as const;
  await planLater(tx, person, row, told);
  await askAbout(
    deciding,
    `${event.source} reports that ${person.id} has what no one person may have together${which === '' ? '' : ` (${which})`}. Decide which of the two goes, and have it revoked.`,
  );
  return { underWay: true };
}

async function askAbout({ dependencies, tx, person, event, now, workflowId }: Deciding, reason: string): Promise<void> {
  const kind = 'separation-of-duties';
  const request = { step: `${event.key}/${kind}`, kind, event: event.key, person: person.id, reason } as const;
  await raise(tx, dependencies, { request, workflowId, now });
}

/** The identity platform forgot somebody: never a leaver's signal. */
export async function identityDeleted(deciding: Deciding): Promise<Verdict> {
  const { person, event } = deciding;
  if (person.state === 'Terminated' || person.state === 'Cancelled') {
    await evidence(deciding, 'identity-deleted', {});
    return { settlement: { event: event.key, outcome: 'applied', reason: 'noted' } };
  }
  return hold(
    deciding,
    'needs-decision',
    `${event.source} deleted the identity, and ${person.id} is ${person.state}. Nothing was removed; find out why it was deleted.`,
  );
}

/** The policy changed, a difference was found, or something outside was provisioned: planned anew from what targets hold. */
export async function planAnew(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const drift = event.type === 'drift-found';
  if (person.state === 'Terminated' || person.state === 'Cancelled') {
    if (!drift) return ignore(deciding, `${person.id} is ${person.state}`);
    return closeAgain(deciding);
  }
  await planLater(
    tx,
    person,
    { event: event.key, dueAt: now },
    { process: drift ? 'drift' : 'policy', settles: true, see: true, revoke: revokedBy(event) },
  );
  return { underWay: true };
}

const revoked = z.array(z.object({ target: z.string(), entitlement: z.string() })).catch([]);

/** What a policy that has changed speaks of no more. From inside alone: nobody outside takes anything away by this. */
const revokedBy = ({ type, source, data }: IdentityEvent) =>
  type === 'policy-changed' && source === ownSource ? revoked.parse(data['revoke']) : [];

/** A leaver's live account is closed like any end, at once and aloud. */
async function closeAgain(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  await evidence(deciding, 'access-found-open', {});
  await ask(
    deciding,
    `${person.id} has left, and an account of theirs was found open. It is being closed; find out what opened it.`,
  );
  await tx.putPending(person.id, {
    id: `end:${event.key}`,
    kind: 'end',
    dueAt: now,
    event: event.key,
    confidential: false,
    data: {},
  });
  return { underWay: true };
}

/** A legal hold: nothing of theirs is deleted, handed over or unlicensed until two people lift it. A disable goes on. */
export async function legalHoldPlaced(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const reference = event.data['case'];
  const by = event.by ?? event.source;
  const id = `hold:${event.key}`;
  await tx.placeLegalHold(person.id, {
    id,
    case: typeof reference === 'string' ? reference : 'without a reference',
    by,
    at: now,
  });
  await evidence(deciding, 'legal-hold-placed', { hold: id, by });
  return { settlement: { event: event.key, outcome: 'applied' } };
}

export async function legalHoldLifted(deciding: Deciding): Promise<Verdict> {
  const { tx, person, event, now } = deciding;
  const wanted = event.data['hold'];
  const held = person.legalHolds.find(({ id }) => wanted === undefined || id === wanted) ?? person.legalHolds[0];
  if (held === undefined) return ignore(deciding, 'no legal hold is on them');
  const by = event.by ?? event.source;
  const outcome = await tx.liftLegalHold(held.id, by, now);
  await evidence(deciding, outcome === 'lifted' ? 'legal-hold-lifted' : 'legal-hold-lift-asked', {
    hold: held.id,
    by,
    outcome,
  });
  if (outcome === 'same') return ignore(deciding, `${by} asked for it before; another person lifts it`);
  if (outcome === 'asked')
    return { settlement: { event: event.key, outcome: 'applied', reason: 'asked for; a second person lifts it' } };
  // What waited for the hold is due again.
  const left = person.legalHolds.length - 1;
  if (left === 0) {
    for (const row of person.pending.filter(({ data }) => typeof data['heldSince'] === 'string')) {
      const { heldSince, ...data } = row.data;
      await tx.putPending(person.id, { ...row, dueAt: String(heldSince), data });
    }
  }
  return { settlement: { event: event.key, outcome: 'applied', reason: 'lifted' } };
}

/** Another system says what it provisioned: evidence, and an exception where something failed. */
export async function provisioningCompleted(deciding: Deciding): Promise<Verdict> {
  const { event } = deciding;
  const { errors, failed } = event.data;
  const broken = failed === true || (Array.isArray(errors) && errors.length > 0);
  const orders = await confirmOrders(deciding, broken ? 'failed' : 'done');
  await evidence(deciding, 'provisioning-completed', { failed: broken, orders });
  // What became of an order is told with it.
  if (broken && (orders === 0 || (Array.isArray(errors) && errors.length > 0)))
    await ask(
      deciding,
      `${event.source} could not provision everything (${event.key}). Look there for what is missing.`,
    );
  return { settlement: { event: event.key, outcome: 'applied' } };
}
