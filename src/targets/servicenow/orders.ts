import { Failure } from '../../model/failure.ts';
import type { CallContext, Outcome, Ticket, TicketRequest } from '../target.ts';
import type { ServiceNowClient } from './client.ts';
import { correlationOf } from './correlation.ts';
import type { CatalogueOrder } from './settings.ts';
import { bodyWith } from './ticket-body.ts';
import type { RequestedItem } from './wire.ts';

/**
 * Orders the item once. The catalogue has no idempotency key: the order carries the correlation id in a variable of its own,
 * which is written by the same call, so that a lost answer's order is found before another is made.
 */
export async function openOrder(
  client: ServiceNowClient,
  order: CatalogueOrder,
  request: TicketRequest,
  context: CallContext,
): Promise<{ ticket: Ticket; outcome: Outcome }> {
  const { signal } = context;
  const look = () => findOrder(client, order, request.correlationId, signal);
  const found = await look();
  if (found !== undefined) return { ticket: found, outcome: 'already' };
  const variables = variablesOf(order, request);
  await checkVariables(client, order.item, Object.keys(variables), signal);
  // A lost answer may have left the item in our cart. Between the two looks somebody else's order may have taken it along,
  // so the cart is read before the second one.
  const inCart = (await client.cartValues(signal)).includes(correlationOf(request.correlationId));
  const taken = inCart ? undefined : await look();
  if (taken !== undefined) return { ticket: taken, outcome: 'already' };
  const number = await placeOrder(client, order, variables, inCart, context);
  const placed = (await look()) ?? (await markItem(client, order, request.correlationId, number, context));
  if (placed !== undefined) return { ticket: placed, outcome: 'changed' };
  throw new Failure('not-confirmed', 'ServiceNow: a catalogue item was ordered, and no requested item is there');
}

/** The order with this correlation id: by its variable, or by the field of the requested item itself. */
export async function findOrder(
  client: ServiceNowClient,
  order: CatalogueOrder,
  correlationId: string,
  signal: AbortSignal,
): Promise<Ticket | undefined> {
  const { item, correlationVariable } = order;
  const wanted = correlationOf(correlationId);
  const query = [
    `sc_item_option.item_option_new.name=${correlationVariable}`,
    `sc_item_option.value=${wanted}`,
    `request_item.cat_item=${item}`,
    'ORDERBYsys_created_on',
  ].join('^');
  const { rows, total } = await client.variableAnswers(query, 2, signal);
  const oldest = rows.find(
    (row) =>
      row['sc_item_option.item_option_new.name'] === correlationVariable &&
      row['sc_item_option.value'] === wanted &&
      row['request_item.cat_item'] === item,
  );
  if (oldest !== undefined) return ticketOf(await client.requestedItem(oldest.request_item, signal), order);
  // Conditions on what we may not read are dropped, and rows that we may not read are counted and not shown.
  if (rows.length > 0 || total > 0) throw unreadable();
  const marked = await client.requestedItems(`correlation_id=${wanted}^cat_item=${item}`, 2, signal);
  const ours = marked.find((row) => row.correlation_id === wanted);
  return ours === undefined ? undefined : ticketOf(ours, order);
}

/** Takes an order back, where nobody has ended it; whether it was delivered is not Muster's to say. */
export async function cancelOrder(
  client: ServiceNowClient,
  order: CatalogueOrder,
  { id, number }: Ticket,
  note: string,
  context: CallContext,
): Promise<Outcome> {
  if (resultOf(await client.requestedItem(id, context.signal), order) !== undefined) return 'already';
  await context.beforeChange('cancel order');
  const fields = { ...order.closeWith, [order.noteField]: note };
  if (resultOf(await client.updateItem(id, fields, context.signal), order) !== undefined) return 'changed';
  throw new Failure('not-confirmed', `ServiceNow: ${number} is still open after it was taken back`, {
    advice: 'A business rule or a mandatory field keeps it open: set "closeWith" of its order as your forms want it.',
  });
}

/** That an order can be made and found again. Throws a Failure that says which variable or right is missing. */
export async function checkOrder(client: ServiceNowClient, order: CatalogueOrder, signal: AbortSignal): Promise<void> {
  const { correlationVariable, titleVariable, bodyVariable, variables } = order;
  const used = [correlationVariable, titleVariable, bodyVariable, ...Object.keys(variables)];
  await checkVariables(
    client,
    order.item,
    used.filter((name) => name !== undefined),
    signal,
  );
  const { rows, total } = await client.variableAnswers('', 1, signal);
  const seen = rows.every((row) => row['sc_item_option.value'] !== undefined);
  if (!seen || (rows.length === 0 && total > 0)) throw unreadable();
}

/** ServiceNow drops variables that an item lacks without a word; an order without its correlation id would be made again and again. */
async function checkVariables(
  client: ServiceNowClient,
  item: string,
  wanted: string[],
  signal: AbortSignal,
): Promise<void> {
  const there = new Set(await client.variableNames(item, signal));
  const missing = wanted.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  throw new Failure('misconfigured', `ServiceNow: the catalogue item ${item} has no variable ${missing.join(', ')}`, {
    advice: 'Add it to the item as text in one line, or name another in "orders" of muster.yaml or in policy.yaml.',
  });
}

async function placeOrder(
  client: ServiceNowClient,
  { item }: CatalogueOrder,
  variables: Record<string, string>,
  inCart: boolean,
  context: CallContext,
): Promise<string | undefined> {
  if (!inCart) {
    await context.beforeChange('order item');
    const request = await client.orderNow(item, variables, context.signal);
    if (request !== undefined) return request;
  }
  await context.beforeChange('submit cart');
  // An empty cart: another order's submission took ours along.
  return client.submitCart(context.signal);
}

/** Where a rule of the instance emptied the variable, the requested item's own field keeps the correlation id. */
async function markItem(
  client: ServiceNowClient,
  order: CatalogueOrder,
  correlationId: string,
  request: string | undefined,
  context: CallContext,
): Promise<Ticket | undefined> {
  if (request === undefined) return undefined;
  const items = await client.requestedItems(`request=${request}^cat_item=${order.item}`, 2, context.signal);
  const [item, ...others] = items;
  if (item === undefined || others.length > 0) return undefined;
  await context.beforeChange('mark order');
  const fields = { correlation_id: correlationOf(correlationId), correlation_display: 'Muster' };
  return ticketOf(await client.updateItem(item.sys_id, fields, context.signal), order);
}

function variablesOf(order: CatalogueOrder, request: TicketRequest): Record<string, string> {
  const { correlationVariable, titleVariable, bodyVariable, variables } = order;
  return {
    ...variables,
    ...(titleVariable === undefined ? {} : { [titleVariable]: request.title }),
    ...(bodyVariable === undefined ? {} : { [bodyVariable]: bodyWith(request) }),
    ...request.fields,
    [correlationVariable]: correlationOf(request.correlationId),
  };
}

/** How a requested item ended; undefined while it is open. A refused approval ends it, whatever its state still says. */
function resultOf(item: RequestedItem, { doneStates, failedStates }: CatalogueOrder): Ticket['result'] {
  if (item.approval === 'rejected' || /cancel|reject|incomplete/i.test(item.stage)) return 'failed';
  if (doneStates.includes(item.state)) return 'done';
  if (failedStates.includes(item.state)) return 'failed';
  if (item.active !== 'false') return undefined;
  return /complete/i.test(item.stage) ? 'done' : 'failed';
}

function ticketOf(item: RequestedItem, order: CatalogueOrder): Ticket {
  const ticket = { id: item.sys_id, number: item.number === '' ? item.sys_id : item.number };
  const result = resultOf(item, order);
  return result === undefined ? { ...ticket, state: 'open' } : { ...ticket, state: 'closed', result };
}

const unreadable = () =>
  new Failure('refused', 'ServiceNow: the answers to catalogue variables cannot be searched with our rights', {
    advice: "Give Muster's user a role that reads sc_item_option_mtom, sc_item_option and sc_req_item.",
  });
