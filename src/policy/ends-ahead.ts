import type { EndAhead } from '../directory/store.ts';
import { type Exceeded, limitsOf, most, windowMs } from './safeguards.ts';
import type { Policy } from './schema.ts';

/** Ends that are due so close together that a limit will hold some of them. */
export interface AheadWindow {
  /** The first and the last of them, ISO instants. */
  from: string;
  until: string;
  exceeded: Exceeded;
  ends: EndAhead[];
}

/**
 * Finds where ends that are known ahead, in the order in which they are due, come above a limit. A day is told of only where
 * it would be too full without the hours in it that are told of by themselves.
 */
export function windowsAhead(
  ends: readonly EndAhead[],
  active: number,
  policy: Pick<Policy, 'safeguards'>,
): AheadWindow[] {
  const [hour, day] = limitsOf(policy, 'end').map(
    ({ window, ...limit }) => ({ window, most: most({ window, ...limit }, active) }) as const,
  );
  if (hour === undefined || day === undefined) return [];
  const hours = above(ends, active, hour);
  const told = new Set(hours.flatMap((window) => window.ends));
  const days = above(ends, active, day).filter(
    (window) => peopleIn(window.ends.filter((end) => !told.has(end))) > day.most,
  );
  return [...hours, ...days].sort((a, b) => a.from.localeCompare(b.from));
}

function above(
  ends: readonly EndAhead[],
  active: number,
  { window, most: people }: Pick<Exceeded, 'window' | 'most'>,
): AheadWindow[] {
  const found: AheadWindow[] = [];
  for (let start = 0; start < ends.length; ) {
    const [first] = ends.slice(start, start + 1);
    if (first === undefined) break;
    const end = Date.parse(first.dueAt) + windowMs[window];
    const within: EndAhead[] = [];
    for (const each of ends.slice(start)) {
      if (Date.parse(each.dueAt) >= end) break;
      within.push(each);
    }
    const count = peopleIn(within);
    if (count <= people) {
      start += 1;
      continue;
    }
    const until = within.at(-1)?.dueAt ?? first.dueAt;
    found.push({ from: first.dueAt, until, exceeded: { window, most: people, count, active }, ends: within });
    start += within.length;
  }
  return found;
}

const peopleIn = (ends: readonly EndAhead[]): number => new Set(ends.map(({ person }) => person)).size;
