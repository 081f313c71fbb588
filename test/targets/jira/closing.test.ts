import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { context, type Door, kinds, offboarding, openDoor } from './site.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const transition = (issue: string, id: string) =>
  door.api('POST', `issue/${issue}/transitions`, { transition: { id } });
const find = () => door.tickets().find(offboarding.correlationId, 'offboarding', context());

describe('closing', () => {
  test('leaves the note, and takes the transition that the settings name', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(offboarding, context());
    const announced: string[] = [];
    expect(await tickets.close(ticket, 'offboarding', 'All targets confirmed.', context(announced))).toBe('changed');
    expect(announced).toEqual(['comment on issue', 'close issue']);
    expect(door.held()).toMatchObject([
      { number: 'OFF-1', state: 'Done', resolution: 'Done', comments: ['All targets confirmed.'] },
    ]);
    expect(await find()).toEqual({ ...ticket, state: 'closed', result: 'done' });
  });

  test('the only transition to a status that is done needs no setting', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open({ ...offboarding, kind: 'onboarding' }, context());
    expect(await tickets.close(ticket, 'onboarding', '', context())).toBe('changed');
    expect(door.held()).toMatchObject([{ number: 'ON-1', state: 'Done', comments: [] }]);
  });

  test('of several the first is never taken', async () => {
    const tickets = door.tickets({ kinds: { offboarding: { project: 'OFF' } } });
    const { ticket } = await tickets.open(offboarding, context());
    await expect(tickets.close(ticket, 'offboarding', 'Done', context())).rejects.toMatchObject({
      code: 'ambiguous',
      message: 'Jira: OFF-1 can be closed by more than one transition: "Done", "Cancel"',
    });
    expect(door.held()).toMatchObject([{ state: 'To Do', comments: [] }]);
  });

  test('an issue that its workflow keeps open is refused, and gets no note', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(offboarding, context());
    door.fault = { vendor: 'noWayOut' };
    await expect(tickets.close(ticket, 'offboarding', 'Done', context())).rejects.toMatchObject({
      code: 'refused',
      message: 'Jira: OFF-1 has no transition by the name "Done" that closes it from where it is now',
    });
    expect(door.held()).toMatchObject([{ comments: [] }]);
  });

  test.each([
    ['the note', /comment$/],
    ['the transition', /transitions$/],
  ])('after the lost answer about %s there is one note', async (_what, path) => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(offboarding, context());
    const losing = {
      ...context(),
      beforeChange: async (operation: string) => {
        if (operation === (path.source.startsWith('comment') ? 'comment on issue' : 'close issue')) door.lose = path;
      },
    };
    await expect(tickets.close(ticket, 'offboarding', 'Done\nand dusted', losing)).rejects.toMatchObject({
      code: 'unavailable',
    });
    await tickets.close(ticket, 'offboarding', 'Done\nand dusted', context());
    expect(door.held()).toMatchObject([{ state: 'Done', comments: ['Done\nand dusted'] }]);
  });

  test('a lie is found out', async () => {
    const tickets = door.tickets();
    const { ticket } = await tickets.open(offboarding, context());
    door.fault = { lie: true };
    await expect(tickets.close(ticket, 'offboarding', 'Done', context())).rejects.toMatchObject({
      code: 'not-confirmed',
    });
  });
});

describe('what find says', () => {
  test.each([
    ['Done', '31', { state: 'closed', result: 'done' }],
    ['Cancel', '41', { state: 'closed', result: 'failed' }],
    ['Start', '21', { state: 'open' }],
  ])('after %s', async (_name, id, expected) => {
    const { ticket } = await door.tickets().open(offboarding, context());
    await transition('OFF-1', id);
    expect(await find()).toEqual({ id: ticket.id, number: 'OFF-1', ...expected });
  });

  test('which ends are failures is a setting', async () => {
    const tickets = door.tickets({ kinds: { offboarding: { ...kinds.offboarding, failedWhen: ['Done'] } } });
    await tickets.open(offboarding, context());
    await transition('OFF-1', '31');
    expect(await tickets.find(offboarding.correlationId, 'offboarding', context())).toMatchObject({ result: 'failed' });
  });
});
