import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MessageRequest } from '../../../src/targets/target.ts';
import { context, type Door, openDoor } from './workspace.ts';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.close());

const message: MessageRequest = {
  correlationId: 'approval/GT-48291/a1',
  to: { channel: '#identity-security' },
  title: 'GT-48291 asks for Domain Admins',
  text: 'Until 2025-11-30.\nReason: migration <of> the & domain',
  actions: [
    { id: 'approve', label: 'Approve', value: 'approval-a1', style: 'primary' },
    { id: 'refuse', label: 'Refuse', value: 'approval-a1', style: 'danger' },
    { id: 'open', label: 'Look at it', value: 'approval-a1', url: 'https://muster.globaltech.example/approvals/a1' },
  ],
};
const posted = () => door.requests.filter(({ method }) => method === 'chat.postMessage').map(({ body }) => body);
const methods = () => door.requests.map(({ method }) => method);

describe('a message', () => {
  test('is a header, the text, and buttons: decisions with their opaque value and a question, links without', async () => {
    await door.messages().send(message, context());
    expect(posted()).toEqual([
      {
        channel: 'C0IDSECURITY',
        text: 'GT-48291 asks for Domain Admins\nUntil 2025-11-30.\nReason: migration &lt;of&gt; the &amp; domain',
        blocks: [
          { type: 'header', text: plain('GT-48291 asks for Domain Admins') },
          { type: 'section', text: plain('Until 2025-11-30.\nReason: migration <of> the & domain') },
          {
            type: 'actions',
            elements: [
              {
                ...{ type: 'button', action_id: 'approve', value: 'approval-a1', style: 'primary' },
                text: plain('Approve'),
                confirm: {
                  title: plain('Approve'),
                  text: plain('GT-48291 asks for Domain Admins'),
                  confirm: plain('Approve'),
                  deny: plain('Cancel'),
                  style: 'primary',
                },
              },
              {
                ...{ type: 'button', action_id: 'refuse', value: 'approval-a1', style: 'danger' },
                text: plain('Refuse'),
                confirm: {
                  title: plain('Refuse'),
                  text: plain('GT-48291 asks for Domain Admins'),
                  confirm: plain('Refuse'),
                  deny: plain('Cancel'),
                  style: 'danger',
                },
              },
              {
                ...{ type: 'button', action_id: 'open', url: 'https://muster.globaltech.example/approvals/a1' },
                text: plain('Look at it'),
              },
            ],
          },
        ],
        metadata: { event_type: 'muster_message', event_payload: { correlation_id: 'approval/GT-48291/a1' } },
        unfurl_links: false,
        unfurl_media: false,
      },
    ]);
  });

  test('longer than Slack takes is parted at lines, and cut with a sign where nothing else helps', async () => {
    const line = `${'x'.repeat(99)}\n`;
    const long = { ...message, title: `Many\n${'t'.repeat(200)}`, text: line.repeat(61), actions: [] };
    await door.messages().send(long, context());
    const [held] = door.held();
    expect(held).toMatchObject({ title: `Many ${'t'.repeat(144)}…` });
    expect(String(held?.['text']).replaceAll('\n', '')).toBe('x'.repeat(99 * 61));
    await door.messages().send({ ...long, correlationId: 'emoji', text: '🙂'.repeat(2_000) }, context());
    expect(door.held()[1]?.['text']).toBe(`${'🙂'.repeat(1_500)}\n${'🙂'.repeat(500)}`);
  });

  test('to an address goes to the person, looked up', async () => {
    const to = { email: 'sarah.chen@globaltech.example' };
    expect(await door.messages().send({ ...message, to }, context())).toBe('changed');
    expect(door.held()).toMatchObject([{ to: 'sarah.chen@globaltech.example', conversation: 'D0GT48291' }]);
    expect(await door.messages().send({ ...message, to }, context())).toBe('already');
    const [unknown] = await failures({ ...message, to: { email: 'nobody@globaltech.example' } });
    expect(unknown).toMatchObject({
      code: 'not-found',
      message: 'Slack: users.lookupByEmail answered 200: users_not_found',
    });
  });

  test('to a channel that the settings do not name asks Slack nothing; an id needs no name', async () => {
    const [unknown] = await failures({ ...message, to: { channel: '#nowhere' } });
    expect(unknown).toMatchObject({ code: 'misconfigured', advice: expect.stringContaining('#identity-security') });
    expect(door.requests).toEqual([]);
    expect(await door.messages().send({ ...message, to: { channel: 'C0PEOPLETEAM' } }, context())).toBe('changed');
  });
});

describe('a repeat', () => {
  test('is found behind newer messages, page by page, as far as lookBack goes', async () => {
    const target = door.messages({ lookBack: 0 });
    for (const index of Array.from({ length: 250 }, (_, at) => at)) {
      await target.send({ ...message, correlationId: `m${index}` }, context());
    }
    expect(await door.messages({ lookBack: 250 }).send({ ...message, correlationId: 'm0' }, context())).toBe('already');
    expect(methods().slice(250)).toEqual(['auth.test', 'conversations.history', 'conversations.history']);
    expect(await door.messages({ lookBack: 249 }).send({ ...message, correlationId: 'm0' }, context())).toBe('changed');
  });

  test('is sent again where the app may not look: one too many is better than none', async () => {
    door.fault = { vendor: 'noHistory' };
    for (const to of [message.to, { email: 'sarah.chen@globaltech.example' }]) {
      expect(await door.messages().send({ ...message, to }, context())).toBe('changed');
      expect(await door.messages().send({ ...message, to }, context())).toBe('changed');
    }
    expect(door.held()).toHaveLength(4);
    expect(await door.connect().check(context())).toContain('may come twice');
  });

  test('is ours alone: the same metadata by another app keeps nothing back', async () => {
    await door.messages().send(message, context());
    door.me = 'U0SOMEBODYELSE';
    expect(await door.messages().send(message, context())).toBe('changed');
  });
});

describe('failures', () => {
  test.each([
    ['notInChannel', 'refused', 'Slack: chat.postMessage answered 200: not_in_channel', '/invite'],
    ['archived', 'refused', 'Slack: chat.postMessage answered 200: is_archived', 'channels'],
  ])('200 with "ok": false is a failure, %s', async (vendor, code, text, advice) => {
    door.fault = { vendor };
    expect(await failures(message)).toMatchObject([{ code, message: text, advice: expect.stringContaining(advice) }]);
    expect(door.held()).toEqual([]);
  });

  test.each([
    ['invalid_auth', 'credentials'],
    ['token_revoked', 'credentials'],
    ['ratelimited', 'throttled'],
    ['internal_error', 'unavailable'],
    ['invalid_blocks', 'protocol'],
    ['restricted_action', 'refused'],
    ['something_new', 'refused'],
  ])('%s is %s', async (error, code) => {
    door.answer = { status: 200, body: JSON.stringify({ ok: false, error }) };
    expect(await failures(message)).toMatchObject([{ code, message: expect.stringContaining(error) }]);
  });

  test('a scope that is missing is named', async () => {
    door.answer = {
      status: 200,
      body: '{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"users:read"}',
    };
    await expect(door.messages({ lookBack: 0 }).send(message, context())).rejects.toMatchObject({
      code: 'refused',
      advice: 'Give the app the scope chat:write, and install it again.',
    });
  });

  test('429 waits as Slack says, and a page is no answer; neither shows what it said', async () => {
    door.answer = { status: 429, headers: { 'retry-after': '30' }, body: '{"ok":false,"error":"ratelimited"}' };
    expect(await failures(message)).toMatchObject([{ code: 'throttled', retryAfterMs: 30_000 }]);
    door.answer = { status: 200, body: '<html>proxy for sarah.chen@globaltech.example</html>' };
    const [page] = await failures(message);
    expect(page).toMatchObject({ code: 'protocol' });
    expect(String(page)).not.toContain('sarah');
  });
});

describe('check', () => {
  test('says the workspace, and names a scope that is missing', async () => {
    expect(await door.connect().check(context())).toBe('Slack workspace GlobalTech as muster');
    const me = { ok: true, team: 'GlobalTech', user: 'muster', user_id: 'U1' };
    door.answer = {
      status: 200,
      headers: { 'x-oauth-scopes': 'users:read.email, users:read' },
      body: JSON.stringify(me),
    };
    await expect(door.connect().check(context())).rejects.toMatchObject({
      code: 'refused',
      message: 'Slack: the token has not the scope chat:write',
    });
  });
});

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false });

async function failures(request: MessageRequest): Promise<unknown[]> {
  return door
    .messages()
    .send(request, context())
    .then(
      (outcome) => [outcome],
      (error: unknown) => [error],
    );
}
