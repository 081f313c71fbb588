import { Command } from 'commander';
import { startEmbedded } from '../embedded.ts';
import { makeLog } from '../log.ts';
import type { Cli } from './cli.ts';
import { progressOf } from './progress.ts';
import { policyOf, settingsOf } from './settings.ts';

/** `muster start`: the whole stack in one process, keeping its data. */
export function startCommand(cli: Cli): Command {
  return new Command('start')
    .description('run everything in one process, Temporal’s server included, and keep the data in the home folder')
    .addHelpText(
      'after',
      `
Ports: MUSTER_PORT 8080 (events in), MUSTER_OPERATOR_PORT 8081 (API), MUSTER_SANDBOX_PORT 8090, LDAPS 8636, SMTP 8587,
Temporal 7233 and its Web UI 8233, all on the loopback. MUSTER_PORT=0 takes free ones for all; <home>/ready.json says which.
Without a muster.yaml it runs the example company GlobalTech on the sandbox. With TEMPORAL_ADDRESS or DATABASE_URL set it
uses that server and that database.`,
    )
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const stopped = cli.stopped();
      const log = makeLog(cli.env, 'warn');
      const progress = progressOf(cli);
      progress.doing('starting');
      const muster = await startEmbedded({
        ...{ home: settings.home, config: settings.config, policy: policyOf(settings) },
        ...{ fresh: false, env: cli.env, log, report: progress.doing },
      }).finally(progress.rest);
      try {
        const { ready } = muster;
        if (settings.json) cli.out(JSON.stringify(ready));
        else {
          cli.out(`Muster is ready (home folder ${settings.home}, ${muster.temporal}).`);
          cli.out(`  events in     ${ready.receiver}/events/…`);
          cli.out(`  operator API  ${ready.operator}/api/…`);
          if (ready.sandbox !== undefined) cli.out(`  sandbox       ${ready.sandbox}`);
          cli.out(
            `  Temporal      ${ready.temporal.address}${ready.temporal.ui === undefined ? '' : `, Web UI ${ready.temporal.ui}`}`,
          );
          cli.out('Ctrl-C stops it; the next start goes on where it was.');
        }
        await Promise.race([stopped, muster.lost]);
        if (!settings.json) cli.out('Stopping …');
      } finally {
        await muster.stop();
      }
    });
}
