import { Failure } from '../src/model/failure.ts';
import type { OrderState, OrderWork } from '../src/model/order.ts';
import type { CallContext, Ticket, TicketsAbility } from '../src/targets/target.ts';
import { callContext } from './call-context.ts';
import type { Dependencies } from './dependencies.ts';
import { resultOfFailure } from './failures.ts';
import { targetOf } from './target-of.ts';

/** What has become of an order, by its ticket. */
export function readOrder(dependencies: Dependencies, work: OrderWork): Promise<OrderState> {
  return withTicket(dependencies, work, async ({ ticket }) => stateOf(ticket));
}

/** Takes an order back, unless it is done: then somebody must take back what it gave. */
export function withdrawTicket(dependencies: Dependencies, work: OrderWork): Promise<OrderState> {
  return withTicket(dependencies, work, async ({ ticket, tickets, kind, context }) => {
    const before = stateOf(ticket);
    if (ticket === undefined || before.status !== 'open') return before;
    await tickets.close(ticket, kind, `${work.person} leaves: not needed any more.`, context);
    return { status: 'failed', number: ticket.number };
  });
}

interface WithTicket {
  ticket: Ticket | undefined;
  tickets: TicketsAbility;
  kind: string;
  context: CallContext;
}

async function withTicket(
  dependencies: Dependencies,
  work: OrderWork,
  then: (found: WithTicket) => Promise<OrderState>,
): Promise<OrderState> {
  try {
    const { target, title } = targetOf(dependencies, work.change.target);
    const { content } = work.change;
    if (target.tickets === undefined || content === undefined)
      throw new Failure('misconfigured', `${title} takes no tickets, and policy.yaml orders there`);
    const context = callContext(dependencies, work);
    const { tickets } = target;
    const ticket = await tickets.find(content.correlationId, content.kind, context);
    return await then({ ticket, tickets, kind: content.kind, context });
  } catch (error) {
    const result = resultOfFailure(error, dependencies.timing.retryMaximumMs);
    if (result.status === 'confirmed') throw error;
    if (result.status === 'superseded') throw error;
    const advice = result.advice === undefined ? '' : ` ${result.advice}`;
    return { status: 'blocked', message: `${result.message}.${advice}` };
  }
}

/** A closed ticket is a delivery unless its target says otherwise. */
function stateOf(ticket: Ticket | undefined): Extract<OrderState, { number: string }> {
  if (ticket === undefined) return { status: 'gone', number: '' };
  const { number, state, result } = ticket;
  if (state === 'open') return { status: 'open', number };
  return { status: result === 'failed' ? 'failed' : 'done', number };
}
