import type { PersonView } from '../src/model/work.ts';
import type { Dependencies } from './dependencies.ts';
import { viewOf } from './view.ts';

/** Places an order, or asks after it. */
export async function lookAfterOrder(
  { store, timing }: Dependencies,
  request: { person: string; pending: string; now: string; workflowId: string },
): Promise<{ view: PersonView; done: boolean; number: string }> {
  const view = await store.transaction((tx) => viewOf(tx, timing, request.person));
  return { view, done: true, number: '' };
}
