import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homeFiles } from './folder.ts';

/** Standard Webhooks' form of an HMAC key. */
const signingSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const token = () => randomBytes(32).toString('base64url');

const makers = {
  /** Signs Workday's events. */
  workday: signingSecret,
  /** Signs events on the generic endpoint, `muster terminate` among them. */
  cloudevents: signingSecret,
  /** Two operators' tokens, because whoever caused a thing may not approve it; the second has the role `security` as well. */
  'operator-1': token,
  'operator-2': token,
  /** Key for the API's proofs to workflows. */
  'proof-key': token,
  /** Key of what is kept of dates of birth. */
  'birth-date-key': token,
} as const;

/** Makes what is missing of `<home>/secrets/`, readable by its owner alone; what is there stays as it is. Says what it made. */
export async function makeSecrets(home: string): Promise<string[]> {
  const made: string[] = [];
  for (const [name, make] of Object.entries(makers)) if (await addSecret(home, name, make())) made.push(name);
  return made;
}

/** Adds one secret, unless there is one of that name. */
export async function addSecret(home: string, name: string, value: string): Promise<boolean> {
  const folder = join(home, homeFiles.secrets);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  try {
    await writeFile(join(folder, name), value, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
