import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { importPeople } from '../directory/import-people.ts';
import { comesLater, readPeopleImport } from '../directory/imported-person.ts';
import type { Reader } from '../directory/store.ts';
import { Failure } from '../model/failure.ts';
import { askApi } from './api.ts';
import type { Cli } from './cli.ts';
import { contractEndCommand } from './contract-end.ts';
import { reachDirectory } from './directory.ts';
import { EndWith, exitCodes } from './exit.ts';
import { settingsOf } from './settings.ts';
import { timelineCommand } from './timeline.ts';

const importedSchema = z.object({
  created: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  conflicts: z.array(z.object({ workerId: z.string(), problem: z.string() })),
});

const personSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  privileged: z.boolean(),
  protection: z.string().optional(),
  attributes: z.record(z.string(), z.unknown()),
  identifiers: z.array(z.object({ source: z.string(), type: z.string(), value: z.string() })),
  engagements: z.array(
    z.object({ workerId: z.string(), workerType: z.string(), startDate: z.string(), endDate: z.string().optional() }),
  ),
  accounts: z.array(
    z.object({
      target: z.string(),
      name: z.string(),
      kind: z.string(),
      status: z.string(),
      entitlements: z.array(z.string()),
    }),
  ),
  pending: z.array(z.object({ kind: z.string(), dueAt: z.string(), event: z.string() })),
});
type Person = z.infer<typeof personSchema>;

/** `muster people import FILE`, and what is asked and ordered about one. */
export function peopleCommand(cli: Cli): Command {
  return new Command('people')
    .description('the directory: import people, look at one, move the end of a contract')
    .addCommand(importCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(timelineCommand(cli))
    .addCommand(contractEndCommand(cli));
}

function importCommand(cli: Cli): Command {
  return new Command('import')
    .description(
      'enter people who are there already; nothing happens to their accounts, and repeating it changes nothing',
    )
    .argument('<file>', 'JSON {"people":[…]}, as examples/globaltech/people.json')
    .action(async (file: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const people = readPeopleImport(await readJson(resolve(cli.folder, file), file));
      const stamp = { by: 'muster people import', at: new Date().toISOString() };
      const done = await reachDirectory(
        cli,
        settings,
        {
          api: async (running) => importedSchema.parse(await askApi(running, '/api/people', { people })),
          store: async (store) => {
            const waits = people.filter((person) => comesLater(person, stamp.at)).length;
            if (waits > 0)
              cli.err(
                `${waits} of them have a start or an end to come. Import the file again once Muster runs: then it waits for those days.`,
              );
            return importPeople(store, people, stamp);
          },
        },
        { create: true },
      );
      if (settings.json) cli.out(JSON.stringify(done));
      else {
        cli.out(`${done.created} created, ${done.updated} updated, ${done.unchanged} unchanged.`);
        for (const { workerId, problem } of done.conflicts) cli.err(`${workerId}: ${problem}`);
      }
      if (done.conflicts.length > 0) throw new EndWith(exitCodes.failed);
    });
}

function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('show one person: state, engagements, accounts, what is pending')
    .argument('<id>', 'Muster’s id, a worker id, an e-mail or any other alias')
    .action(async (alias: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const found = await reachDirectory<unknown>(cli, settings, {
        api: (running) => askApi(running, `/api/people/${encodeURIComponent(alias)}`),
        store: (store) => store.read((reader) => onlyOne(reader, alias)),
      });
      cli.out(settings.json ? JSON.stringify(found) : inWords(personSchema.parse(found)));
    });
}

async function onlyOne(reader: Reader, alias: string): Promise<unknown> {
  const [person, ...more] = await reader.personByAlias(alias);
  if (person === undefined) throw new Failure('not-found', `nobody goes by the name ${alias}`);
  if (more.length === 0) return person;
  throw new Failure(
    'ambiguous',
    `${alias} is the name of ${[person, ...more].map((each) => each.id).join(' and of ')}`,
  );
}

function inWords(person: Person): string {
  const { jobTitle, department, location, managerId } = person.attributes;
  const facts = [jobTitle, department, location].filter((fact) => typeof fact === 'string');
  const marks = [
    ...(person.privileged ? ['privileged'] : []),
    ...(person.protection === undefined ? [] : [person.protection]),
  ];
  const lines = [
    `${person.id}  ${person.name}  ${person.state}${marks.length === 0 ? '' : `  (${marks.join(', ')})`}`,
    ...(facts.length === 0
      ? []
      : [`  ${facts.join(', ')}${typeof managerId === 'string' ? `, reports to ${managerId}` : ''}`]),
    `  known as ${person.identifiers.map(({ source, type, value }) => `${value} (${source} ${type})`).join(', ')}`,
    ...person.engagements.map(
      ({ workerId, workerType, startDate, endDate }) =>
        `  engaged as ${workerId} (${workerType}) from ${startDate}${endDate === undefined ? '' : ` to ${endDate}`}`,
    ),
    ...person.accounts.map(
      ({ target, name, kind, status, entitlements }) =>
        `  account  ${target}: ${name} (${kind}) ${status}${entitlements.length === 0 ? '' : `, ${entitlements.length} entitlements`}`,
    ),
    ...person.pending.map(({ kind, dueAt, event }) => `  pending  ${kind} at ${dueAt}, from ${event}`),
  ];
  return lines.join('\n');
}

async function readJson(path: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? `is no JSON: ${error.message}` : 'cannot be read';
    throw new Failure('misconfigured', `${name} ${why}`, { cause: error });
  }
}
