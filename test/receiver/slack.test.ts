import { createHmac } from 'node:crypto';
import { type Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import express from 'express';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../../src/http/listen.ts';
import type { DecideMessage } from '../../src/model/approval.ts';
import { proofText } from '../../src/model/proof.ts';
import { proveClick, slackSources, takeClicks } from '../../src/receiver/slack-desk.ts';
import { slackSignature } from '../../src/sources/slack.ts';
import { noon, type Receiving, receiving } from './receiving.ts';

const config = `
proofKey: env:PROOF_KEY
sources:
  slack:
    kind: slack
    settings: { signingSecret: env:SLACK_SIGNING, users: { U0GT40001: GT-40001, U0OPERATOR: operator-2 } }
`;
const env = { PROOF_KEY: 'the proof key', SLACK_SIGNING: 'sandbox-slack-signing-secret-0000' };
const approval = 'GT-48291/0123456789ab/1';

let asked: { workflow: string; message: DecideMessage }[];
let answer: (message: DecideMessage) => Promise<string>;
let receiver: Receiving;

const client = {
  options: { namespace: 'default' },
  withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  workflow: {
    executeUpdateWithStart: async (
      _update: string,
      {
        args,
        startWorkflowOperation,
      }: { args: [DecideMessage]; startWorkflowOperation: { options: { workflowId: string } } },
    ) => {
      asked.push({ workflow: startWorkflowOperation.options.workflowId, message: args[0] });
      return answer(args[0]);
    },
  },
} as unknown as Client;

beforeEach(async () => {
  asked = [];
  answer = async ({ approval: id }) => `${id} is approved`;
  receiver = await receiving({ client, config, env });
});
afterEach(() => receiver.close());

interface Click {
  user?: string;
  action?: string;
  value?: string;
  timestamp?: number;
  secret?: string;
}
function click({
  user = 'U0GT40001',
  action = 'approve',
  value = approval,
  timestamp = noon / 1_000,
  secret = env.SLACK_SIGNING,
}: Click = {}): RequestInit {
  const payload = {
    type: 'block_actions',
    user: { id: user },
    response_url: 'https://hooks.slack.example/actions/1',
    actions: [{ type: 'button', action_id: action, value }],
  };
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': slackSignature(secret, String(timestamp), Buffer.from(body)),
    },
    body,
  };
}
const press = (what?: Click) => receiver.raw('/events/slack', click(what));
const textOf = ({ body }: { body: unknown }) => (body as { text: string }).text;

describe('a click', () => {
  it('decides as whom the settings say it is, with a proof that its workflow can check', async () => {
    const { status, body } = await press();
    expect({ status, body }).toEqual({
      status: 200,
      body: { response_type: 'ephemeral', replace_original: false, text: `${approval} is approved` },
    });
    const [only] = asked;
    const { proof, ...message } = only?.message ?? { approval: '', decision: 'refuse' as const };
    expect(only?.workflow).toBe('person:GT-48291');
    expect(message).toEqual({ approval, decision: 'approve', by: 'GT-40001' });
    const claim = {
      workflowId: 'person:GT-48291',
      item: approval,
      action: 'approve',
      by: 'GT-40001',
      nonce: proof?.nonce ?? '',
    };
    expect(proof?.mac).toBe(createHmac('sha256', env.PROOF_KEY).update(proofText(claim)).digest('hex'));
  });

  it('of an operator on "Refuse" refuses as that operator', async () => {
    await press({ user: 'U0OPERATOR', action: 'refuse' });
    expect(asked).toMatchObject([{ message: { decision: 'refuse', by: 'operator-2' } }]);
  });

  it('of somebody nobody knows decides nothing, and says so', async () => {
    const answered = await press({ user: 'U0STRANGER' });
    expect(answered.status).toBe(200);
    expect(textOf(answered)).toMatch(/does not know who you are.*Nothing was decided/);
    expect(asked).toEqual([]);
  });

  it('that its workflow refuses is told in the workflow’s words', async () => {
    answer = () =>
      Promise.reject(
        new WorkflowUpdateFailedError(
          'refused',
          ApplicationFailure.create({ message: `GT-40001 is whom ${approval} concerns` }),
        ),
      );
    const answered = await press();
    expect(answered.status).toBe(200);
    expect(textOf(answered)).toBe(`Not taken: GT-40001 is whom ${approval} concerns`);
  });

  it('that Temporal does not hear is not lost in silence', async () => {
    answer = () => Promise.reject(new Error('no connection'));
    expect(textOf(await press())).toMatch(/could not be reached/);
  });

  it('that is sent again decides once', async () => {
    await press();
    expect((await press()).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it('on another button, or on one that names no approval, is no decision', async () => {
    expect((await press({ action: 'open' })).status).toBe(200);
    expect(textOf(await press({ value: 'approval-a1', timestamp: noon / 1_000 + 1 }))).toMatch(/Nothing was decided/);
    expect(asked).toEqual([]);
  });

  it('that Slack has not signed, or long ago, is refused alike', async () => {
    const wrong = await press({ secret: 'another' });
    const old = await press({ timestamp: noon / 1_000 - 301 });
    expect([wrong.status, old.status]).toEqual([401, 401]);
    expect(wrong.body).toEqual(old.body);
    expect(asked).toEqual([]);
  });
});

describe('what takes longer than Slack waits', () => {
  it('is answered in time, and told by the click’s own address', async () => {
    const [source] = slackSources({
      proofKey: 'env:PROOF_KEY',
      sources: {
        slack: {
          ...{
            kind: 'slack',
            authoritative: false,
            mode: 'observe',
            authentication: [],
            duplicateWindow: 1,
            rateLimit: 1,
          },
          settings: {
            signingSecret: 'env:S',
            users: { U0GT40001: 'GT-40001' },
            responseHosts: ['hooks.slack.example'],
          },
        },
      },
    });
    if (source === undefined) throw new Error('no source');
    const told: { url: string; text: unknown }[] = [];
    let release: (said: string) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const desk = {
      ...{ client, secret: async () => env.SLACK_SIGNING, proofKey: async () => env.PROOF_KEY, clock: () => noon },
      log: pino({ level: 'silent' }),
    };
    const app = express();
    const done = new Promise<void>((resolve) => {
      app.post(
        '/events/slack',
        express.raw({ type: () => true }),
        proveClick(desk, source),
        takeClicks(desk, source, async (url, { text }) => {
          told.push({ url: url.href, text });
          resolve();
        }),
      );
    });
    const listening = await listen(app, { port: 0 });
    const answered = await fetch(`${listening.url}/events/slack`, click());
    expect(textOf({ body: await answered.json() })).toMatch(/is at it/);
    release('it is approved');
    await done;
    expect(told).toEqual([{ url: 'https://hooks.slack.example/actions/1', text: 'it is approved' }]);
    await listening.close(0);
  });
});

it.each([
  ['{ kind: slack, settings: { users: {} } }', /settings\.signingSecret/],
  ['{ kind: slack, settings: { signingSecret: env:S, users: { sarah: GT-1 } } }', /settings\.users/],
  [
    '{ kind: slack, authentication: [{ type: bearer, tokens: [env:T] }], settings: { signingSecret: env:S, users: {} } }',
    /authentication/,
  ],
])('a source %s is refused at start', async (source, fault) => {
  const start = receiving({ client, config: `proofKey: env:PROOF_KEY\nsources: { slack: ${source} }`, env });
  await expect(start).rejects.toMatchObject({
    code: 'misconfigured',
    message: expect.stringMatching(fault) as unknown,
  });
});

it('clicks cannot be vouched for without the key of proofs', async () => {
  const start = receiving({ client, config: config.replace('proofKey: env:PROOF_KEY', ''), env });
  await expect(start).rejects.toMatchObject({
    code: 'misconfigured',
    message: expect.stringMatching(/proofKey/) as unknown,
  });
});
