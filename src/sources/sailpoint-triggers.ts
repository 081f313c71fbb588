import { z } from 'zod';
import type { EventType } from '../model/event.ts';
import { identifier, readEventData } from './event-data.ts';
import { faultsFrom } from './faults.ts';
import type { Read } from './json.ts';
import type { SailpointSettings } from './sailpoint-settings.ts';
import type { NormalisedEvent } from './source.ts';

/** https://developer.sailpoint.com/docs/extensibility/event-triggers/available */
export const triggers = [
  'idn:identity-attributes-changed',
  'idn:identity-created',
  'idn:identity-deleted',
  'idn:access-request-pre-approval',
  'idn:access-request-post-approval',
  'idn:post-provisioning',
  'idn:certification-signed-off',
] as const;
export type Trigger = (typeof triggers)[number];

/** Which trigger a body is of: as it says, or by what only that one has; undefined where neither tells. */
export function triggerOf(body: unknown, said: string | undefined): Trigger | undefined {
  if (said !== undefined) return triggers.find((trigger) => trigger === said);
  const has = (name: string) => typeof body === 'object' && body !== null && Object.hasOwn(body, name);
  if (has('accessRequestId')) {
    return has('requestedItemsStatus') ? 'idn:access-request-post-approval' : 'idn:access-request-pre-approval';
  }
  if (has('accountRequests')) return 'idn:post-provisioning';
  if (has('certification')) return 'idn:certification-signed-off';
  if (!has('identity')) return undefined;
  return has('changes') ? 'idn:identity-attributes-changed' : 'idn:identity-created';
}

/** A trigger's body as events, with every fault by its path. */
export function readTrigger(
  trigger: Trigger | undefined,
  body: unknown,
  settings: SailpointSettings,
): Read<NormalisedEvent[]> {
  switch (trigger) {
    case undefined:
      return refuse('', `is none of ${triggers.join(', ')}`);
    case 'idn:identity-attributes-changed':
      return parsed(changedSchema, body, (read) => changed(read, settings));
    case 'idn:identity-created':
      return parsed(identitySchema, body, (read) => created(read, settings));
    case 'idn:identity-deleted':
      return parsed(identitySchema, body, ({ identity, attributes }) =>
        one('identity-deleted', subjectOf(identity, attributes, settings), {}),
      );
    case 'idn:access-request-pre-approval':
      return parsed(requestSchema, body, (read) => requested(read, settings));
    case 'idn:access-request-post-approval':
      return parsed(decisionSchema, body, (read) => decided(read, settings));
    case 'idn:post-provisioning':
      return parsed(provisioningSchema, body, (read) => provisioned(read, settings));
    case 'idn:certification-signed-off':
      return parsed(certificationSchema, body, (read) => signedOff(read, settings));
  }
}

function parsed<T>(
  schema: z.ZodType<T>,
  body: unknown,
  meaning: (read: T) => Read<NormalisedEvent[]>,
): Read<NormalisedEvent[]> {
  const read = schema.safeParse(body);
  return read.success ? meaning(read.data) : { ok: false, faults: faultsFrom(read.error) };
}

const refuse = (path: string, problem: string): { ok: false; faults: { path: string; problem: string }[] } => ({
  ok: false,
  faults: [{ path, problem }],
});

function one(type: EventType, subject: string, data: Record<string, unknown>): Read<NormalisedEvent[]> {
  const read = readEventData(type, data);
  return read.ok ? { ok: true, value: [{ type, subject, ...read.value }] } : read;
}

function all(reads: Read<NormalisedEvent[]>[]): Read<NormalisedEvent[]> {
  const faults = reads.flatMap((read) => (read.ok ? [] : read.faults));
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, value: reads.flatMap((read) => (read.ok ? read.value : [])) };
}

const ref = z.looseObject({ id: identifier, name: identifier });
type Ref = z.infer<typeof ref>;
const workerOf = (identity: Ref, { workerId }: SailpointSettings): string => identity[workerId];

/** Attributes that identity profiles usually have, by Muster's names. */
const usualAttributes: Readonly<Record<string, readonly string[]>> = {
  workerId: ['employeeNumber', 'identificationNumber'],
  lifecycleState: ['cloudLifecycleState', 'lifecycleState'],
  firstName: ['firstname', 'firstName', 'givenName'],
  lastName: ['lastname', 'lastName', 'familyName'],
  email: ['email', 'workEmail'],
  department: ['department'],
  jobTitle: ['jobTitle', 'title'],
  location: ['location'],
  managerId: ['manager'],
  workerType: ['workerType', 'employeeType'],
  startDate: ['startDate'],
  endDate: ['endDate'],
};
const facts = ['firstName', 'lastName', 'email', 'department', 'jobTitle', 'location', 'managerId', 'workerType'];

const namesOf = (fact: string, { attributes }: SailpointSettings): readonly string[] => {
  const own = attributes[fact];
  return own === undefined ? (usualAttributes[fact] ?? []) : [own];
};

/** A value as Muster keeps it: managers are references, and an empty value is a blank. */
function textOf(value: unknown, settings: SailpointSettings): string | undefined {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  const identity = ref.safeParse(value);
  return identity.success ? workerOf(identity.data, settings) : undefined;
}

const value = z.union([z.string(), z.boolean(), z.number(), z.array(z.unknown()), z.looseObject({}), z.null()]);
const changedSchema = z.looseObject({
  identity: ref,
  changes: z
    .array(z.looseObject({ attribute: z.string().min(1), oldValue: value.optional(), newValue: value.optional() }))
    .min(1)
    .max(200),
});

/** A mover and a leaver may come in one: what they are called and where they work is one event, their lifecycle another. */
function changed({ identity, changes }: z.infer<typeof changedSchema>, settings: SailpointSettings) {
  const subject = workerOf(identity, settings);
  const of = (fact: string) => changes.find(({ attribute }) => namesOf(fact, settings).includes(attribute));
  const data: Record<string, unknown> = {};
  for (const fact of facts) {
    const change = of(fact);
    const text = change === undefined ? undefined : textOf(change.newValue, settings);
    if (text !== undefined) data[fact] = text;
  }
  const state = of('lifecycleState');
  const events: Read<NormalisedEvent[]>[] = [];
  if (Object.keys(data).length > 0) {
    const type =
      data['managerId'] !== undefined
        ? 'transferred'
        : data['department'] !== undefined
          ? 'department-changed'
          : 'attributes-changed';
    events.push(one(type, subject, data));
  }
  if (state !== undefined) events.push(lifecycle(subject, state, settings));
  // Written down, though nothing that Muster keeps has changed.
  if (events.length === 0)
    events.push(one('attributes-changed', subject, { changed: changes.map(({ attribute }) => attribute).sort() }));
  return all(events);
}

const usualStates: SailpointSettings['lifecycleStates'] = {
  terminated: 'terminated',
  leave: 'leave-started',
  onleave: 'leave-started',
  loa: 'leave-started',
  active: 'active',
};

const plain = (word: string): string => word.replaceAll(/[\s_-]/g, '').toLowerCase();

function meaningOf(state: string, { lifecycleStates }: SailpointSettings): string | undefined {
  const own = Object.entries(lifecycleStates).find(([name]) => plain(name) === plain(state));
  return own?.[1] ?? usualStates[plain(state)];
}

/** The state has changed by now, and the trigger says no date: an end is an end at once. "inactive" is a leaver's here and a leave there, so a person is asked unless the settings say which. */
function lifecycle(
  subject: string,
  { oldValue, newValue }: z.infer<typeof changedSchema>['changes'][number],
  settings: SailpointSettings,
): Read<NormalisedEvent[]> {
  const [before, after] = [textOf(oldValue, settings) ?? '', textOf(newValue, settings) ?? ''];
  const status = { status: after === '' ? 'no lifecycle state' : after };
  const meaning = meaningOf(after, settings);
  if (meaning === 'terminated') return one('terminated', subject, { ...status, immediate: true });
  if (meaning === 'leave-started') return one('leave-started', subject, status);
  const isBack = meaning === 'active' && meaningOf(before, settings) === 'leave-started';
  if (meaning === 'leave-ended' || isBack) return one('leave-ended', subject, status);
  return one('attributes-changed', subject, meaning === 'active' ? { status: 'active' } : status);
}

const identitySchema = z.looseObject({ identity: ref, attributes: z.looseObject({}).default({}) });

const attributeOf = (attributes: Record<string, unknown>, fact: string, settings: SailpointSettings) => {
  const name = namesOf(fact, settings).find((each) => Object.hasOwn(attributes, each));
  const text = name === undefined ? undefined : textOf(attributes[name], settings);
  return text === '' ? undefined : text;
};

function subjectOf(identity: Ref, attributes: Record<string, unknown>, settings: SailpointSettings): string {
  return attributeOf(attributes, 'workerId', settings) ?? workerOf(identity, settings);
}

/** With a first day it is a hire, which only a source of record makes a person of; without one it is what they are called. */
function created({ identity, attributes }: z.infer<typeof identitySchema>, settings: SailpointSettings) {
  const data: Record<string, unknown> = {};
  for (const fact of facts) {
    const text = attributeOf(attributes, fact, settings);
    if (text !== undefined) data[fact] = text;
  }
  const dates = {
    startDate: dayOf(attributes, 'startDate', settings),
    endDate: dayOf(attributes, 'endDate', settings),
  };
  const subject = subjectOf(identity, attributes, settings);
  if (dates.startDate === undefined) return one('attributes-changed', subject, data);
  const end = dates.endDate === undefined ? {} : { endDate: dates.endDate };
  return one('hired', subject, { ...data, startDate: dates.startDate, ...end });
}

/** Dates are instants there: `2026-01-05T00:00:00Z`. */
const dayOf = (attributes: Record<string, unknown>, fact: string, settings: SailpointSettings): string | undefined =>
  attributeOf(attributes, fact, settings)?.slice(0, 10);

const many = z.union([z.array(ref).min(1).max(10), ref]);
const refs = (given: z.infer<typeof many>): Ref[] => (Array.isArray(given) ? given : [given]);

const item = z.looseObject({
  id: z.string().min(1),
  name: z.string().min(1),
  type: z.string().max(50).exactOptional(),
  operation: z.string().max(50).default('Add'),
});

/** What policy calls an item of SailPoint's. */
function accessOf({ id, name }: { id?: string | undefined; name?: string | undefined }, { access }: SailpointSettings) {
  const known = [id, name].flatMap((each) => (each === undefined ? [] : (access[each] ?? [])))[0];
  return known === undefined ? { privilege: name ?? id } : typeof known === 'string' ? { privilege: known } : known;
}

const requestSchema = z.looseObject({
  accessRequestId: identifier,
  requestedFor: many,
  requestedItems: z.array(item).min(1).max(25),
  requestedBy: ref,
});

/** Asked once for all whom it names: there is one answer. */
function requested(
  { accessRequestId, requestedFor, requestedItems, requestedBy }: z.infer<typeof requestSchema>,
  settings: SailpointSettings,
) {
  const people = refs(requestedFor).map((each) => workerOf(each, settings));
  return one('access-requested', people[0] ?? '', {
    request: accessRequestId,
    requestedFor: people,
    requestedBy: workerOf(requestedBy, settings),
    items: requestedItems.map(({ id, name, type = '', operation }) => ({
      ...{ id, name, type, operation },
      ...accessOf({ id, name }, settings),
    })),
  });
}

const decisionSchema = z.looseObject({
  accessRequestId: identifier,
  requestedFor: many,
  requestedBy: ref,
  requestedItemsStatus: z
    .array(
      item.extend({
        approvalInfo: z
          .array(z.looseObject({ approvalDecision: z.string(), approverName: z.string().exactOptional() }))
          .default([]),
      }),
    )
    .min(1),
});

function decided(
  { accessRequestId, requestedFor, requestedBy, requestedItemsStatus }: z.infer<typeof decisionSchema>,
  settings: SailpointSettings,
) {
  const items = requestedItemsStatus.map(({ id, name, type = '', operation, approvalInfo }) => ({
    ...{ id, name, type, operation },
    ...accessOf({ id, name }, settings),
    // Nobody had to agree, or all did.
    decision: approvalInfo.every(({ approvalDecision }) => /^approved$/i.test(approvalDecision))
      ? 'approved'
      : 'denied',
    approvers: approvalInfo.flatMap(({ approverName }) => approverName ?? []),
  }));
  const data = { request: accessRequestId, requestedBy: workerOf(requestedBy, settings), items };
  return all(refs(requestedFor).map((each) => one('access-decided', workerOf(each, settings), data)));
}

const provisioningSchema = z.looseObject({
  trackingNumber: identifier,
  recipient: ref,
  action: z.string().max(200).nullish(),
  errors: z.array(z.string()).nullish(),
  warnings: z.array(z.string()).nullish(),
  accountRequests: z.array(
    z.looseObject({
      source: z.looseObject({ name: z.string() }),
      accountId: z.string().nullish(),
      accountOperation: z.string(),
      provisioningResult: z.string(),
      ticketId: z.string().nullish(),
      attributeRequests: z
        .array(z.looseObject({ attributeName: z.string(), attributeValue: z.unknown(), operation: z.string() }))
        .nullish(),
    }),
  ),
});

/** What was provisioned where, and what of it is an order of ours: by its ticket, or by what was given. */
function provisioned(
  { trackingNumber, recipient, action, errors, accountRequests }: z.infer<typeof provisioningSchema>,
  settings: SailpointSettings,
) {
  const failed = accountRequests.some(({ provisioningResult }) => /^failed$/i.test(provisioningResult));
  const pending = accountRequests.some(({ provisioningResult }) => /^pending$/i.test(provisioningResult));
  const done = accountRequests.filter(({ provisioningResult }) => !/^pending$/i.test(provisioningResult));
  const items = done.flatMap(({ ticketId, attributeRequests, provisioningResult }) => {
    const result = /^failed$/i.test(provisioningResult) ? 'failed' : 'done';
    const given = (attributeRequests ?? []).flatMap(({ attributeValue: name }) =>
      typeof name === 'string' && name !== '' ? [{ ...accessOf({ name }, settings), result }] : [],
    );
    return [...(ticketId == null || ticketId === '' ? [] : [{ order: ticketId, result }]), ...given];
  });
  return one('provisioning-completed', workerOf(recipient, settings), {
    tracking: trackingNumber,
    ...(action == null ? {} : { action }),
    ...{ failed, pending, errors: errors ?? [], items },
    accounts: accountRequests.map(({ source, accountOperation, provisioningResult }) => ({
      ...{ source: source.name, operation: accountOperation, result: provisioningResult },
    })),
  });
}

/** An access review item. */
export const reviewedSchema = z.looseObject({
  decision: z.string().nullish(),
  identitySummary: z.looseObject({ identityId: identifier.exactOptional(), name: identifier }),
  accessSummary: z.looseObject({ access: z.looseObject({ id: z.string(), name: z.string() }) }),
});

const certificationSchema = z.looseObject({
  certification: z.looseObject({
    id: identifier,
    name: z.string().max(500),
    campaignRef: z.looseObject({ id: z.string(), name: z.string().max(500) }).exactOptional(),
    phase: z.string().exactOptional(),
    hasErrors: z.boolean().exactOptional(),
  }),
  /** Not SailPoint's own: access review items, as `GET /certifications/{id}/access-review-items` gives them. */
  items: z.array(reviewedSchema).max(10_000).exactOptional(),
});

/** What a reviewer decided about one person. */
export interface Review {
  worker: string;
  items: Record<string, unknown>[];
}

/** Access review items, person by person. */
export function reviewsOf(items: z.infer<typeof reviewedSchema>[], settings: SailpointSettings): Review[] {
  const worker = ({ identitySummary: { identityId, name } }: z.infer<typeof reviewedSchema>) =>
    settings.workerId === 'id' ? (identityId ?? name) : name;
  return [...new Set(items.map(worker))].sort().map((person) => ({
    worker: person,
    items: items
      .filter((each) => worker(each) === person)
      .map(({ decision, accessSummary: { access } }) => ({
        ...{ id: access.id, name: access.name, decision: decision ?? '' },
        ...accessOf(access, settings),
      })),
  }));
}

/** One event for everybody who was reviewed; where the items are to be read back, one for them all until that is done. */
function signedOff({ certification, items }: z.infer<typeof certificationSchema>, settings: SailpointSettings) {
  const about = { certification: certification.id, campaign: certification.campaignRef?.id ?? '' };
  if (items !== undefined)
    return all(
      reviewsOf(items, settings).map((review) =>
        one('certification-signed-off', review.worker, { ...about, items: review.items }),
      ),
    );
  if (settings.api !== undefined) return one('certification-signed-off', certification.id, about);
  return refuse(
    '/items',
    "is required: the trigger names no items, so they are read back by the source's settings.api, or whoever forwards it adds them",
  );
}
