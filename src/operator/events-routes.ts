import { z } from 'zod';
import type { Arrival, EvidenceRow } from '../directory/store.ts';
import { HttpProblem } from '../http/problem.ts';
import { eventOutcomes, eventTypes } from '../model/event.ts';
import { listed, pageOfQuery, paging } from './lists.ts';
import type { Desk } from './operator.ts';
import type { Operator } from './operators.ts';
import { noBody, noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';
import { eventDetailShape, eventShape, pageOf } from './shapes.ts';

const filters = {
  source: z.string().exactOptional(),
  outcome: z.enum(eventOutcomes, `must be one of ${eventOutcomes.join(', ')}`).exactOptional(),
  person: z.string().exactOptional(),
  type: z.enum(eventTypes, `must be one of ${eventTypes.join(', ')}`).exactOptional(),
};

/** Events: the list, and one of them with its evidence. */
export function eventsRoutes({ store, now }: Desk): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/events',
      summary: 'Events, the latest first',
      query: z.strictObject({ ...filters, ...paging }),
      body: noBody,
      answer: pageOf(eventShape),
      work: ({ operator, query }) =>
        store.read(async (reader) => {
          const { filter, page } = pageOfQuery(query);
          const secrecy = new Secrecy(reader, operator, now());
          const list = () =>
            secrecy.page(
              page,
              (part) => reader.arrivals(filter, part),
              (arrival) => secrecy.showsArrival(arrival),
            );
          const found = await listed(list);
          return { ...found, items: found.items.map(summaryOf) };
        }),
    }),
    route({
      method: 'get',
      path: '/api/events/{key}',
      summary: 'One event, with the evidence of what became of it',
      query: noQuery,
      body: noBody,
      answer: eventDetailShape,
      work: ({ operator, id }) =>
        store.read(async (reader) => {
          const arrival = await reader.arrival(id);
          const shown = arrival !== undefined && (await new Secrecy(reader, operator, now()).showsArrival(arrival));
          // What is confidential is not there: an answer of its own would say that there is something.
          if (arrival === undefined || !shown) throw new HttpProblem(404, 'no event has that key');
          const evidence = await reader.evidence({ event: arrival.key }, { limit: 500 });
          return detailOf(arrival, evidence.items, operator);
        }),
    }),
  ];
}

function summaryOf({ key, event, person, outcome, reason, receivedAt, settledAt, workflowId }: Arrival) {
  const { id, source, type, subject, enteredAt, effectiveDate, effectiveAt } = event;
  return {
    ...{ key, id, source, type, subject },
    ...(person === undefined ? {} : { person }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(reason === undefined ? {} : { reason }),
    ...(enteredAt === undefined ? {} : { enteredAt }),
    receivedAt,
    ...(effectiveDate === undefined ? {} : { effectiveDate }),
    ...(effectiveAt === undefined ? {} : { effectiveAt }),
    ...(settledAt === undefined ? {} : { settledAt }),
    workflowId,
  };
}

function detailOf(arrival: Arrival, evidence: EvidenceRow[], { roles }: Operator) {
  const { sequence, correction, rescinded, by, payloadHash, data } = arrival.event;
  const { reason: _, ...unreasoned } = data;
  const mayKnowWhy = roles.has('security') || roles.has('auditor') || roles.has('admin');
  return {
    ...summaryOf(arrival),
    ...(sequence === undefined ? {} : { sequence }),
    ...(correction === undefined ? {} : { correction }),
    ...(rescinded === undefined ? {} : { rescinded }),
    ...(by === undefined ? {} : { by }),
    payloadHash,
    data: mayKnowWhy ? data : unreasoned,
    evidence,
  };
}
