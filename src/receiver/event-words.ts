import { isConfidentialNow } from '../model/confidential.ts';
import type { EventType, IdentityEvent } from '../model/event.ts';
import { priorities } from '../model/messages.ts';
import { priorityOf } from '../model/priority.ts';

const nouns: Partial<Record<EventType, string>> = {
  hired: 'hire',
  rehired: 'rehire',
  'start-date-changed': 'new start date',
  'hire-cancelled': 'cancelled hire',
  transferred: 'transfer',
  'department-changed': 'new department',
  'attributes-changed': 'changed attributes',
  'contract-end-changed': 'new contract end',
  terminated: 'termination',
  'termination-rescinded': 'rescinded termination',
  // Who may know of a legal hold is few, and whoever sees Temporal is many.
  'legal-hold-placed': 'change of record',
  'legal-hold-lifted': 'change of record',
};

// Nothing is a secret about when somebody begins.
const openTypes: ReadonlySet<EventType> = new Set(['hired', 'rehired', 'start-date-changed', 'hire-cancelled']);

/**
 * What the Web UI shows of an event's workflow, for as long as Temporal keeps it: no names, no reasons, no category. Whatever
 * is dated ahead says "dated change" and no more, so that a confidential end looks like any transfer.
 */
export function eventWords(event: IdentityEvent): { staticSummary: string; staticDetails: string } {
  const dated = isAhead(event) && !openTypes.has(event.type);
  const noun = dated ? 'dated change' : (nouns[event.type] ?? event.type.replaceAll('-', ' '));
  const effective = event.effectiveAt ?? event.effectiveDate;
  const lines = [
    `**${noun}** of worker ${event.subject}`,
    ...(dated || effective === undefined ? [] : [`- effective: ${effective}`]),
    `- source: ${event.source}`,
    `- received: ${event.receivedAt}`,
    `- event: \`${event.key}\``,
  ];
  return { staticSummary: `${noun} of ${event.subject}, from ${event.source}`, staticDetails: lines.join('\n') };
}

/** Temporal's priority for the event's own workflow; who the person is and whether they are privileged is not known yet. */
export function eventPriority(event: IdentityEvent): number {
  const priority = priorityOf(event);
  if (priority === priorities.bulk) return priorities.bulk;
  const urgent = priority === priorities.security || event.data.immediate === true;
  return urgent ? priorities.security : priorities.termination;
}

/** Later than the day it came, by the calendar in UTC; the very day is ahead only of an end that is confidential by its category. */
function isAhead(event: IdentityEvent): boolean {
  if (isConfidentialNow(event, event.receivedAt)) return true;
  if (event.data.immediate === true) return false;
  const instant = event.effectiveAt ?? event.data.effectiveAt;
  const today = event.receivedAt.slice(0, 10);
  const days = [
    event.data.lastDayOfWork,
    event.effectiveDate ?? event.data.effectiveDate,
    event.data.endDate ?? undefined,
  ];
  return (
    (instant !== undefined && Date.parse(instant) > Date.parse(event.receivedAt)) ||
    days.some((day) => day !== undefined && day > today)
  );
}
