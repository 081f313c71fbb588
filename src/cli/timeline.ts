import { Command } from 'commander';
import type { z } from 'zod';
import type { PageRequest } from '../directory/store.ts';
import { timelineShape } from '../operator/hire-shapes.ts';
import { timeline } from '../operator/hire-view.ts';
import { askApi } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { dueInWords, whoReadsTheDirectory } from './person-words.ts';
import { settingsOf } from './settings.ts';

type Timeline = z.infer<typeof timelineShape>;

/** `muster people timeline ID`. */
export function timelineCommand(cli: Cli): Command {
  return new Command('timeline')
    .description('what happened to somebody, in order, and what is to come')
    .argument('<id>', 'Muster’s id, a worker id, an e-mail or any other alias')
    .action(async (alias: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const found = await reachDirectory(cli, settings, {
        api: (running) =>
          whole(({ cursor }) => {
            const query = new URLSearchParams({ limit: '500', ...(cursor === undefined ? {} : { cursor }) });
            return askApi(running, `/api/people/${encodeURIComponent(alias)}/timeline?${query}`);
          }),
        store: (store) =>
          store.read((reader) =>
            whole((page) => timeline(reader, whoReadsTheDirectory(reader), alias, { limit: 500, ...page })),
          ),
      });
      cli.out(settings.json ? JSON.stringify(found) : inWords(found));
    });
}

async function whole(read: (page: PageRequest) => Promise<unknown>): Promise<Timeline> {
  const happened: Timeline['happened'] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = timelineShape.parse(await read(cursor === undefined ? {} : { cursor }));
    happened.push(...page.happened);
    const { next, ...rest } = page;
    if (next === undefined) return { ...rest, happened };
    cursor = next;
  }
}

function inWords({ person, name, state, happened, due, legalHolds = [] }: Timeline): string {
  return [
    `${person}  ${name}  ${state}`,
    ...legalHolds.map(
      ({ id, case: reference, by, at, liftAskedBy }) =>
        `  legal hold ${id}: ${reference}, by ${by} at ${at}${liftAskedBy === undefined ? '' : `; ${liftAskedBy} asks to lift it`}`,
    ),
    'happened',
    ...happened.map(({ at, what }) => `  ${at}  ${what}`),
    due.length === 0 ? 'nothing is due' : 'due',
    ...due.map(dueInWords),
  ].join('\n');
}
