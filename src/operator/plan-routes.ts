import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { type DryRun, dryRun, type Planning } from '../dry-run/dry-run.ts';
import { HttpProblem } from '../http/problem.ts';
import type { IdentityEvent } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import { eventKey } from '../model/messages.ts';
import type { PendingChange } from '../model/person.ts';
import type { AccessPlan, Change, Plan } from '../model/plan.ts';
import { payloadHash } from '../receiver/event-id.ts';
import { readEventData } from '../sources/event-data.ts';
import { knownPerson } from './known-person.ts';
import type { Desk } from './operator.ts';
import { pendingInWords } from './pending-words.ts';
import { planRequest, planShape } from './plan-shapes.ts';
import { noQuery, type Route, route } from './route.ts';
import { Secrecy } from './secrecy.ts';

type Request = z.output<typeof planRequest>;
type Shown = z.input<typeof planShape>;

const askers = ['operator', 'approver', 'security', 'auditor', 'admin'] as const;

/** What an event would do, without doing it. `planning` is made when it is first needed. */
export function planRoutes({ store, now }: Desk, planning: () => Planning): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/plan',
      summary:
        'What an event would do, or what a person’s access lacks now: nothing is written, and nothing is changed',
      roles: askers,
      query: noQuery,
      body: planRequest,
      answer: planShape,
      work: ({ operator, body }) =>
        store.read(async (reader) => {
          const at = now();
          const made = ready(planning);
          const secrecy = new Secrecy(reader, operator, at);
          const person = body.person === undefined ? undefined : (await knownPerson(reader, body.person)).id;
          const { event, mode } = eventOf(made, { ...body, ...(person === undefined ? {} : { person }) }, at);
          const found = await dryRun(made, {
            ...{ event, now: at, hides: (change: PendingChange) => secrecy.hides(change) },
            ...(person === undefined ? {} : { person }),
          });
          return shown(event, mode, found);
        }),
    }),
  ];
}

/** A part of Muster that runs without a policy, or whose targets cannot be connected, says so instead of failing. */
export function ready(planning: () => Planning): Planning {
  try {
    return planning();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new HttpProblem(503, `plans cannot be made here: ${error.message}`, { cause: error });
  }
}

function eventOf(
  { sources }: Planning,
  { event: said, person }: Request,
  now: string,
): { event: IdentityEvent; mode: Shown['mode'] } {
  // A look at a person is what a change of the policy would have done.
  const {
    type,
    subject,
    source = 'operator',
    data,
  } = said ?? {
    ...{ type: 'policy-changed' as const, subject: person ?? '', source: 'muster', data: {} },
  };
  const known = sources[source];
  if (said?.source !== undefined && known === undefined) {
    const problem = `muster.yaml has no source "${source}"; it has ${Object.keys(sources).join(', ') || 'none'}`;
    throw new HttpProblem(400, problem, { members: { errors: [{ path: '/event/source', problem }] } });
  }
  const read = readEventData(type, data);
  if (!read.ok) {
    const errors = read.faults.map((fault) => ({ ...fault, path: `/event/data${fault.path}` }));
    throw new HttpProblem(400, 'the event breaks the schema', { members: { errors } });
  }
  const id = `dry-run-${randomUUID()}`;
  const entered = said?.source === undefined ? { enteredAt: now } : {};
  const { birthDate: _, ...details } = read.value;
  const normalised = { ...entered, ...details, type, subject, id };
  const event = {
    ...normalised,
    key: eventKey(source, id),
    source,
    receivedAt: now,
    payloadHash: payloadHash(normalised),
  };
  return { event, mode: known?.mode ?? 'enforce' };
}

function shown({ type, subject, source }: IdentityEvent, mode: Shown['mode'], run: DryRun): Shown {
  const { person, outcome, reason, state, moments, due, gone, exceptions, accounts, seen } = run;
  return {
    ...(person === undefined ? {} : { person }),
    ...{ event: { type, subject, source }, mode, outcome },
    ...(reason === undefined ? {} : { reason }),
    state,
    moments: moments.map(({ at, state: then, plan, asks, held }) => ({
      ...{ at, state: then },
      ...(plan === undefined ? {} : { plan: shownPlan(plan) }),
      asks: asks.map((ask) => ({
        ...{ rule: ask.data.rule, state: ask.state, approvers: ask.approvers, dueAt: ask.dueAt },
        summary: ask.data.summary,
      })),
      ...(held === undefined ? {} : { held }),
    })),
    ...{ due: due.map(shownDue), gone: gone.map(shownDue) },
    exceptions: exceptions.map(({ kind, target, reason: why }) => ({
      ...{ kind, reason: why },
      ...(target === undefined ? {} : { target }),
    })),
    accounts: accounts.map(({ target, name, kind, status, entitlements }) => ({
      ...{ target, name, kind, status, entitlements },
    })),
    ...(seen === undefined ? {} : { seen: { read: seen.read, unread: seen.unread } }),
  };
}

function shownPlan(plan: Plan | AccessPlan) {
  const { hash, policy, changes, proposed, observed } = plan;
  const { kept, stopped }: Pick<AccessPlan, 'kept' | 'stopped'> = 'kept' in plan ? plan : { kept: [], stopped: [] };
  return {
    ...{ hash, policy, changes: changes.map(shownChange), kept },
    ...{ proposed: proposed.map(shownChange), observed: observed.map(shownChange) },
    stopped: stopped.map(({ change, reason }) => ({ id: change.id, summary: change.summary, reason })),
  };
}

function shownChange({ id, target, action, summary, because, after, entitlement, disabled, content }: Change) {
  return {
    ...{ id, target, action, summary, because, after },
    ...(entitlement === undefined ? {} : { entitlement }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(content === undefined ? {} : { content: { ...content } }),
  };
}

function shownDue(row: PendingChange) {
  const { id, kind, dueAt, date, zone } = row;
  return {
    ...{ id, kind, dueAt, what: pendingInWords(row) },
    ...(date === undefined ? {} : { date }),
    ...(zone === undefined ? {} : { zone }),
  };
}
