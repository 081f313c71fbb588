import type { Engagement, PendingChange } from '../model/person.ts';
import { addDays, startOfDay } from '../model/time.ts';
import { entryOf, type Statement } from './contract-end-rows.ts';
import type { Policy } from './schema.ts';

/** What a hire finds: given back when it is called off. */
export interface BeforeHire {
  /** `target/id` of the accounts that are there. */
  had: string[];
  /** What is on them. */
  keeps: { target: string; entitlement: string }[];
  /** The steps of the days after the last one that the hire has stopped. */
  later: PendingChange[];
}

const nothingBefore: BeforeHire = { had: [], keeps: [], later: [] };

/** The start of an engagement: 00:00 of its first day in `zone`. `next`: it follows another, and its facts hold from then on. */
export function startRow(
  engagement: Engagement,
  zone: string,
  said: Statement,
  { before = nothingBefore, next = false }: { before?: BeforeHire; next?: boolean } = {},
): PendingChange {
  return {
    id: `start:${engagement.id}`,
    kind: 'start',
    dueAt: new Date(startOfDay(engagement.startDate, zone)).toISOString(),
    date: engagement.startDate,
    zone,
    event: said.key,
    confidential: false,
    data: { engagement: engagement.id, ...entryOf(said), ...before, ...(next ? { next } : {}) },
  };
}

/**
 * What comes before a start: pre-hire access, at once or policy's lead ahead, and the first credential. `given`: that access is
 * there already, so a start that moves away keeps it. `now` is in epoch milliseconds.
 */
export function preHireRows(
  policy: Pick<Policy, 'hires' | 'transitions'>,
  start: PendingChange,
  now: number,
  given = false,
): PendingChange[] {
  const { hires, transitions } = policy;
  const { date = start.dueAt.slice(0, 10), zone = 'UTC', event } = start;
  const { tickets, messages } = transitions.hired;
  const rows: PendingChange[] = [];
  const row = (id: string, kind: PendingChange['kind'], at: number, data: PendingChange['data']): PendingChange => ({
    id,
    kind,
    dueAt: new Date(Math.max(at, now)).toISOString(),
    event,
    confidential: false,
    data,
  });
  // With nothing to give there is still somebody to tell.
  if (hires.preHire.length + hires.ahead.length + tickets.length + messages.length > 0) {
    const lead = given || hires.preHireLead === undefined ? now : startOfDay(addDays(date, -hires.preHireLead), zone);
    const data = { process: 'joiner', transition: 'hired', date, attributes: true };
    rows.push({ ...row(`${preHirePrefix}${start.id}`, 'access', lead, data), date, zone });
  }
  if (hires.credential !== undefined) {
    const at = Date.parse(start.dueAt) - hires.credential.before;
    rows.push(row(credentialId(start), 'later', at, credentialData));
  }
  return rows;
}

/** Rows of access before a start begin so. */
export const preHirePrefix = 'prehire:';

/** The row at which the first credential of a hire is made. */
export const credentialId = ({ id }: Pick<PendingChange, 'id'>): string => `credential:${id}`;

export const credentialData = { action: 'credential', process: 'joiner' } as const;
