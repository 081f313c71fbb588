import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { makeCertificates } from '../../src/sandbox/certificates.ts';

/** The command that brings Samba to a Debian machine. */
export const sambaCommand =
  'apt-get install -y --no-install-recommends samba samba-dsdb-modules samba-vfs-modules samba-ad-provision winbind ldap-utils python3-setproctitle';

const script = resolve(import.meta.dirname, 'samba-provision.py');
const cacheFolder = process.env['MUSTER_CACHE'] ?? resolve(import.meta.dirname, '../../.cache');
/** Debian's own: Samba's Python modules are there and nowhere else. */
const python = '/usr/bin/python3';
const daemon = '/usr/sbin/samba';

/** A domain controller of its own, on this machine's ports 389 and 636, which Samba cannot change. */
export interface Samba {
  url: string;
  /** PEM of the authority that signed its certificate. */
  ca: string;
  baseDn: string;
  administrator: { bindDn: string; password: string };
  /** Has the rights that the target's README asks for, and no others. */
  service: { bindDn: string; password: string };
  /** May log on and read. */
  powerless: { bindDn: string; password: string };
  close(): Promise<void>;
}

/** True when Samba can be started. Without it the suite is skipped aloud, and fails in CI, which skips none. */
export function sambaAvailable(): boolean {
  const reason = missing();
  if (reason === undefined) return true;
  if (process.env['CI'] === 'true') throw new Error(`CI runs the tests against Samba, and ${reason}`);
  console.warn(`SKIPPED: the tests against Samba, because ${reason}`);
  return false;
}

function missing(): string | undefined {
  const modules = existsSync(python) && spawnSync(python, ['-c', 'import samba.provision']).status === 0;
  if (!existsSync(daemon) || !modules) return `it is not here. To bring it: ${sambaCommand}`;
  return process.getuid?.() === 0 ? undefined : 'it listens on ports 389 and 636 and so needs root';
}

const realm = 'corp.globaltech.example';
const passwords = { administrator: 'Muster-tests-1', service: 'Muster-tests-2' };

/** Starts a fresh domain; resolves when it answers. Waits while another process runs one. */
export async function startSamba(): Promise<Samba> {
  const unlock = await takeLock(join(tmpdir(), 'muster-samba.lock'));
  try {
    if (await answers(636)) throw new Error('port 636 is taken by something else; Samba has no other to listen on');
    // Always the same folder: Samba keeps absolute paths.
    const folder = join(cacheFolder, 'samba');
    const ca = await prepare(folder);
    const end = await run(folder, ca);
    return {
      url: 'ldaps://127.0.0.1:636',
      ca,
      baseDn: realm
        .split('.')
        .map((part) => `DC=${part}`)
        .join(','),
      administrator: { bindDn: `administrator@${realm}`, password: passwords.administrator },
      service: { bindDn: `svc-muster@${realm}`, password: passwords.service },
      powerless: { bindDn: `svc-powerless@${realm}`, password: passwords.service },
      close: async () => {
        await end();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** A new domain takes ten seconds to make, a copy of one less than one. */
async function prepare(folder: string): Promise<string> {
  const fingerprint = createHash('sha256')
    .update(readFileSync(script))
    .update(JSON.stringify([realm, passwords, folder]))
    .digest('hex');
  const template = `${folder}-${fingerprint.slice(0, 16)}`;
  await rm(folder, { recursive: true, force: true });
  if (existsSync(template)) execute('cp', ['-a', template, folder]);
  else await mkdir(folder, { recursive: true });
  const { ca, cert, key } = await makeCertificates();
  for (const [name, pem] of Object.entries({ ca, cert, key })) await writeFile(join(folder, `${name}.pem`), pem);
  await chmod(join(folder, 'key.pem'), 0o600);
  if (existsSync(template)) return ca;
  execute(python, [script, folder, realm, passwords.administrator, passwords.service]);
  for (const name of await readdir(cacheFolder)) {
    if (name.startsWith('samba-')) await rm(join(cacheFolder, name), { recursive: true });
  }
  execute('cp', ['-a', folder, `${template}.part`]);
  await rename(`${template}.part`, template);
  return ca;
}

async function run(folder: string, ca: string): Promise<() => Promise<void>> {
  // It ends by itself when its standard input does, so it outlives no test process, however that dies.
  const child = spawn(daemon, ['-i', '-M', 'single', '-s', join(folder, 'smb.conf')], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  let over = false;
  const ended = new Promise<void>((done) => child.once('exit', () => done())).then(() => {
    over = true;
  });
  while (!(await answers(636, ca))) {
    if (over)
      throw new Error(`Samba ended: ${await readFile(join(folder, 'samba.log'), 'utf8').catch(() => 'no log')}`);
    await pause(50);
  }
  return async () => {
    child.kill();
    await ended;
  };
}

function execute(command: string, parameters: string[]): void {
  const { status, stderr } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
}

/** A lock of the kernel's, held by a child that ends with us: it cannot be left behind. */
async function takeLock(path: string): Promise<() => Promise<void>> {
  const holder = spawn('flock', [path, 'sh', '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((done) => holder.once('exit', () => done()));
  await new Promise<void>((done, failed) => {
    holder.once('error', failed);
    holder.once('exit', (code) => failed(new Error(`flock ended with ${code}`)));
    holder.stdout.once('data', () => done());
  });
  return async () => {
    holder.stdin.end();
    await ended;
  };
}

/** Whether something listens there; with an authority, whether it is ready for TLS. */
function answers(port: number, ca?: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = ca === undefined ? connectTcp(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', ca: [ca] });
    const settle = (answered: boolean) => {
      socket.destroy();
      done(answered);
    };
    socket.once(ca === undefined ? 'connect' : 'secureConnect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
