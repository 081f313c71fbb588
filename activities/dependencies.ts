import type { WorkflowClient } from '@temporalio/client';
import type { Logger } from 'pino';
import type { SourceConfig } from '../src/config.ts';
import type { Store } from '../src/directory/store.ts';
import type { PersonTiming } from '../src/model/work.ts';
import type { Policy } from '../src/policy/schema.ts';
import type { SourceCallbacks } from '../src/sources/callback.ts';
import type { SourceReports } from '../src/sources/report.ts';
import type { Certifications } from '../src/sources/sailpoint-certifications.ts';
import type { ConnectedTargets } from '../src/targets/connect.ts';

/** What activities are made of: handed in once by the composition, never looked up. */
export interface Dependencies {
  store: Store;
  policy: Policy;
  targets: ConnectedTargets;
  workflows: WorkflowClient;
  /** Of muster.yaml: which sources may create people, how far Muster may go for them, and for how long (milliseconds) an equal event without an own id is the same one. */
  sources: Record<string, Pick<SourceConfig, 'authoritative' | 'duplicateWindow' | 'mode'>>;
  /** What sources say they have, for those that can say. */
  reports?: SourceReports;
  /** How sources that ask are answered. */
  callbacks?: SourceCallbacks;
  /** Reads certifications back, which their triggers do not spell out. */
  certifications?: Certifications;
  timing: PersonTiming;
  /** The key of the API's proofs. */
  proofKey(): Promise<string>;
  log: Logger;
}
