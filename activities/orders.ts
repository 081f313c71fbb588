import { z } from 'zod';
import type { Transaction } from '../src/directory/store.ts';
import type { IdentityEvent, Settlement } from '../src/model/event.ts';
import { Failure } from '../src/model/failure.ts';
import type { Grant } from '../src/model/grant.ts';
import { eventWorkflowId, priorities } from '../src/model/messages.ts';
import type { BegunOrder, OrderEnd } from '../src/model/order.ts';
import type { PendingChange, Person } from '../src/model/person.ts';
import type { Change } from '../src/model/plan.ts';
import { dateIn } from '../src/model/time.ts';
import type { PersonView } from '../src/model/work.ts';
import { isByHand } from '../src/policy/by-hand.ts';
import { zoneOf } from '../src/policy/engagements.ts';
import type { Policy, Requestable } from '../src/policy/schema.ts';
import { fillTemplate } from '../src/policy/templates.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';
import { putGrant } from './grants.ts';
import { tell, writeSettlement } from './settle.ts';
import { answerLater } from './source-answers.ts';
import { viewOf } from './view.ts';

const orderData = z.object({
  /** An id of policy's `requestable`. */
  what: z.string(),
  because: z.string(),
  /** What is given, and until when, once the team confirms. */
  target: z.string(),
  entitlement: z.string(),
  privileged: z.boolean(),
  until: z.string().exactOptional(),
  approval: z.string().exactOptional(),
  /** Where it is ordered. */
  at: z.string(),
  kind: z.string(),
  date: z.string(),
  overdueAt: z.string(),
  number: z.string().exactOptional(),
  /** The source is told by this when it is done. */
  callback: z.string().exactOptional(),
  confirmed: z.enum(['done', 'failed']).exactOptional(),
  confirmedBy: z.string().exactOptional(),
  /** The event that ends their access. */
  withdrawnBy: z.string().exactOptional(),
});
type OrderData = z.infer<typeof orderData>;

const isOrder = ({ kind }: PendingChange): boolean => kind === 'order';

/** What is ordered, for whom, because of which event. */
export interface Ordering {
  dependencies: Pick<Dependencies, 'policy'>;
  tx: Transaction;
  person: Person;
  event: { key: string };
  now: string;
}

/** Puts an order on the timeline; the person's workflow places it and looks after it. One a person, thing and day. */
export async function orderLater(
  { dependencies, tx, person, event, now }: Ordering,
  { id, target, entitlement, privileged, order, why }: Requestable,
  more: { until?: string; approval?: string; callback?: string } = {},
): Promise<void> {
  if (order === undefined) throw new Failure('misconfigured', `${id} is not ordered from anybody`);
  const { zone } = zoneOf(dependencies.policy, person);
  const data: OrderData = {
    ...{ what: id, because: `${id}: ${why}`, target, entitlement, privileged },
    ...{ at: order.target, kind: order.kind, date: dateIn(Date.parse(now), zone) },
    overdueAt: new Date(Date.parse(now) + order.within).toISOString(),
    ...more,
  };
  const row = { id: `order:${event.key}:${id}`, kind: 'order' as const, dueAt: now, event: event.key };
  await tx.putPending(person.id, { ...row, confidential: false, data });
}

type AboutOrder = { person: string; pending: string; now: string; workflowId: string };

/** What an order needs now. `order` is absent when it is on the timeline no more. */
export async function beginOrder(
  dependencies: Dependencies,
  request: AboutOrder,
): Promise<{ view: PersonView; order?: BegunOrder }> {
  return dependencies.store.transaction(async (tx) => {
    const person = await known(tx, request.person);
    const row = person.pending.find(({ id }) => id === request.pending);
    const view = await viewOf(tx, dependencies.timing, person.id);
    return row === undefined ? { view } : { view, order: begun(dependencies, person, row) };
  });
}

function begun({ policy, targets }: Dependencies, person: Person, row: PendingChange): BegunOrder {
  const data = orderData.parse(row.data);
  const { what, overdueAt, number, confirmed, withdrawnBy } = data;
  return {
    ...{ event: row.event, epoch: person.epoch, priority: priorities.change, owner: policy.exceptions.owner },
    titles: Object.fromEntries([...targets.values()].map(({ name, title }) => [name, title])),
    change: ticketOf(policy, person, data),
    ...{ what, overdueAt, withdrawn: withdrawnBy !== undefined },
    ...(number === undefined ? {} : { number }),
    ...(confirmed === undefined ? {} : { confirmed }),
  };
}

function ticketOf(policy: Policy, person: Person, { what, at, kind, date }: OrderData): Change {
  const order = policy.requestable.find(({ id }) => id === what)?.order;
  const values = { person, date };
  return {
    id: `order:${at}:${what}`,
    target: at,
    action: 'ticket',
    summary: `order ${what} for ${person.id}`,
    because: `requestable.${what}.order`,
    after: [],
    content: {
      kind,
      title: fillTemplate(order?.title ?? `${what} for {{person.id}}`, values),
      body: fillTemplate(order?.body ?? `{{person.id}} needs ${what}.`, values),
      correlationId: `order:${what}:${person.id}:${date}`,
    },
  };
}

/** The ticket is open: its number goes where people look for it. */
export async function noteOrder(
  { store, timing }: Dependencies,
  request: AboutOrder & { number: string },
): Promise<PersonView> {
  return store.transaction(async (tx) => {
    const person = await known(tx, request.person);
    const row = person.pending.find(({ id }) => id === request.pending);
    if (row !== undefined) await tx.putPending(person.id, { ...row, data: { ...row.data, number: request.number } });
    return viewOf(tx, timing, person.id);
  });
}

/** An order is over: what was confirmed is theirs, what failed is somebody's to look at; its event and its source are told. */
export async function finishOrder(
  dependencies: Dependencies,
  request: AboutOrder & { end: OrderEnd; number: string },
): Promise<PersonView> {
  const { store, timing, workflows } = dependencies;
  const { view, settlement } = await store.transaction(async (tx) => {
    const person = await known(tx, request.person);
    const row = person.pending.find(({ id }) => id === request.pending);
    const settlement = row === undefined ? undefined : await close(dependencies, tx, person, row, request);
    return { view: await viewOf(tx, timing, person.id), settlement };
  });
  if (settlement !== undefined) await tell(workflows, eventWorkflowId(settlement.event), settlement);
  return view;
}

async function close(
  dependencies: Dependencies,
  tx: Transaction,
  person: Person,
  row: PendingChange,
  { end, number, now, workflowId }: AboutOrder & { end: OrderEnd; number: string },
): Promise<Settlement | undefined> {
  const data = orderData.parse(row.data);
  const { what, at, confirmedBy, withdrawnBy, callback } = data;
  await tx.removePending(person.id, row.id);
  const where = { workflowId, step: row.id, person: person.id, event: row.event, target: at, at: now };
  const by = confirmedBy ?? number;
  await tx.addEvidence([
    { ...where, kind: `order-${end}`, data: { what, number, by, withdrawnBy: withdrawnBy ?? null } },
  ]);
  const ask = (kind: 'needs-decision' | 'handover', reason: string) =>
    raise(tx, dependencies, {
      request: { step: `${row.id}/${kind}`, kind, event: row.event, person: person.id, target: at, reason },
      ...{ workflowId, now },
    });
  if (end === 'delivered')
    await ask('handover', leftBehind(person, data, `order ${number} was done before it could be taken back`));
  // Whatever the end of their access overtook has been told so.
  if (end === 'delivered' || end === 'withdrawn') return undefined;
  if (end === 'done')
    await putGrant({ dependencies, tx, person, event: { key: row.event }, now }, { ...data, origin: 'requested' });
  else
    await ask(
      'needs-decision',
      `order ${number} (${what} for ${person.id}) was closed without being fulfilled. Ask the team why; if ${person.id} is still to have it, have it asked for again.`,
    );
  const reason =
    end === 'done' ? `${what}: order ${number} is confirmed` : `${what}: order ${number} was not fulfilled`;
  if (callback !== undefined) {
    const answer = { callback, approved: end === 'done', comment: reason, settles: false };
    await answerLater(tx, person, { event: row.event, dueAt: now, suffix: `:${what}` }, answer);
  }
  return settlementOf(tx, person, row, end, reason, now);
}

/** One event may order several things: it fails with the first that does, and is applied with the last. */
async function settlementOf(
  tx: Transaction,
  person: Person,
  row: PendingChange,
  end: 'done' | 'failed',
  reason: string,
  now: string,
): Promise<Settlement | undefined> {
  const before = await tx.personEvent(person.id, row.event);
  if (before?.outcome === 'failed') return undefined;
  const more = person.pending.some((each) => isOrder(each) && each.event === row.event && each.id !== row.id);
  if (end === 'done' && more) return undefined;
  const settlement: Settlement = { event: row.event, outcome: end === 'done' ? 'applied' : 'failed', reason };
  await writeSettlement(tx, person.id, settlement, now);
  return settlement;
}

/** They leave: what was ordered for them is to be taken back. It stays on the timeline until that is so. */
export async function withdrawOrder(tx: Transaction, person: Person, row: PendingChange, event: string): Promise<void> {
  await tx.putPending(person.id, { ...row, data: { ...row.data, withdrawnBy: event } });
}

/** Somebody who provisions says that something is done: orders that it names are confirmed by that. Says how many. */
export async function confirmOrders(
  { tx, person, event }: { tx: Transaction; person: Person; event: IdentityEvent },
  result: 'done' | 'failed',
): Promise<number> {
  const said = saidIn(event.data, result);
  let confirmed = 0;
  for (const row of person.pending.filter(isOrder)) {
    const { what, target, entitlement, number, withdrawnBy } = orderData.parse(row.data);
    if (withdrawnBy !== undefined) continue;
    const names = [row.id, what, `${target}/${entitlement}`, ...(number === undefined ? [] : [number])];
    const became = names.map((name) => said.get(name)).find((each) => each !== undefined);
    if (became === undefined) continue;
    const data = { ...row.data, confirmed: became, confirmedBy: event.key };
    await tx.putPending(person.id, { ...row, data });
    confirmed += 1;
  }
  return confirmed;
}

const namedItem = z.object({
  order: z.string().optional(),
  privilege: z.string().optional(),
  target: z.string().optional(),
  entitlement: z.string().optional(),
  /** Of this one; otherwise what the event says of all. */
  result: z.enum(['done', 'failed']).optional(),
});

/** By every name of an order that an event's data has (a ticket's number, an id of `requestable`, `target/entitlement`): how it ended. */
function saidIn(data: Record<string, unknown>, result: 'done' | 'failed'): Map<string, 'done' | 'failed'> {
  const items = Array.isArray(data['items']) ? data['items'] : [];
  const said = new Map<string, 'done' | 'failed'>();
  for (const each of [data, ...items].flatMap((one) => namedItem.safeParse(one).data ?? [])) {
    const { order, privilege, target, entitlement } = each;
    const whole = target === undefined || entitlement === undefined ? undefined : `${target}/${entitlement}`;
    for (const name of [order, privilege, whole]) if (name !== undefined) said.set(name, each.result ?? result);
  }
  return said;
}

/** What a team gave by hand and is theirs no more: nothing but a person can take it away, so one is asked, for each. */
export async function takeBackByHand(
  {
    dependencies,
    tx,
    person,
    now,
    workflowId,
  }: { dependencies: Dependencies; tx: Transaction; person: Person; now: string; workflowId: string },
  grants: readonly Grant[],
  event: string,
): Promise<void> {
  for (const grant of grants.filter((each) => isByHand(dependencies.policy, each))) {
    const { target, entitlement } = grant;
    const step = `${event}/${target}/${entitlement}/by-hand`;
    const reason = leftBehind(person, grant, 'it is theirs no more');
    await raise(tx, dependencies, {
      request: { step, kind: 'handover', event, person: person.id, target, reason },
      ...{ workflowId, now },
    });
  }
}

const leftBehind = (
  person: Person,
  { target, entitlement }: { target: string; entitlement: string },
  why: string,
): string =>
  `${person.id} has ${entitlement} in ${target}, which a team gives and takes by hand: ${why}. Have the team take it away, then resolve this with "done".`;

async function known(tx: Transaction, id: string): Promise<Person> {
  const person = await tx.person(id, { lock: true });
  if (person === undefined) throw new Failure('not-found', `${id} is not in the directory`);
  return person;
}
