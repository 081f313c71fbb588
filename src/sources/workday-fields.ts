import { knownFields } from './event-data.ts';
import { pointer } from './json.ts';
import type { Fault } from './source.ts';

// What policy goes by beside the fields that every source has: leave by its type.
const dataFields = [...knownFields.filter((field) => field !== 'category'), 'active', 'leaveType'];
const headFields = ['event', 'workerId', 'transactionId', 'terminationType', 'status', 'active'];
const booleans = new Set(['active', 'correction', 'rescinded', 'immediate', 'isRehire']);
const lists = new Set(['priorWorkerIds']);
// A blank here is something said: the value is gone. Elsewhere an empty element is XML's way to say nothing.
const blankable = new Set([
  'firstName',
  'lastName',
  'email',
  'department',
  'jobTitle',
  'location',
  'managerId',
  'workerType',
]);

/** Every field of Workday's body that Muster reads. */
export const fieldNames: readonly string[] = [...new Set([...headFields, ...dataFields])];

/** A body read by Muster's names, and faults told by the tenant's. */
export class TenantFields {
  readonly #body: object;
  readonly #places: ReadonlyMap<string, string>;
  readonly #fromXml: boolean;

  constructor(body: object, mapping: Readonly<Record<string, string>>, fromXml: boolean) {
    this.#body = body;
    this.#fromXml = fromXml;
    this.#places = new Map(
      fieldNames.map((field) => {
        const mapped = mapping[field];
        if (mapped !== undefined) return [field, mapped.startsWith('/') ? mapped : pointer('', mapped)];
        // Workday's own word for it; both are taken.
        const entry = field === 'enteredAt' && !Object.hasOwn(body, field) && Object.hasOwn(body, 'entryMoment');
        return [field, entry ? '/entryMoment' : pointer('', field)];
      }),
    );
  }

  value(field: string): unknown {
    const value = at(this.#body, this.#places.get(field) ?? '');
    if (!this.#fromXml) return value;
    if (value === '' && !blankable.has(field)) return undefined;
    if (booleans.has(field) && typeof value === 'string') {
      return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value;
    }
    return lists.has(field) && typeof value === 'string' ? [value] : value;
  }

  head(): Record<string, unknown> {
    return this.#pick(headFields);
  }

  details(): Record<string, unknown> {
    return this.#pick(dataFields);
  }

  /** What is in the body and no field reads. */
  unread(): object {
    const read = new Set([...this.#places.values()].map((place) => place.split('/')[1]));
    return Object.fromEntries(Object.entries(this.#body).filter(([key]) => !read.has(key) && key !== 'entryMoment'));
  }

  locate(fault: Fault): Fault {
    const [, field = '', ...rest] = fault.path.split('/');
    return { path: [this.#places.get(field) ?? `/${field}`, ...rest].join('/'), problem: fault.problem };
  }

  #pick(fields: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(
      fields.flatMap((field) => {
        const value = this.value(field);
        return value === undefined ? [] : [[field, withoutZone(field, value)]];
      }),
    );
  }
}

/** A civil date from Workday may carry the tenant's offset (`2025-11-15-08:00`); the day is what was meant. */
function withoutZone(field: string, value: unknown): unknown {
  if (!/Date$|^lastDayOfWork$/.test(field) || typeof value !== 'string') return value;
  return value.replace(/^(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)$/, '$1');
}

function at(body: unknown, place: string): unknown {
  let value = body;
  for (const part of place.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
