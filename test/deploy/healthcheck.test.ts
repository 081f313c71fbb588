import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';

function answering(status: number): Promise<{ port: number; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end('{}');
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const close = () => new Promise<void>((closed) => server.close(() => closed()));
      resolve({ port, asked, close });
    });
  });
}

/** The exit code of the image's health check. */
function check(role: string[], env: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['deploy/healthcheck.mjs', ...role], { env: { ...process.env, ...env } }, (error) => {
      resolve(error === null ? 0 : Number(error.code));
    });
  });
}

describe('the image’s health check', () => {
  let server: Awaited<ReturnType<typeof answering>> | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it.each([
    ['receiver', 'MUSTER_PORT'],
    ['operator', 'MUSTER_OPERATOR_PORT'],
    ['worker', 'MUSTER_METRICS_PORT'],
    ['watch', 'MUSTER_METRICS_PORT'],
  ])('asks the %s at %s whether it is ready', async (role, variable) => {
    server = await answering(200);
    expect(await check([role], { [variable]: String(server.port) })).toBe(0);
    expect(server.asked).toEqual(['/readyz']);
  });

  it('fails for one that is not ready', async () => {
    server = await answering(503);
    expect(await check(['worker'], { MUSTER_METRICS_PORT: String(server.port) })).toBe(1);
  });

  it('fails for one that does not answer', async () => {
    server = await answering(200);
    const { port } = server;
    await server.close();
    server = undefined;
    expect(await check(['receiver'], { MUSTER_PORT: String(port) })).toBe(1);
  });

  it('fails for a role that there is none of', async () => {
    expect(await check(['setup'], {})).toBe(1);
  });
});
