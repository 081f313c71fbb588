import { proxyActivities } from '@temporalio/workflow';

export interface BareActivities {
  callTarget(target: string, person: string): Promise<void>;
}

/** What Muster is measured against: the same six target functions on the same six queues, and nothing else. */
export async function bareLeaver(person: string, targets: string[]): Promise<void> {
  await Promise.all(
    targets.map((target) =>
      proxyActivities<BareActivities>({ taskQueue: `muster-${target}`, startToCloseTimeout: '30s' }).callTarget(
        target,
        person,
      ),
    ),
  );
}
