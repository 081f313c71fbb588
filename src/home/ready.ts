import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';

const schema = z.object({
  receiver: z.string(),
  operator: z.string(),
  sandbox: z.string().optional(),
  temporal: z.object({ address: z.string(), ui: z.string().optional() }),
});

/** Where everything of a running `muster start` or `muster demo` is to be found. */
export type Ready = z.infer<typeof schema>;

/** Writes `<home>/ready.json`, whole at once: whoever sees it may rely on everything in it. */
export async function writeReady(home: string, ready: Ready): Promise<void> {
  const path = join(home, 'ready.json');
  await writeFile(`${path}.next`, `${JSON.stringify(ready, null, 2)}\n`);
  await rename(`${path}.next`, path);
}

/** Undefined when nothing runs there. */
export async function readReady(home: string): Promise<Ready | undefined> {
  const path = join(home, 'ready.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure('protocol', `${path} cannot be read`, { cause: error, advice: 'Delete it and start again.' });
  }
}

/** So that nobody looks for what is being stopped, or was killed. */
export async function removeReady(home: string): Promise<void> {
  await rm(join(home, 'ready.json'), { force: true });
}
