import { Command } from 'commander';
import { z } from 'zod';
import { heldIn } from '../../activities/held.ts';
import type { Reader } from '../directory/store.ts';
import { Failure } from '../model/failure.ts';
import { decidedShape, holdDetailShape, holdShape } from '../operator/hold-shapes.ts';
import { holdDetail, holdSummary } from '../operator/hold-view.ts';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { settingsOf } from './settings.ts';

const pageSchema = z.object({ items: z.array(holdShape), next: z.string().optional() });
type Page = z.infer<typeof pageSchema>;
type Hold = Page['items'][number];

/** `muster holds list|show|release|reject`. */
export function holdsCommand(cli: Cli): Command {
  return new Command('holds')
    .description('what safeguards hold: list it, show it, release or reject it')
    .addCommand(listCommand(cli), { isDefault: true })
    .addCommand(showCommand(cli))
    .addCommand(decideCommand(cli, 'release'))
    .addCommand(decideCommand(cli, 'reject'));
}

function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list what is held, the latest first; ends known ahead that would be held, too')
    .option('--all', 'the closed ones too')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { all } = z.object({ all: z.boolean().default(false) }).parse(command.opts());
      const items = await reachDirectory(cli, settings, {
        api: (running) =>
          everyPage(async (page) =>
            pageSchema.parse(
              await askApi(running, `/api/holds?${new URLSearchParams({ ...page, open: all ? 'all' : 'true' })}`),
            ),
          ),
        store: (store) => store.read((reader) => everyPage(({ cursor }) => pageOf(reader, all, cursor))),
      });
      if (settings.json) cli.out(JSON.stringify({ items }));
      else if (items.length === 0) cli.out(all ? 'No holds.' : 'Nothing is held.');
      else for (const hold of items) cli.out(inWords(hold));
    });
}

async function everyPage(read: (page: { limit: string; cursor?: string }) => Promise<Page>): Promise<Hold[]> {
  const items: Hold[] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await read({ limit: '200', ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

async function pageOf(reader: Reader, all: boolean, cursor: string | undefined): Promise<Page> {
  const { items, next } = await reader.holds(all ? {} : { state: 'open' }, {
    ...{ limit: 200 },
    ...(cursor === undefined ? {} : { cursor }),
  });
  const now = new Date().toISOString();
  const shown: Hold[] = [];
  for (const hold of items) shown.push(holdSummary(hold, await heldIn(reader, hold, now)));
  return { items: shown, ...(next === undefined ? {} : { next }) };
}

function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('show one: what it would do to whom')
    .argument('<id>', 'the hold, as `muster holds` shows it')
    .action(async (id: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const hold = holdDetailShape.parse(
        await reachDirectory<unknown>(cli, settings, {
          api: (running) => askApi(running, `/api/holds/${encodeURIComponent(id)}`),
          store: (store) =>
            store.read(async (reader) => {
              const found = await reader.hold(id);
              if (found === undefined) throw new Failure('not-found', 'no hold has that id');
              return holdDetail(found, await heldIn(reader, found, new Date().toISOString()));
            }),
        }),
      );
      if (settings.json) cli.out(JSON.stringify(hold));
      else cli.out([inWords(hold), ...hold.items.map(itemInWords)].join('\n'));
    });
}

function decideCommand(cli: Cli, decision: 'release' | 'reject'): Command {
  const isRelease = decision === 'release';
  return new Command(decision)
    .description(isRelease ? 'let it go on, whole or some people of it' : 'have it never happen, whole or some of it')
    .argument('<id>', 'the hold, as `muster holds` shows it')
    .requiredOption('--reason <words>', 'why; it stays in the ledger')
    .option('--person <id...>', 'only these people, by worker id, e-mail or any other name (default: everybody)')
    .addHelpText(
      'after',
      isRelease
        ? `
One person takes one operator. More take two, who each say so: the second one by --as. Nobody who caused what is held
releases anything of it.

Examples:
  muster holds release end-3f9a1c02b7 --person GT-48291 --reason "leaves today, agreed with HR"
  muster holds release end-3f9a1c02b7 --reason "the Austin office closes, ticket 4711"
  muster holds release end-3f9a1c02b7 --reason "the Austin office closes, ticket 4711" --as operator-2`
        : `
Their events are dropped, with the reason. Nobody who caused what is held rejects anything of it.

Example:
  muster holds reject end-3f9a1c02b7 --reason "a wrong file, HR sends the right one"`,
    )
    .action(async (id: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { reason, person } = z
        .object({ reason: z.string().min(1), person: z.array(z.string()).optional() })
        .parse(command.opts());
      const running = await requireRunning(settings);
      const body = { decision, reason, ...(person === undefined ? {} : { people: person }) };
      const answer = decidedShape.parse(await askApi(running, `/api/holds/${encodeURIComponent(id)}`, body));
      if (settings.json) cli.out(JSON.stringify(answer));
      else cli.out([answer.said, inWords(answer.hold)].join('\n'));
    });
}

function inWords({ id, state, openedAt, closedAt, held, released, rejected, releasing, reason, causes }: Hold): string {
  const since = closedAt === undefined ? `open since ${openedAt}` : `${state} at ${closedAt}`;
  const said = [...new Set(releasing.map(({ by }) => by))];
  return [
    `${id}: ${since}; ${held} held, ${released} released, ${rejected} rejected`,
    `  ${reason}`,
    `  caused by ${causes.join(', ')}${said.length === 0 ? '' : `; "release" was said by ${said.join(', ')}`}`,
  ].join('\n');
}

function itemInWords(item: z.infer<typeof holdDetailShape>['items'][number]): string {
  const { person, event, state, summary, at, decidedBy, confidential } = item;
  const what = state === 'taken' ? 'released' : state;
  const by = decidedBy === undefined ? `since ${at}` : `by ${decidedBy}`;
  return `  ${what.padEnd(8)} ${person}: ${summary} (${event}, ${by}${confidential ? ', confidential' : ''})`;
}
