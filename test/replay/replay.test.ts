import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { workflowBundle } from '../helpers/temporal.ts';

const folder = join(import.meta.dirname, 'histories');
const kept = readdirSync(folder).filter((name) => name.endsWith('.json'));

interface Kept {
  /** Part of what is replayed: exceptions are named by it. */
  workflowId: string;
  history: { events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] };
}

const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Kept;

describe('kept histories', () => {
  it('are there', () => {
    expect(kept.length).toBeGreaterThanOrEqual(10);
  });

  // Whoever changes workflow code meets these first: a person in flight must not be wedged by a deploy.
  it.each(kept)('%s replays on today’s code', async (name) => {
    const { workflowId, history } = read(name);
    await Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, workflowId);
  });

  it('notice a change: a history with a command more does not replay', async () => {
    const { workflowId, history } = read('leaver-person.json');
    const scheduled = history.events.find(({ activityTaskScheduledEventAttributes: attributes }) => attributes !== undefined);
    if (scheduled?.activityTaskScheduledEventAttributes === undefined) throw new Error('no activity in the history');
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'anotherActivity';
    await expect(Worker.runReplayHistory({ workflowBundle: workflowBundle() }, history, workflowId)).rejects.toThrow();
  });
});
