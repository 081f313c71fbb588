import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { endCategories } from '../model/event.ts';
import { Failure } from '../model/failure.ts';
import { printTaken } from './answers.ts';
import { askApi, type Running, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { deliver } from './delivery.ts';
import { configOf, settingsOf } from './settings.ts';

const optionsSchema = z.object({
  effectiveDate: z.string().optional(),
  immediate: z.boolean().default(false),
  category: z.enum(endCategories).optional(),
  reason: z.string().optional(),
  id: z.string().optional(),
  source: z.string(),
});

const personSchema = z.object({
  id: z.string(),
  identifiers: z.array(z.object({ type: z.string(), value: z.string() })).default([]),
});

/** `muster terminate ID`: an ordinary event on the generic endpoint, which takes the same way as any other. */
export function terminateCommand(cli: Cli): Command {
  return new Command('terminate')
    .description('end a person’s access, now or on a date')
    .argument('<id>', 'the person: Muster’s id, a worker id, an e-mail or any other alias')
    .option('--effective-date <date>', 'the last day, as 2025-11-15, in the person’s own zone')
    .option('--immediate', 'now, whatever the date')
    .addOption(new Option('--category <category>', 'why it ends').choices([...endCategories]))
    .option('--reason <words>', 'in words; it stays in the ledger and enters no ticket or message')
    .option('--id <id>', 'the event’s own id, so that sending it twice is one event (default: a new one)')
    .option('--source <name>', 'the source in muster.yaml that it is posted to', 'cloudevents')
    .addHelpText('after', '\nExample:\n  muster terminate GT-48291 --immediate --category involuntary')
    .action(async (alias: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const options = optionsSchema.parse(command.opts());
      if (options.effectiveDate === undefined && !options.immediate) {
        throw new Failure('misconfigured', 'say when: --immediate, or --effective-date with the last day');
      }
      const running = await requireRunning(settings);
      const event = {
        specversion: '1.0',
        id: options.id ?? randomUUID(),
        source: 'muster-cli',
        type: 'muster.terminated',
        subject: await workerIdOf(running, alias),
        time: new Date().toISOString(),
        data: {
          ...(options.effectiveDate === undefined ? {} : { effectiveDate: options.effectiveDate }),
          ...(options.immediate ? { immediate: true } : {}),
          ...(options.category === undefined ? {} : { category: options.category }),
          ...(options.reason === undefined ? {} : { reason: options.reason }),
        },
      };
      const answer = await deliver({
        config: configOf(settings, running.home),
        source: options.source,
        body: Buffer.from(JSON.stringify(event)),
        id: event.id,
        receiver: running.ready.receiver,
        env: cli.env,
      });
      printTaken(cli, answer, settings);
    });
}

/** Events name a person by a worker id; somebody nobody knows is refused here rather than waited for. */
async function workerIdOf(running: Running, alias: string): Promise<string> {
  const person = personSchema.parse(await askApi(running, `/api/people/${encodeURIComponent(alias)}`));
  return person.identifiers.find((identifier) => identifier.type === 'workerId')?.value ?? person.id;
}
