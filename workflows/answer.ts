import { ActivityFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { MusterActivities } from '../activities/activities.ts';
import type { PendingChange } from '../src/model/person.ts';
import { now, records } from './muster-activities.ts';
import type { PersonDesk } from './person.ts';

/** Tells a source that asked what was decided, for as long as it listens; after that somebody is told that it was not. */
export async function answer(desk: PersonDesk, pending: PendingChange): Promise<void> {
  const request = { person: desk.person, pending: pending.id, workflowId: desk.workflowId };
  const replyBy = pending.data['replyBy'];
  const left = typeof replyBy === 'string' ? Math.max(30_000, Date.parse(replyBy) - Date.now()) : 3_600_000;
  const { answerSource } = proxyActivities<MusterActivities>({
    startToCloseTimeout: '15s',
    scheduleToCloseTimeout: left,
    retry: { initialInterval: '500ms', maximumInterval: '30s' },
    summary: `answer ${pending.event}`,
  });
  try {
    desk.refresh(await answerSource({ ...request, now: now() }));
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    desk.refresh(await records.giveUpAnswer({ ...request, now: now() }));
  }
}
