import { z } from 'zod';
import { type EndCategory, type EventType, endCategories } from '../model/event.ts';
import { identifier, misspelt, readEventData } from './event-data.ts';
import { faultsFrom } from './faults.ts';
import { parseJson } from './json.ts';
import type { Fault, Normalised, NormalisedEvent, RawRequest, SourceDefinition } from './source.ts';
import { fieldNames, TenantFields } from './workday-fields.ts';
import { parseXml } from './xml.ts';

/** Names of Workday's events and what each means; a tenant's own names are mapped to these in the settings. */
const eventNames = {
  Worker_Hired: 'hired',
  Worker_Start_Date_Changed: 'start-date-changed',
  Worker_Hire_Rescinded: 'hire-cancelled',
  Worker_Rehired: 'rehired',
  Worker_Transferred: 'transferred',
  Worker_Department_Changed: 'department-changed',
  Worker_Attributes_Changed: 'attributes-changed',
  Worker_Contract_End_Changed: 'contract-end-changed',
  Worker_Leave_Started: 'leave-started',
  Worker_Leave_Ended: 'leave-ended',
  Worker_Terminated: 'terminated',
  Worker_Termination_Rescinded: 'termination-rescinded',
  Worker_Status_Change: 'attributes-changed',
} as const satisfies Record<string, EventType>;
type EventName = keyof typeof eventNames;
const isEventName = (name: string): name is EventName => Object.hasOwn(eventNames, name);

const statusTypes = ['terminated', 'leave-started', 'leave-ended', 'attributes-changed'] as const;

/** "Active" is written down and enables nothing: a termination is undone by a rehire or a rescission alone. */
const statuses: Readonly<Record<string, (typeof statusTypes)[number]>> = {
  terminated: 'terminated',
  retired: 'terminated',
  deceased: 'terminated',
  onleave: 'leave-started',
  leave: 'leave-started',
  returnedfromleave: 'leave-ended',
  active: 'attributes-changed',
};

const statusCategories: Readonly<Record<string, EndCategory>> = { retired: 'retirement', deceased: 'death' };

const terminationTypes: Readonly<Record<string, EndCategory>> = {
  ...Object.fromEntries(endCategories.map((category) => [category.toLowerCase(), category])),
  cause: 'forCause',
  terminationforcause: 'forCause',
  retired: 'retirement',
  deceased: 'death',
  endofcontract: 'contractEnd',
};

/** How a tenant's words differ from Workday's. */
export const workdaySettings = z.strictObject({
  /** The tenant's event names → Workday's. */
  events: z
    .record(z.string(), z.string().refine(isEventName, `must be one of ${Object.keys(eventNames).join(', ')}`))
    .default({}),
  /** Muster's field → the tenant's: a name, or a JSON Pointer (`/worker/id`) for one that lies deeper. */
  fields: z
    .record(
      z.string().refine((name) => fieldNames.includes(name), 'is no field that Muster reads'),
      z.string().min(1),
    )
    .default({}),
  terminationTypes: z.record(z.string(), z.enum(endCategories)).default({}),
  statuses: z.record(z.string(), z.enum(statusTypes)).default({}),
});
type Settings = z.infer<typeof workdaySettings>;

/** Workday as tenants send it: JSON or the same fields as XML, with names mapped for each tenant. */
export const workday: SourceDefinition = {
  kind: 'workday',
  settings: workdaySettings,
  mediaTypes: ['application/json', 'application/xml', 'text/xml'],
  normalise(request, unchecked) {
    const settings = workdaySettings.parse(unchecked);
    const body = readBody(request);
    return body.ok
      ? readWorker(body.value, settings, request.mediaType !== 'application/json')
      : { status: 400, ...body };
  },
};

/** One row of a tenant's report, whose columns are the fields of the pushed event. Values are text there, as in XML. */
export function normaliseReportRow(row: unknown, settings: Settings): Normalised {
  return readWorker(row, settings, true);
}

function readBody(request: RawRequest) {
  return request.mediaType === 'application/json' ? parseJson(request.body) : parseXml(request.body);
}

function readWorker(body: unknown, settings: Settings, fromXml: boolean): Normalised {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { ok: false, status: 400, faults: [{ path: '', problem: 'must be an object' }] };
  }
  const fields = new TenantFields(body, settings.fields, fromXml);
  const head = headSchema.safeParse(fields.head());
  const name =
    typeof fields.value('event') === 'string' ? eventName(String(fields.value('event')), settings) : undefined;
  const details = fields.details();
  const faults = head.success ? [] : faultsFrom(head.error);
  const meaning = name === undefined ? undefined : meaningOf(name, fields, settings, faults);
  const read = readEventData(meaning?.type ?? 'attributes-changed', { ...details, ...meaning?.data });
  if (!read.ok) faults.push(...read.faults);
  if (head.success && name === undefined) {
    const known = Object.keys(eventNames).join(', ');
    faults.push({
      path: '/event',
      problem: `is not a known event (${known}); map other names in the source's settings`,
    });
  }
  const spelling = misspelt(fields.unread(), fieldNames);
  if (!head.success || !read.ok || meaning === undefined || name === undefined || faults.length + spelling.length > 0) {
    return { ok: false, status: 400, faults: [...faults.map((fault) => fields.locate(fault)), ...spelling] };
  }
  const event: NormalisedEvent = { type: meaning.type, subject: head.data.workerId, ...read.value };
  const { transactionId } = head.data;
  if (transactionId !== undefined) {
    // With colons it never fits an id as it is and is hashed: the id is shown everywhere, and the event's name in it would
    // tell of a confidential end before its time.
    const said = meaning.type === eventNames[name] ? name : `${name}-${meaning.type}`;
    event.id = [transactionId, said, read.value.enteredAt ?? ''].join(':');
  }
  return { ok: true, events: [event], batch: false };
}

const headSchema = z.object({
  event: z.string(),
  workerId: identifier,
  transactionId: identifier.exactOptional(),
  terminationType: z.string().exactOptional(),
  status: z.string().exactOptional(),
  active: z.boolean().exactOptional(),
});

interface Meaning {
  type: EventType;
  data: Record<string, unknown>;
}

function meaningOf(name: EventName, fields: TenantFields, settings: Settings, faults: Fault[]): Meaning {
  const data: Record<string, unknown> = {};
  const terminationType = fields.value('terminationType');
  if (typeof terminationType === 'string') {
    const category = lookUp(terminationType, settings.terminationTypes, terminationTypes);
    if (category === undefined) {
      const allowed = endCategories.join(', ');
      const problem = `must be one of ${allowed}; map other words in the source's settings (terminationTypes)`;
      faults.push({ path: '/terminationType', problem });
    } else data['category'] = category;
  }
  return name === 'Worker_Status_Change'
    ? meaningOfStatus(fields.value('status'), settings, data, faults)
    : { type: withRescission(eventNames[name], fields), data };
}

function meaningOfStatus(status: unknown, settings: Settings, data: Record<string, unknown>, faults: Fault[]): Meaning {
  if (typeof status !== 'string' || status === '') {
    faults.push({ path: '/status', problem: 'is required' });
    return { type: 'attributes-changed', data };
  }
  // A status nobody knows goes on as it is: the person's workflow has somebody look at it.
  const type = lookUp(status, settings.statuses, statuses) ?? 'attributes-changed';
  const category = data['category'] ?? statusCategories[plainWord(status)];
  return { type, data: { ...(category === undefined ? data : { ...data, category }), status } };
}

/**
 * Workday says "rescinded" both of an event taken back and of one whose date was corrected. Where nothing speaks against it,
 * it was taken back; what does not fit keeps both flags, for a person to decide.
 */
function withRescission(type: EventType, fields: TenantFields): EventType {
  if (fields.value('rescinded') !== true || fields.value('correction') === true) return type;
  if (type === 'terminated' && fields.value('active') !== false) return 'termination-rescinded';
  if (type === 'hired' && fields.value('active') !== true) return 'hire-cancelled';
  return type;
}

function eventName(given: string, settings: Settings): EventName | undefined {
  const name = Object.hasOwn(settings.events, given) ? settings.events[given] : given;
  return name !== undefined && isEventName(name) ? name : undefined;
}

const plainWord = (word: string): string => word.replaceAll(/[\s_-]/g, '').toLowerCase();

function lookUp<T>(word: string, own: Readonly<Record<string, T>>, usual: Readonly<Record<string, T>>): T | undefined {
  const plain = plainWord(word);
  const match = Object.entries(own).find(([key]) => plainWord(key) === plain);
  return match === undefined ? (Object.hasOwn(usual, plain) ? usual[plain] : undefined) : match[1];
}
