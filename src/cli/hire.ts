import { Command } from 'commander';
import { z } from 'zod';
import type { PageRequest } from '../directory/store.ts';
import { hireShape } from '../operator/hire-shapes.ts';
import { hire, hires } from '../operator/hire-view.ts';
import { askApi } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { orderOptions, sendOrder } from './order.ts';
import { dueInWords, whoReadsTheDirectory } from './person-words.ts';
import { settingsOf } from './settings.ts';

type Hire = z.infer<typeof hireShape>;
const pageSchema = z.object({ items: z.array(hireShape), next: z.string().optional() });

/** `muster hire list|show|amend|cancel`. */
export function hireCommand(cli: Cli): Command {
  return new Command('hire')
    .description('people who are to start: list, look, move the date, call it off')
    .addCommand(listCommand(cli), { isDefault: true })
    .addCommand(showCommand(cli))
    .addCommand(amendCommand(cli))
    .addCommand(cancelCommand(cli));
}

const filterSchema = z.object({ startsBefore: z.string().optional(), location: z.string().optional() });

function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list who is to start, the next first')
    .option('--starts-before <date>', 'before this day, as 2026-02-02')
    .option('--location <location>', 'of one location')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { startsBefore, location } = filterSchema.parse(command.opts());
      const filter = {
        ...(startsBefore === undefined ? {} : { startsBefore }),
        ...(location === undefined ? {} : { location }),
      };
      const items = await reachDirectory(cli, settings, {
        api: (running) =>
          everyPage((page) =>
            askApi(
              running,
              `/api/hires?${new URLSearchParams({ ...filter, limit: '200', ...(page.cursor === undefined ? {} : { cursor: page.cursor }) })}`,
            ),
          ),
        store: (store) =>
          store.read((reader) =>
            everyPage((page) => hires(reader, whoReadsTheDirectory(reader), filter, { limit: 200, ...page })),
          ),
      });
      if (settings.json) cli.out(JSON.stringify({ items }));
      else if (items.length === 0) cli.out('Nobody is to start.');
      else for (const each of items) cli.out(lineOf(each));
    });
}

async function everyPage(read: (page: PageRequest) => Promise<unknown>): Promise<Hire[]> {
  const items: Hire[] = [];
  let cursor: string | undefined;
  do {
    const page = pageSchema.parse(await read(cursor === undefined ? {} : { cursor }));
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

function lineOf({ startDate, zone, person, name, state, location, moves }: Hire): string {
  const marks = [state, location, ...(moves.length === 0 ? [] : [`was ${moves[0]?.from}`])];
  const words = marks.filter((mark) => mark !== undefined).join(', ');
  return `${startDate} ${zone ?? ''}  ${person}  ${name}  (${words})`;
}

function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('show one: what is there, what is to come, and every move of the date')
    .argument('<id>', 'the person: Muster’s id, a worker id, an e-mail or any other alias')
    .action(async (alias: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const found = await reachDirectory<unknown>(cli, settings, {
        api: (running) => askApi(running, `/api/hires/${encodeURIComponent(alias)}`),
        store: (store) => store.read((reader) => hire(reader, whoReadsTheDirectory(reader), alias)),
      });
      cli.out(settings.json ? JSON.stringify(found) : inWords(hireShape.parse(found)));
    });
}

function inWords(shown: Hire): string {
  const { person, name, state, startDate, zone, startsAt, event, moves, accounts, due } = shown;
  return [
    `${person}  ${name}  ${state}`,
    `  starts ${startDate}${zone === undefined ? '' : ` (${zone})`}, at ${startsAt}, by ${event}`,
    ...moves.map(({ from, to, by, at }) => `  moved    from ${from} to ${to} by ${by} at ${at}`),
    ...accounts.map(
      ({ target, name: login, status, entitlements }) =>
        `  account  ${target}: ${login} ${status}, ${entitlements} entitlement${entitlements === 1 ? '' : 's'}`,
    ),
    ...due.map(dueInWords),
  ].join('\n');
}

const reasonSchema = z.object({ reason: z.string() });

function amendCommand(cli: Cli): Command {
  return orderOptions(
    new Command('amend')
      .description('move a start; today or before, they begin at once')
      .argument('<id>', 'the person, by any name')
      .requiredOption('--start <date>', 'the new first day, as 2026-02-02')
      .requiredOption('--reason <words>', 'why; it stays in the ledger')
      .addHelpText('after', '\nExample:\n  muster hire amend GT-50001 --start 2026-02-02 --reason "visa is late"'),
  ).action(async (alias: string, _options, command: Command) => {
    const { start, reason } = reasonSchema.extend({ start: z.string() }).parse(command.opts());
    await sendOrder(cli, command, `/api/hires/${encodeURIComponent(alias)}/amend`, { startDate: start, reason });
  });
}

function cancelCommand(cli: Cli): Command {
  return orderOptions(
    new Command('cancel')
      .description('call a hire off: what was made for it is removed')
      .argument('<id>', 'the person, by any name')
      .requiredOption('--reason <words>', 'why; it stays in the ledger'),
  ).action(async (alias: string, _options, command: Command) => {
    const { reason } = reasonSchema.parse(command.opts());
    await sendOrder(cli, command, `/api/hires/${encodeURIComponent(alias)}/cancel`, { reason });
  });
}
