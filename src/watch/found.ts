import type { ExceptionRow, Store } from '../directory/store.ts';
import type { ExceptionKind } from '../model/exception.ts';

/** Something that the watch found. Ids begin with `watch/`: no workflow waits for what is decided about it. */
export interface Found {
  id: string;
  kind: ExceptionKind;
  workflowId: string;
  reason: string;
  person?: string;
  event?: string;
  target?: string;
}

/** Opens an exception for what was found, once, with its evidence. */
export async function raise(
  store: Store,
  { owner, dueIn }: { owner: string; dueIn: number },
  found: Found,
  openedAt: string,
): Promise<boolean> {
  const dueAt = new Date(Date.parse(openedAt) + dueIn).toISOString();
  return store.transaction(async (tx) => {
    const opened = await tx.openException({ ...found, owner, openedAt, dueAt });
    if (!opened) return false;
    const data = { exception: found.kind, by: 'watch' };
    await tx.addEvidence([{ ...about(found), step: found.id, kind: 'exception-opened', at: openedAt, data }]);
    return true;
  });
}

/** Closes what the watch found and finds no more. */
export async function close(store: Store, exception: ExceptionRow, reason: string, at: string): Promise<void> {
  await store.transaction(async (tx) => {
    if (!(await tx.resolveException(exception.id, { action: 'done', by: 'muster', reason }, at))) return;
    const data = { action: 'done', by: 'muster' };
    await tx.addEvidence([{ ...about(exception), step: exception.id, kind: 'exception-resolved', at, data }]);
  });
}

function about({ workflowId, person, event, target }: Omit<Found, 'id' | 'kind' | 'reason'>) {
  return {
    workflowId,
    ...(person === undefined ? {} : { person }),
    ...(event === undefined ? {} : { event }),
    ...(target === undefined ? {} : { target }),
  };
}
