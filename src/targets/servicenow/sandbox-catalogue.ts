import type { Response, Router } from 'express';
import express from 'express';
import { z } from 'zod';
import type { StandInTools } from '../../sandbox/stand-in.ts';
import { addRow, type Instance, instanceSchema, type StoredRow } from './sandbox-tables.ts';

interface Parts {
  instance: () => Instance;
  tools: StandInTools;
  fail(response: Response, status: number): void;
  /** Notes a changing call about a row. */
  obeyed(operation: string, row: StoredRow): void;
}

/** What can be ordered, by sys_id: its name, and the names of its variables. */
export const catalogueItems: Readonly<Record<string, { name: string; variables: string[] }>> = {
  '04b7e94b4f7b4200086eeed18110c7fd': {
    name: 'Hardware',
    variables: [
      'muster_correlation',
      'summary',
      'details',
      'worker',
      'name',
      'location',
      'department',
      'job_title',
      'start_date',
      'model',
      'cost_center',
    ],
  },
};

const orderSchema = z.object({
  sysparm_quantity: z.string().regex(/^[1-9]\d*$/),
  variables: z.record(z.string(), z.string()).default({}),
});

/** The Service Catalog API: items, orders in one step or two, the cart. */
export function catalogueRoutes(router: Router, { instance, tools, fail, obeyed }: Parts): void {
  const path = '/api/sn_sc/servicecatalog';
  const written = (): Instance =>
    tools.fault()?.lie === true ? instanceSchema.parse(structuredClone(instance())) : instance();

  router.get(`${path}/items/:item`, (request, response) => {
    const item = catalogueItems[request.params.item];
    if (item === undefined) return fail(response, 400);
    // Half of them in a container, as forms have them.
    const [first, ...others] = item.variables.map((name) => ({ name, type: 6, mandatory: false }));
    const variables = [first, { name: null, type: 19, children: others }];
    response.json({ result: { sys_id: request.params.item, name: item.name, variables } });
  });
  router.post(`${path}/items/:item/order_now`, express.json(), (request, response) => {
    const id = request.params['item'] ?? '';
    const item = catalogueItems[id];
    const sent = orderSchema.safeParse(request.body).data;
    if (item === undefined || sent === undefined) return fail(response, 400);
    const kept = written();
    // Variables that the item lacks are dropped without a word.
    const known = Object.entries(sent.variables).filter(([name]) => item.variables.includes(name));
    const wanted = { item: id, variables: Object.fromEntries(known) };
    if (tools.fault()?.vendor === 'twoSteps') {
      kept.cart.push(wanted);
      if (kept === instance()) tools.called({ operation: 'add to cart', subject: item.name });
      return void response.json({ result: { cart_id: 'c0ffee00c0ffee00c0ffee00c0ffee00' } });
    }
    response.json({ result: ordered(kept, [wanted]) });
  });
  router.get(`${path}/cart`, (_request, response) => {
    const items = instance().cart.map(({ item, variables }, index) => ({
      cart_item_id: String(index),
      catalog_item_id: item,
      // By their labels, which people choose.
      variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [`${name}, as labelled`, value])),
    }));
    const part = items.length === 0 ? {} : { none: { items, total_title: 'Total' } };
    response.json({ result: { cart_id: 'c0ffee00c0ffee00c0ffee00c0ffee00', subtotal_price: '$0.00', ...part } });
  });
  router.post(`${path}/cart/submit_order`, (_request, response) => {
    if (instance().cart.length === 0) return fail(response, 400);
    const kept = written();
    response.json({ result: ordered(kept, kept.cart.splice(0)) });
  });

  /** One request for all of them, one requested item for each. */
  function ordered(kept: Instance, things: Instance['cart']): Record<string, string> {
    const now = new Date();
    const request = addRow(kept, 'sc_request', {}, now);
    for (const { item, variables } of things) {
      const { name } = catalogueItems[item] ?? { name: '' };
      const row = addRow(
        kept,
        'sc_req_item',
        {
          request: request['sys_id'] ?? '',
          cat_item: item,
          short_description: name,
          stage: 'fulfillment',
          approval: 'approved',
        },
        now,
      );
      for (const [variable, value] of Object.entries(variables)) {
        const stored = tools.fault()?.vendor === 'blankVariables' ? '' : value;
        const answer = {
          request_item: row['sys_id'] ?? '',
          'request_item.cat_item': item,
          'sc_item_option.item_option_new.name': variable,
          'sc_item_option.value': stored,
        };
        addRow(kept, 'sc_item_option_mtom', answer, now);
      }
      if (kept === instance()) obeyed('order item', row);
    }
    return {
      request_number: request['number'] ?? '',
      request_id: request['sys_id'] ?? '',
      number: request['number'] ?? '',
      table: 'sc_request',
    };
  }
}
