import { afterEach, describe, expect, test } from 'vitest';
import { labelOf } from '../../../src/targets/jira/find-issue.ts';
import { context, type Door, offboarding, openDoor } from './site.ts';

let door: Door;
afterEach(async () => {
  await door.close();
});

const issue = { project: { key: 'OFF' }, issuetype: { name: 'Task' }, summary: 'Something else' };
const ours = { ...issue, labels: ['muster', labelOf(offboarding.correlationId)] };
const make = async (fields: unknown, count = 1) => {
  for (let index = 0; index < count; index += 1) await door.api('POST', 'issue', { fields });
};
const find = () => door.tickets().find(offboarding.correlationId, 'offboarding', context());
const fetches = () => door.asked.filter(({ request }) => request.endsWith('/bulkfetch')).length;

describe('with an index that is up to date', () => {
  test('an issue is found by one search, and read past the index', async () => {
    door = await openDoor(0);
    await make(ours);
    expect(await find()).toEqual({ id: '10001', number: 'OFF-1', state: 'open' });
    expect(door.asked.slice(1)).toEqual([
      {
        request: 'POST /rest/api/3/search/jql',
        body: {
          jql: `labels = "${labelOf(offboarding.correlationId)}" ORDER BY created ASC`,
          fields: ['labels', 'issuetype'],
          maxResults: 50,
        },
      },
      { request: 'GET /rest/api/3/issue/10001?fields=labels,status,resolution,issuetype,subtasks', body: undefined },
    ]);
  });

  test('of an issue and its clone the older is the one, and a sub-task never is', async () => {
    door = await openDoor(0);
    await make(issue);
    await make({ ...ours, issuetype: { name: 'Sub-task' }, parent: { key: 'OFF-1' } });
    await make(ours, 2);
    expect(await find()).toMatchObject({ number: 'OFF-3' });
  });

  test('an issue that was moved to another project is found', async () => {
    door = await openDoor(0);
    await make({ ...ours, project: { key: 'ON' } });
    expect(await find()).toMatchObject({ number: 'ON-1' });
  });

  test('nothing is found where nothing is, and a project that may not be seen is no proof of it', async () => {
    door = await openDoor(0);
    await make(issue, 3);
    expect(await find()).toBeUndefined();
    const kinds = { offboarding: { project: 'SECRET' } };
    await expect(door.tickets({ kinds }).open(offboarding, context())).rejects.toMatchObject({
      code: 'refused',
      message: "Jira: search issues answered 400: The value 'SECRET' does not exist for the field 'project'",
    });
    expect(door.held()).toHaveLength(3);
  });
});

describe('with an index that lags', () => {
  test.each([
    ['few issues', 3],
    ['more issues than one call reads', 230],
  ])('an issue is found among the newest keys, past %s', async (_what, others) => {
    door = await openDoor();
    await make(issue, others);
    await make(ours);
    await make(issue, 2);
    door.asked = [];
    expect(await find()).toMatchObject({ number: `OFF-${others + 1}` });
    expect(fetches()).toBe(Math.ceil((others + 1) / 100));
  });

  test('keys are read from a little before the newest that the index has', async () => {
    door = await openDoor();
    await make(issue, 60);
    const newest = { id: '10060', key: 'OFF-60', fields: { labels: [] } };
    door.answer = { path: /search/, status: 200, body: JSON.stringify({ issues: [newest] }) };
    await find();
    const body = door.asked.find(({ request }) => request.endsWith('/bulkfetch'))?.body;
    const keys = Array.from({ length: 100 }, (_, index) => `OFF-${11 + index}`);
    expect(body).toEqual({ issueIdsOrKeys: keys, fields: ['labels', 'issuetype'] });
  });

  test('an issue that the index still has and that was deleted is not there', async () => {
    door = await openDoor();
    const gone = { id: '1', key: 'OFF-1', fields: { labels: ours.labels } };
    door.answer = { path: /search/, status: 200, body: JSON.stringify({ issues: [gone] }) };
    expect(await find()).toBeUndefined();
  });

  test('issues that could not be read just now are not taken for absent', async () => {
    door = await openDoor();
    await make(ours);
    door.fault = { vendor: 'fetchErrors' };
    await expect(door.tickets().open(offboarding, context())).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Jira: read issues left out 1 that are there',
    });
    expect(door.held()).toHaveLength(1);
  });
});
