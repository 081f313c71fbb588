import { Failure } from '../src/model/failure.ts';
import type { PersonView } from '../src/model/work.ts';
import { planNotices } from '../src/policy/notices.ts';
import { plannedTargets } from './access.ts';
import { readAccessData } from './access-rows.ts';
import type { Dependencies } from './dependencies.ts';
import { toApplicationFailure } from './failures.ts';
import { addressesOf } from './send-message.ts';
import { viewOf } from './view.ts';

/**
 * Sends the messages of a row that is confidential. They are rendered here, and neither the plan nor any history has them:
 * whoever looks at the Web UI learns nothing.
 */
export async function tellConfidentially(
  dependencies: Dependencies,
  request: { person: string; pending: string; now: string; workflowId: string },
): Promise<PersonView> {
  const { store, timing, policy, targets } = dependencies;
  const { now, workflowId } = request;
  try {
    const person = await store.read((reader) => reader.person(request.person));
    if (person === undefined) throw new Failure('not-found', `${request.person} is not in the directory`);
    const row = person.pending.find(({ id }) => id === request.pending);
    if (row !== undefined) {
      const { transition } = readAccessData(row);
      const end = person.pending.find(({ kind, event }) => kind === 'end' && event === row.event);
      const date = end?.date ?? now.slice(0, 10);
      const planned = plannedTargets(dependencies);
      const changes =
        transition === undefined || end === undefined
          ? []
          : planNotices({ person, policy, targets: planned, transition, date });
      for (const { target, content } of changes) {
        const messages = targets.get(target)?.target.messages;
        if (content === undefined) continue;
        if (messages === undefined)
          throw new Failure('misconfigured', `${target} takes no messages, and policy.yaml sends one there`);
        const emails = content.to === undefined ? [] : await addressesOf(dependencies, person, content.to, now);
        const places =
          content.channel === undefined ? emails.map((email) => ({ email })) : [{ channel: content.channel }];
        for (const to of places) {
          await messages.send(
            { correlationId: content.correlationId, to, title: content.title, text: content.body },
            { signal: AbortSignal.timeout(10_000), now, key: row.id, beforeChange: async () => {} },
          );
        }
      }
    }
    return await store.transaction(async (tx) => {
      await tx.removePending(request.person, request.pending);
      const piece = { workflowId, step: request.pending, person: request.person, at: now };
      if (row !== undefined) await tx.addEvidence([{ ...piece, event: row.event, kind: 'told-ahead', data: {} }]);
      return viewOf(tx, timing, request.person);
    });
  } catch (error) {
    throw toApplicationFailure(error, timing.retryMaximumMs, timing.slowRetryMs);
  }
}
