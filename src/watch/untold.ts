import { tellPerson } from '../../activities/tell-released.ts';
import { priorities } from '../model/messages.ts';
import type { Watching } from './watching.ts';

/** Whoever releases a hold tells everybody by themselves; only what is older than this was lost. */
const patienceMs = 60_000;

/** Tells people whose hold was released or rejected, and who have not heard: Temporal was away, or the API ended in between. */
export async function tellUntold({ client, store, clock, log }: Watching): Promise<void> {
  const before = new Date(clock() - patienceMs).toISOString();
  for (const { person, hold } of await store.read((reader) => reader.untold(before, 500))) {
    await tellPerson(client.workflow, person, hold, priorities.termination);
    log.info({ person, hold }, 'the hold was decided about; they are told again');
  }
}
