import { Command } from 'commander';
import { z } from 'zod';
import type { Cli } from './cli.ts';
import { orderOptions, sendOrder } from './order.ts';

/** `muster people contract-end ID`. */
export function contractEndCommand(cli: Cli): Command {
  return orderOptions(
    new Command('contract-end')
      .description('move the end of a contract, and its reminders with it')
      .argument('<id>', 'the person, by any name')
      .requiredOption('--end <date>', 'the last day, as 2026-03-31; none: it has no end any more')
      .requiredOption('--reason <words>', 'why; it stays in the ledger'),
  ).action(async (alias: string, _options, command: Command) => {
    const { end, reason } = z.object({ end: z.string(), reason: z.string() }).parse(command.opts());
    const body = { endDate: end === 'none' ? null : end, reason };
    await sendOrder(cli, command, `/api/people/${encodeURIComponent(alias)}/contract-end`, body);
  });
}
