import type { Hold, Reservation } from '../model/hold.ts';
import type { Policy } from './schema.ts';

type Kind = Reservation['kind'];
type Window = 'hour' | 'day';

/** So many people in one window: at least `least`, or that share of those active at its start, whichever is more; never more than `cap`. */
export interface Limit {
  window: Window;
  least: number;
  percent: number;
  /** Infinity where there is none. */
  cap: number;
}

/** What keeps a change back. */
export interface Exceeded {
  window: Window;
  /** People who may be touched in that window, and how many it would be. */
  most: number;
  count: number;
  active: number;
}

/** How long the windows are, in milliseconds. */
export const windowMs: Readonly<Record<Window, number>> = { hour: 3_600_000, day: 86_400_000 };

/** The limits that policy sets for changes of this kind. */
export function limitsOf({ safeguards }: Pick<Policy, 'safeguards'>, kind: Kind): Limit[] {
  const { ends, security, removals, blanks } = safeguards;
  const only = (cap: number): Limit[] => [{ window: 'hour', least: cap, percent: 0, cap }];
  switch (kind) {
    case 'end':
      return [
        { window: 'hour', ...ends.hour, cap: ends.cap },
        { window: 'day', ...ends.day, cap: Number.POSITIVE_INFINITY },
      ];
    case 'security':
      return only(security.cap);
    case 'removal':
      return [{ window: 'hour', ...removals.hour, cap: removals.cap }];
    case 'blank':
      return only(blanks.cap);
  }
}

/** How many people this limit lets through when so many were active at its window's start. */
export function most({ least, percent, cap }: Limit, active: number): number {
  return Math.min(Math.max(least, Math.floor((percent / 100) * active)), cap);
}

/** Is it exceeded by so many people, however many are active? Then nobody need be counted. */
export const isWithinLeast = ({ least, cap }: Limit, count: number): boolean => count <= Math.min(least, cap);

const touched: Readonly<Record<Kind, string>> = {
  end: 'people would be terminated',
  security: 'people would lose their access by security events or for cause',
  removal: 'people would lose access',
  blank: 'people would have values replaced by blanks',
};

const windows: Readonly<Record<Window, string>> = { hour: '60 minutes', day: '24 hours' };

/** The limit that was exceeded, in words. */
export function limitInWords({ window, most: people }: Pick<Exceeded, 'window' | 'most'>): string {
  return `${people} people in any ${windows[window]}`;
}

/** Why a hold was opened and what to do, for the reader at 3 a.m.: it names nobody. */
export function whyHeld(id: string, kind: Kind, exceeded: Exceeded): string {
  const { count, active } = exceeded;
  return `${count} ${touched[kind]} within ${windows[exceeded.window]}; policy's limit is ${limitInWords(exceeded)} (${active} were active). What comes above it is held, nothing of it is done, and deadlines run on. ${whatToDo(id)}`;
}

/** Why ends known ahead are shown before they are due. Where one of them is confidential, `exceeded` is absent and nothing is told. */
export function whyAhead(
  id: string,
  exceeded: Exceeded | undefined,
  { from, until }: NonNullable<Hold['data']['ahead']>,
): string {
  if (exceeded === undefined) {
    return `Changes that are due within the next days will come above a limit of policy's and be held then. Security and administrators see what they are: muster holds show ${id}.`;
  }
  const when = from === until ? `at ${from}` : `from ${from} to ${until}`;
  return `${exceeded.count} people are due to be terminated within ${windows[exceeded.window]}, ${when}; policy's limit is ${limitInWords(exceeded)} (${exceeded.active} are active). Those above it will be held then. If it is right, release them ahead: see who by muster holds show ${id}, then muster holds release ${id} (several people take two operators, one person takes one). Nobody who caused it can.`;
}

function whatToDo(id: string): string {
  return `See who: muster holds show ${id}. Then muster holds release ${id} (several people take two operators, one person takes one) or muster holds reject ${id}; nobody who caused it can.`;
}
