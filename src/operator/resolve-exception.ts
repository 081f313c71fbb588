import { z } from 'zod';
import type { ExceptionRow, Reader } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import { isToRelease } from '../model/exception.ts';
import { holdOf } from '../model/messages.ts';
import type { Desk } from './operator.ts';
import { demand, type Operator } from './operators.ts';
import type { Resolution } from './resolutions.ts';
import { Secrecy } from './secrecy.ts';

const reason = z.string().trim().min(1, 'must say why').max(2_000, 'must be at most 2000 characters');

/** What is posted to an exception. */
export const resolutionShape = z.discriminatedUnion(
  'action',
  [
    z.strictObject({ action: z.literal('retry').describe('try it again now'), reason: reason.exactOptional() }),
    z.strictObject({
      action: z.enum(['done', 'drop']).describe('done: it is settled, by hand; drop: nothing is to come of it'),
      reason,
    }),
    z.strictObject({
      action: z.literal('release').describe('an event that nobody vouches for is applied as it is; security says so'),
      reason,
    }),
    z.strictObject({
      action: z.literal('attach').describe('the event is about this person'),
      reason,
      person: z.string().min(1, 'must name a person').describe('by id, or by any other name that is theirs alone'),
    }),
    z.strictObject({
      action: z.literal('skip').describe('a step at a target is left undone for a while; two people say so'),
      reason,
      until: z
        .union([z.iso.datetime(), z.iso.date()], 'must be a date such as 2026-01-31, or an instant')
        .describe('it comes back then: within 30 days; a date is its beginning in UTC'),
    }),
  ],
  {
    error: ({ code }) => (code === 'invalid_union' ? 'must be retry, done, drop, release, attach or skip' : undefined),
  },
);

type Wanted = z.output<typeof resolutionShape>;

/** Everybody who may resolve some exception; which of them may resolve this one is seen when it is known. */
export const resolvers = ['operator', 'security', 'admin'] as const;

/** Resolves one, by whatever waits for it. */
export async function resolveException(
  desk: Desk,
  operator: Operator,
  id: string,
  wanted: Wanted,
): Promise<{ said: string; exception: ExceptionRow }> {
  const { exception, resolution } = await desk.store.read(async (reader) => ({
    exception: await resolvable(desk, reader, operator, id, wanted.action),
    resolution: await withPerson(reader, wanted),
  }));
  const said = await resolve(desk, operator, exception, wanted, resolution);
  return { said, exception: (await desk.store.read((reader) => reader.exception(id))) ?? exception };
}

function resolve(
  desk: Desk,
  operator: Operator,
  exception: ExceptionRow,
  wanted: Wanted,
  resolution: Resolution,
): Promise<string> {
  if (isTheWatchs(exception)) return close(desk, operator, exception, resolution);
  if (wanted.action === 'skip') return skip(desk, operator, exception, wanted);
  return desk.resolutions.tell(exception, resolution, operator.id);
}

/** Says that an operator sees to it: its alert is not repeated any more. Whoever takes it after another has it then. */
export async function takeException(
  { store, now, ...desk }: Desk,
  operator: Operator,
  id: string,
): Promise<{ said: string; exception: ExceptionRow }> {
  const before = await store.read((reader) => resolvable({ store, now, ...desk }, reader, operator, id, 'take'));
  if (before.takenBy === operator.id)
    return { said: `${operator.id} has it since ${before.takenAt}`, exception: before };
  const at = now();
  return store.transaction(async (tx) => {
    if (!(await tx.takeException(id, operator.id, at))) throw resolvedAlready(await tx.exception(id));
    const { workflowId, takenBy } = before;
    const data = { by: operator.id, ...(takenBy === undefined ? {} : { before: takenBy }) };
    await tx.addEvidence([
      { ...whatItIsAbout(before), workflowId, step: `${id}/${at}`, kind: 'exception-taken', at, data },
    ]);
    const said = `${operator.id} has it${takenBy === undefined ? '' : `, and not ${takenBy} any more`}`;
    return { said, exception: (await tx.exception(id)) ?? before };
  });
}

const skippable: ReadonlySet<ExceptionRow['kind']> = new Set(['step-failed', 'deadline-missed', 'deadline-near']);
const longestSkipMs = 30 * 24 * 3_600_000;

/** The first who wishes it is written down; a second person's equal wish goes to the workflow, in both names. */
async function skip(
  desk: Desk,
  { id: by }: Operator,
  exception: ExceptionRow,
  { reason, until: day }: Extract<Wanted, { action: 'skip' }>,
): Promise<string> {
  const { id, kind, target, workflowId } = exception;
  if (!skippable.has(kind) || target === undefined) {
    throw new HttpProblem(409, 'only a step at a target is skipped: this is none');
  }
  const at = desk.now();
  const until = new Date(day).toISOString();
  const ahead = Date.parse(until) - Date.parse(at);
  if (ahead <= 0 || ahead > longestSkipMs) {
    const problem = ahead <= 0 ? 'is over' : 'is more than 30 days ahead';
    throw new HttpProblem(400, `until: ${problem}`, { members: { errors: [{ path: '/until', problem }] } });
  }
  const asked = await desk.store.transaction(async (tx) => {
    const answer = await tx.askSkip(id, { by, until, reason });
    if (answer.is !== 'asked') return answer;
    const about = { ...whatItIsAbout(exception), workflowId };
    await tx.addEvidence([{ ...about, step: `${id}/${at}`, kind: 'skip-asked', at, data: { by, until } }]);
    return answer;
  });
  if (asked.is === 'resolved') throw resolvedAlready(await desk.store.read((reader) => reader.exception(id)));
  if (asked.is === 'asked') {
    return `${by} wants to skip it until ${until}: a second person must want the same, until the same moment`;
  }
  return desk.resolutions.tell(exception, { action: 'skip', reason: asked.reason, until }, asked.by);
}

/** In the order in which a request can be wrong: what may not be seen is not there, and who caused a thing decides nothing of it. */
async function resolvable(
  { now }: Desk,
  reader: Reader,
  operator: Operator,
  id: string,
  action: Resolution['action'] | 'take',
): Promise<ExceptionRow> {
  const secrecy = new Secrecy(reader, operator, now());
  const exception = await reader.exception(id);
  if (exception === undefined || !(await secrecy.showsException(exception))) {
    throw new HttpProblem(404, 'no exception has that id');
  }
  if (action === 'release') demand(operator, ['security']);
  else if (await secrecy.isConfidential(exception)) demand(operator, ['security', 'admin']);
  else demand(operator, action === 'retry' ? ['operator'] : ['operator', 'security']);
  const arrival = exception.event === undefined ? undefined : await reader.arrival(exception.event);
  if (arrival?.event.by === operator.id) {
    throw new HttpProblem(403, 'you caused the event that this is about: somebody else must see to it');
  }
  if (exception.resolvedAt !== undefined) throw resolvedAlready(exception);
  const hold = holdOf(exception.workflowId);
  if (hold !== undefined) {
    throw new HttpProblem(409, `it closes when the hold does: release or reject ${hold} (POST /api/holds/${hold})`);
  }
  if (action === 'release' && !isToRelease(id)) {
    throw new HttpProblem(409, 'what this is about cannot be released: nothing waits for a word of security alone');
  }
  return exception;
}

/** The person by their own id, as workflows know them. */
async function withPerson(reader: Reader, wanted: Wanted): Promise<Resolution> {
  if (wanted.action !== 'attach') return wanted;
  const [person, ...more] = await reader.personByAlias(wanted.person);
  if (person !== undefined && more.length === 0) return { ...wanted, person: person.id };
  const problem =
    person === undefined
      ? 'nobody goes by that name'
      : `is the name of ${[person, ...more].map((each) => each.id).join(' and of ')}`;
  throw new HttpProblem(400, `person: ${problem}`, { members: { errors: [{ path: '/person', problem }] } });
}

/** What the watch and the scheduled checks found belongs to no workflow that waits for an answer. */
const isTheWatchs = ({ id }: ExceptionRow): boolean => /^(watch|delivery-check|reconcile)\//.test(id);

async function close(
  { store, now }: Desk,
  { id: by }: Operator,
  exception: ExceptionRow,
  { action, reason = '' }: Resolution,
): Promise<string> {
  if (action !== 'done') {
    const who = exception.id.startsWith('watch/') ? 'the watch' : 'a check';
    throw new HttpProblem(409, `${who} found this, and no workflow waits for an answer: "done" closes it`);
  }
  const at = now();
  const { id, workflowId } = exception;
  await store.transaction(async (tx) => {
    if (!(await tx.resolveException(id, { action, by, reason }, at))) throw resolvedAlready(await tx.exception(id));
    const about = { ...whatItIsAbout(exception), workflowId };
    await tx.addEvidence([{ ...about, step: id, kind: 'exception-resolved', at, data: { action, by } }]);
  });
  return `${id}: done by ${by}`;
}

function whatItIsAbout({ person, event, target }: ExceptionRow): { person?: string; event?: string; target?: string } {
  return {
    ...(person === undefined ? {} : { person }),
    ...(event === undefined ? {} : { event }),
    ...(target === undefined ? {} : { target }),
  };
}

function resolvedAlready(exception: ExceptionRow | undefined): HttpProblem {
  const { resolvedAt = '', resolution } = exception ?? {};
  const how = resolution === undefined ? '' : `: ${resolution.action} by ${resolution.by}`;
  return new HttpProblem(409, `it was resolved already, at ${resolvedAt}${how}`);
}
