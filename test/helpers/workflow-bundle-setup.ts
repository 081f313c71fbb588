import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The bundle's file, or why there is none: told only to tests that ask for it. */
    workflowBundle: { path: string } | { fault: string };
  }
}

const root = join(import.meta.dirname, '..', '..');
const cache = join(root, '.cache');

/** Bundles the workflows once for all test files, and not at all when nothing that goes into them has changed. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('workflowBundle', await bundle());
}

async function bundle(): Promise<{ path: string } | { fault: string }> {
  const workflowsPath = join(root, 'workflows', 'index.ts');
  if (!existsSync(workflowsPath)) return { fault: 'workflows/index.ts does not exist' };
  const errors: string[] = [];
  const logger = new DefaultLogger('ERROR', (entry) => errors.push(entry.message));
  try {
    const path = join(cache, `workflow-bundle-${await fingerprint()}.js`);
    if (existsSync(path)) return { path };
    const { code } = await bundleWorkflowCode({ workflowsPath, logger });
    await mkdir(cache, { recursive: true });
    const partial = `${path}.${process.pid}`;
    await writeFile(partial, code);
    await rename(partial, path);
    await removeOld(path);
    return { path };
  } catch (error) {
    return { fault: [...errors, error instanceof Error ? error.message : String(error)].join('\n') };
  }
}

/** Over everything that workflows may import: themselves, `src/model`, and the installed packages. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(root, 'package-lock.json')));
  for (const folder of ['workflows', join('src', 'model')]) {
    const names = await readdir(join(root, folder), { recursive: true });
    for (const name of names.filter((each) => each.endsWith('.ts')).sort()) {
      hash.update(`${folder}/${name}\0`).update(await readFile(join(root, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** An hour old: no run that might still read it. */
async function removeOld(current: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (!name.startsWith('workflow-bundle-') || path === current) continue;
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > 3_600_000) await rm(path, { force: true });
  }
}
