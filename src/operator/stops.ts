import type { Store } from '../directory/store.ts';
import { everything, sourceScope, targetScope } from '../model/stop.ts';

/** What is to be stopped: everything, where neither is named. */
export interface Stopped {
  source?: string;
  target?: string;
}

/** Who says it, why and when (an ISO instant). */
export interface Saying {
  by: string;
  reason: string;
  at: string;
}

/** The name of a stop: `all`, `source:<name>`, `target:<name>`. */
export function scopeOf({ source, target }: Stopped): string {
  if (source !== undefined) return sourceScope(source);
  return target === undefined ? everything : targetScope(target);
}

/** Stops it: no changing call begins any more, and its events are kept. Whoever says it again gives it their own reason. */
export async function stop(store: Store, what: Stopped, { by, reason, at }: Saying): Promise<string> {
  const scope = scopeOf(what);
  await store.transaction(async (tx) => {
    await tx.putStop(scope, by, reason, at);
    await tx.addEvidence([{ workflowId: `stop:${scope}`, step: at, kind: 'stopped', at, data: { scope, by } }]);
  });
  return `stopped: ${inWords(scope)}`;
}

/** Lifts the stop. Undefined where nothing of that name is stopped. */
export async function go(store: Store, what: Stopped, { by, at }: Saying): Promise<string | undefined> {
  const scope = scopeOf(what);
  return store.transaction(async (tx) => {
    if (!(await tx.removeStop(scope))) return undefined;
    await tx.addEvidence([{ workflowId: `stop:${scope}`, step: at, kind: 'stop-lifted', at, data: { scope, by } }]);
    const left = (await tx.stops()).map((each) => each.scope);
    return `goes on: ${inWords(scope)}${left.length === 0 ? '' : `; still stopped: ${left.join(', ')}`}`;
  });
}

function inWords(scope: string): string {
  return scope === everything ? 'everything' : scope.replace(':', ' ');
}
