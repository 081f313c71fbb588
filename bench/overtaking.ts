import { setTimeout as pause } from 'node:timers/promises';
import { inParallel, send, startBenchStack } from './bench-stack.ts';
import { startingTargets } from './starting-targets.ts';

/** How many changes wait when somebody privileged has to leave at once. */
const size = Number(process.env['BENCH_QUEUED'] ?? 2_000);
const [alone, inTheCrowd] = ['P-alone', 'P-crowd'] as const;

/** Epoch milliseconds at which each target closed somebody's account. */
const closings = new Map<string, number[]>();
const targets = startingTargets((person) => {
  closings.set(person, [...(closings.get(person) ?? []), performance.now()]);
});
const stack = await startBenchStack(
  [
    'version: 1',
    'zones: { default: Europe/Berlin }',
    'rules:',
    '  - { id: everybody, why: everybody logs on, when: "true", give: [{ target: directory, entitlements: [staff] }] }',
    '  - { id: sales, why: Sales sells, when: "person.department == \\"Sales\\"", give: [{ target: crm, entitlements: [seller] }] }',
    'safeguards: { removals: { hour: { least: 1000000 }, cap: 1000000 } }',
    'exceptions: { owner: bench }',
  ].join('\n'),
  targets,
);
const { client, store } = stack;

try {
  console.log(`${stack.origin}\n`);
  const moving = Array.from({ length: size }, (_, index) => `W-${index}`);
  await inParallel([...moving, alone, inTheCrowd], 20, (person) => enter(person, person.startsWith('P-')));
  for (const person of [alone, inTheCrowd]) await giveAccounts(person);

  const quiet = await leave(alone);
  console.log(`nothing waits: first account closed after ${quiet.first} ms, the last after ${quiet.last} ms`);

  await inParallel(moving, 50, async (person) => {
    await send(client, {
      ...{ subject: person, id: `move-${person}`, type: 'department-changed' },
      data: { department: 'Sales', effectiveDate: new Date().toISOString().slice(0, 10) },
    });
  });
  const before = await settled();
  const crowded = await leave(inTheCrowd);
  const ahead = (await settled()) - before;
  console.log(
    `${size - before} of ${size} changes wait: first account closed after ${crowded.first} ms, the last after ${crowded.last} ms; ` +
      `${ahead} of those that waited were done meanwhile`,
  );
  const [from, began] = [before + ahead, performance.now()];
  let now = from;
  for (; now < Math.min(size, from + 200); now = await settled()) await pause(200);
  const rate = (now - from) / ((performance.now() - began) / 1_000);
  if (now > from)
    console.log(`at ${rate.toFixed(1)} changes a second, in order of arrival: ${Math.round((size - before) / rate)} s`);
} finally {
  await stack.stop();
}

async function enter(id: string, privileged: boolean): Promise<void> {
  await store.transaction((tx) =>
    tx.createPerson({
      ...{
        id,
        name: id,
        state: 'Active',
        privileged,
        identifiers: [{ source: 'workday', type: 'workerId', value: id }],
      },
      attributes: { department: 'Support', workerType: 'employee', location: 'Berlin' },
      engagements: [
        {
          ...{ id: `workday:${id}`, source: 'workday', workerId: id, workerType: 'employee', startDate: '2020-01-06' },
          ...{ location: 'Berlin', primary: true },
        },
      ],
    }),
  );
}

async function giveAccounts(worker: string): Promise<void> {
  for (const { name, target } of targets.values()) {
    const now = new Date().toISOString();
    const context = {
      signal: AbortSignal.timeout(60_000),
      now,
      key: `${worker}/${name}`,
      beforeChange: async () => {},
    };
    const names = { person: worker, workerId: worker, login: worker, email: '', firstName: worker, lastName: worker };
    const wanted = { ...names, enabled: true, attributes: {} };
    await target.accounts?.create?.(wanted, context);
  }
}

/** From the event to the first and the last account closed, in milliseconds. */
async function leave(person: string): Promise<{ first: string; last: string }> {
  const began = performance.now();
  const outcome = await send(client, {
    ...{ subject: person, id: `leave-${person}`, type: 'terminated' },
    data: { immediate: true, category: 'forCause', effectiveDate: new Date().toISOString().slice(0, 10) },
  });
  await outcome();
  const at = closings.get(person) ?? [];
  return { first: (Math.min(...at) - began).toFixed(0), last: (Math.max(...at) - began).toFixed(0) };
}

/** How many of the moves are done. */
async function settled(): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const request = { limit: 500, ...(cursor === undefined ? {} : { cursor }) };
    const page = await store.read((reader) =>
      reader.arrivals({ type: 'department-changed', outcome: 'applied' }, request),
    );
    count += page.items.length;
    cursor = page.next;
  } while (cursor !== undefined);
  return count;
}
