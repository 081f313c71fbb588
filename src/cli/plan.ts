import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { planShape } from '../operator/plan-shapes.ts';
import { receivingSources } from '../receiver/receiving-source.ts';
import type { NormalisedEvent } from '../sources/source.ts';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { mediaTypeOf } from './delivery.ts';
import { planInWords } from './plan-words.ts';
import { configOf, type Settings, settingsOf } from './settings.ts';

const optionsSchema = z.object({ source: z.string().optional(), person: z.string().optional() });

/** `muster plan FILE --source NAME` and `muster plan --person ID`. */
export function planCommand(cli: Cli): Command {
  return new Command('plan')
    .description('what an event would do, or what somebody’s access lacks now; nothing is written or changed')
    .argument('[file]', 'the event, as `muster send` takes it')
    .option('--source <name>', 'the source in muster.yaml that would send it')
    .option('--person <id>', 'a person, by any name: their access as it would be planned now')
    .addHelpText('after', '\nExamples:\n  muster plan leaver.json --source workday\n  muster plan --person GT-48291')
    .action(async (file: string | undefined, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { source, person } = optionsSchema.parse(command.opts());
      if ((file === undefined) === (person === undefined) || (file !== undefined && source === undefined)) {
        throw new Failure('misconfigured', 'name a file and its --source, or a --person');
      }
      const running = await requireRunning(settings);
      const bodies =
        file === undefined ? [{ person }] : await eventsOf(cli, settings, running.home, { file, source: source ?? '' });
      const plans: unknown[] = [];
      for (const body of bodies) plans.push(await askApi(running, '/api/plan', body));
      if (settings.json) cli.out(JSON.stringify(plans.length === 1 ? plans[0] : { items: plans }));
      else cli.out(plans.map((plan) => planInWords(planShape.parse(plan))).join('\n\n'));
    });
}

/** Reads the file as the source's own receiver would. */
async function eventsOf(
  cli: Cli,
  settings: Settings,
  home: string,
  { file, source }: { file: string; source: string },
) {
  const config = configOf(settings, home);
  const known = receivingSources(config).find(({ name }) => name === source);
  const kind = config.sources[source]?.kind;
  if (known === undefined || kind === undefined) {
    throw new Failure('misconfigured', `muster.yaml has no source "${source}"`, {
      advice: `It has ${Object.keys(config.sources).join(', ') || 'none'}.`,
    });
  }
  const body = await bytesOf(cli, file);
  const receivedAt = new Date().toISOString();
  const read = known.definition.normalise(
    { headers: {}, body, mediaType: mediaTypeOf(body, kind), receivedAt },
    known.settings,
  );
  if (!read.ok) {
    const faults = read.faults.map(({ path, problem }) => `\n  - ${path}: ${problem}`).join('');
    throw new Failure('refused', `${file} is no event of ${source}:${faults}`);
  }
  return read.events.map((event) => ({ event: { ...said(event), source } }));
}

/** As the API takes it: what the envelope said is part of the data. */
function said({ type, subject, id: _, data, ...rest }: NormalisedEvent) {
  return { type, subject, data: { ...data, ...rest } };
}

async function bytesOf(cli: Cli, file: string): Promise<Buffer> {
  try {
    return await readFile(resolve(cli.folder, file));
  } catch (error) {
    throw new Failure('misconfigured', `${file} cannot be read`, { cause: error });
  }
}
