import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { labelOf, lineLabelOf } from '../../../src/targets/jira/find-issue.ts';
import { context, type Door, offboarding, openDoor, titles } from './site.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const label = labelOf(offboarding.correlationId);

describe('opening', () => {
  test('makes one issue, and a numbered sub-task for each line in its order, by two calls', async () => {
    const announced: string[] = [];
    const { ticket, outcome } = await door.tickets().open(offboarding, context(announced));
    expect([ticket, outcome]).toEqual([{ id: '10001', number: 'OFF-1', state: 'open' }, 'changed']);
    expect(announced).toEqual(['create issue', 'create sub-tasks']);
    expect(door.asked.slice(-2)).toEqual([
      {
        request: 'POST /rest/api/3/issue',
        body: {
          fields: {
            project: { key: 'OFF' },
            issuetype: { name: 'Task' },
            summary: 'Offboarding of GT-48291',
            description: {
              type: 'doc',
              version: 1,
              content: [{ type: 'paragraph', content: [{ type: 'text', text: 'GT-48291 leaves on 2025-11-15.' }] }],
            },
            labels: ['muster', label],
          },
        },
      },
      {
        request: 'POST /rest/api/3/issue/bulk',
        body: {
          issueUpdates: titles.map((summary, index) => ({
            fields: {
              project: { key: 'OFF' },
              parent: { key: 'OFF-1' },
              issuetype: { name: 'Sub-task' },
              summary,
              labels: ['muster', lineLabelOf(offboarding.correlationId, index)],
            },
          })),
        },
      },
    ]);
    expect(door.lines()).toEqual(titles);
    expect(door.called.map(({ operation, worker }) => `${operation} ${worker}`)).toEqual([
      'create issue GT-48291',
      ...titles.map(() => 'create sub-task GT-48291'),
    ]);
  });

  test('what the settings add, the urgency and the fields of a policy are in the forms that Jira wants', async () => {
    const offboardingKind = {
      project: 'OFF',
      issueType: '10001',
      priorities: { high: 'Highest' },
      labels: ['it'],
      fields: { components: [{ name: 'IT' }], duedate: '2025-11-30' },
      subtaskFields: { priority: { name: 'Low' } },
      forms: {
        customfield_1: 'option',
        customfield_2: 'options',
        customfield_3: 'number',
        customfield_4: 'paragraph',
        customfield_5: 'user',
        customfield_6: 'named',
      },
    };
    const fields = {
      duedate: '2025-12-01',
      customfield_1: 'Berlin',
      customfield_2: 'Laptop, Phone',
      customfield_3: '2',
      customfield_4: 'Two\nlines',
      customfield_5: '5b10a2844c20165700ede21g',
      customfield_6: 'Blocker',
    };
    const request = { ...offboarding, checklist: ['Collect the laptop'], urgency: 'high' as const, fields };
    await door.tickets({ kinds: { offboarding: offboardingKind } }).open(request, context());
    expect(door.asked.slice(-2).map(({ body }) => body)).toMatchObject([
      {
        fields: {
          issuetype: { id: '10001' },
          priority: { name: 'Highest' },
          components: [{ name: 'IT' }],
          duedate: '2025-12-01',
          labels: ['muster', label, 'it'],
          customfield_1: { value: 'Berlin' },
          customfield_2: [{ value: 'Laptop' }, { value: 'Phone' }],
          customfield_3: 2,
          customfield_4: {
            content: [{ content: [{ text: 'Two' }, { type: 'hardBreak' }, { text: 'lines' }] }],
          },
          customfield_5: { accountId: '5b10a2844c20165700ede21g' },
          customfield_6: { name: 'Blocker' },
        },
      },
      { issueUpdates: [{ fields: { priority: { name: 'Low' }, labels: ['muster', expect.any(String), 'it'] } }] },
    ]);
  });

  test.each([
    ['a kind that nobody set up', { kind: 'parking' }, 'offboarding, onboarding'],
    ['a field that is Muster’s own', { fields: { labels: 'x' } }, 'labels'],
  ])('%s is said before anything is asked', async (_what, wrong, advice) => {
    await expect(door.tickets().open({ ...offboarding, ...wrong }, context())).rejects.toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining(advice),
    });
    expect(door.asked).toEqual([]);
  });

  test('a title and a line that are too long, or of several lines, become one that Jira takes', async () => {
    const long = 'x'.repeat(300);
    await door.tickets().open({ ...offboarding, title: `Left\nat once ${long}`, checklist: [long] }, context());
    const [issue] = door.held();
    expect(issue?.title).toMatch(/^Left at once x{241}…$/);
    expect(door.lines()).toEqual([`1. ${'x'.repeat(251)}…`]);
  });

  test('a checklist longer than one bulk is made in order, its numbers of one width', async () => {
    const checklist = Array.from({ length: 120 }, (_, index) => `Line ${index + 1}`);
    await door.tickets().open({ ...offboarding, checklist }, context());
    expect(door.changes()).toEqual(['POST /rest/api/3/issue', ...Array(3).fill('POST /rest/api/3/issue/bulk')]);
    const lines = door.lines();
    expect(lines).toEqual(checklist.map((line, index) => `${String(index + 1).padStart(3, '0')}. ${line}`));
    expect(lines).toEqual([...lines].sort());
    door.asked = [];
    expect((await door.tickets().open({ ...offboarding, checklist }, context())).outcome).toBe('already');
    expect(door.changes()).toEqual([]);
  });
});

describe('a retry', () => {
  test.each([
    ['the issue', /issue$/],
    ['the sub-tasks', /bulk$/],
  ])('after the lost answer about %s makes no second issue and no second sub-task', async (_what, path) => {
    const tickets = door.tickets();
    door.lose = path;
    await expect(tickets.open(offboarding, context())).rejects.toMatchObject({ code: 'unavailable' });
    const { ticket } = await tickets.open(offboarding, context());
    expect(ticket).toEqual({ id: '10001', number: 'OFF-1', state: 'open' });
    expect([door.held().length, door.lines()]).toEqual([1, titles]);
    expect(await tickets.open(offboarding, context())).toEqual({ ticket, outcome: 'already' });
    expect([door.held().length, door.lines()]).toEqual([1, titles]);
  });

  test('of a bulk that was half made, with status 201, makes the other half', async () => {
    const tickets = door.tickets();
    door.fault = { vendor: 'halfBulk' };
    await expect(tickets.open(offboarding, context())).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Jira: 2 sub-tasks of OFF-1 were not made (500, 500)',
    });
    expect(door.lines()).toEqual(titles.filter((_, index) => index % 2 === 0));
    door.fault = undefined;
    expect((await tickets.open(offboarding, context())).outcome).toBe('changed');
    expect(door.held()).toHaveLength(1);
    // By their numbers they stand in the order of the checklist, whenever they were made.
    expect([...door.lines()].sort()).toEqual(titles);
  });

  test('makes a sub-task again that somebody has deleted, and no other', async () => {
    const tickets = door.tickets();
    await tickets.open(offboarding, context());
    await door.api('DELETE', 'issue/OFF-4');
    await tickets.open(offboarding, context());
    expect(door.lines()).toEqual([titles[0], titles[1], titles[3], titles[2]]);
  });

  test('does not add work to an issue that somebody has closed', async () => {
    const tickets = door.tickets();
    door.lose = /bulk$/;
    await expect(tickets.open(offboarding, context())).rejects.toMatchObject({ code: 'unavailable' });
    await door.api('DELETE', 'issue/OFF-5');
    await door.api('POST', 'issue/OFF-1/transitions', { transition: { id: '41' } });
    expect(await tickets.open(offboarding, context())).toEqual({
      ticket: { id: '10001', number: 'OFF-1', state: 'closed', result: 'failed' },
      outcome: 'already',
    });
    expect(door.lines()).toEqual(titles.slice(0, 3));
  });

  test('nothing more is made than a stop allowed', async () => {
    const stopped = async (operation: string) => {
      if (operation === 'create sub-tasks') throw new Error('stopped');
    };
    const tickets = door.tickets();
    await expect(tickets.open(offboarding, { ...context(), beforeChange: stopped })).rejects.toThrow('stopped');
    expect([door.held().length, door.lines()]).toEqual([1, []]);
  });
});

test.each([
  ['the reason lasts', [400, 500], 'refused'],
  ['Jira is busy', [429, 500], 'throttled'],
])('a bulk of which nothing was made is in its class: %s', async (_what, statuses, code) => {
  const errors = statuses.map((status, index) => ({
    status,
    failedElementNumber: index,
    elementErrors: { errors: { duedate: 'Field of Sarah Chen' }, errorMessages: [] },
  }));
  door.answer = { path: /bulk$/, status: 400, body: JSON.stringify({ issues: [], errors }) };
  await expect(door.tickets().open(offboarding, context())).rejects.toMatchObject({
    code,
    message: `Jira: 2 sub-tasks of OFF-1 were not made (${statuses.join(', ')}): it objects to duedate`,
  });
});

test('a bulk that says nothing of some is not confirmed', async () => {
  door.answer = { path: /bulk$/, status: 201, body: '{"issues":[],"errors":[]}' };
  await expect(door.tickets().open(offboarding, context())).rejects.toMatchObject({ code: 'not-confirmed' });
});
