import { Failure } from '../src/model/failure.ts';
import type { ChangeResult, ChangeWork } from '../src/model/work.ts';
import { callContext } from './call-context.ts';
import type { Dependencies } from './dependencies.ts';
import { resultOfFailure } from './failures.ts';
import { targetOf } from './target-of.ts';

/** Opens the ticket of a plan's change, or finds the one that a lost answer already made, and reads it back. */
export async function openTicket(dependencies: Dependencies, work: ChangeWork): Promise<ChangeResult> {
  const { change, event, person, now, workflowId } = work;
  try {
    const { target, title } = targetOf(dependencies, change.target);
    if (target.tickets === undefined || change.content === undefined) {
      throw new Failure('misconfigured', `${title} takes no tickets, and policy.yaml asks for one there`);
    }
    const context = callContext(dependencies, work);
    const { correlationId, kind, title: subject, body, checklist } = change.content;
    const request = { correlationId, kind, title: subject, body, ...(checklist === undefined ? {} : { checklist }) };
    const { ticket, outcome } = await target.tickets.open(request, context);
    const seen = await target.tickets.find(correlationId, kind, context);
    if (seen === undefined)
      throw new Failure('not-confirmed', `${title} said it opened ${ticket.number}, and does not have it`);
    const at = new Date().toISOString();
    const data = { ticket: ticket.id, number: ticket.number, kind, outcome, readBackAt: at };
    const piece = { workflowId, step: `${event}/${change.id}`, person, event, target: change.target, at: now };
    await dependencies.store.write({ evidence: [{ ...piece, kind: 'ticket-opened', data }] });
    return { status: 'confirmed', at, accounts: [], ticket: ticket.number };
  } catch (error) {
    return resultOfFailure(error, dependencies.timing.retryMaximumMs);
  }
}
