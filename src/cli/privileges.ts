import { Command } from 'commander';
import { z } from 'zod';
import type { Cli } from './cli.ts';
import { orderOptions, sendOrder } from './order.ts';

const optionsSchema = z.object({ until: z.string().optional(), reason: z.string() });

/** `muster privileges grant ID PRIVILEGE`. */
export function privilegesCommand(cli: Cli): Command {
  return new Command('privileges')
    .description('what policy.yaml lists under requestable')
    .addCommand(grantCommand(cli));
}

function grantCommand(cli: Cli): Command {
  return orderOptions(
    new Command('grant')
      .description('ask for one, for a time or for good; given when those agree whom policy names')
      .argument('<id>', 'the person, by any name')
      .argument('<privilege>', 'its id in policy.yaml')
      .option(
        '--until <moment>',
        'taken back then: 2026-01-31 (that day’s end, where they are), or 2026-01-31T18:00:00Z',
      )
      .requiredOption('--reason <words>', 'why; it stays in the ledger'),
  ).action(async (alias: string, privilege: string, _options, command: Command) => {
    const { until, reason } = optionsSchema.parse(command.opts());
    const body = { privilege, reason, ...(until === undefined ? {} : { until }) };
    await sendOrder(cli, command, `/api/people/${encodeURIComponent(alias)}/privileges`, body);
  });
}
