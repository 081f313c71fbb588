import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** The command that brings moto to this clone. */
export const motoCommand = "python3 -m venv .cache/moto-venv && .cache/moto-venv/bin/pip install 'moto[server]'";

const cacheFolders = [process.env['MUSTER_CACHE'], resolve(import.meta.dirname, '../../.cache')];

/** Where moto_server is: in `$MUSTER_CACHE/moto-venv`, in `.cache/moto-venv`, or on PATH. */
export function findMoto(): string | undefined {
  const venvs = cacheFolders.flatMap((cache) => (cache === undefined ? [] : [join(cache, 'moto-venv', 'bin')]));
  const folders = [...venvs, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'moto_server')).find(isExecutable);
}

/** True when moto can be started. Without it the suite is skipped aloud, and fails in CI, which skips none. */
export function motoAvailable(): boolean {
  if (findMoto() !== undefined) return true;
  if (process.env['CI'] === 'true')
    throw new Error(`CI runs the tests against moto, and it is not here: ${motoCommand}`);
  console.warn(`SKIPPED: the tests against moto, because moto_server is not here. To bring it: ${motoCommand}`);
  return false;
}

/** A moto server on a free port of this machine. */
export interface Moto {
  url: string;
  /** Forgets everything. */
  reset(): Promise<void>;
  /** From now on IAM's policies are enforced, signatures included. */
  enforce(): Promise<void>;
  close(): Promise<void>;
}

/** Starts moto; resolves when it listens. */
export async function startMoto(): Promise<Moto> {
  const command = findMoto();
  if (command === undefined) throw new Error(`moto_server is not here: ${motoCommand}`);
  const child = spawn(command, ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const listen = (bytes: Buffer) => {
      said += bytes.toString();
      const at = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (at !== undefined) resolve(at);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`moto_server ended with ${code}: ${said}`)));
  });
  const post = async (path: string, body?: string) => {
    const answer = await fetch(`${url}/moto-api/${path}`, { method: 'POST', ...(body === undefined ? {} : { body }) });
    if (!answer.ok) throw new Error(`moto answered ${answer.status}: ${await answer.text()}`);
  };
  return {
    url,
    reset: async () => {
      await post('reset-auth', 'inf');
      await post('reset');
    },
    enforce: () => post('reset-auth', '0'),
    close: async () => {
      child.kill();
      await ended;
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
