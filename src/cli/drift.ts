import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import {
  driftOf,
  driftShape,
  lastReadings,
  type ShownDrift,
  type TargetDrift,
  targetDriftShape,
} from '../operator/drift.ts';
import { askApi } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { settingsOf } from './settings.ts';

const readingsSchema = z.object({ items: z.array(targetDriftShape) });
const pageSchema = z.object({ items: z.array(driftShape), next: z.string().exactOptional() });
type Page = z.infer<typeof pageSchema>;

/** `muster drift` and `muster drift TARGET`. */
export function driftCommand(cli: Cli): Command {
  return new Command('drift')
    .description('what targets hold and should not, and lack and should have, as they were last read')
    .argument('[target]', 'list what was found there, one a line')
    .addHelpText(
      'after',
      `
Findings:
  live-leaver  an open account of somebody who has left; it is closed at once
  unplanned    an entitlement, or an account, that neither policy nor a grant gives
  orphan       an open account that belongs to nobody
  vanished     an entitlement, or an account, that is due, was there, and is gone
Targets are read by the schedule "reconcile"; \`temporal schedule trigger --schedule-id reconcile\` does it now.`,
    )
    .action(async (target: string | undefined, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const items: (TargetDrift | ShownDrift)[] = await reachDirectory<(TargetDrift | ShownDrift)[]>(cli, settings, {
        api: async (running) =>
          target === undefined
            ? readingsSchema.parse(await askApi(running, '/api/drift')).items
            : everyPage(async (cursor) => {
                const query = cursor === undefined ? '' : `?${new URLSearchParams({ cursor })}`;
                return pageSchema.parse(await askApi(running, `/api/drift/${encodeURIComponent(target)}${query}`));
              }),
        store: (store) =>
          store.read(async (reader) => {
            const readings = await lastReadings(reader);
            if (target === undefined) return readings;
            const reading = readings.find((each) => each.target === target);
            if (reading === undefined) throw new Failure('not-found', `${target} has not been read yet`);
            return everyPage((cursor) => driftOf(reader, reading, cursor));
          }),
      });
      if (settings.json) cli.out(JSON.stringify({ items }));
      else if (items.length === 0) cli.out(target === undefined ? 'No target has been read yet.' : 'No drift.');
      else for (const item of items) cli.out('found' in item ? readingInWords(item) : driftInWords(item));
    });
}

async function everyPage(read: (cursor: string | undefined) => Promise<Page>): Promise<ShownDrift[]> {
  const items: ShownDrift[] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await read(cursor);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

function readingInWords({ target, at, accounts, found, repairs }: TargetDrift): string {
  const counts = Object.entries(found).flatMap(([finding, count]) => (count === 0 ? [] : [`${count} ${finding}`]));
  const words =
    counts.length === 0 ? 'no drift' : `${counts.join(', ')}${repairs === 0 ? '' : `; ${repairs} repaired`}`;
  return `${target}: ${accounts} accounts read at ${at}: ${words}`;
}

function driftInWords({ finding, account, entitlement, person, action }: ShownDrift): string {
  const what = entitlement === undefined ? account : `${account}: ${entitlement}`;
  return `${finding.padEnd(11)}  ${what}${person === undefined ? '' : `  of ${person}`}  (${action})`;
}
