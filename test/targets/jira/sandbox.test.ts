import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeStandIn } from '../../../src/targets/jira/sandbox.ts';
import { type Door, openDoor } from './site.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor(0);
});
afterEach(async () => {
  await door.close();
});

const issue = { project: { key: 'OFF' }, issuetype: { name: 'Task' }, summary: 'GT-48291 has left' };

test.each([
  ['a body that is plain text', { ...issue, description: 'Left' }, 'description'],
  ['a project that is not there', { ...issue, project: { key: 'NONE' } }, 'project'],
  ['a sub-task without its parent', { ...issue, issuetype: { name: 'Sub-task' } }, 'parent'],
  ['a label with a space', { ...issue, labels: ['a b'] }, 'labels'],
  ['a field that no screen has', { ...issue, colour: 'red' }, 'colour'],
  ['two lines as summary', { ...issue, summary: 'a\nb' }, 'summary'],
])('%s is refused with 400', async (_what, fields, field) => {
  expect(await door.api('POST', 'issue', { fields })).toEqual({
    status: 400,
    body: { errorMessages: [], errors: { [field]: expect.any(String) } },
  });
  expect([door.held(), door.called]).toEqual([[], []]);
});

test('a query that it does not know is refused, and keys are ordered by number', async () => {
  for (let index = 0; index < 11; index += 1) await door.api('POST', 'issue', { fields: issue });
  const search = (jql: string) => door.api('POST', 'search/jql', { jql, maxResults: 2 });
  expect(await search('text ~ "left"')).toMatchObject({ status: 400 });
  expect(await search('project = "OFF" ORDER BY key DESC')).toMatchObject({
    body: { issues: [{ key: 'OFF-11' }, { key: 'OFF-10' }] },
  });
});

test('a fulfiller works an issue by its own API, and a lie changes nothing', async () => {
  await door.api('POST', 'issue', { fields: issue });
  door.fault = { lie: true };
  await door.api('POST', 'issue', { fields: issue });
  await door.api('POST', 'issue/OFF-1/transitions', { transition: { id: '31' } });
  expect(door.held()).toMatchObject([{ number: 'OFF-1', state: 'To Do' }]);
  door.fault = undefined;
  await door.api('POST', 'issue/OFF-1/transitions', { transition: { id: '31' } });
  expect(door.held()).toMatchObject([{ state: 'Done', category: 'done', resolution: 'Done' }]);
  expect(door.called).toEqual([
    { operation: 'create issue', subject: 'OFF-1', worker: 'GT-48291' },
    { operation: 'transition issue to Done', subject: 'OFF-1', worker: 'GT-48291' },
  ]);
});

test('it is empty when it is seeded anew', () => {
  const fresh = makeStandIn({ called: () => {}, fault: () => undefined });
  fresh.seed([]);
  expect(fresh.state()).toEqual({ accounts: [], tickets: [] });
});
