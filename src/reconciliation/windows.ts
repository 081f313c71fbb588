import type { DeliveryWindow } from '../model/checks.ts';
import type { Policy } from '../policy/schema.ts';

/** What was entered in the last moments of a window is still on its way: it is looked at this much later. */
export const graceMs = (everyMs: number): number => Math.min(120_000, Math.floor(everyMs / 2));

/** However long nobody looked, a window reaches no further back than this. */
const longestMs = 7 * 86_400_000;

/**
 * The window of each source that ended last, if nobody has looked at it yet. Windows overlap, because some sources list late;
 * and one begins where the last that could be read ended, so that a day on which Muster was down is looked at as well.
 */
export function dueWindows(
  checks: Policy['deliveryChecks'],
  sources: ReadonlySet<string>,
  checkedTo: ReadonlyMap<string, string>,
  now: string,
): DeliveryWindow[] {
  return Object.entries(checks).flatMap(([source, { every, window }]) => {
    if (!sources.has(source)) return [];
    const to = Math.floor((Date.parse(now) - graceMs(every)) / every) * every;
    const checked = checkedTo.get(source);
    const last = checked === undefined ? undefined : Date.parse(checked);
    if (last !== undefined && to <= last) return [];
    const from = Math.max(Math.min(to - window, last ?? to), to - Math.max(longestMs, window));
    return [{ source, from: new Date(from).toISOString(), to: new Date(to).toISOString() }];
  });
}
