import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeStandIn } from '../../../src/targets/servicenow/sandbox.ts';
import { type Door, openDoor } from './instance.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

describe('the Table API', () => {
  test('a new row is answered with 201, where it is, and the fields that were asked for', async () => {
    const answer = await door.api('POST', 'incident?sysparm_fields=number,state', { short_description: 'Left' });
    expect(answer).toMatchObject({ status: 201, body: { result: { number: 'INC0010001', state: '1' } } });
    expect(answer.headers.get('location')).toMatch(/\/api\/now\/table\/incident\/[0-9a-f]{32}$/);
  });

  test('a query finds by exact value in the order asked for, counts all, and drops what names no column', async () => {
    for (const [index, correlation] of ['a', 'b', 'a'].entries()) {
      await door.api('POST', 'incident', { correlation_id: correlation, short_description: String(3 - index) });
    }
    const found = async (query: string) => {
      const answer = await door.api(
        'GET',
        `incident?sysparm_limit=2&sysparm_fields=short_description&sysparm_query=${query}`,
      );
      return [answer.headers.get('x-total-count'), answer.body];
    };
    expect(await found('correlation_id=a^ORDERBYshort_description')).toEqual([
      '2',
      { result: [{ short_description: '1' }, { short_description: '3' }] },
    ]);
    expect((await found('corelation_id=a'))[0]).toBe('3');
  });

  test('a table that is not there, and a row that is not there', async () => {
    expect(await door.api('GET', 'cmdb_ci')).toMatchObject({
      status: 400,
      body: { error: { message: 'Invalid table cmdb_ci' }, status: 'failure' },
    });
    expect(await door.api('GET', 'incident/1')).toMatchObject({
      status: 404,
      body: { error: { message: 'No Record found' } },
    });
  });
});

describe('what it notes', () => {
  test.each([
    ['the correlation id', { correlation_id: 'offboarding:GT-48291:2025-11-15', description: 'Manager: GT-10007' }],
    ['an exception’s correlation id', { correlation_id: 'exception:person:GT-48291/close:salesforce' }],
    ['the title', { correlation_id: 'sha256:00', short_description: 'GT-48291 has left' }],
    ['the body', { description: 'SUP-1234: collect the laptop of GT-48291' }],
  ])('a ticket is about the worker that %s names', async (_where, fields) => {
    await door.api('POST', 'sc_task', fields);
    expect(door.called).toEqual([{ operation: 'create ticket', subject: 'SCTASK0010001', worker: 'GT-48291' }]);
  });

  test('a ticket about nobody has no worker', async () => {
    await door.api('POST', 'incident', { short_description: 'The queue is stuck' });
    expect(door.called).toEqual([{ operation: 'create ticket', subject: 'INC0010001' }]);
  });

  test('a lie is answered, and neither kept nor noted', async () => {
    door.fault = { lie: true };
    expect(await door.api('POST', 'incident', { short_description: 'Left' })).toMatchObject({ status: 201 });
    expect([door.held(), door.called]).toEqual([[], []]);
  });

  test('its state comes back from a dump as it was, and is gone when it is seeded anew', async () => {
    await door.api('POST', 'incident', { short_description: 'Left' });
    const held = door.held();
    expect(held).toHaveLength(1);
    door.restart();
    expect(door.held()).toEqual(held);
    const fresh = makeStandIn({ called: () => {}, fault: () => undefined });
    fresh.seed([]);
    expect(fresh.state()).toEqual({ accounts: [], tickets: [] });
  });
});
