import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../src/targets/jira/settings.ts';
import { context, type Door, kinds, login, offboarding, openDoor } from './site.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(async () => {
  await door.close();
});

const failed = async (): Promise<unknown> =>
  door
    .tickets()
    .open(offboarding, context())
    .then(
      () => 'no failure',
      (error: unknown) => error,
    );

describe('answers that refuse', () => {
  test('the fields are named, and of its words those that are Jira’s own', async () => {
    const errors = {
      labels: "Field 'labels' cannot be set. It is not on the appropriate screen, or unknown.",
      customfield_1: 'Sarah Chen is no option',
    };
    door.answer = { path: /issue$/, status: 400, body: JSON.stringify({ errorMessages: ['Sarah has left'], errors }) };
    expect(await failed()).toMatchObject({
      code: 'refused',
      message:
        "Jira: create issue answered 400: it objects to labels, customfield_1; Field 'labels' cannot be set. It is not on the appropriate screen, or unknown",
    });
  });

  test('a limit says which it was, and when it ends', async () => {
    const headers = { 'ratelimit-reason': 'jira-burst-based', 'x-ratelimit-reset': '2025-11-15T14:31:30Z' };
    door.answer = { status: 429, headers, body: '{"errorMessages":["Rate limit exceeded."],"errors":{}}' };
    expect(await failed()).toMatchObject({
      code: 'throttled',
      retryAfterMs: 90_000,
      message: 'Jira: search issues answered 429: (jira-burst-based) Rate limit exceeded',
    });
    door.answer.headers = { ...headers, 'retry-after': '5' };
    expect(await failed()).toMatchObject({ retryAfterMs: 5_000 });
  });

  test('a login that failed is one, whatever the status', async () => {
    door.answer = { status: 403, headers: { 'x-seraph-loginreason': 'AUTHENTICATION_DENIED' }, body: '{}' };
    expect(await failed()).toMatchObject({ code: 'credentials' });
    door.answer = undefined;
    const wrong = { login: { ...login, email: 'nobody@globaltech.example' } };
    await expect(door.connect(wrong).check(context())).rejects.toMatchObject({ code: 'credentials' });
  });

  test('another form than documented is named by path, never by value', async () => {
    door.answer = { status: 200, body: '{"issues":[{"id":42,"key":"Sarah"}]}' };
    expect(await failed()).toMatchObject({
      code: 'protocol',
      message: 'Jira: search issues answered another form than documented, at issues.0.id',
    });
  });

  test('a page where JSON was due breaks the protocol', async () => {
    door.answer = { status: 200, headers: { 'content-type': 'text/html' }, body: '<title>Log in</title>' };
    expect(await failed()).toMatchObject({ code: 'protocol' });
  });
});

describe('check', () => {
  test('says which projects can be worked', async () => {
    expect(await door.connect().check(context())).toMatch(
      /^Jira at 127\.0\.0\.1:\d+: issues of OFF, ON can be made and closed$/,
    );
  });

  test('names the permission that is missing', async () => {
    door.fault = { vendor: 'missingRights' };
    await expect(door.connect().check(context())).rejects.toMatchObject({
      code: 'refused',
      message: 'Jira: our account lacks CREATE_ISSUES in OFF',
    });
  });

  test.each([
    ['issueType', 'Story', 'It has Task.'],
    ['subtaskType', 'Task', 'It has Sub-task.'],
  ])('names an %s that the project lacks', async (setting, type, advice) => {
    const target = door.connect({ kinds: { offboarding: { ...kinds.offboarding, [setting]: type } } });
    await expect(target.check(context())).rejects.toMatchObject({
      code: 'misconfigured',
      message: `Jira: OFF has no ${setting} "${type}" for the kind "offboarding"`,
      advice,
    });
  });
});

const settings = { baseUrl: 'https://globaltech.atlassian.net', login, kinds };

test.each([
  ['a token that is no reference', { login: { ...login, token: 'secret' } }, 'login.token'],
  ['plain http to another machine', { baseUrl: 'http://globaltech.atlassian.net' }, 'baseUrl'],
  ['a project that would break the query', { kinds: { x: { project: 'A" OR "' } } }, 'kinds.x.project'],
  ['a label with a space', { kinds: { x: { project: 'OFF', labels: ['a b'] } } }, 'kinds.x.labels.0'],
  [
    'a field that Muster writes',
    { kinds: { x: { project: 'OFF', fields: { summary: 'x' } } } },
    'kinds.x.fields.summary',
  ],
  ['no kind at all', { kinds: {} }, 'kinds'],
  ['a setting that nobody knows', { project: 'OFF' }, ''],
])('%s is named by its path', (_what, wrong, path) => {
  const issues = settingsSchema.safeParse({ ...settings, ...wrong }).error?.issues ?? [];
  expect(issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});
