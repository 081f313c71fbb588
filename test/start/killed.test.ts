import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { startEmbedded } from '../../src/embedded.ts';
import { claimPid, commandLine } from '../../src/orphan.ts';
import { loadPolicy } from '../../src/policy/load.ts';

const listening =
  "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port));";

it('what a killed predecessor left running holds none of our ports when they are looked at', async () => {
  const home = await mkdtemp(join(tmpdir(), 'muster-killed-'));
  const orphan = spawn(process.execPath, ['-e', listening], { stdio: ['ignore', 'pipe', 'inherit'] });
  const somebody = createServer().listen(0, '127.0.0.1');
  try {
    const [line] = await once(orphan.stdout, 'data');
    const left = Number(String(line));
    await claimPid(join(home, 'temporal.pid'), orphan.pid);
    const { port: taken } = somebody.address() as AddressInfo;
    const started = startEmbedded({
      ...{ home, fresh: false, config: undefined, policy: loadPolicy('policy.yaml'), report: () => undefined },
      env: { MUSTER_PORT: String(left), MUSTER_OPERATOR_PORT: String(taken), TEMPORAL_ADDRESS: '127.0.0.1:1' },
      log: pino({ level: 'silent' }),
    });
    const problem = await started.then(
      () => 'none',
      (error: unknown) => String(error),
    );
    expect(problem).toContain(`port ${taken} on 127.0.0.1 is taken`);
    expect(problem).not.toContain(`port ${left} `);
    expect(await commandLine(orphan.pid ?? 0)).toBeUndefined();
  } finally {
    orphan.kill();
    somebody.close();
    await rm(home, { recursive: true, force: true });
  }
});
