import { userInfo } from 'node:os';
import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { stoppedShape } from '../operator/hold-shapes.ts';
import { go, type Saying, type Stopped, stop } from '../operator/stops.ts';
import { askApi } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { configOf, type Settings, settingsOf } from './settings.ts';

const optionsSchema = z.object({
  source: z.string().optional(),
  target: z.string().optional(),
  reason: z.string().optional(),
});

/** `muster stop`: within two seconds no changing call begins any more, and events are still taken and kept. */
export function stopCommand(cli: Cli): Command {
  return scoped(new Command('stop'))
    .description('stop every change, or those of one source or at one target; events are still taken and kept')
    .requiredOption('--reason <words>', 'why; everybody sees it')
    .addHelpText(
      'after',
      `
Within 2 s no changing call begins any more. What is under way ends by itself within 30 s. Nothing is lost, deadlines run
on; \`muster go\` goes on, the most urgent first.

Examples:
  muster stop --reason "ends for people who are still here, ticket 4711"
  muster stop --source workday --reason "a wrong file"
  muster stop --target salesforce --reason "their outage"`,
    )
    .action((_options, command: Command) => change(cli, command, '/api/stop', stop));
}

/** `muster go`: lifts a stop. */
export function goCommand(cli: Cli): Command {
  return scoped(new Command('go'))
    .description('lift a stop: of everything, of one source or of one target')
    .option('--reason <words>', 'why')
    .addHelpText('after', '\nWhat waited goes on, the most urgent first. A stop of one thing is lifted by naming it.')
    .action((_options, command: Command) => change(cli, command, '/api/go', go));
}

const scoped = (command: Command): Command =>
  command
    .option('--source <name>', 'the source in muster.yaml')
    .option('--target <name>', 'the target in muster.yaml (neither: everything)');

async function change(
  cli: Cli,
  command: Command,
  path: '/api/stop' | '/api/go',
  direct: typeof stop | typeof go,
): Promise<void> {
  const settings = settingsOf(cli, command);
  const { source, target, reason } = optionsSchema.parse(command.opts());
  if (source !== undefined && target !== undefined) {
    throw new Failure('misconfigured', 'name --source or --target, not both');
  }
  const what: Stopped = { ...(source === undefined ? {} : { source }), ...(target === undefined ? {} : { target }) };
  const answer = await reachDirectory(cli, settings, {
    api: async (running) =>
      stoppedShape.parse(await askApi(running, path, { ...what, ...(reason === undefined ? {} : { reason }) })),
    // In an emergency the API may be what is down: whoever reaches the database can stop Muster.
    store: async (store) => {
      mustBeNamed(settings, what);
      const saying: Saying = { by: `cli:${userInfo().username}`, reason: reason ?? '', at: new Date().toISOString() };
      const said = await direct(store, what, saying);
      if (said === undefined) throw new Failure('conflict', 'that is not stopped');
      return { said, stops: await store.read((reader) => reader.stops()) };
    },
  });
  if (settings.json) {
    cli.out(JSON.stringify(answer));
    return;
  }
  cli.out(answer.said);
  for (const { scope, by, reason: why, at } of answer.stops) cli.out(`  ${scope}: by ${by} at ${at}: ${why}`);
}

function mustBeNamed(settings: Settings, { source, target }: Stopped): void {
  const name = source ?? target;
  if (name === undefined) return;
  const kind = source === undefined ? 'target' : 'source';
  const known = configOf(settings)[`${kind}s`];
  if (Object.hasOwn(known, name)) return;
  throw new Failure('misconfigured', `muster.yaml names no ${kind} ${name}`, {
    advice: `It names ${Object.keys(known).join(', ') || 'none'}.`,
  });
}
