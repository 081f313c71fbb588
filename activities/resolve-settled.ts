import type { Transaction } from '../src/directory/store.ts';
import type { ExceptionKind } from '../src/model/exception.ts';

/** Closes the open exceptions of a kind whose ids begin with `prefix`, except those that are still so: their cause is gone. */
export async function resolveSettled(
  tx: Transaction,
  settled: {
    kind: ExceptionKind;
    prefix: string;
    now: string;
    reason: string;
    target?: string;
    stillSo?: (id: string) => boolean;
  },
): Promise<number> {
  const { kind, prefix, now, reason, target, stillSo = () => false } = settled;
  const resolution = { action: 'done', by: 'muster', reason };
  let resolved = 0;
  let cursor: string | undefined;
  do {
    const which = { open: true, kind, ...(target === undefined ? {} : { target }) };
    const page = await tx.exceptions(which, { limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id, workflowId, person } of page.items) {
      if (!id.startsWith(prefix) || stillSo(id)) continue;
      if (!(await tx.resolveException(id, resolution, now))) continue;
      resolved += 1;
      const about = {
        ...(target === undefined ? {} : { target }),
        ...(person === undefined ? {} : { person }),
      };
      const data = { action: resolution.action, by: resolution.by };
      await tx.addEvidence([{ workflowId, step: id, kind: 'exception-resolved', ...about, at: now, data }]);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return resolved;
}
