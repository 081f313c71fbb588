import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { openStore } from '../src/directory/connect.ts';
import type { Store } from '../src/directory/store.ts';
import { parsePolicy } from '../src/policy/load.ts';
import { startTemporal } from '../src/temporal-server.ts';
import { bareContender } from './bare.ts';
import type { Contender } from './contender.ts';
import { cpuSeconds, historySize, percentile } from './measure.ts';
import { musterContender } from './muster.ts';
import { benchTargets, callMs } from './targets.ts';

/** People thrown at once in one round, people sent one at a time, and rounds; each round measures both, one after the other. */
const size = {
  burst: Number(process.env['BENCH_BURST'] ?? 1_000),
  single: Number(process.env['BENCH_SINGLE'] ?? 20),
  rounds: Number(process.env['BENCH_ROUNDS'] ?? 2),
};

interface Figures {
  perSecond: number[];
  cpuMs: number[];
  latency: number[];
  acknowledged: number[];
  events: number[];
  bytes: number[];
}

const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
const log = pino({ level: 'silent' });
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});
const pidFile = join(folder, 'temporal.pid');
const temporal = await startTemporal({ dbFile: join(folder, 'temporal.db'), pidFile, port: 0, uiPort: 0, log });
const url = process.env['DATABASE_URL'];
const store = await openStore({
  ...(url === undefined ? { folder: join(folder, 'directory') } : { url }),
  migrate: true,
});
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
  const claim: { pid: number } = JSON.parse(await readFile(pidFile, 'utf8'));
  const serverPid = claim.pid;
  const muster = await bundle('../workflows/index');
  const bare = await bundle('./bare-workflow');
  // Its own policy: no limits on numbers, because a thousand leavers at once is just what the limits are there to hold.
  const policy = parsePolicy(
    [
      'version: 1',
      'zones: { default: America/New_York }',
      'exceptions: { owner: bench }',
      'safeguards: { ends: { hour: { least: 1000000 }, day: { least: 1000000 }, cap: 1000000 } }',
      'transitions: { leaver: { tickets: [{ target: servicenow, kind: offboarding, title: "Offboard {{person.id}}", body: "{{end.date}}" }] } }',
    ].join('\n'),
    'the policy of the bench',
  );
  console.log(
    `Temporal: ${temporal.origin}, file database. Directory: ${url === undefined ? 'PGlite on a file' : 'PostgreSQL'}.`,
  );
  console.log(
    `Stand-ins answer each call in ${callMs} ms; both make the same calls. Policy: the bench's own, without limits on numbers.`,
  );
  console.log(
    `${size.rounds} rounds, alternating: ${size.burst} terminations at once, ${size.single} one at a time.\n`,
  );

  const figures = new Map<string, Figures>();
  for (let round = 0; round < size.rounds; round += 1) {
    const start = [
      () => bareContender(connection, benchTargets(), bare),
      () => musterContender({ connection, client, store, policy, targets: benchTargets(), bundle: muster }),
    ];
    for (const contend of round % 2 === 0 ? start : start.reverse()) {
      const contender = await contend();
      const kept = figures.get(contender.name) ?? {
        perSecond: [],
        cpuMs: [],
        latency: [],
        acknowledged: [],
        events: [],
        bytes: [],
      };
      figures.set(contender.name, kept);
      await measure(contender, round, kept, client, serverPid);
      await contender.stop();
    }
  }
  report(figures);
  await shares(store);
  await connection.close();
}

async function measure(
  contender: Contender,
  round: number,
  kept: Figures,
  client: Client,
  serverPid: number,
): Promise<void> {
  const name = (index: number, kind: string) => `B${round}-${kind}-${contender.name.length}-${index}`;
  const singles = Array.from({ length: size.single + 2 }, (_, index) => name(index, 'S'));
  const burst = Array.from({ length: size.burst }, (_, index) => name(index, 'B'));
  await addPeople([...singles, ...burst]);
  for (const [index, person] of singles.entries()) {
    const termination = await contender.terminate(person);
    const confirmed = await termination.confirmed;
    // The first two warm caches, pools and pollers.
    if (index < 2) continue;
    kept.latency.push(confirmed);
    kept.acknowledged.push(termination.acknowledged);
    if (index === 2) {
      const { events, bytes, types } = await historySize(client, termination.workflowIds);
      kept.events.push(events);
      kept.bytes.push(bytes);
      if (process.env['BENCH_TYPES'] !== undefined) console.log(contender.name, types);
    }
  }
  const cpu = cpuSeconds(serverPid);
  const began = performance.now();
  const sent = await inParallel(burst, 50, (person) => contender.terminate(person));
  await Promise.all(sent.map(({ confirmed }) => confirmed));
  const seconds = (performance.now() - began) / 1_000;
  kept.perSecond.push(size.burst / seconds);
  kept.cpuMs.push(((cpuSeconds(serverPid) - cpu) * 1_000) / size.burst);
  kept.acknowledged.push(...sent.map(({ acknowledged }) => acknowledged));
  console.log(`round ${round + 1}, ${contender.name}: ${size.burst} in ${seconds.toFixed(1)} s`);
}

async function inParallel<T>(people: string[], width: number, work: (person: string) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  const waiting = [...people];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) done.push(await work(next));
    }),
  );
  return done;
}

async function addPeople(ids: string[]): Promise<void> {
  for (const id of ids) {
    await store.transaction((tx) =>
      tx.createPerson({
        ...{ id, name: id, state: 'Active', privileged: false, attributes: {} },
        identifiers: [{ source: 'workday', type: 'workerId', value: id }],
        engagements: [
          {
            id: `workday:${id}`,
            source: 'workday',
            workerId: id,
            workerType: 'employee',
            startDate: '2020-01-01',
            primary: true,
          },
        ],
      }),
    );
  }
}

async function bundle(module: string): Promise<{ codePath: string }> {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, `${module}${extension}`),
    logger: new DefaultLogger('ERROR'),
  });
  const codePath = join(folder, `${module.replaceAll(/\W/g, '')}.js`);
  await writeFile(codePath, code);
  return { codePath };
}

function report(figures: Map<string, Figures>): void {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows: [string, (kept: Figures) => number, string][] = [
    ['terminations a second, thrown at once', (kept) => mean(kept.perSecond), '>= 0.6'],
    ['CPU ms a termination, all processes', (kept) => mean(kept.cpuMs), '<= 1.8'],
    ['POST to last target confirmed, p50 ms', (kept) => percentile(kept.latency, 0.5), '<= 2'],
    ['POST to last target confirmed, p99 ms', (kept) => percentile(kept.latency, 0.99), ''],
    ['acknowledged, p50 ms', (kept) => percentile(kept.acknowledged, 0.5), ''],
    ['acknowledged, p99 ms', (kept) => percentile(kept.acknowledged, 0.99), ''],
    ['history events a termination', (kept) => mean(kept.events), '<= 70 events'],
    ['history bytes a termination', (kept) => mean(kept.bytes), ''],
  ];
  const muster = figures.get('Muster');
  const bare = figures.get('bare Temporal');
  if (muster === undefined || bare === undefined) return;
  console.log(`\n${'measure'.padEnd(42)}${'bare'.padStart(10)}${'Muster'.padStart(10)}${'ratio'.padStart(8)}   aim`);
  for (const [title, of, aim] of rows) {
    const [one, other] = [of(bare), of(muster)];
    console.log(
      `${title.padEnd(42)}${one.toFixed(1).padStart(10)}${other.toFixed(1).padStart(10)}${(other / one).toFixed(2).padStart(8)}   ${aim}`,
    );
  }
}

/** Where the time of one termination goes, from the ledger's own receipt of each station, one at a time. */
async function shares(from: Store): Promise<void> {
  const stations = ['event-accepted', 'plan-made', 'accounts-found', 'access-closed', 'person-terminated'];
  const sums = new Map<string, number[]>();
  const { items } = await from.transaction((tx) => tx.arrivals({}, { limit: 500 }));
  for (const arrival of items.filter(({ key }) => key.includes('-S-'))) {
    const rows = (await from.transaction((tx) => tx.evidence({ event: arrival.key }, { limit: 100 }))).items;
    let before = Date.parse(arrival.receivedAt);
    for (const station of stations) {
      const times = rows.filter(({ kind }) => kind === station).map(({ recordedAt }) => Date.parse(recordedAt));
      if (times.length === 0) continue;
      const last = Math.max(...times);
      sums.set(station, [...(sums.get(station) ?? []), last - before]);
      before = last;
    }
  }
  console.log('\nwhere the time goes, one at a time (ms from the station before, p50):');
  for (const station of stations)
    console.log(
      `  ${station.padEnd(20)}${percentile(sums.get(station) ?? [], 0.5)
        .toFixed(0)
        .padStart(6)}`,
    );
}
