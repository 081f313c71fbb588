import { Command } from 'commander';
import { z } from 'zod';
import { policyAppliedShape, propagationShape, type ShownPropagation } from '../operator/policy-shapes.ts';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { planInWords, planned } from './policy-plan.ts';
import { settingsOf } from './settings.ts';

/** How many of those touched are named before it is done. */
const named = 10;

/** `muster policy apply`: everybody is brought in line with the policy in force. */
export function applyCommand(cli: Cli): Command {
  return new Command('apply')
    .description('bring everybody in line with the policy in force, in batches; one that was stopped goes on')
    .option('--yes', 'do it; without this it is only said what it would come to')
    .addHelpText(
      'after',
      `
The policy in force is the one that Muster's processes were started with. Removals count against the safeguards: what comes
above the limit is held (\`muster holds\`). \`muster policy progress\` says how far it is, \`muster policy stop\` stops it.`,
    )
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { yes } = z.object({ yes: z.boolean().default(false) }).parse(command.opts());
      const running = await requireRunning(settings);
      if (!yes) {
        const plan = await planned(running, undefined, named);
        if (settings.json) cli.out(JSON.stringify(plan));
        else for (const line of [...planInWords(plan), 'Nothing was done. Do it with --yes.']) cli.out(line);
        return;
      }
      const applied = policyAppliedShape.parse(await askApi(running, '/api/policy/apply', {}));
      if (settings.json) cli.out(JSON.stringify(applied));
      else {
        const is = applied.status === 'running' ? 'is on its way already' : 'is on its way to everybody';
        cli.out(`Policy ${applied.policy} ${is} (workflow ${applied.workflowId}).`);
        cli.out('How far it is: muster policy progress');
      }
    });
}

/** `muster policy stop`: nobody else is touched. */
export function stopPolicyCommand(cli: Cli): Command {
  return new Command('stop')
    .description('stop the policy that is on its way: nobody else is touched, what has begun goes on')
    .requiredOption('--reason <words>', 'why; everybody sees it')
    .addHelpText('after', '\n`muster policy apply --yes` goes on where it was.')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { reason } = z.object({ reason: z.string() }).parse(command.opts());
      const running = await requireRunning(settings);
      show(cli, settings.json, propagationShape.parse(await askApi(running, '/api/policy/stop', { reason })));
    });
}

/** `muster policy progress`: how far the last one has come. */
export function progressCommand(cli: Cli): Command {
  return new Command('progress')
    .description('how far the last policy that was applied has come')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const running = await requireRunning(settings);
      show(cli, settings.json, propagationShape.parse(await askApi(running, '/api/policy/progress')));
    });
}

function show(cli: Cli, json: boolean, progress: ShownPropagation): void {
  if (json) {
    cli.out(JSON.stringify(progress));
    return;
  }
  const { policy, state, by, startedAt, endedAt, looked, people, changed, inFlight, held, reason } = progress;
  cli.out(`policy ${policy}: ${state}${endedAt === undefined ? '' : ` at ${endedAt}`}, begun by ${by} at ${startedAt}`);
  cli.out(
    `  looked at ${looked} of about ${people} people, ${changed} touched; ${inFlight} under way, ${held} wait for somebody`,
  );
  if (reason !== undefined) cli.out(`  ${reason}`);
}
