import { z } from 'zod';
import type { ExceptionRow, Reader } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
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
      action: z.literal('attach').describe('the event is about this person'),
      reason,
      person: z.string().min(1, 'must name a person').describe('by id, or by any other name that is theirs alone'),
    }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? 'must be retry, done, drop or attach' : undefined) },
);

/** Everybody who may resolve some exception; which of them may resolve this one is seen when it is known. */
export const resolvers = ['operator', 'security', 'admin'] as const;

/** Resolves one, by whatever waits for it. */
export async function resolveException(
  desk: Desk,
  operator: Operator,
  id: string,
  wanted: z.output<typeof resolutionShape>,
): Promise<{ said: string; exception: ExceptionRow }> {
  const { exception, resolution } = await desk.store.read(async (reader) => ({
    exception: await resolvable(desk, reader, operator, id, wanted.action),
    resolution: await withPerson(reader, wanted),
  }));
  const said = isTheWatchs(exception)
    ? await close(desk, operator, exception, resolution)
    : await desk.resolutions.tell(exception, resolution, operator.id);
  return { said, exception: (await desk.store.read((reader) => reader.exception(id))) ?? exception };
}

/** In the order in which a request can be wrong: what may not be seen is not there, and who caused a thing decides nothing of it. */
async function resolvable(
  { now }: Desk,
  reader: Reader,
  operator: Operator,
  id: string,
  action: Resolution['action'],
): Promise<ExceptionRow> {
  const secrecy = new Secrecy(reader, operator, now());
  const exception = await reader.exception(id);
  if (exception === undefined || !(await secrecy.showsException(exception))) {
    throw new HttpProblem(404, 'no exception has that id');
  }
  if (await secrecy.isConfidential(exception)) demand(operator, ['security', 'admin']);
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
  return exception;
}

/** The person by their own id, as workflows know them. */
async function withPerson(reader: Reader, wanted: z.output<typeof resolutionShape>): Promise<Resolution> {
  if (wanted.action !== 'attach') return wanted;
  const [person, ...more] = await reader.personByAlias(wanted.person);
  if (person !== undefined && more.length === 0) return { ...wanted, person: person.id };
  const problem =
    person === undefined
      ? 'nobody goes by that name'
      : `is the name of ${[person, ...more].map((each) => each.id).join(' and of ')}`;
  throw new HttpProblem(400, `person: ${problem}`, { members: { errors: [{ path: '/person', problem }] } });
}

/** What the watch found belongs to no workflow that waits for an answer. */
const isTheWatchs = ({ id }: ExceptionRow): boolean => id.startsWith('watch/');

async function close(
  { store, now }: Desk,
  { id: by }: Operator,
  { id, workflowId, person, event }: ExceptionRow,
  { action, reason = '' }: Resolution,
): Promise<string> {
  if (action !== 'done') {
    throw new HttpProblem(409, `the watch found this, and no workflow waits for an answer: "done" closes it`);
  }
  const at = now();
  await store.transaction(async (tx) => {
    if (!(await tx.resolveException(id, { action, by, reason }, at))) throw resolvedAlready(await tx.exception(id));
    const about = { ...(person === undefined ? {} : { person }), ...(event === undefined ? {} : { event }) };
    await tx.addEvidence([{ workflowId, step: id, kind: 'exception-resolved', ...about, at, data: { action, by } }]);
  });
  return `${id}: done by ${by}`;
}

function resolvedAlready(exception: ExceptionRow | undefined): HttpProblem {
  const { resolvedAt = '', resolution } = exception ?? {};
  const how = resolution === undefined ? '' : `: ${resolution.action} by ${resolution.by}`;
  return new HttpProblem(409, `it was resolved already, at ${resolvedAt}${how}`);
}
