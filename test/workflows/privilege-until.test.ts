import { afterEach, expect, it } from 'vitest';
import { endOfDay } from '../../src/model/time.ts';
import { FakeTarget } from '../helpers/fake-target.ts';
import { Team } from '../helpers/team.ts';

const policy = `
version: 1
zones: { default: America/New_York, byLocation: { Berlin: Europe/Berlin } }
requestable:
  - { id: wiki, why: write, target: ad, entitlement: wiki }
exceptions: { owner: identity-operations }
`;

let team: Team;
afterEach(() => team?.close());

it('a privilege until a day is theirs to the end of that day, where they are', async () => {
  team = await Team.open({ policy, targets: { ad: new FakeTarget([{ id: 'a1', worker: 'GT-1', enabled: true }]) } });
  await team.add('GT-1', { location: 'Berlin' });
  const until = await team.inDays(3);
  const asked = { id: 'p1', type: 'privilege-granted', subject: 'GT-1' } as const;
  expect(await team.say({ ...asked, data: { privilege: 'wiki', until } })).toEqual({ outcome: 'applied' });
  expect(await team.timeline('GT-1')).toContain(`grace ${new Date(endOfDay(until, 'Europe/Berlin')).toISOString()}`);
});
