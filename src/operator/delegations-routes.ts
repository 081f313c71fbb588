import { z } from 'zod';
import { finder } from '../directory/finder.ts';
import type { Transaction } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import type { Delegation } from '../model/approval.ts';
import { delegateShape, delegationShape } from './approval-shapes.ts';
import type { Desk } from './operator.ts';
import type { Operator } from './operators.ts';
import { noBody, type Route, route } from './route.ts';
import { pageOf } from './shapes.ts';

/** Delegations: who decides for whom while they are away. */
export function delegationsRoutes({ store, now }: Desk): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/delegations',
      summary: 'Who decides for whom while they are away, now or later',
      query: z.strictObject({
        approver: z.string().exactOptional().describe('whose approvals'),
        past: z.enum(['true', 'false'], 'must be true or false').default('false').describe('those that are over, too'),
      }),
      body: noBody,
      answer: pageOf(delegationShape),
      work: ({ query: { approver, past } }) =>
        store.read(async (reader) => ({
          items: await reader.delegations({
            ...(approver === undefined ? {} : { approver: (await finder(reader)(approver))?.id ?? approver }),
            ...(past === 'true' ? {} : { after: now() }),
          }),
        })),
    }),
    route({
      method: 'post',
      path: '/api/delegations',
      summary: 'Let somebody decide for an approver who is away; the same beginning again moves its end',
      roles: ['operator', 'security', 'admin'],
      query: z.strictObject({}),
      body: delegateShape,
      answer: delegationShape,
      work: ({ operator, body }) => store.transaction((tx) => delegate(tx, operator, body, now())),
    }),
  ];
}

async function delegate(
  tx: Transaction,
  operator: Operator,
  wanted: z.output<typeof delegateShape>,
  now: string,
): Promise<Delegation> {
  const approver = await personCalled(tx, 'approver', wanted.approver);
  const other = await personCalled(tx, 'delegate', wanted.delegate);
  const until = iso(wanted.until);
  if (approver === other) throw faulty('delegate', 'is the approver');
  // Nobody makes themselves an approver.
  if (other === ((await finder(tx)(operator.id))?.id ?? operator.id)) {
    throw new HttpProblem(403, 'it would let you decide yourself: somebody else must say so');
  }
  const running = (await tx.delegations({ approver, after: now })).find((each) => each.delegate === other);
  const from = wanted.from === undefined ? (running?.from ?? now) : iso(wanted.from);
  const piece = { workflowId: `delegation:${approver}`, step: `${from}/${until}/${now}`, person: approver, at: now };
  const data = { delegate: other, from, until, by: operator.id };
  if (until <= from && !(await tx.removeDelegation(approver, from))) {
    throw faulty('until', 'is not after "from", and nothing that began then could be ended');
  }
  if (until > from) await tx.putDelegation({ approver, ...data });
  await tx.addEvidence([{ ...piece, kind: until <= now ? 'delegation-ended' : 'delegation-made', data }]);
  return { approver, ...data };
}

async function personCalled(tx: Transaction, field: string, name: string): Promise<string> {
  const person = await finder(tx)(name);
  if (person === undefined) throw faulty(field, 'is the name of nobody, or of several people');
  return person.id;
}

const iso = (moment: string): string => new Date(moment).toISOString();

const faulty = (field: string, problem: string): HttpProblem =>
  new HttpProblem(400, `${field}: ${problem}`, { members: { errors: [{ path: `/${field}`, problem }] } });
