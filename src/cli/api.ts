import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isHomeInUse } from '../home/lock.ts';
import { type Ready, readReady } from '../home/ready.ts';
import { Failure, type FailureCode } from '../model/failure.ts';
import type { Settings } from './settings.ts';

const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), problem: z.string() })).optional(),
});

/** A running Muster: its addresses, and the home folder that they were found in. */
export interface Running {
  home: string;
  ready: Ready;
  /** The operator in whose name it is asked. */
  as: string;
}

/** The running stack of this home folder; without one there, a demo's below it. Undefined when nothing runs. */
export async function findRunning(settings: Settings): Promise<Running | undefined> {
  for (const home of [settings.home, join(settings.home, 'demo')]) {
    const ready = await readReady(home);
    // A killed process leaves its ready.json behind, and its lock, which nobody holds any more.
    if (ready !== undefined && (await isHomeInUse(home))) return { home, ready, as: settings.as };
  }
  return undefined;
}

/** The same, or a Failure that says how to start one. */
export async function requireRunning(settings: Settings): Promise<Running> {
  const running = await findRunning(settings);
  if (running !== undefined) return running;
  throw new Failure('unavailable', `no Muster is running with the home folder ${settings.home}`, {
    advice: 'Start one with `muster start` (or `npm start`), or name its folder by --home or MUSTER_HOME.',
  });
}

/** Asks the operator API, and gives its JSON. Problem details come out as Failures in words. */
export async function askApi(
  running: Running,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const token = await tokenOf(running);
  const answer = await request(new URL(path, running.ready.operator), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...headers,
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.status >= 400) throw problemOf(answer, 'the operator API');
  return answer.json;
}

async function tokenOf({ home, as }: Running): Promise<string> {
  const file = join(home, 'secrets', as);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new Failure('misconfigured', `no token of ${as} lies at ${file}`, {
      advice: 'Name an operator whose token is there by --as or MUSTER_OPERATOR.',
      cause: error,
    });
  }
}

/** An answer, its body read as JSON where it is some. */
export interface Answer {
  status: number;
  json: unknown;
}

/** One HTTP call of the command line. Throws `unavailable` when nobody answers. */
export async function request(url: URL, init: RequestInit): Promise<Answer> {
  try {
    const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(30_000) });
    const text = await answer.text();
    return { status: answer.status, json: parsed(text) };
  } catch (error) {
    throw new Failure('unavailable', `${url.origin} does not answer`, {
      advice: 'Is Muster still running? `muster doctor` looks at every connection.',
      cause: error,
    });
  }
}

/** RFC 9457 problem details → words. */
export function problemOf(answer: Answer, who: string): Failure {
  const problem = problemSchema.safeParse(answer.json);
  const { title, detail, errors } = problem.success ? problem.data : {};
  const words = detail ?? title ?? `status ${answer.status}`;
  const faults = (errors ?? []).map((fault) => `\n  - ${fault.path}: ${fault.problem}`).join('');
  return new Failure(codeOf(answer.status), `${who} says (${answer.status}): ${words}${faults}`);
}

function codeOf(status: number): FailureCode {
  if (status === 401) return 'credentials';
  if (status === 404) return 'not-found';
  if (status === 409) return 'conflict';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'unavailable' : 'refused';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
