import { Command } from 'commander';
import { z } from 'zod';
import type { Cli } from './cli.ts';
import { orderOptions, sendOrder } from './order.ts';

/** `muster undo EVENT`. */
export function undoCommand(cli: Cli): Command {
  return orderOptions(
    new Command('undo')
      .description('ask for what an event took to be given back; what it gives waits for approval')
      .argument('<event>', 'its key, as <source>:<id>')
      .requiredOption('--reason <words>', 'why; it stays in the ledger'),
  ).action(async (event: string, _options, command: Command) => {
    const { reason } = z.object({ reason: z.string() }).parse(command.opts());
    await sendOrder(cli, command, '/api/undo', { event, reason });
  });
}
