import { Command } from 'commander';
import { z } from 'zod';
import { legalHoldShape } from '../operator/hire-shapes.ts';
import { askApi } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { orderOptions, sendOrder } from './order.ts';
import { settingsOf } from './settings.ts';

const listSchema = z.object({ items: z.array(legalHoldShape) });

/** `muster legal-hold place|lift|list`. */
export function legalHoldCommand(cli: Cli): Command {
  return new Command('legal-hold')
    .description('what blocks every deletion, licence removal, mailbox handover and erasure, and never a disable')
    .addCommand(listCommand(cli), { isDefault: true })
    .addCommand(placeCommand(cli))
    .addCommand(liftCommand(cli));
}

function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list those in force; for security and administrators')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { items } = await reachDirectory(cli, settings, {
        api: async (running) => listSchema.parse(await askApi(running, '/api/legal-holds')),
        store: (store) => store.read(async (reader) => ({ items: await reader.legalHolds() })),
      });
      if (settings.json) cli.out(JSON.stringify({ items }));
      else if (items.length === 0) cli.out('No legal holds.');
      for (const { person, id, case: reference, by, at, liftAskedBy } of settings.json ? [] : items) {
        const asked = liftAskedBy === undefined ? '' : `; ${liftAskedBy} asks to lift it`;
        cli.out(`${person}  ${reference}  by ${by} at ${at}${asked}  (${id})`);
      }
    });
}

function placeCommand(cli: Cli): Command {
  return orderOptions(
    new Command('place')
      .description('place one on somebody')
      .argument('<id>', 'the person, by any name')
      .requiredOption('--case <reference>', 'what it is for, as a reference'),
  ).action(async (alias: string, _options, command: Command) => {
    const body = z.object({ case: z.string() }).parse(command.opts());
    await sendOrder(cli, command, `/api/people/${encodeURIComponent(alias)}/legal-holds`, { case: body.case });
  });
}

function liftCommand(cli: Cli): Command {
  return orderOptions(
    new Command('lift')
      .description('ask for one to be lifted; it is when a second person asks the same (--as)')
      .argument('<id>', 'the person, by any name')
      .option('--hold <hold>', 'which one, where there are several'),
  ).action(async (alias: string, _options, command: Command) => {
    const { hold } = z.object({ hold: z.string().optional() }).parse(command.opts());
    const body = hold === undefined ? {} : { hold };
    await sendOrder(cli, command, `/api/people/${encodeURIComponent(alias)}/legal-holds/lift`, body);
  });
}
