import { describe, expect, test } from 'vitest';
import { readSlackClick, SlackRequests, slackSignature } from '../../src/sources/slack.ts';

const signingSecret = 'sandbox-slack-signing-secret-0000';
const seconds = 1_763_217_000;
const nowMs = seconds * 1_000;

/** What Slack posts for a click; other fields of its payload are left out here, as they are when it is read. */
const payload = {
  type: 'block_actions',
  user: { id: 'U0GT10007', username: 'manager', team_id: 'T0GLOBALTECH' },
  container: { type: 'message', message_ts: '1763217000.000001', channel_id: 'C0IDSECURITY' },
  response_url: 'https://hooks.slack.com/actions/T0GLOBALTECH/1/x',
  actions: [{ type: 'button', action_id: 'approve', block_id: 'b', value: 'approval-a1', action_ts: '1763217001.1' }],
};
const bodyOf = (content: unknown): Buffer =>
  Buffer.from(new URLSearchParams({ payload: JSON.stringify(content) }).toString());

interface Change {
  body?: Buffer;
  timestamp?: string;
  signature?: string | undefined;
  type?: string;
  secret?: string;
  at?: number;
}
function read({
  body = bodyOf(payload),
  timestamp = String(seconds),
  type,
  secret = signingSecret,
  at = nowMs,
  ...rest
}: Change) {
  const signature = 'signature' in rest ? rest.signature : slackSignature(signingSecret, timestamp, body);
  const headers = {
    'content-type': type ?? 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    ...(signature === undefined ? {} : { 'x-slack-signature': signature }),
  };
  return readSlackClick(body, headers, secret, at);
}

describe('the signature', () => {
  // The worked example of Slack's own documentation.
  const example = {
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    timestamp: '1531420618',
    body: Buffer.from(
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar' +
        '&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com' +
        '%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
        '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    ),
    signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };

  test('is that of the documentation', () => {
    expect(slackSignature(example.secret, example.timestamp, example.body)).toBe(example.signature);
    expect(read({ ...example, at: 1_531_420_618_000 })).toEqual({
      kind: 'refused',
      status: 400,
      problem: 'it must have one field "payload"',
    });
  });

  test('is that of a click, made elsewhere', () => {
    const body = Buffer.from(
      'payload=%7B%22type%22%3A%22block_actions%22%2C%22user%22%3A%7B%22id%22%3A%22U0GT10007%22%7D%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22approve%22%2C%22value%22%3A%22approval-a1%22%7D%5D%7D',
    );
    const signature = 'v0=238d56232c54298daa1358ae23de56271625fe33bf518f22d3b80b0f4e5c6d97';
    expect(read({ body, signature })).toEqual({
      kind: 'decision',
      slackUser: 'U0GT10007',
      actionId: 'approve',
      value: 'approval-a1',
      request: `${seconds}:${signature}`,
    });
  });

  test.each<[string, Change]>([
    ['of another secret', { secret: 'another' }],
    ['of an empty secret', { secret: '', signature: slackSignature('', String(seconds), bodyOf(payload)) }],
    ['of another body', { signature: slackSignature(signingSecret, String(seconds), Buffer.from('payload=1')) }],
    ['of another time', { signature: slackSignature(signingSecret, String(seconds - 1), bodyOf(payload)) }],
    ['that is missing', { signature: undefined }],
    ['in capitals', { signature: slackSignature(signingSecret, String(seconds), bodyOf(payload)).toUpperCase() }],
    ['without a timestamp', { timestamp: '' }],
    ['with words for a timestamp', { timestamp: 'now' }],
    ['five minutes and a second old', { at: nowMs + 301_000 }],
    ['five minutes and a second ahead', { at: nowMs - 301_000 }],
  ])('%s proves nothing', (_what, change) => {
    expect(read(change)).toMatchObject({ kind: 'refused', status: 401 });
  });

  test('of five minutes ago passes, and of five minutes ahead', () => {
    for (const at of [nowMs + 300_000, nowMs - 300_000]) expect(read({ at })).toMatchObject({ kind: 'decision' });
  });

  test('is over the raw bytes: the same form written differently is another', () => {
    const body = Buffer.from(`${bodyOf(payload).toString()}&`);
    const signature = slackSignature(signingSecret, String(seconds), bodyOf(payload));
    expect(read({ body, signature })).toMatchObject({ status: 401 });
    expect(read({ body })).toMatchObject({ kind: 'decision' });
  });
});

describe('a click', () => {
  test('says who pressed what, and nothing else', () => {
    expect(read({})).toEqual({
      kind: 'decision',
      slackUser: 'U0GT10007',
      actionId: 'approve',
      value: 'approval-a1',
      responseUrl: 'https://hooks.slack.com/actions/T0GLOBALTECH/1/x',
      request: expect.stringMatching(/^1763217000:v0=[0-9a-f]{64}$/),
    });
  });

  test('without a value is a link that was opened, and what is no click decides nothing', () => {
    const link = { ...payload, actions: [{ type: 'button', action_id: 'open' }] };
    expect(read({ body: bodyOf(link) })).toMatchObject({ kind: 'nothing' });
    expect(read({ body: bodyOf({ type: 'view_submission' }) })).toMatchObject({ kind: 'nothing' });
  });

  test('has no address to answer at that is not https', () => {
    const click = read({ body: bodyOf({ ...payload, response_url: 'http://169.254.169.254/' }) });
    expect(click).toMatchObject({ kind: 'decision' });
    expect(click).not.toHaveProperty('responseUrl');
  });

  test.each<[string, unknown]>([
    ['no user', { ...payload, user: undefined }],
    ['a user that is none', { ...payload, user: { id: '../U1' } }],
    ['no action', { ...payload, actions: [] }],
    ['two actions', { ...payload, actions: [...payload.actions, ...payload.actions] }],
    ['an empty value', { ...payload, actions: [{ action_id: 'approve', value: '' }] }],
    ['no type', { ...payload, type: undefined }],
    ['a list', [payload]],
  ])('with %s is refused', (_what, content) => {
    expect(read({ body: bodyOf(content) })).toMatchObject({ kind: 'refused', status: 400 });
  });

  test.each<[string, Change, number]>([
    ['no form', { type: 'application/json' }, 415],
    ['no payload', { body: Buffer.from('other=1') }, 400],
    ['two payloads', { body: Buffer.from(`${bodyOf(payload)}&${bodyOf(payload)}`) }, 400],
    ['a payload that is not JSON', { body: Buffer.from('payload=%7B') }, 400],
  ])('in %s is refused', (_what, change, status) => {
    expect(read(change)).toMatchObject({ kind: 'refused', status });
  });

  test('is refused without its values in the words', () => {
    const body = bodyOf({ ...payload, user: { id: 'sarah.chen@globaltech.example' } });
    expect(JSON.stringify(read({ body }))).not.toContain('sarah');
  });
});

describe('requests taken', () => {
  test('the same one is new once, for as long as its timestamp could pass', () => {
    const requests = new SlackRequests();
    const [one, other] = [{ request: '1:v0=a' }, { request: '1:v0=b' }];
    expect([requests.isNew(one, nowMs), requests.isNew(one, nowMs), requests.isNew(other, nowMs)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(requests.isNew(one, nowMs + 600_000)).toBe(false);
    expect(requests.isNew(one, nowMs + 602_000)).toBe(true);
  });
});
