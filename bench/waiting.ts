import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { type PersonInput, personWorkflowId } from '../src/model/messages.ts';
import { addDays } from '../src/model/time.ts';
import { personStart } from '../src/person-start.ts';
import { inParallel, send, startBenchStack } from './bench-stack.ts';
import { percentile } from './measure.ts';
import { startingTargets } from './starting-targets.ts';

/** People who wait for their first day, and people who begin in the same moment. */
const size = {
  waiting: Number(process.env['BENCH_WAITING'] ?? 10_000),
  starting: Number(process.env['BENCH_STARTING'] ?? 500),
};

const stack = await startBenchStack(
  [
    'version: 1',
    'zones: { default: Europe/Berlin }',
    'rules: [{ id: everybody, why: everybody logs on, when: "person.workerType == \\"employee\\"", give: [{ target: directory, entitlements: [staff] }, { target: crm, entitlements: [seller] }] }]',
    'hires: { ahead: [directory] }',
    'exceptions: { owner: bench }',
  ].join('\n'),
  startingTargets(),
);
const { client, store, files } = stack;

try {
  await run();
} finally {
  await stack.stop();
}

async function run(): Promise<void> {
  console.log(`${stack.origin}\n`);
  const before = {
    memory: process.memoryUsage().rss,
    temporal: await bytesOf(files.temporal),
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
    temporal: await bytesOf(files.temporal),
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
    const move = { subject: person, id: `move-${person}`, type: 'start-date-changed' as const };
    const outcome = await send(client, { ...move, data: { startDate: addDays(today, 90) } });
    await outcome();
    moves.push(performance.now() - other);
  }
  console.log(`to find one of them (Temporal's list), p50 ms: ${percentile(finds, 0.5).toFixed(0)}`);
  console.log(`to move one of them (event to timer moved), p50 ms: ${percentile(moves, 0.5).toFixed(0)}\n`);

  await together();
}

async function hire(client: Client, person: string, startDate: string): Promise<void> {
  const data = { startDate, firstName: 'Waiting', lastName: person, workerType: 'employee', location: 'Berlin' };
  const outcome = await send(client, { subject: person, id: `hire-${person}`, type: 'hired', data });
  await outcome();
}

/** Some hundred people whose first day begins in the same moment, in one time zone; the targets take 100 calls a second each. */
async function together(): Promise<void> {
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
  const root = files.directory;
  if (root === undefined) return 0;
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    found
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
