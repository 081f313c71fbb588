import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { context, type Door, hardware, openDoor, orders } from './instance.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const item = orders.hardware.item;
const tickets = (order: Record<string, unknown> = {}) =>
  door.tickets({ orders: { hardware: { ...orders.hardware, ...order } } });
const find = () => tickets().find(hardware.correlationId, 'hardware', context());
const announcing = (announced: string[]) => ({
  ...context(),
  beforeChange: async (operation: string) => void announced.push(operation),
});
const heldSchema = z.array(
  z.looseObject({
    table: z.string(),
    sys_id: z.string(),
    number: z.string(),
    variables: z.record(z.string(), z.string()),
  }),
);
const held = () => heldSchema.parse(door.held());
const catalogue = () =>
  door.requests.flatMap((request) => /^(\w+ )\/api\/sn_sc\/servicecatalog(.*)$/.exec(request)?.slice(1).join('') ?? []);

describe('ordering', () => {
  test('an item is ordered with its variables, the correlation id among them, and announced once', async () => {
    const announced: string[] = [];
    const checklist = ['Docking station', 'Bag'];
    const { ticket, outcome } = await tickets().open({ ...hardware, checklist }, announcing(announced));
    expect(held()).toMatchObject([
      {
        table: 'sc_req_item',
        sys_id: ticket.id,
        number: ticket.number,
        cat_item: item,
        variables: {
          cost_center: 'IT',
          summary: 'Laptop for GT-48291',
          details: 'GT-48291 starts on 2025-12-01.\n\n1. Docking station\n2. Bag',
          model: 'Standard',
          start_date: '2025-12-01',
          muster_correlation: 'order:GT-48291:laptop',
        },
      },
    ]);
    expect([ticket.number, ticket.state, outcome, announced]).toEqual([
      expect.stringMatching(/^RITM/),
      'open',
      'changed',
      ['order item'],
    ]);
    expect(door.called).toEqual([{ operation: 'order item', subject: ticket.number, worker: 'GT-48291' }]);
    expect(catalogue()).toEqual([`GET /items/${item}`, 'GET /cart', `POST /items/${item}/order_now`]);
  });

  test('it is looked for by its variable, of its own item, oldest first', async () => {
    await find();
    const query = decodeURIComponent(door.requests.find((request) => request.includes('mtom')) ?? '');
    expect(query.replaceAll('+', ' ')).toContain(
      `sysparm_query=sc_item_option.item_option_new.name=muster_correlation^sc_item_option.value=order:GT-48291:laptop^request_item.cat_item=${item}^ORDERBYsys_created_on`,
    );
  });

  test('after the lost answer nothing is ordered again', async () => {
    door.lose = /order_now$/;
    await expect(tickets().open(hardware, context())).rejects.toMatchObject({ code: 'unavailable' });
    const [ordered] = held();
    expect(await tickets().open(hardware, context())).toEqual({
      ticket: { id: ordered?.sys_id, number: ordered?.number, state: 'open' },
      outcome: 'already',
    });
    expect(held()).toHaveLength(1);
  });

  test('a variable that the item lacks is said before anything is ordered: ServiceNow would drop it without a word', async () => {
    const misconfigured = {
      code: 'misconfigured',
      message: `ServiceNow: the catalogue item ${item} has no variable colour`,
    };
    await expect(tickets().open({ ...hardware, fields: { colour: 'red' } }, context())).rejects.toMatchObject(
      misconfigured,
    );
    await expect(tickets({ correlationVariable: 'colour' }).open(hardware, context())).rejects.toMatchObject(
      misconfigured,
    );
    expect(held()).toEqual([]);
  });

  test('where a rule empties the variable, the requested item is marked and found by its own field', async () => {
    door.fault = { vendor: 'blankVariables' };
    const announced: string[] = [];
    const { ticket } = await tickets().open(hardware, announcing(announced));
    expect(announced).toEqual(['order item', 'mark order']);
    expect(await tickets().open(hardware, context())).toEqual({ ticket, outcome: 'already' });
    expect(held()).toMatchObject([{ correlation_id: 'order:GT-48291:laptop' }]);
  });

  test('an order that was promised and is not there is not confirmed', async () => {
    door.fault = { lie: true };
    await expect(tickets().open(hardware, context())).rejects.toMatchObject({ code: 'not-confirmed' });
    expect(held()).toEqual([]);
  });
});

describe('where checking out takes two steps', () => {
  beforeEach(() => {
    door.fault = { vendor: 'twoSteps' };
  });

  test('the cart is submitted, because the item alone orders nothing', async () => {
    const announced: string[] = [];
    const { ticket } = await tickets().open(hardware, announcing(announced));
    expect(announced).toEqual(['order item', 'submit cart']);
    expect(held().map(({ number }) => number)).toEqual([ticket.number]);
  });

  test.each([
    ['the item', /order_now$/, ['submit cart']],
    ['the cart', /submit_order$/, []],
  ])('after the lost answer about %s there is one order', async (_what, path, again) => {
    door.lose = path;
    await expect(tickets().open(hardware, context())).rejects.toMatchObject({ code: 'unavailable' });
    const announced: string[] = [];
    await tickets().open(hardware, announcing(announced));
    expect([announced, held().length]).toEqual([again, 1]);
  });

  test('two orders at once are one each, whoever submits both', async () => {
    const other = { ...hardware, correlationId: 'order:GT-10007:laptop' };
    let first = true;
    const meanwhile = {
      ...context(),
      beforeChange: async (operation: string) => {
        if (operation !== 'submit cart' || !first) return;
        first = false;
        await tickets().open(other, context());
      },
    };
    await tickets().open(hardware, meanwhile);
    expect(held().map(({ variables }) => variables['muster_correlation'])).toEqual([
      hardware.correlationId,
      other.correlationId,
    ]);
    await tickets().open(hardware, context());
    await tickets().open(other, context());
    expect(held()).toHaveLength(2);
  });
});

describe('what find says', () => {
  test.each([
    ['state 3, closed complete', { state: '3' }, { state: 'closed', result: 'done' }],
    ['state 4, closed incomplete', { state: '4' }, { state: 'closed', result: 'failed' }],
    ['state 7, skipped', { state: '7' }, { state: 'closed', result: 'failed' }],
    ['a refused approval', { approval: 'rejected' }, { state: 'closed', result: 'failed' }],
    [
      'a refused approval that was closed as complete',
      { state: '3', approval: 'rejected' },
      { state: 'closed', result: 'failed' },
    ],
    ['a cancelled stage', { stage: 'Request Cancelled' }, { state: 'closed', result: 'failed' }],
    [
      'a state of their own, no longer active',
      { state: '12', active: 'false', stage: 'Completed' },
      { state: 'closed', result: 'done' },
    ],
    [
      'a state of their own, no longer active and not complete',
      { active: 'false', stage: 'x' },
      { state: 'closed', result: 'failed' },
    ],
    ['work in progress', { state: '2', stage: 'Delivery' }, { state: 'open' }],
  ])('of %s', async (_what, fields, expected) => {
    const { ticket } = await tickets().open(hardware, context());
    await door.api('PATCH', `sc_req_item/${ticket.id}`, fields);
    expect(await find()).toEqual({ ...ticket, ...expected });
  });

  test('an order nobody made is not there', async () => {
    await tickets().open(hardware, context());
    expect(await tickets().find('another', 'hardware', context())).toBeUndefined();
  });
});

describe('taking an order back', () => {
  test('closes it as incomplete with the note, once, and it has failed', async () => {
    const { ticket } = await tickets().open(hardware, context());
    const announced: string[] = [];
    expect(await tickets().close(ticket, 'hardware', 'The hire was cancelled.', announcing(announced))).toBe('changed');
    expect(await tickets().close(ticket, 'hardware', 'The hire was cancelled.', announcing(announced))).toBe('already');
    expect(announced).toEqual(['cancel order']);
    expect(held()).toMatchObject([{ state: '4', close_notes: 'The hire was cancelled.' }]);
    expect(await find()).toEqual({ ...ticket, state: 'closed', result: 'failed' });
  });

  test('an order that a rule keeps open is not confirmed', async () => {
    const { ticket } = await tickets().open(hardware, context());
    await expect(
      tickets({ closeWith: { state: '2' } }).close(ticket, 'hardware', 'x', context()),
    ).rejects.toMatchObject({ code: 'not-confirmed', advice: expect.stringContaining('closeWith') });
  });
});

describe('rights that are missing', () => {
  test.each(['hiddenRows', 'hiddenVariables'])(
    '%s: nothing is ordered again, and check says what is missing',
    async (vendor) => {
      await tickets().open(hardware, context());
      door.fault = { vendor };
      const refused = { code: 'refused', advice: expect.stringContaining('sc_item_option_mtom') };
      await expect(tickets().open(hardware, context())).rejects.toMatchObject(refused);
      await expect(find()).rejects.toMatchObject(refused);
      await expect(door.connect({ orders }).check(context())).rejects.toMatchObject(refused);
      expect(held()).toHaveLength(1);
    },
  );

  test('check says what can be ordered, and which variable an item lacks', async () => {
    expect(await door.connect({ orders }).check(context())).toMatch(/can be read, hardware can be ordered$/);
    const wrong = { hardware: { ...orders.hardware, titleVariable: 'headline' } };
    await expect(door.connect({ orders: wrong }).check(context())).rejects.toMatchObject({
      code: 'misconfigured',
      message: `ServiceNow: the catalogue item ${item} has no variable headline`,
    });
  });
});
