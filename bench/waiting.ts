import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { configSchema } from '../src/config.ts';
import { openStore } from '../src/directory/connect.ts';
import { startSealer } from '../src/ledger/sealer.ts';
import { type PersonInput, personWorkflowId } from '../src/model/messages.ts';
import { addDays } from '../src/model/time.ts';
import { personStart } from '../src/person-start.ts';
import { parsePolicy } from '../src/policy/load.ts';
import { startEvent } from '../src/receiver/event-start.ts';
import { insideEvent } from '../src/receiver/inside-event.ts';
import { startTemporal } from '../src/temporal-server.ts';
import { startWorkers } from '../src/worker.ts';
import { percentile } from './measure.ts';
import { startingTargets } from './starting-targets.ts';

/** People who wait for their first day, and people who begin in the same moment. */
const size = {
  waiting: Number(process.env['BENCH_WAITING'] ?? 10_000),
  starting: Number(process.env['BENCH_STARTING'] ?? 500),
};

const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
const log = pino({ level: 'silent' });
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});
const dbFile = join(folder, 'temporal.db');
const pidFile = join(folder, 'temporal.pid');
const temporal = await startTemporal({ dbFile, pidFile, port: 0, uiPort: 0, log });
const url = process.env['DATABASE_URL'];
const store = await openStore({
  ...(url === undefined ? { folder: join(folder, 'directory') } : { url }),
  migrate: true,
});
const policy = parsePolicy(
  [
    'version: 1',
    'zones: { default: Europe/Berlin }',
    'rules: [{ id: everybody, why: everybody logs on, when: "person.workerType == \\"employee\\"", give: [{ target: directory, entitlements: [staff] }, { target: crm, entitlements: [seller] }] }]',
    'hires: { ahead: [directory] }',
    'exceptions: { owner: bench }',
  ].join('\n'),
  'the policy of the bench',
);

try {
  await run();
} finally {
  await temporal.stop();
  await store.close();
  await rm(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const connection = await NativeConnection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const bundle = await bundled();
  const source = {
    kind: 'workday',
    authoritative: true,
    mode: 'enforce',
    authentication: [{ type: 'none', reason: 'the bench is its own source' }],
  };
  const config = { ...configSchema.parse({ sources: { workday: source } }), folder: '.' };
  const start = () =>
    startWorkers({
      ...{ connection, namespace: 'default', store, config, policy, targets: startingTargets(), bundle, log },
      proofKey: async () => 'bench',
    });
  const workers = await start();
  const sealer = startSealer(store, log);
  console.log(
    `Temporal: ${temporal.origin}, file database. Directory: ${url === undefined ? 'PGlite on a file' : 'PostgreSQL'}.\n`,
  );

  const before = {
    memory: process.memoryUsage().rss,
    temporal: await bytesOf(dbFile),
    directory: await directoryBytes(),
  };
  const began = performance.now();
  const today = new Date().toISOString().slice(0, 10);
  const people = Array.from({ length: size.waiting }, (_, index) => `W-${index}`);
  await inParallel(people, 40, (person, index) => hire(client, person, addDays(today, 20 + (index % 60))));
  const seconds = (performance.now() - began) / 1_000;
  await pause(3_000);
  const after = {
    memory: process.memoryUsage().rss,
    temporal: await bytesOf(dbFile),
    directory: await directoryBytes(),
  };
  const some = people.filter((_, index) => index % Math.max(1, Math.floor(people.length / 50)) === 0);
  const lengths = await Promise.all(
    some.map(async (person) => (await client.workflow.getHandle(personWorkflowId(person)).describe()).historyLength),
  );
  const each = (of: 'temporal' | 'directory') => Math.round((after[of] - before[of]) / size.waiting);
  const count = await client.workflow.count('WorkflowType = "person" AND ExecutionStatus = "Running"');
  console.log(`${count.count} people wait for their day; hired at ${(size.waiting / seconds).toFixed(1)} a second`);
  console.log('what one of them costs:');
  console.log(`  history events                       ${percentile(lengths, 0.5)}`);
  console.log(`  Temporal's database, bytes           ${each('temporal')} (the event's own workflow included)`);
  console.log(`  directory and ledger, bytes          ${each('directory')}`);
  console.log(
    `  worker memory, bytes                 ${Math.round((after.memory - before.memory) / size.waiting)} (${Math.round(after.memory / 1e6)} MB in all; waiting ones are evicted from its cache)`,
  );
  const million = (of: 'temporal' | 'directory') => ((each(of) * 1e6) / 1e9).toFixed(1);
  console.log(
    `  so a million: ${million('temporal')} GB in Temporal's database, ${million('directory')} GB in the directory\n`,
  );

  const finds: number[] = [];
  const moves: number[] = [];
  for (const person of some.slice(0, 20)) {
    const one = performance.now();
    for await (const info of client.workflow.list({ query: `MusterPerson = "${person}" AND WorkflowType = "person"` }))
      void info;
    finds.push(performance.now() - one);
    const other = performance.now();
    await say(client, person, `move-${person}`, 'start-date-changed', { startDate: addDays(today, 90) });
    moves.push(performance.now() - other);
  }
  console.log(`to find one of them (Temporal's list), p50 ms: ${percentile(finds, 0.5).toFixed(0)}`);
  console.log(`to move one of them (event to timer moved), p50 ms: ${percentile(moves, 0.5).toFixed(0)}\n`);

  await together(client);
  await workers.shutdown();
  await sealer.stop();
  await connection.close();
}

async function hire(client: Client, person: string, startDate: string): Promise<void> {
  await say(client, person, `hire-${person}`, 'hired', {
    startDate,
    firstName: 'Waiting',
    lastName: person,
    workerType: 'employee',
    location: 'Berlin',
  });
}

/** Sends an event of the source and waits for its outcome. */
async function say(
  client: Client,
  subject: string,
  id: string,
  type: 'hired' | 'start-date-changed',
  data: Record<string, unknown>,
): Promise<void> {
  const event = insideEvent({ source: 'operator', id, type, subject, data, now: new Date().toISOString() });
  const key = `workday:${id}`;
  await startEvent(client.workflow, { ...event, key, source: 'workday' });
  await client.workflow.getHandle(`event:${key}`).result();
}

/** Some hundred people whose first day begins in the same moment, in one time zone; the targets take 100 calls a second each. */
async function together(client: Client): Promise<void> {
  const people = Array.from({ length: size.starting }, (_, index) => `S-${index}`);
  const today = new Date().toISOString().slice(0, 10);
  await inParallel(people, 40, (person) => hire(client, person, addDays(today, 5)));
  // Their midnight is now: the timeline is put forward in the directory, as it would be by the clock, and they look at it again.
  const due = new Date(Date.now() + 15_000).toISOString();
  for (const person of people) {
    await store.transaction(async (tx) => {
      const row = (await tx.person(person, { lock: true }))?.pending.find(({ kind }) => kind === 'start');
      if (row !== undefined) await tx.putPending(person, { ...row, dueAt: due });
      for (const engagement of (await tx.person(person))?.engagements ?? [])
        await tx.putEngagement(person, { ...engagement, startDate: today });
    });
    await client.workflow.getHandle(personWorkflowId(person)).terminate('the bench moves the clock');
    await client.workflow.start<(input: PersonInput) => Promise<void>>('person', personStart(person, 4));
  }
  const waits = Math.max(0, Date.parse(due) - Date.now());
  await pause(waits);
  const midnight = Math.max(Date.now(), Date.parse(due));
  const left = new Set(people);
  const seconds: number[] = [];
  while (left.size > 0) {
    await inParallel([...left], 20, async (person) => {
      const record = await store.read((reader) => reader.person(person));
      const works = record?.state === 'Active' && record.pending.every(({ kind }) => kind !== 'access');
      if (works && left.delete(person)) seconds.push((Date.now() - midnight) / 1_000);
    });
    if (Date.now() - midnight > 900_000) break;
    await pause(250);
  }
  console.log(
    `${size.starting} start at the same midnight: half work after ${percentile(seconds, 0.5).toFixed(0)} s, all but 1 % after ${percentile(seconds, 0.99).toFixed(0)} s; ${left.size} not within 15 min`,
  );
}

async function bytesOf(file: string): Promise<number> {
  const sizes = await Promise.all(
    [file, `${file}-wal`].map((each) =>
      stat(each).then(
        ({ size: bytes }) => bytes,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, each) => sum + each, 0);
}

/** PGlite's files without its write-ahead log; of another server's database nothing is said. */
async function directoryBytes(): Promise<number> {
  if (url !== undefined) return 0;
  const root = join(folder, 'directory');
  const files = await readdir(root, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    files
      .filter((file) => file.isFile() && !file.parentPath.includes('pg_wal'))
      .map((file) =>
        stat(join(file.parentPath, file.name)).then(
          ({ size: bytes }) => bytes,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, each) => sum + each, 0);
}

async function inParallel<T>(
  items: T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let index = next++; index < items.length; index = next++) {
        const item = items[index];
        if (item !== undefined) await work(item, index);
      }
    }),
  );
}

async function bundled(): Promise<{ codePath: string }> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, `../workflows/index${extension}`),
    logger: new DefaultLogger('ERROR'),
  });
  const codePath = join(folder, 'workflows.js');
  await writeFile(codePath, code);
  return { codePath };
}
