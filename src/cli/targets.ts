import { Command } from 'commander';
import { z } from 'zod';
import type { Store } from '../directory/store.ts';
import { askApi } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { configOf, type Settings, settingsOf } from './settings.ts';

const overviewSchema = z.object({
  items: z.array(
    z.looseObject({
      name: z.string(),
      mode: z.string(),
      health: z.string(),
      failures: z.number(),
      failingSince: z.string().optional(),
      message: z.string().optional(),
      restUntil: z.string().optional(),
      lastGoodAt: z.string().optional(),
      concurrency: z.number(),
      ratePerSecond: z.number().optional(),
      queue: z
        .object({
          backlog: z.number(),
          oldestSeconds: z.number(),
          perSecond: z.number(),
          polledAt: z.string().optional(),
        })
        .optional(),
      waiting: z.array(z.string()),
      more: z.boolean(),
    }),
  ),
});
type Target = z.infer<typeof overviewSchema>['items'][number];

/** `muster targets`: how each answers, what waits in its queue, and who waits for it. */
export function targetsCommand(cli: Cli): Command {
  return new Command('targets')
    .description('how each target answers, what waits in its queue, and who waits for it')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const answer = await reachDirectory<unknown>(cli, settings, {
        api: (running) => askApi(running, '/api/targets'),
        store: (store) => overview(cli, settings, store),
      });
      const { items } = overviewSchema.parse(answer);
      if (settings.json) cli.out(JSON.stringify(answer));
      else if (items.length === 0) cli.out('muster.yaml names no targets.');
      else for (const target of items) cli.out(inWords(target));
    });
}

/** Temporal is asked where its environment says it is; without it the queues are left out. */
async function overview(cli: Cli, settings: Settings, store: Store): Promise<unknown> {
  const [{ targetsOverview }, { lazyClient, temporalFromEnvironment }] = await Promise.all([
    import('../targets-overview.ts'),
    import('../temporal-connection.ts'),
  ]);
  const { client, connection } = lazyClient(temporalFromEnvironment(cli.env));
  try {
    const { targets } = configOf(settings);
    return {
      items: await store.read((reader) => targetsOverview(reader, targets, client, new Date().toISOString())),
    };
  } finally {
    await connection.close();
  }
}

function inWords({ name, mode, queue, waiting, more, concurrency, ratePerSecond, ...health }: Target): string {
  const rate = ratePerSecond === undefined ? '' : `, at most ${ratePerSecond} a second`;
  const waits = `${waiting.slice(0, 10).join(', ')}${waiting.length > 10 || more ? ', …' : ''}`;
  return [
    `${name}  ${mode}  ${healthInWords(health)}`,
    `  ${concurrency} calls at once${rate}; ${queueInWords(queue)}`,
    ...(waiting.length === 0 ? [] : [`  waiting for it: ${waiting.length}${more ? '+' : ''} (${waits})`]),
  ].join('\n');
}

function healthInWords({
  health,
  failures,
  failingSince,
  message,
  restUntil,
  lastGoodAt,
}: Pick<Target, 'health' | 'failures' | 'failingSince' | 'message' | 'restUntil' | 'lastGoodAt'>): string {
  const good = lastGoodAt === undefined ? 'no good answer yet' : `last good answer ${lastGoodAt}`;
  if (health === 'unknown') return 'not asked yet';
  if (health === 'good') return `well, ${good}`;
  const rest = health === 'resting' ? `, resting until ${restUntil}` : '';
  return `failing since ${failingSince} (${failures} times${rest}): ${message}; ${good}`;
}

function queueInWords(queue: Target['queue']): string {
  if (queue === undefined) return 'Temporal does not say what waits in its queue';
  const { backlog, oldestSeconds, perSecond, polledAt } = queue;
  const workers = polledAt === undefined ? 'no worker asks for its work' : `${perSecond} a second lately`;
  return backlog === 0
    ? `nothing in its queue, ${workers}`
    : `${backlog} in its queue for up to ${oldestSeconds} s, ${workers}`;
}
