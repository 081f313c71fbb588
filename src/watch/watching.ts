import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Store } from '../directory/store.ts';
import type { ConnectedTargets } from '../targets/connect.ts';
import type { AlertPolicy } from './places.ts';

/** What the watch's looks are made with. */
export interface Watching {
  client: Client;
  store: Store;
  targets: ConnectedTargets;
  policy: AlertPolicy;
  log: Logger;
  /** Epoch milliseconds. */
  clock(): number;
}
