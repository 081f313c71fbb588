import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join, resolve } from 'node:path';

/** The command that brings scim2-server to this clone. */
export const scimCommand = 'python3 -m venv .cache/scim-venv && .cache/scim-venv/bin/pip install scim2-server==0.8.3';

const cacheFolders = [process.env['MUSTER_CACHE'], resolve(import.meta.dirname, '../../.cache')];

/** Where scim2-server is: in `$MUSTER_CACHE/scim-venv`, in `.cache/scim-venv`, or on PATH. */
export function findScimServer(): string | undefined {
  const venvs = cacheFolders.flatMap((cache) => (cache === undefined ? [] : [join(cache, 'scim-venv', 'bin')]));
  const folders = [...venvs, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'scim2-server')).find(isExecutable);
}

/** True when scim2-server can be started. Without it the suite is skipped aloud, and fails in CI, which skips none. */
export function scimAvailable(): boolean {
  if (findScimServer() !== undefined) return true;
  if (process.env['CI'] === 'true')
    throw new Error(`CI runs the tests against scim2-server, and it is not here: ${scimCommand}`);
  console.warn(`SKIPPED: the tests against scim2-server, because it is not here. To bring it: ${scimCommand}`);
  return false;
}

/** A SCIM server on a free port of this machine; each tenant of it is empty at first. */
export interface ScimServer {
  /** The base URL of a tenant, made by its first use. */
  tenant(name: string): string;
  token: string;
  close(): Promise<void>;
}

/** Starts scim2-server; resolves when it answers. */
export async function startScimServer(): Promise<ScimServer> {
  const command = findScimServer();
  if (command === undefined) throw new Error(`scim2-server is not here: ${scimCommand}`);
  // It names the port that it was given and not the one that it took, so a free one is looked for first.
  const port = await freePort();
  const token = 'scim2-server-token';
  const options = ['--hostname', '127.0.0.1', '--port', String(port), '--bearer-token', token, '--dynamic-tenants'];
  const child = spawn(command, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const listen = (bytes: Buffer) => {
      said += bytes.toString();
      // Printed after the port was bound.
      if (said.includes('Serving SCIM on')) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`scim2-server ended with ${code}: ${said}`)));
  });
  return {
    tenant: (name) => `http://127.0.0.1:${port}/${name}/v2`,
    token,
    close: async () => {
      child.kill();
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port),
      );
    });
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
