import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { type Embedded, startEmbedded } from '../embedded.ts';
import { makeFileLog } from '../log.ts';
import { eventKey, eventWorkflowId, personWorkflowId } from '../model/messages.ts';
import { request } from './api.ts';
import type { Cli } from './cli.ts';
import { deliver } from './delivery.ts';
import { EndWith, exitCodes } from './exit.ts';
import { HireStory } from './hire-story.ts';
import { type Progress, progressOf } from './progress.ts';
import { policyOf, settingsOf } from './settings.ts';
import { Story } from './story.ts';

const leaver = 'GT-48291';
const event = {
  event: 'Worker_Terminated',
  workerId: leaver,
  effectiveDate: '2025-11-15',
  terminationType: 'Voluntary',
};
const eventId = `demo-${leaver}`;

/** Far more than it takes; a target that is down for so long has failed the demo. */
const patienceMs = 60_000;

const stateSchema = z.record(
  z.string(),
  z.object({
    accounts: z.array(z.object({ name: z.string(), worker: z.string().nullish(), enabled: z.boolean() })).default([]),
  }),
);
const optionsSchema = z.object({ exit: z.boolean().default(false) });

/** `muster demo`: one leaver, from the event to the last access gone. */
export function demoCommand(cli: Cli): Command {
  return new Command('demo')
    .description('start everything afresh and watch one termination from the event to the last access gone')
    .option('--exit', 'end after the story; 1 if it did not come true')
    .addHelpText(
      'after',
      '\nIts home folder is <home>/demo, made anew each time. Ports and MUSTER_PORT=0 as for `muster start`.',
    )
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { exit } = optionsSchema.parse(command.opts());
      const home = join(settings.home, 'demo');
      const stopped = cli.stopped();
      const progress = progressOf(cli);
      progress.say('Muster’s demo: the example company GlobalTech, and somebody who leaves it.\n');
      progress.doing('starting the whole stack');
      const log = makeFileLog(cli.env, join(settings.home, 'demo.log'), 'info');
      const muster = await startEmbedded({
        ...{ home, config: undefined, policy: policyOf(settings) },
        ...{ fresh: true, timeSkipping: true, env: cli.env, log, report: progress.doing },
      }).finally(progress.rest);
      try {
        const told = await Promise.race([tellAll(cli, muster, progress), stopped, muster.lost]);
        if (!exit && (told === 'true' || told === 'untrue')) {
          sayWhatNext(progress, muster);
          await Promise.race([stopped, muster.lost]);
        }
        progress.say('Stopping …');
        if (told === 'untrue') throw new EndWith(exitCodes.failed);
      } finally {
        progress.rest();
        await muster.stop();
      }
    });
}

/** Somebody leaves, and somebody comes. */
async function tellAll(cli: Cli, muster: Embedded, progress: Progress): Promise<'true' | 'untrue'> {
  const left = await tell(cli, muster, progress);
  if (left === 'untrue') return left;
  const came = await new HireStory(muster, cli.env, progress.say).tell();
  return came ? 'true' : 'untrue';
}

/** Sends the event and tells what becomes of it. */
async function tell(cli: Cli, muster: Embedded, progress: Progress): Promise<'true' | 'untrue'> {
  const { ready, config } = muster;
  progress.say(`${muster.temporal}; ${ready.temporal.address}`);
  progress.say(`POST ${ready.receiver}/events/workday, signed with secrets/workday:`);
  progress.say(`  ${JSON.stringify(event)}`);
  progress.doing('waiting for the receiver');
  const sent = Date.now();
  const answer = await deliver({
    ...{ config, source: 'workday', id: eventId, receiver: ready.receiver, env: cli.env },
    body: Buffer.from(JSON.stringify(event)),
  });
  progress.say(`${since(sent, Date.now())}  ${answer.status} ${JSON.stringify(answer.json)}`);
  progress.doing(`${leaver} is leaving`);
  const story = new Story(muster, { person: leaver, event: eventKey('workday', eventId) }, ({ at, line }) => {
    progress.say(`${since(sent, Date.parse(at))}  ${line}`);
  });
  const ending = await story.follow(patienceMs);
  progress.rest();
  const open = await openAccounts(muster);
  if (ending.done && open.length === 0) {
    const seconds = ((Date.parse(ending.closedAt) - sent) / 1_000).toFixed(2);
    progress.say(`\nFrom the event to the last access gone: ${seconds} s, every target read back.`);
    return 'true';
  }
  if (!ending.done) progress.say(`\nThe story did not come true within ${patienceMs / 1_000} s: ${ending.why}`);
  if (open.length > 0) progress.say(`\nThe sandbox still has open accounts of ${leaver}: ${open.join(', ')}`);
  return 'untrue';
}

/** The sandbox's own view, asked at the end: what Muster says is not taken for true. */
async function openAccounts({ ready }: Embedded): Promise<string[]> {
  if (ready.sandbox === undefined) return [];
  const { json } = await request(new URL('/state', ready.sandbox), {});
  return Object.entries(stateSchema.parse(json)).flatMap(([target, { accounts }]) =>
    accounts.filter(({ worker, enabled }) => worker === leaver && enabled).map(({ name }) => `${target} ${name}`),
  );
}

function sayWhatNext(progress: Progress, { ready }: Embedded): void {
  const { ui } = ready.temporal;
  progress.say('\nTo look at, until Ctrl-C:');
  if (ui !== undefined) {
    progress.say(
      `  the event in Temporal   ${ui}/namespaces/default/workflows/${eventWorkflowId(eventKey('workday', eventId))}`,
    );
    progress.say(`  the person in Temporal  ${ui}/namespaces/default/workflows/${personWorkflowId(leaver)}`);
  }
  progress.say(`  the operator API        ${ready.operator}/api/people/${leaver}`);
  if (ready.sandbox !== undefined) progress.say(`  the sandbox's accounts  ${ready.sandbox}`);
  progress.say('\nTo try next, in another terminal:');
  progress.say(`  npx muster people show ${leaver}`);
  progress.say('  npx muster terminate GT-48305 --immediate');
  progress.say('  npx muster exceptions');
}

/** `+0.042 s`, of one width. */
function since(start: number, moment: number): string {
  return `${`+${(Math.max(0, moment - start) / 1_000).toFixed(3)}`.padStart(8)} s`;
}
