import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';
import { writeReady } from '../../src/home/ready.ts';

/** An operator API that answers as a test says, found by the command line as a running Muster is. */
export interface AnsweringApi {
  asked: { method: string; url: string; token: string; body?: unknown }[];
  answers: { status: number; body: unknown }[];
  out: string[];
  err: string[];
  /** One command line; gives its exit code. */
  muster(...args: string[]): Promise<number>;
  close(): Promise<void>;
}

/** Answers are taken one after the other; the last one stays. */
export async function answeringApi(): Promise<AnsweringApi> {
  const api: Pick<AnsweringApi, 'asked' | 'answers' | 'out' | 'err'> = { asked: [], answers: [], out: [], err: [] };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    api.asked.push({
      method: request.method ?? '',
      url: request.url ?? '',
      token: request.headers.authorization ?? '',
      ...(text === '' ? {} : { body: JSON.parse(text) as unknown }),
    });
    const { status, body } = (api.answers.length > 1 ? api.answers.shift() : api.answers[0]) ?? {
      status: 500,
      body: {},
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const operator = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const folder = await mkdtemp(join(tmpdir(), 'muster-cli-'));
  const home = join(folder, '.muster');
  await mkdir(join(home, 'secrets'), { recursive: true });
  await writeFile(join(home, 'secrets', 'operator-1'), 'a-token\n');
  // Stands in for a running Muster, which holds its home's lock.
  const running: ChildProcess = spawn('sleep', ['606']);
  await writeFile(join(home, 'lock'), JSON.stringify({ pid: running.pid, command: 'sleep 606' }));
  await writeReady(home, { receiver: operator, operator, temporal: { address: '127.0.0.1:1' } });
  return {
    ...api,
    muster: (...args) =>
      run(args, {
        ...{ env: {}, folder, terminal: false, patienceMs: 400, stopped: () => new Promise(() => undefined) },
        ...{ out: (text) => void api.out.push(text), err: (text) => void api.err.push(text) },
      }),
    async close() {
      running.kill();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
