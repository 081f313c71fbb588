import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleConfig, exampleSecrets } from '../../src/example.ts';
import { homeFiles } from '../../src/home/folder.ts';
import { makeSecrets } from '../../src/home/secrets.ts';
import { globalTechPeople } from '../../src/sandbox/globaltech.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { standIns } from '../../src/sandbox/stand-ins.ts';
import { build, environment, MusterPart, musterIn, until } from '../helpers/muster-process.ts';
import { postgresMissing, type RunningPostgres, startPostgres } from '../helpers/postgres.ts';
import { devServer } from '../helpers/temporal.ts';

const leaver = 'GT-48291';
const patience = 240_000;

describe
  .skipIf(postgresMissing('the parts on their own'))
  .sequential('receiver, worker, operator and watch, each its own process', () => {
    let home: string;
    let env: NodeJS.ProcessEnv;
    let postgres: RunningPostgres | undefined;
    let temporal: TestWorkflowEnvironment | undefined;
    let sandbox: Sandbox | undefined;
    const parts = new Map<string, MusterPart>();

    beforeAll(async () => {
      build();
      home = await mkdtemp(join(tmpdir(), 'muster-parts-'));
      [postgres, temporal, sandbox] = await Promise.all([
        startPostgres(),
        devServer(),
        startSandbox({ standIns, people: globalTechPeople, host: '127.0.0.1', port: 0, ldapsPort: 0 }),
      ]);
      await makeSecrets(home);
      await exampleSecrets(home);
      await writeFile(join(home, homeFiles.authority), sandbox.ca ?? '');
      await exampleConfig(home, sandbox);
      env = {
        ...environment(home),
        ...{ MUSTER_OPERATOR_PORT: '0', MUSTER_CONFIG: join(home, homeFiles.config), DATABASE_URL: postgres.url },
        ...{ TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace ?? 'default' },
      };
    }, patience);

    afterAll(async () => {
      await Promise.all([...parts.values()].map((part) => part.end('SIGKILL')));
      await Promise.all([sandbox?.close(), temporal?.teardown(), postgres?.remove()]);
      await rm(home, { recursive: true, force: true });
    }, patience);

    it(
      'before muster setup, what needs the tables says so',
      async () => {
        const { code, err } = await musterIn(env, 'worker');
        expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('Run `muster setup`') });
      },
      patience,
    );

    it(
      'muster setup makes the tables, and a second one changes nothing',
      async () => {
        for (const created of [['reconcile', 'propagate-policy'], []]) {
          const { code, out } = await musterIn(env, 'setup', '--json');
          expect({ code, said: JSON.parse(out) }).toEqual({
            code: 0,
            said: {
              database: 'up to date',
              namespace: temporal?.namespace ?? 'default',
              searchAttributesAdded: [],
              schedules: { created, updated: [], removed: [] },
            },
          });
        }
      },
      patience,
    );

    it(
      'people are imported into the shared database',
      async () => {
        const file = join(import.meta.dirname, '..', '..', 'examples', 'globaltech', 'people.json');
        const { code, out } = await musterIn(env, 'people', 'import', file, '--json');
        expect({ code, said: JSON.parse(out) }).toMatchObject({ code: 0, said: { updated: 0, conflicts: [] } });
      },
      patience,
    );

    it(
      'together they take a leaver from the event to the last access gone',
      async () => {
        await Promise.all(
          ['receiver', 'worker', 'operator', 'watch'].map(async (name) => {
            parts.set(name, await MusterPart.start(name, env));
          }),
        );
        const receiver = parts.get('receiver')?.address('the receiver listens') ?? '';
        const file = join(home, 'leaver.json');
        await writeFile(
          file,
          JSON.stringify({ event: 'Worker_Terminated', workerId: leaver, effectiveDate: '2025-11-15' }),
        );
        const sent = await musterIn(env, 'send', file, '--source', 'workday', '--receiver', receiver, '--json');
        expect({ code: sent.code, said: JSON.parse(sent.out).status }).toEqual({ code: 0, said: 'accepted' });

        const operator = parts.get('operator')?.address('the operator API listens') ?? '';
        const token = await readFile(join(home, 'secrets', 'operator-1'), 'utf8');
        await until(
          async () => {
            const answer = await fetch(`${operator}/api/people/${leaver}`, {
              headers: { authorization: `Bearer ${token}` },
            });
            return ((await answer.json()) as { state?: string }).state;
          },
          (state) => state === 'Terminated',
        );
      },
      patience,
    );

    it(
      'muster doctor finds nothing wrong',
      async () => {
        const { code, out } = await musterIn(env, 'doctor', '--json');
        const wrong = JSON.parse(out).items.filter((finding: { status: string }) => finding.status !== 'ok');
        expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
      },
      patience,
    );

    it(
      'each ends in good order at SIGTERM',
      async () => {
        const ended = await Promise.all([...parts.values()].map((part) => part.end('SIGTERM')));
        parts.clear();
        expect(ended).toEqual([0, 0, 0, 0]);
      },
      patience,
    );

    it(
      'muster doctor says what is out of reach, and ends with 3',
      async () => {
        await temporal?.teardown();
        temporal = undefined;
        const { code, out } = await musterIn(env, 'doctor', '--json');
        const failed = JSON.parse(out).items.filter((finding: { status: string }) => finding.status === 'failed');
        expect({ code, failed }).toEqual({
          code: 3,
          failed: [
            expect.objectContaining({
              check: 'temporal',
              code: 'unavailable',
              advice: expect.stringContaining('TEMPORAL_ADDRESS'),
            }),
          ],
        });
      },
      patience,
    );
  });
