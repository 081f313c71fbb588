import { z } from 'zod';
import { isAsked, isBarred } from '../../activities/approvers.ts';
import type { Reader } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import type { Approval } from '../model/approval.ts';
import { approvalShape, decidedApprovalShape, decisionShape, shownApproval } from './approval-shapes.ts';
import { listed, pageOfQuery, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import type { Operator } from './operators.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';
import { pageOf } from './shapes.ts';

const filters = {
  open: z
    .enum(['true', 'false', 'all'], 'must be true, false or all')
    .default('true')
    .describe('open ones (default), those that are over, or all'),
  person: z.string().exactOptional().describe('whom they concern'),
  approver: z.string().exactOptional().describe('who is asked: the id of a person or an operator'),
};

/** Approvals: the list, one of them, and what an approver decides about it. */
export function approvalsRoutes(desk: Desk): Route[] {
  const { store, now } = desk;
  return [
    route({
      method: 'get',
      path: '/api/approvals',
      summary: 'What people are asked to agree to, by the time it is due',
      query: z.strictObject({ ...filters, ...paging }),
      body: noBody,
      answer: pageOf(approvalShape),
      work: ({ operator, query }) =>
        store.read(async (reader) => {
          const { filter, page } = pageOfQuery(query);
          const { open, ...rest } = filter;
          const which = open === 'all' ? rest : { ...rest, open: open === 'true' };
          const secrecy = new Secrecy(reader, operator, now());
          const found = await listed(() =>
            secrecy.page(
              page,
              (part) => reader.approvals(which, part),
              (approval) => shows(reader, secrecy, approval),
            ),
          );
          return { ...found, items: found.items.map(shownApproval) };
        }),
    }),
    route({
      method: 'get',
      path: '/api/approvals/{id}',
      summary: 'One approval; its id has slashes, written as they are or as %2F',
      query: noQuery,
      body: noBody,
      answer: approvalShape,
      work: ({ operator, id }) =>
        store.read(async (reader) => shownApproval(await visible(reader, new Secrecy(reader, operator, now()), id))),
    }),
    route({
      method: 'post',
      path: '/api/approvals/{id}',
      summary: 'Approve or refuse: by somebody who is asked, whom it does not concern, and who did not ask for it',
      roles: ['approver'],
      query: noQuery,
      body: decisionShape,
      answer: decidedApprovalShape,
      work: async ({ operator, id, body }) => {
        const approval = await store.read((reader) => decidable(reader, operator, id, now()));
        const said = await desk.decisions.tell(approval, body, operator.id);
        return { said, approval: shownApproval((await store.read((reader) => reader.approval(id))) ?? approval) };
      },
    }),
  ];
}

/** In the order in which a request can be wrong. The person's workflow checks it all again, under the approval's lock. */
async function decidable(reader: Reader, operator: Operator, id: string, now: string): Promise<Approval> {
  const approval = await visible(reader, new Secrecy(reader, operator, now), id);
  const { data, state, decidedBy } = approval;
  if (state !== 'open') {
    const who = decidedBy === undefined ? '' : ` by ${decidedBy}`;
    throw new HttpProblem(409, `it is ${state} already${who}: nothing is to be decided any more`);
  }
  const person = await reader.person(approval.person);
  const by = data.requestedBy === undefined ? {} : { requestedBy: data.requestedBy };
  if (person !== undefined && (await isBarred({ tx: reader, person, ...by }, operator.id))) {
    throw new HttpProblem(403, 'it concerns you, or you asked for it: somebody else must decide');
  }
  if (!(await isAsked(reader, approval, operator.id, now))) {
    throw new HttpProblem(403, 'you are not asked about this: `approvers` says who is');
  }
  return approval;
}

async function visible(reader: Reader, secrecy: Secrecy, id: string): Promise<Approval> {
  const approval = await reader.approval(id);
  if (approval === undefined || !(await shows(reader, secrecy, approval))) {
    throw new HttpProblem(404, 'no approval has that id');
  }
  return approval;
}

/** What came of an event that must not show yet shows no more than that. */
async function shows(reader: Reader, secrecy: Secrecy, { event }: Approval): Promise<boolean> {
  const arrival = await reader.arrival(event);
  return arrival === undefined || secrecy.showsArrival(arrival);
}
