import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const root = join(import.meta.dirname, '..', '..');
const bin = join(root, 'bin', 'muster.js');

/** What `ready.json` says. */
export interface ReadyFile {
  receiver: string;
  operator: string;
  sandbox: string;
  temporal: { address: string; ui: string };
}

/** Builds dist/, unless it is up to date: these tests run what users run. */
export function build(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}

/** The environment of a Muster of its own: free ports, a home of its own, nothing of the machine's Temporal or database. */
export function environment(home: string): NodeJS.ProcessEnv {
  const { TEMPORAL_ADDRESS: _, DATABASE_URL: __, MUSTER_CONFIG: ___, MUSTER_POLICY: ____, ...rest } = process.env;
  return { ...rest, MUSTER_HOME: home, MUSTER_PORT: '0' };
}

/** Runs a command to its end. */
export function muster(home: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return musterIn(environment(home), ...args);
}

/** The same in an environment of the test's own. */
export function musterIn(
  env: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: root, env });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/** A `muster start` that runs until it is ended. */
export class MusterProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string | null>;
  readonly #home: string;
  #said = '';

  private constructor(home: string, more: NodeJS.ProcessEnv) {
    this.#home = home;
    this.#child = spawn(process.execPath, [bin, 'start'], { cwd: root, env: { ...environment(home), ...more } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#said += chunk;
      });
    }
    this.#ended = new Promise((resolve) => this.#child.once('exit', (code, signal) => resolve(code ?? signal)));
  }

  /** Starts one, with `more` in its environment, and waits until `ready.json` is there. */
  static async start(
    home: string,
    more: NodeJS.ProcessEnv = {},
  ): Promise<{ process: MusterProcess; ready: ReadyFile }> {
    const started = new MusterProcess(home, more);
    const path = join(home, 'ready.json');
    let ended: number | string | null | undefined;
    void started.#ended.then((how) => {
      ended = how;
    });
    for (;;) {
      if (ended !== undefined) throw new Error(`muster start ended (${ended}) before it was ready:\n${started.#said}`);
      if (existsSync(path) && started.#child.pid === holderOf(home)) {
        return { process: started, ready: JSON.parse(readFileSync(path, 'utf8')) };
      }
      await pause(50);
    }
  }

  /** Sends a signal and waits for the end: the exit code, or the signal's name. */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    this.#child.kill(signal);
    return this.#ended;
  }

  get said(): string {
    return this.#said;
  }

  get home(): string {
    return this.#home;
  }
}

/** One part on its own: `muster receiver`, `muster worker`, … */
export class MusterPart {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string | null>;
  #said = '';

  private constructor(name: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn(process.execPath, [bin, name], { cwd: root, env });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#said += chunk;
      });
    }
    this.#ended = new Promise((resolve) => this.#child.once('exit', (code, signal) => resolve(code ?? signal)));
  }

  /** Starts it and waits until its log says that it is ready. */
  static async start(name: string, env: NodeJS.ProcessEnv): Promise<MusterPart> {
    const part = new MusterPart(name, env);
    await until(
      async () => part.#said,
      (said) => {
        if (part.#child.exitCode !== null) throw new Error(`muster ${name} ended before it was ready:\n${said}`);
        return / is ready"/.test(said);
      },
    );
    return part;
  }

  /** The address that its log gave with this message. */
  address(message: string): string {
    const line = this.#said.split('\n').find((each) => each.includes(`"msg":"${message}"`));
    return JSON.parse(line ?? '{}').url;
  }

  /** Sends a signal and waits for the end: the exit code, or the signal's name. */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

function holderOf(home: string): number | undefined {
  try {
    return JSON.parse(readFileSync(join(home, 'lock'), 'utf8')).pid;
  } catch {
    return undefined;
  }
}

/** Asks until `holds` is true of the answer, and gives it. The test's own timeout is the limit. */
export async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    await pause(100);
  }
}
