import { Command } from 'commander';
import { z } from 'zod';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { resolveCommand } from './resolve.ts';
import { settingsOf } from './settings.ts';

const optionsSchema = z.object({
  all: z.boolean().default(false),
  person: z.string().optional(),
  target: z.string().optional(),
});

const pageSchema = z.object({
  items: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.string(),
      person: z.string().optional(),
      target: z.string().optional(),
      reason: z.string(),
      owner: z.string(),
      openedAt: z.string(),
      dueAt: z.string(),
      alert: z.string().optional(),
      resolvedAt: z.string().optional(),
      takenBy: z.string().optional(),
      until: z.string().optional(),
      skipAskedBy: z.string().optional(),
    }),
  ),
  next: z.string().optional(),
});
type Exception = z.infer<typeof pageSchema>['items'][number];

/** `muster exceptions list`, `muster exceptions take ID` and `muster exceptions resolve ID`. */
export function exceptionsCommand(cli: Cli): Command {
  const list = new Command('list')
    .description('list the open exceptions, by the date they are due')
    .option('--all', 'the resolved ones too')
    .option('--person <id>', 'of one person')
    .option('--target <name>', 'at one target')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { all, person, target } = optionsSchema.parse(command.opts());
      const filter = { ...(person === undefined ? {} : { person }), ...(target === undefined ? {} : { target }) };
      const items = await reachDirectory(cli, settings, {
        api: (running) =>
          everyPage((page) =>
            askApi(
              running,
              `/api/exceptions?${new URLSearchParams({ ...filter, ...page, open: all ? 'all' : 'true' })}`,
            ),
          ),
        store: (store) =>
          everyPage(({ limit, ...page }) =>
            store.read((reader) =>
              reader.exceptions({ ...filter, ...(all ? {} : { open: true }) }, { ...page, limit: Number(limit) }),
            ),
          ),
      });
      if (settings.json) cli.out(JSON.stringify({ items }));
      else if (items.length === 0) cli.out(all ? 'No exceptions.' : 'No open exceptions.');
      else for (const exception of items) cli.out(inWords(exception));
    });
  return new Command('exceptions')
    .description('what a person must see to: list it, take it, resolve it')
    .addCommand(list, { isDefault: true })
    .addCommand(takeCommand(cli))
    .addCommand(resolveCommand(cli));
}

async function everyPage(read: (page: { limit: string; cursor?: string }) => Promise<unknown>): Promise<Exception[]> {
  const items: Exception[] = [];
  let cursor: string | undefined;
  do {
    const page = pageSchema.parse(await read({ limit: '200', ...(cursor === undefined ? {} : { cursor }) }));
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

function inWords(exception: Exception): string {
  const { id, kind, person, target, reason, owner, dueAt, alert, resolvedAt, takenBy } = exception;
  const about = [person, target].filter((part) => part !== undefined).join(' in ');
  const facts = [
    `owner ${owner}`,
    `due ${dueAt}`,
    ...(takenBy === undefined ? [] : [`taken by ${takenBy}`]),
    ...(alert === undefined ? [] : [`alerted: ${alert}`]),
    ...(resolvedAt === undefined ? skipAsked(exception) : [`resolved ${resolvedAt}`]),
  ];
  return [`${kind}${about === '' ? '' : `: ${about}`}  (${id})`, `  ${reason}`, `  ${facts.join(', ')}`].join('\n');
}

const skipAsked = ({ skipAskedBy, until }: Exception): string[] =>
  skipAskedBy === undefined ? [] : [`${skipAskedBy} wants to skip it until ${until}`];

function takeCommand(cli: Cli): Command {
  return new Command('take')
    .description('say that you see to one: its alert is not repeated any more')
    .argument('<id>', 'the exception, as `muster exceptions` shows it in parentheses')
    .action(async (id: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const running = await requireRunning(settings);
      const answer = await askApi(running, `/api/exceptions/${encodeURIComponent(id)}/take`, {});
      cli.out(settings.json ? JSON.stringify(answer) : z.object({ said: z.string() }).parse(answer).said);
    });
}
