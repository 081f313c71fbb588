import { createHash } from 'node:crypto';
import { raise } from '../../activities/exceptions.ts';
import { closeHold } from '../../activities/release.ts';
import { safeguardLock } from '../../activities/safeguards.ts';
import type { Transaction } from '../directory/store.ts';
import type { Hold } from '../model/hold.ts';
import { holdWorkflowId } from '../model/messages.ts';
import { type AheadWindow, windowsAhead } from '../policy/ends-ahead.ts';
import { limitInWords, whyAhead } from '../policy/safeguards.ts';
import type { Watching, WatchPolicy } from './watching.ts';

const day = 86_400_000;

/**
 * Shows ends that are known ahead and will come above a limit: each window once, as a hold that can be released before it is
 * due, with an exception. One that is released, or has thinned out since, is closed.
 */
export async function checkAhead({
  store,
  policy,
  clock,
}: Pick<Watching, 'store' | 'policy' | 'clock'>): Promise<void> {
  const now = new Date(clock()).toISOString();
  const until = new Date(Date.parse(now) + policy.safeguards.aheadDays * day).toISOString();
  const found = async (tx: Pick<Transaction, 'endsAhead' | 'countActive' | 'holds'>) => {
    const { items } = await tx.holds({ state: 'open', kind: 'end' }, { limit: 500 });
    return {
      windows: windowsAhead(await tx.endsAhead(now, until), await tx.countActive(), policy),
      known: items.filter(({ data }) => data.ahead !== undefined),
    };
  };
  // Without the lock first: nearly always there is nothing to tell.
  const seen = await store.read(found);
  if (seen.windows.length === 0 && seen.known.length === 0) return;
  await store.transaction(async (tx) => {
    await tx.lock(safeguardLock('end'));
    const { windows, known } = await found(tx);
    const left = new Set(known);
    for (const window of windows) {
      const hold = known.find((each) => left.has(each) && isAbout(each, window));
      if (hold === undefined) await open(tx, policy, window, now);
      else {
        left.delete(hold);
        await follow(tx, hold, window);
      }
    }
    for (const hold of left) {
      const reason = 'what is due then is within the limits';
      await closeHold(tx, hold, 'released', { action: 'done', by: 'muster', reason, now });
    }
  });
}

const aheadOf = ({ from, until, exceeded }: AheadWindow) => ({ window: exceeded.window, from, until });

/** Is this window the one that the hold told of? Its ends may move a little. */
function isAbout({ data: { ahead } }: Hold, { from, until, exceeded }: AheadWindow): boolean {
  return ahead !== undefined && ahead.window === exceeded.window && ahead.from <= until && ahead.until >= from;
}

async function open(tx: Transaction, policy: WatchPolicy, window: AheadWindow, now: string): Promise<void> {
  const id = await freeId(tx, window);
  const ahead = aheadOf(window);
  const isSecret = window.ends.some(({ confidential }) => confidential);
  const reason = whyAhead(id, isSecret ? undefined : window.exceeded, ahead);
  const workflowId = holdWorkflowId(id);
  const limit = limitInWords(window.exceeded);
  await tx.putHold({
    ...{ id, kind: 'end', reason, state: 'open', openedAt: now },
    data: { causes: sourcesOf(window), releasing: [], limit, ahead },
  });
  const data = { kind: 'end', ...window.exceeded, ...ahead };
  await tx.addEvidence([{ workflowId, step: id, kind: 'hold-opened-ahead', at: now, data }]);
  await raise(tx, { policy }, { request: { step: 'held', kind: 'held', reason }, workflowId, now });
}

async function follow(tx: Transaction, hold: Hold, window: AheadWindow): Promise<void> {
  const ahead = aheadOf(window);
  const causes = [...new Set([...hold.data.causes, ...sourcesOf(window)])];
  const { ahead: told } = hold.data;
  const isNew = causes.length > hold.data.causes.length || told?.from !== ahead.from || told.until !== ahead.until;
  if (isNew) await tx.putHold({ ...hold, data: { ...hold.data, ahead, causes } });
}

const sourcesOf = ({ ends }: AheadWindow): string[] => [
  ...new Set(ends.map(({ event }) => event.slice(0, event.indexOf(':')))),
];

/** It says nothing of the date, which may be nobody's business; a window that fills up again after it was closed has another. */
async function freeId(tx: Transaction, { from, exceeded: { window } }: AheadWindow): Promise<string> {
  for (let time = 1; ; time += 1) {
    const hash = createHash('sha256')
      .update(JSON.stringify([window, from, time]))
      .digest('hex');
    const id = `ahead-${hash.slice(0, 10)}`;
    if ((await tx.hold(id)) === undefined) return id;
  }
}
