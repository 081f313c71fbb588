import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import type { Store } from '../../src/directory/store.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Policy } from '../../src/policy/schema.ts';
import type { ConnectedTarget } from '../../src/targets/connect.ts';
import type { Watching } from '../../src/watch/watching.ts';

/** What looks are made with, for tests of one of them. */
export function watchingOf(given: {
  store: Store;
  client?: Client;
  targets?: ConnectedTarget[];
  policy?: Partial<Policy>;
  clock?: () => number;
}): Watching {
  const { store, targets = [], policy, clock = Date.now, client = {} as Client } = given;
  return {
    ...{ store, client, clock },
    targets: new Map(targets.map((target) => [target.name, target])),
    policy: { ...loadPolicy('policy.yaml'), ...policy },
    log: pino({ level: 'silent' }),
  };
}
