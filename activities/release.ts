import type { Transaction } from '../src/directory/store.ts';
import { Failure } from '../src/model/failure.ts';
import type { Hold, Release, Reservation } from '../src/model/hold.ts';
import { holdWorkflowId } from '../src/model/messages.ts';
import type { Dependencies } from './dependencies.ts';
import { heldIn } from './held.ts';
import { safeguardLock } from './safeguards.ts';
import { writeSettlement } from './settle.ts';
import { rejection, tellAll } from './tell-released.ts';

/** What an operator says about a hold. */
export interface Deciding {
  hold: string;
  decision: 'release' | 'reject';
  /** Only these; absent: all that they may see. */
  people?: string[];
  by: string;
  reason: string;
  /** An ISO instant. */
  now: string;
  /** What they may not see they do not decide. Default: everything. */
  sees?(held: Reservation): boolean;
}

/** What came of it: whose changes go on, whose never happen (person ids), and whether a second operator must say the same. */
export interface Decided {
  released: string[];
  rejected: string[];
  waitsForSecond: boolean;
}

/** People of one hold that go on by one operator's word, one at a time. After these it is a mass, and takes two. */
const aloneAtMost = 5;

/** Decided in one transaction; more, and whoever waits for the safeguard's lock would give up. */
const together = 500;

/**
 * Releases what a safeguard holds, or rejects it. Nobody who caused it may. One person is released by one operator, more by
 * two who have each said so of them. Everybody concerned is told to go on; saying it again tells them again, for a message
 * may have been lost. Throws `not-found`, `refused` (they caused it), `conflict` (it was decided otherwise) and `unavailable`
 * (decided, and not everybody could be told).
 */
export async function releaseHold(
  { store, workflows }: Pick<Dependencies, 'store' | 'workflows'>,
  deciding: Deciding,
): Promise<Decided> {
  const { decided, rest, again, waitsForSecond } = await store.transaction(async (tx) => {
    const { events, ...heard } = await hear(tx, deciding);
    return { ...heard, decided: await decide(tx, deciding, events.slice(0, together)), rest: events.slice(together) };
  });
  for (let start = 0; start < rest.length; start += together) {
    const some = rest.slice(start, start + together);
    decided.push(...(await store.transaction((tx) => decide(tx, deciding, some))));
  }
  await tellAll(workflows, deciding.hold, [...decided, ...again]);
  const people = unique(decided.map(({ person }) => person));
  const released = deciding.decision === 'release';
  return { released: released ? people : [], rejected: released ? [] : people, waitsForSecond };
}

/** What is decided now, and those to be told once more of what was decided before. */
interface Heard {
  events: string[];
  again: Reservation[];
  waitsForSecond: boolean;
}

/** Writes down what they say, and finds what is decided by it. */
async function hear(tx: Transaction, deciding: Deciding): Promise<Heard> {
  const { decision, by, now } = deciding;
  const hold = await lockedHold(tx, deciding.hold);
  const wanted = await wantedOf(tx, hold, deciding);
  if (hold.data.causes.includes(by) || (await causedAhead(tx, hold, wanted, by))) {
    throw new Failure('refused', `you caused what ${hold.id} holds: somebody else must decide about it`);
  }
  const held = wanted.filter(({ state }) => state === 'held');
  if (held.length === 0) return { events: [], again: before(hold, deciding, wanted), waitsForSecond: false };
  if (decision === 'reject') {
    if (hold.data.ahead !== undefined) {
      throw new Failure('conflict', `${hold.id} holds nothing yet: who does not leave is taken back at the source`);
    }
    return { events: held.map(({ event }) => event), again: [], waitsForSecond: false };
  }
  const isAlone =
    unique(held.map(({ person }) => person)).length === 1 &&
    hold.data.releasing.filter(({ alone }) => alone === true).length < aloneAtMost;
  const agreed = isAlone ? held : held.filter(({ event }) => saidByAnother(hold, event, by));
  await noteRelease(tx, hold, {
    ...{ by, at: now, reason: deciding.reason, events: held.map(({ event }) => event) },
    ...(deciding.people === undefined ? {} : { people: deciding.people }),
    ...(isAlone ? { alone: true } : {}),
  });
  return { events: agreed.map(({ event }) => event), again: [], waitsForSecond: agreed.length < held.length };
}

/** Who joins an open hold is written down when they do; whoever is due in some days, only on their timeline. */
async function causedAhead(tx: Transaction, { data }: Hold, wanted: Reservation[], by: string): Promise<boolean> {
  if (data.ahead === undefined) return false;
  for (const { event } of wanted) if ((await tx.arrival(event))?.event.by === by) return true;
  return false;
}

const saidByAnother = ({ data }: Hold, event: string, by: string): boolean =>
  data.releasing.some((release) => release.by !== by && release.events.includes(event));

/** The hold as it is while nobody else counts or decides. */
async function lockedHold(tx: Transaction, id: string): Promise<Hold> {
  const seen = await tx.hold(id);
  if (seen !== undefined) await tx.lock(safeguardLock(seen.kind));
  const hold = seen && (await tx.hold(id));
  if (hold === undefined) throw unknownHold();
  return hold;
}

const unknownHold = () => new Failure('not-found', 'no hold has that id');

async function wantedOf(tx: Transaction, hold: Hold, { people, now, sees }: Deciding): Promise<Reservation[]> {
  const all = await heldIn(tx, hold, now);
  const seen = sees === undefined ? all : all.filter(sees);
  // What is there and may not be seen is not there.
  if (seen.length === 0 && all.length > 0) throw unknownHold();
  const missing = people?.find((id) => !seen.some(({ person }) => person === id));
  if (missing !== undefined) throw new Failure('not-found', `${hold.id} holds nothing of ${missing}`);
  return people === undefined ? seen : seen.filter(({ person }) => people.includes(person));
}

/** Nothing of it is held any more. Whoever says the same again has those told again; whoever says otherwise comes too late. */
function before(hold: Hold, { decision }: Deciding, wanted: Reservation[]): Reservation[] {
  if (hold.data.ahead !== undefined) return [];
  const same = wanted.filter(({ state }) => state === (decision === 'release' ? 'taken' : 'rejected'));
  if (same.length > 0) return same;
  const [{ data } = {}] = wanted;
  const by = data?.decided === undefined ? '' : ` by ${data.decided.by} at ${data.decided.at}`;
  throw new Failure('conflict', `it was ${decision === 'release' ? 'rejected' : 'released'} already${by}`);
}

async function noteRelease(tx: Transaction, hold: Hold, release: Release): Promise<void> {
  const { by, at, events, alone = false } = release;
  await tx.putHold({ ...hold, data: { ...hold.data, releasing: [...hold.data.releasing, release] } });
  const data = { by, events: events.length, alone };
  await tx.addEvidence([
    { workflowId: holdWorkflowId(hold.id), step: `${by}/${at}`, kind: 'hold-release-asked', at, data },
  ]);
}

/** Decides those of these events that are still held, with evidence for each; the last one closes the hold. */
async function decide(tx: Transaction, deciding: Deciding, events: string[]): Promise<Reservation[]> {
  const { decision, by, reason, now } = deciding;
  const hold = await lockedHold(tx, deciding.hold);
  const state = decision === 'release' ? 'taken' : 'rejected';
  const done =
    hold.data.ahead === undefined
      ? await tx.decideReservations(hold.id, events, { state, by, reason, at: now })
      : await takeAhead(tx, hold, deciding, events);
  await tx.addEvidence(
    done.map(({ person, event, kind }) => ({
      ...{ workflowId: holdWorkflowId(hold.id), step: `${event}/${kind}`, person, event, at: now },
      kind: decision === 'release' ? 'event-released' : 'event-rejected',
      data: { hold: hold.id, kind, by: releasers(hold, event, by) },
    })),
  );
  if (decision === 'reject') for (const each of done) await drop(tx, each, now);
  await closeIfEmpty(tx, deciding);
  return done;
}

/** Everybody who has said `release` of it. */
const releasers = ({ data }: Hold, event: string, last: string): string[] =>
  unique([...data.releasing.filter(({ events }) => events.includes(event)).map(({ by }) => by), last]);

/** They are let through before they are due, so that nothing counts them then. */
async function takeAhead(
  tx: Transaction,
  hold: Hold,
  { by, reason, now }: Deciding,
  events: string[],
): Promise<Reservation[]> {
  const some = new Set(events);
  const taken = (await heldIn(tx, hold, now))
    .filter(({ event, state }) => state === 'held' && some.has(event))
    .map(
      (each): Reservation => ({
        ...each,
        state: 'taken',
        at: now,
        data: { ...each.data, decided: { by, reason, at: now } },
      }),
    );
  await tx.addReservations(taken);
  return taken;
}

/** An event that is rejected is over, unless another part of it was carried out before. */
async function drop(tx: Transaction, { person, event, data }: Reservation, now: string): Promise<void> {
  if ((await tx.personEvent(person, event))?.outcome === 'applied') return;
  const settlement = rejection(event, data.decided);
  if ((await tx.arrival(event)) !== undefined) await writeSettlement(tx, person, settlement, now);
  // What Muster itself began never arrived from anywhere.
  else await tx.putPersonEvent(person, event, settlement.outcome, settlement.reason, now);
}

/** Closes a hold that keeps nothing any more, with its exception. */
async function closeIfEmpty(tx: Transaction, { hold: id, decision, by, reason, now }: Deciding): Promise<void> {
  const hold = await lockedHold(tx, id);
  if (hold.state !== 'open') return;
  const all = await heldIn(tx, hold, now);
  if (all.some(({ state }) => state === 'held')) return;
  const released = hold.data.ahead !== undefined || all.some(({ state }) => state === 'taken');
  await closeHold(tx, hold, released ? 'released' : 'rejected', { action: decision, by, reason, now });
}

/** Closes a hold, and the exception that told of it. */
export async function closeHold(
  tx: Transaction,
  hold: Hold,
  state: 'released' | 'rejected',
  { action, by, reason, now }: { action: string; by: string; reason: string; now: string },
): Promise<void> {
  const workflowId = holdWorkflowId(hold.id);
  await tx.putHold({ ...hold, state, closedAt: now });
  const piece = { workflowId, step: hold.id, at: now };
  await tx.addEvidence([{ ...piece, kind: `hold-${state}`, data: { kind: hold.kind, by } }]);
  const id = `${workflowId}/held`;
  if (await tx.resolveException(id, { action, by, reason }, now)) {
    await tx.addEvidence([{ workflowId, step: id, kind: 'exception-resolved', at: now, data: { action, by } }]);
  }
}

/** The update `release` of a person's workflow, for that one person. What cannot be done is refused in words, and not tried again. */
export async function releaseOne(
  dependencies: Pick<Dependencies, 'store' | 'workflows'>,
  { person, ...said }: Pick<Deciding, 'hold' | 'decision' | 'by' | 'reason' | 'now'> & { person: string },
): Promise<{ said: string } | { refused: string }> {
  try {
    const { waitsForSecond } = await releaseHold(dependencies, { ...said, people: [person] });
    if (waitsForSecond) return { said: `${person} waits for a second operator to release the same` };
    return { said: `${person}: ${said.decision} of ${said.hold} by ${said.by}` };
  } catch (error) {
    if (error instanceof Failure && error.code !== 'unavailable') return { refused: error.message };
    throw error;
  }
}

const unique = (ids: string[]): string[] => [...new Set(ids)];
