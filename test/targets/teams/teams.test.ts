import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MessageRequest } from '../../../src/targets/target.ts';
import { definition } from '../../../src/targets/teams/index.ts';
import { makeStandIn, sandboxAddress, sandboxCredentials } from '../../../src/targets/teams/sandbox.ts';
import { type Bench, openBench } from '../bench.ts';
import { type TargetSuite, targetSuite } from '../target-suite.ts';

const secrets: Record<string, string> = {};
/** The address is known when the bench listens; the secret stays one that no message may show. */
const suite = (settings: Record<string, unknown> = {}): TargetSuite => ({
  name: 'teams',
  definition,
  makeStandIn,
  settings: (baseUrl) => {
    secrets['env:TEAMS_SECURITY'] = sandboxAddress(baseUrl, '#identity-security');
    return { channels: { '#identity-security': 'env:TEAMS_SECURITY', t: 'env:TEAMS_SECURITY' }, ...settings };
  },
  secrets,
  messagesMayRepeat: true,
});

targetSuite(suite());

const message: MessageRequest = {
  correlationId: 'left/GT-48291',
  to: { channel: '#identity-security' },
  title: 'GT-48291 is still open in Salesforce',
  text: 'Deadline 14:45.\n\nOwner: **nobody** [here](https://evil.example)',
  actions: [
    { id: 'retry', label: 'Retry', value: 'x1', style: 'primary' },
    { id: 'open', label: 'Look at it', value: 'x1', style: 'danger', url: 'https://muster.globaltech.example/x1' },
  ],
};

describe('a card', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench(suite(), []);
  });
  afterEach(() => bench.close());

  const send = (changed: Partial<MessageRequest> = {}) =>
    bench.connect().messages?.send({ ...message, ...changed }, bench.context());
  const failed = (work: Promise<unknown> | undefined) =>
    Promise.resolve(work).then(
      () => 'no failure',
      (error: unknown) => error,
    );

  test('has the text as it is and its links; what could only be answered by a bot is left out', async () => {
    expect(await send()).toBe('changed');
    expect(await bench.messages()).toMatchObject([
      {
        to: '#identity-security',
        title: 'GT-48291 is still open in Salesforce',
        text: 'Deadline 14:45.\n \nOwner: **nobody** [here](https://evil.example)',
        actions: [
          {
            type: 'Action.OpenUrl',
            title: 'Look at it',
            url: 'https://muster.globaltech.example/x1',
            style: 'destructive',
          },
        ],
      },
    ]);
  });

  test('longer than Teams takes is cut with a sign, at the last character that fits', async () => {
    await send({ text: 'ä'.repeat(30_000) });
    const [{ text } = { text: '' }] = z.array(z.object({ text: z.string() })).parse(await bench.messages());
    expect(text).toMatch(/^ä+…\n\(cut: Teams takes no more\)$/);
    expect(text.length).toBeGreaterThan(12_500);
    await send({ text: '🙂'.repeat(30_000) });
    expect(await bench.messages()).toMatchObject([{}, { text: expect.stringMatching(/^(🙂)+…/u) }]);
  });

  test('goes to no person, and the reader is told what to do', async () => {
    expect(await failed(send({ to: { email: 'sarah.chen@globaltech.example' } }))).toMatchObject({
      code: 'refused',
      message: 'Microsoft Teams: a workflow posts to its channel, not to a person',
      advice: expect.stringContaining('e-mail'),
    });
    expect(bench.announced()).toEqual([]);
  });

  test('goes to no channel that the settings do not name', async () => {
    expect(await failed(send({ to: { channel: '#nowhere' } }))).toMatchObject({
      code: 'misconfigured',
      advice: expect.stringContaining('#identity-security'),
    });
    expect(bench.announced()).toEqual([]);
  });

  test('no failure shows the address, which is the key', async () => {
    const target = bench.connect();
    const whole = secrets['env:TEAMS_SECURITY'] ?? '';
    const spoil = async (address: string, code: string) => {
      secrets['env:TEAMS_SECURITY'] = address;
      for (const error of [
        await failed(target.messages?.send(message, bench.context())),
        await failed(target.check(bench.context())),
      ]) {
        expect(error).toMatchObject({ code });
        expect(JSON.stringify([String(error), error])).not.toMatch(/sandbox-teams|wrong-sig|sig=x/);
        expect(JSON.stringify([String(error), error])).not.toContain('workflows/');
      }
    };
    await spoil(whole.replace(sandboxCredentials.sig, 'wrong-sig'), 'credentials');
    await spoil(whole.replace(/workflows\/\w+/, 'workflows/gone'), 'not-found');
    await spoil(`ftp${whole}`, 'misconfigured');
    await spoil('https://globaltech.webhook.office.com/webhookb2/workflows/?sig=x', 'misconfigured');
  });

  test('a flow that is turned off is refused, with what to do', async () => {
    await bench.fault({ vendor: 'turnedOff' });
    expect(await failed(bench.connect().check(bench.context()))).toMatchObject({
      code: 'refused',
      message: 'Microsoft Teams: look at #identity-security answered 400: WorkflowTriggerIsNotEnabled',
      advice: expect.stringContaining('turn it on'),
    });
  });

  test('a look starts nothing', async () => {
    await bench.connect().check(bench.context());
    expect(await bench.messages()).toEqual([]);
  });
});
