import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { printTaken } from './answers.ts';
import { requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { deliver } from './delivery.ts';
import { configOf, settingsOf } from './settings.ts';

const optionsSchema = z.object({ source: z.string(), id: z.string().optional(), receiver: z.url().optional() });

/** `muster send FILE --source NAME [--id ID]`. */
export function sendCommand(cli: Cli): Command {
  return new Command('send')
    .description('sign an event with the source’s secret and post it as that source would')
    .argument(
      '<file>',
      'the event: JSON or XML as the source writes it, a CloudEvent or a list of them; - for standard input',
    )
    .requiredOption('--source <name>', 'a source in muster.yaml: workday, cloudevents, …')
    .option(
      '--id <id>',
      'the event’s own id; default: a CloudEvent’s own, else made of the bytes, so that sending twice is one event',
    )
    .option('--receiver <url>', 'the receiver’s address (default: the running stack’s)')
    .addHelpText('after', '\nExample:\n  muster send leaver.json --source workday --id 2025-11-15.GT-48291')
    .action(async (file: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const options = optionsSchema.parse(command.opts());
      const given = await bytesOf(cli, file);
      const running = options.receiver === undefined ? await requireRunning(settings) : undefined;
      const config = configOf(settings, running?.home);
      const envelope = config.sources[options.source]?.kind === 'cloudevents' && options.id !== undefined;
      const answer = await deliver({
        config,
        source: options.source,
        body: envelope ? renamed(given, options.id) : given,
        id: options.id,
        receiver: options.receiver ?? running?.ready.receiver ?? '',
        env: cli.env,
      });
      printTaken(cli, answer, settings);
    });
}

/** A CloudEvent has its id inside. A list of them keeps its own. */
function renamed(body: Buffer, id: string | undefined): Buffer {
  const event: unknown = parsed(body);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return body;
  return Buffer.from(JSON.stringify({ ...event, id }));
}

/** What is no JSON is for the receiver to refuse, in its own words. */
function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function bytesOf(cli: Cli, file: string): Promise<Buffer> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }
  try {
    return await readFile(resolve(cli.folder, file));
  } catch (error) {
    throw new Failure('misconfigured', `${file} cannot be read`, { cause: error });
  }
}
