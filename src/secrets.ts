import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Failure } from './model/failure.ts';

/** Resolves `env:NAME` and `file:path` (relative to `folder`) at each use, so that a rotation needs no restart. */
export function secretResolver(
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): (reference: string) => Promise<string> {
  return async (reference) => {
    if (reference.startsWith('env:')) {
      const value = env[reference.slice(4)];
      if (value === undefined || value === '') {
        throw new Failure('misconfigured', `the environment variable ${reference.slice(4)} is not set`);
      }
      return value;
    }
    if (!reference.startsWith('file:')) {
      throw new Failure('misconfigured', 'a secret must be a reference: "env:NAME" or "file:path"');
    }
    const path = reference.slice(5);
    try {
      return (await readFile(isAbsolute(path) ? path : join(folder, path), 'utf8')).trim();
    } catch (error) {
      throw new Failure('misconfigured', `the secret file ${path} cannot be read`, { cause: error });
    }
  };
}
