import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { askApi, type Running, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { EndWith, exitCodes } from './exit.ts';
import { type Settings, settingsOf } from './settings.ts';

const orderedSchema = z.object({
  status: z.enum(['accepted', 'duplicate']),
  eventId: z.string(),
  workflowId: z.string(),
  outcome: z.string().optional(),
});
type Ordered = z.infer<typeof orderedSchema>;

const eventSchema = z.looseObject({ outcome: z.string().optional(), reason: z.string().optional() });

const waitSchema = z.object({ wait: z.boolean().default(true), id: z.string().optional() });

/** Adds what every order takes: `--id` and `--no-wait`. */
export function orderOptions(command: Command): Command {
  return command
    .option('--id <id>', 'the order’s own id, so that sending it twice is one order (default: a new one)')
    .option('--no-wait', 'do not wait for what comes of it')
    .addHelpText(
      'after',
      `
Exit codes: 0 done, or it waits for its day or for somebody; 1 refused, or nothing came of it (the reason says why);
2 wrong usage; 3 Muster or Temporal is out of reach.`,
    );
}

/** Posts an order, and says what comes of it. */
export async function sendOrder(cli: Cli, command: Command, path: string, body: object): Promise<void> {
  const settings = settingsOf(cli, command);
  const { wait, id } = waitSchema.parse(command.opts());
  const running = await requireRunning(settings);
  const key = { 'idempotency-key': id ?? randomUUID() };
  const ordered = orderedSchema.parse(await askApi(running, path, body, key));
  const settled = wait ? await outcomeOf(running, ordered.eventId, cli.patienceMs ?? 60_000) : undefined;
  print(cli, settings, ordered, settled, wait);
  if (settled?.outcome !== undefined && !asWished.has(settled.outcome)) throw new EndWith(exitCodes.failed);
}

const asWished: ReadonlySet<string> = new Set(['applied', 'scheduled', 'waiting']);

type Settled = z.infer<typeof eventSchema>;

/** Looks until somebody has made up their mind about the event; undefined when nobody has in time. */
async function outcomeOf(running: Running, key: string, patienceMs: number): Promise<Settled | undefined> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const seen = await look(running, key);
    if (seen?.outcome !== undefined) return seen;
    if (Date.now() > deadline) return undefined;
    await pause(150);
  }
}

/** Just accepted, it may not be in the ledger yet; and to some it is never shown. */
async function look(running: Running, key: string): Promise<Settled | undefined> {
  try {
    return eventSchema.parse(await askApi(running, `/api/events/${encodeURIComponent(key)}`));
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  }
}

function print(cli: Cli, { json }: Settings, ordered: Ordered, settled: Settled | undefined, waited: boolean): void {
  const { eventId, workflowId, status } = ordered;
  if (json) {
    const { outcome = ordered.outcome, reason } = settled ?? {};
    cli.out(
      JSON.stringify({
        ...ordered,
        ...(outcome === undefined ? {} : { outcome }),
        ...(reason === undefined ? {} : { reason }),
      }),
    );
    return;
  }
  const before = status === 'duplicate' ? 'taken before' : 'accepted';
  if (settled?.outcome === undefined) {
    const still = waited ? ', and still under way' : '';
    cli.out(`${before}: ${eventId}${still} (workflow ${workflowId})`);
    return;
  }
  cli.out(`${settled.outcome}${settled.reason === undefined ? '' : `: ${settled.reason}`}`);
  cli.out(`  event ${eventId}, workflow ${workflowId}`);
}
