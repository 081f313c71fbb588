import { z } from 'zod';
import { type EventType, endCategories } from '../model/event.ts';
import { isDate } from '../model/time.ts';
import { faultsFrom } from './faults.ts';
import { pointer, type Read } from './json.ts';
import type { Fault, NormalisedEvent } from './source.ts';

/** A civil date that exists: 2025-02-30 does not. */
export const civilDate = z.string().refine(isDate, 'must be a real date such as 2025-11-15');

/** An instant with its offset, kept in UTC. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant with its offset, such as 2025-11-15T09:30:00Z' })
  .transform((text) => new Date(text).toISOString());

const text = z.string().max(500, 'must have at most 500 characters');
/** Text that is somebody's name at a system: nothing invisible, nothing to trim. */
export const identifier = z
  .string()
  .max(200, 'must have at most 200 characters')
  .regex(/^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u, 'must be an id: not empty, no space around it, nothing invisible');

const shape = {
  effectiveDate: civilDate.exactOptional(),
  effectiveAt: instant.exactOptional(),
  enteredAt: instant.exactOptional(),
  sequence: z.string().min(1).max(200).exactOptional(),
  correction: z.boolean().exactOptional(),
  rescinded: z.boolean().exactOptional(),
  lastDayOfWork: civilDate.exactOptional(),
  category: z.enum(endCategories, `must be one of ${endCategories.join(', ')}`).exactOptional(),
  immediate: z.boolean().exactOptional(),
  reason: text.exactOptional(),
  firstName: text.exactOptional(),
  lastName: text.exactOptional(),
  email: z
    .string()
    .max(320)
    .regex(/^$|^[^\s@]+@[^\s@]+$/, 'must be an e-mail address')
    .exactOptional(),
  department: text.exactOptional(),
  jobTitle: text.exactOptional(),
  location: text.exactOptional(),
  managerId: z.union([z.literal(''), identifier], 'must be a worker id').exactOptional(),
  workerType: text.exactOptional(),
  startDate: civilDate.exactOptional(),
  endDate: civilDate.nullable().exactOptional(),
  wid: identifier.exactOptional(),
  priorWorkerIds: z.array(identifier).max(50).exactOptional(),
  isRehire: z.boolean().exactOptional(),
  birthDate: civilDate.exactOptional(),
};

/** Fields of an event's data that Muster knows, whatever the type; others are kept as they are. */
export const knownFields: readonly string[] = Object.keys(shape);

const schema = z.looseObject(shape);
type Data = z.infer<typeof schema>;

/** What an event says, without its type, its subject and its id. A date of birth is beside the data, never in it. */
export type EventDetails = Omit<NormalisedEvent, 'type' | 'subject' | 'id'>;

/** Checks an event's data against what its type needs. Paths are JSON Pointers from the data. */
export function readEventData(type: EventType, data: unknown): Read<EventDetails> {
  const parsed = schema.safeParse(data);
  const faults = parsed.success ? lacks(type, parsed.data) : faultsFrom(parsed.error);
  faults.push(...misspelt(data, knownFields));
  if (!parsed.success || faults.length > 0) return { ok: false, faults };
  const { enteredAt, sequence, correction, rescinded, birthDate, ...rest } = parsed.data;
  const effectiveDate = rest.effectiveDate ?? (startTypes.has(type) ? rest.startDate : undefined);
  return {
    ok: true,
    value: {
      ...(enteredAt === undefined ? {} : { enteredAt }),
      ...(effectiveDate === undefined ? {} : { effectiveDate }),
      ...(rest.effectiveAt === undefined ? {} : { effectiveAt: rest.effectiveAt }),
      ...(sequence === undefined ? {} : { sequence }),
      ...(correction === undefined ? {} : { correction }),
      ...(rescinded === undefined ? {} : { rescinded }),
      ...(birthDate === undefined ? {} : { birthDate }),
      data: rest,
    },
  };
}

/** Keys that are a known one in another spelling: left unsaid, a mistyped `lastdayofwork` would change when access ends. */
export function misspelt(data: unknown, known: readonly string[]): Fault[] {
  if (typeof data !== 'object' || data === null) return [];
  const right = new Map(known.map((name) => [plainName(name), name]));
  return Object.keys(data).flatMap((key) => {
    const meant = right.get(plainName(key));
    if (meant === undefined || known.includes(key)) return [];
    return [{ path: pointer('', key), problem: `is not known; ${meant} is meant, it seems` }];
  });
}

const plainName = (name: string): string => name.replaceAll(/[^a-z0-9]/gi, '').toLowerCase();

const startTypes: ReadonlySet<EventType> = new Set(['hired', 'rehired', 'start-date-changed']);

/** What the type needs beyond well-formed fields. */
function lacks(type: EventType, data: Data): Fault[] {
  const faults: Fault[] = [];
  const need = (there: boolean, field: string, problem: string) => {
    if (!there) faults.push({ path: `/${field}`, problem });
  };
  if (startTypes.has(type)) {
    need(data.startDate !== undefined, 'startDate', 'is required');
    const backwards = data.startDate !== undefined && data.endDate != null && data.endDate < data.startDate;
    need(!backwards, 'endDate', 'is before startDate');
  } else if (type === 'terminated') {
    const when = data.effectiveDate !== undefined || data.effectiveAt !== undefined || data.immediate === true;
    need(when, 'effectiveDate', 'is required, unless effectiveAt or immediate says when');
  } else if (type === 'contract-end-changed') {
    need(data.endDate !== undefined, 'endDate', 'is required: a date, or null for no end');
  } else if (type === 'department-changed') {
    need(data.department !== undefined, 'department', 'is required');
  } else if (type === 'transferred') {
    const moved = [data.managerId, data.department, data.jobTitle, data.location, data.workerType];
    need(
      moved.some((value) => value !== undefined),
      'managerId',
      'is required, unless another changed field is given',
    );
  }
  return faults;
}
