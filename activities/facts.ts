import type { IdentityEvent } from '../src/model/event.ts';
import type { FactSource } from '../src/model/grant.ts';
import type { Engagement, Person, PersonAttributes } from '../src/model/person.ts';

/** What sources say of people and policy looks at. Each is a fact of its own: the latest entered statement of it holds. */
export const factNames = [
  'firstName',
  'lastName',
  'email',
  'department',
  'jobTitle',
  'location',
  'managerId',
  'workerType',
  'costCenter',
  'privileged',
] as const;
export type FactName = (typeof factNames)[number];

/** Facts an event states, as text; a blank is a statement too. `privileged` is `true` or `false`. */
export type Facts = Partial<Record<FactName, string>>;

/** What an event says of the person. */
export function factsOf({ data }: Pick<IdentityEvent, 'data'>): Facts {
  const facts: Facts = {};
  for (const name of factNames) {
    const value = data[name];
    if (typeof value === 'string') facts[name] = value;
    else if (typeof value === 'boolean') facts[name] = String(value);
  }
  return facts;
}

/** Who states it, from when on it counts, and when it was entered; a source that does not say entered it when it arrived. */
export function factSource(event: IdentityEvent, effective: string): FactSource {
  return {
    event: event.key,
    source: event.source,
    effective,
    enteredAt: event.enteredAt ?? event.receivedAt,
    ...(event.sequence === undefined ? {} : { sequence: event.sequence }),
  };
}

export interface Stated {
  attributes: PersonAttributes;
  privileged: boolean;
  facts: Record<string, FactSource>;
  /** Names of facts whose value is another now. */
  changed: FactName[];
  /** Those that somebody stated later: they stay. */
  stale: FactName[];
  /** Those that a blank would empty: a person is asked. */
  blanks: FactName[];
}

/**
 * What holds of a person after a statement, fact by fact. `onItsDay`: it waited for its day, and only a later statement
 * about that day or a later one takes its place; otherwise the latest entered holds.
 */
export function state(person: Person, facts: Facts, source: FactSource, onItsDay: boolean): Stated {
  const stated: Stated = {
    attributes: { ...person.attributes },
    privileged: person.privileged,
    facts: { ...person.facts },
    changed: [],
    stale: [],
    blanks: [],
  };
  for (const name of factNames) {
    const value = facts[name];
    if (value === undefined) continue;
    const before = person.facts[name];
    if (before !== undefined && isStale(source, before, onItsDay)) {
      stated.stale.push(name);
      continue;
    }
    const had = name === 'privileged' ? String(person.privileged) : person.attributes[name];
    if (value === '' && typeof had === 'string' && had !== '') {
      stated.blanks.push(name);
      continue;
    }
    stated.facts[name] = source;
    if (value === (had ?? '')) continue;
    stated.changed.push(name);
    if (name === 'privileged') stated.privileged = value === 'true';
    else stated.attributes[name] = value;
  }
  return stated;
}

function isStale(source: FactSource, before: FactSource, onItsDay: boolean): boolean {
  const order = Date.parse(before.enteredAt) - Date.parse(source.enteredAt) || sequenceOrder(before, source);
  if (order <= 0) return false;
  return !onItsDay || Date.parse(before.effective) >= Date.parse(source.effective);
}

function sequenceOrder(one: FactSource, other: FactSource): number {
  if (one.source !== other.source || one.sequence === undefined || other.sequence === undefined) return 0;
  const difference = Number(one.sequence) - Number(other.sequence);
  return Number.isNaN(difference) ? 0 : difference;
}

/** The engagement with what was said of it: manager, location and kind of worker belong to it as well. */
export function engagementWith(engagement: Engagement, facts: Facts): Engagement {
  const { managerId, location, workerType } = facts;
  return {
    ...engagement,
    ...(managerId === undefined || managerId === '' ? {} : { managerId }),
    ...(location === undefined || location === '' ? {} : { location }),
    ...(workerType === undefined || workerType === '' ? {} : { workerType }),
  };
}
