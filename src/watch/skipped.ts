import { sendResolution } from '../operator/resolutions.ts';
import type { Watching } from './watching.ts';

/** Opens steps again whose skip is over, and has their workflows take them up. */
export async function reopenSkipped({ client, store, policy, log, clock }: Watching): Promise<void> {
  const now = new Date(clock()).toISOString();
  const dueAt = new Date(clock() + policy.exceptions.dueIn).toISOString();
  const reopened = await store.transaction(async (tx) => {
    const rows = await tx.reopenSkipped(now, dueAt);
    await tx.addEvidence(
      rows.map(({ id, workflowId, kind, person, event, target }) => ({
        ...{ workflowId, step: id, kind: 'exception-opened', at: now, data: { exception: kind, by: 'watch' } },
        ...(person === undefined ? {} : { person }),
        ...(event === undefined ? {} : { event }),
        ...(target === undefined ? {} : { target }),
      })),
    );
    return rows;
  });
  for (const { id, workflowId } of reopened) {
    log.warn({ exception: id }, 'a step that was skipped is open again');
    try {
      await client.withDeadline(Date.now() + 5_000, () =>
        sendResolution(client, workflowId, { action: 'retry', exception: id }),
      );
    } catch (error) {
      // One that does not run is started again with everybody else who is in flight; one that runs looks at its timeline.
      log.error({ exception: id, error: String(error) }, 'its workflow could not be told');
    }
  }
}
