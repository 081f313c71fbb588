import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { endOrphan } from '../orphan.ts';

/** Everything that Muster ever makes in a home folder, its lock apart. */
export const homeFiles = {
  temporal: 'temporal.db',
  temporalPid: 'temporal.pid',
  directory: 'directory',
  sandbox: 'sandbox.json',
  authority: 'sandbox-ca.pem',
  secrets: 'secrets',
  config: 'muster.yaml',
  ready: 'ready.json',
} as const;

/** Makes the folder where it is missing, for its owner alone. */
export async function makeHome(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
}

/** Forgets an earlier demo. Removes what Muster made and nothing else, whatever the folder is; the caller holds its lock. */
export async function emptyHome(home: string, log: Logger): Promise<void> {
  await endOrphan(join(home, homeFiles.temporalPid), log);
  const made = [
    ...Object.values(homeFiles),
    'temporal.db-wal',
    'temporal.db-shm',
    'ready.json.next',
    'sandbox.json.next',
  ];
  for (const name of made) await rm(join(home, name), { recursive: true, force: true });
}
