import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { correlationOf } from '../../../src/targets/servicenow/correlation.ts';
import { context, type Door, offboarding, openDoor } from './instance.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const incident = { ...offboarding, kind: 'incident', correlationId: 'exception:person:GT-48291/close:salesforce' };

describe('opening', () => {
  test('a ticket has its words, its correlation id, its urgency and what its table’s settings add', async () => {
    const tables = {
      incident: {
        table: 'incident',
        fields: { assignment_group: 'a715cd759f2002002920bde8132e7018' },
        closedStates: ['6', '7'],
        closeWith: { state: '7' },
      },
    };
    const { ticket } = await door.tickets({ tables }).open({ ...incident, urgency: 'high' }, context());
    expect(ticket).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      number: expect.stringMatching(/^INC/),
      state: 'open',
    });
    expect(door.held()).toEqual([
      {
        table: 'incident',
        sys_id: ticket.id,
        number: ticket.number,
        sys_created_on: expect.any(String),
        state: '1',
        active: 'true',
        short_description: 'Offboarding of GT-48291',
        description: 'Collect the laptop and the badge.',
        correlation_id: 'exception:person:GT-48291/close:salesforce',
        correlation_display: 'Muster',
        urgency: '1',
        impact: '1',
        assignment_group: 'a715cd759f2002002920bde8132e7018',
      },
    ]);
  });

  test('the base system’s tables take incidents and offboarding without any setting', async () => {
    const tickets = door.tickets();
    await tickets.open(incident, context());
    await tickets.open(offboarding, context());
    expect(door.held().map((row) => row['table'])).toEqual(['incident', 'sc_task']);
  });

  test('a checklist becomes lines of the body, and fields are set by their names', async () => {
    const fields = { assignment_group: 'a715cd759f2002002920bde8132e7018', short_description: 'never this' };
    await door.tickets().open({ ...offboarding, checklist: ['Laptop', 'Badge'], fields }, context());
    expect(door.held()).toMatchObject([
      {
        short_description: 'Offboarding of GT-48291',
        description: 'Collect the laptop and the badge.\n\n1. Laptop\n2. Badge',
        assignment_group: 'a715cd759f2002002920bde8132e7018',
      },
    ]);
  });

  test('a kind that nobody set up is said before anything is asked', async () => {
    await expect(door.tickets().open({ ...offboarding, kind: 'parking' }, context())).rejects.toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('incident, offboarding, onboarding'),
    });
    expect(door.requests).toEqual([]);
  });

  test('of two tickets with one correlation id the oldest is the one, for every caller', async () => {
    for (const title of ['first', 'second']) {
      await door.api('POST', 'sc_task', { short_description: title, correlation_id: offboarding.correlationId });
    }
    const oldest = door.held().find((row) => row['short_description'] === 'first');
    const ticket = { id: oldest?.['sys_id'], number: oldest?.['number'], state: 'open' };
    const tickets = door.tickets();
    expect(await tickets.open(offboarding, context())).toEqual({ ticket, outcome: 'already' });
    expect(await tickets.find(offboarding.correlationId, 'offboarding', context())).toEqual(ticket);
    expect(door.held()).toHaveLength(2);
  });

  test('a correlation id that is longer than the field, or would end the condition, is found again', async () => {
    const tickets = door.tickets();
    for (const correlationId of [`exception:${'x'.repeat(200)}`, 'a^ORDERBYnumber', 'javascript:x', 'mit Umlaut ä']) {
      const request = { ...offboarding, correlationId };
      const { ticket } = await tickets.open(request, context());
      expect(await tickets.open(request, context())).toEqual({ ticket, outcome: 'already' });
    }
    expect(door.held()).toHaveLength(4);
    expect([correlationOf('a'.repeat(100)), correlationOf('a'.repeat(101)).length]).toEqual(['a'.repeat(100), 71]);
  });
});

describe('rights that are missing', () => {
  test.each(['hiddenRows', 'hiddenCorrelation'])(
    '%s: no second ticket is made, and check says what is missing',
    async (vendor) => {
      const tickets = door.tickets();
      await tickets.open(offboarding, context());
      door.fault = { vendor };
      const refused = { code: 'refused', advice: expect.stringContaining('correlation_id') };
      await expect(tickets.open(offboarding, context())).rejects.toMatchObject(refused);
      await expect(tickets.find(offboarding.correlationId, 'offboarding', context())).rejects.toMatchObject(refused);
      await expect(door.connect().check(context())).rejects.toMatchObject(refused);
      expect(door.held()).toHaveLength(1);
    },
  );

  test('check reads every table that the settings name, once', async () => {
    expect(await door.connect().check(context())).toMatch(
      /^ServiceNow at 127\.0\.0\.1:\d+: incident, sc_task can be read$/,
    );
    const legal = { table: 'sn_hr_core_case', closedStates: ['3'], closeWith: { state: '3' } };
    await expect(door.connect({ tables: { legal } }).check(context())).rejects.toMatchObject({
      code: 'refused',
      message: 'ServiceNow: read sn_hr_core_case answered 400: Invalid table sn_hr_core_case',
    });
  });
});

describe('closing', () => {
  test('the state and the note are what the table wants', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(incident, context());
    expect(await tickets.close(ticket, 'incident', 'All targets confirmed.', context())).toBe('changed');
    expect(door.held()).toMatchObject([
      { state: '6', active: 'true', close_code: 'Solution provided', close_notes: 'All targets confirmed.' },
    ]);
  });

  test('a ticket that somebody else ended, in whatever state, is closed already', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(incident, context());
    await door.api('PATCH', `incident/${ticket.id}`, { state: '8' });
    door.called = [];
    expect(await tickets.close(ticket, 'incident', 'Done', context())).toBe('already');
    expect(door.called).toEqual([]);
  });

  test('a ticket that a rule keeps open is not confirmed', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(offboarding, context());
    const tables = { offboarding: { table: 'sc_task', closedStates: ['3'], closeWith: { state: '2' } } };
    await expect(door.tickets({ tables }).close(ticket, 'offboarding', 'Done', context())).rejects.toMatchObject({
      code: 'not-confirmed',
      advice: expect.stringContaining('closeWith'),
    });
  });

  test('a ticket that was closed with a lie is found open', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(offboarding, context());
    door.fault = { lie: true };
    await tickets.close(ticket, 'offboarding', 'Done', context());
    expect(await tickets.find(offboarding.correlationId, 'offboarding', context())).toEqual({
      ...ticket,
      state: 'open',
    });
  });

  test('a ticket that is gone is not found', async () => {
    const gone = { id: '0'.repeat(32), number: 'INC0000001', state: 'open' as const };
    await expect(door.tickets().close(gone, 'incident', 'Done', context())).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
