import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Store } from '../directory/store.ts';
import type { Policy } from '../policy/schema.ts';
import type { ConnectedTargets } from '../targets/connect.ts';
import type { AlertPolicy } from './places.ts';

/** What of the policy the watch needs. */
export type WatchPolicy = AlertPolicy & Pick<Policy, 'safeguards'>;

/** What the watch's looks are made with. */
export interface Watching {
  client: Client;
  store: Store;
  targets: ConnectedTargets;
  policy: WatchPolicy;
  log: Logger;
  /** Epoch milliseconds. */
  clock(): number;
}
