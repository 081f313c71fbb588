import { Command } from 'commander';
import { databaseUrl } from '../database-url.ts';
import { migrate } from '../directory/connect.ts';
import { Failure } from '../model/failure.ts';
import { ensureSchedules, type ScheduleChanges, type WantedSchedule, wantedSchedules } from '../schedules.ts';
import { secretResolver } from '../secrets.ts';
import { lazyClient, type TemporalAddress, temporalFromEnvironment } from '../temporal-connection.ts';
import { registerSearchAttributes } from '../temporal-setup.ts';
import type { Cli } from './cli.ts';
import { configOf, policyOf, settingsOf } from './settings.ts';

/** `muster setup`: brings Temporal's namespace and the database up to what this version needs; running it again changes nothing. */
export function setupCommand(cli: Cli): Command {
  return new Command('setup')
    .description(
      'register the search attributes and the schedules with Temporal and bring the database up to date; safe to repeat',
    )
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const config = configOf(settings);
      const policy = policyOf(settings);
      const url = await databaseUrl(config, secretResolver(config.folder, cli.env), cli.env);
      if (url === undefined) {
        throw new Failure('misconfigured', 'no database is named', {
          advice: 'Set DATABASE_URL. The embedded stack of `muster start` sets itself up and needs no `muster setup`.',
        });
      }
      await migrate({ url });
      const temporal = temporalFromEnvironment(cli.env);
      const added = await registerSearchAttributes(temporal);
      const changes = await setSchedules(temporal, wantedSchedules(policy, config));
      const { namespace } = temporal;
      if (settings.json) {
        const answer = { database: 'up to date', namespace, searchAttributesAdded: added, schedules: changes };
        cli.out(JSON.stringify(answer));
      } else {
        cli.out('The database is up to date.');
        cli.out(
          added.length === 0
            ? `The Temporal namespace "${namespace}" has all search attributes.`
            : `Added to the Temporal namespace "${namespace}": ${added.join(', ')}.`,
        );
        cli.out(inWords(changes));
      }
    });
}

async function setSchedules(temporal: TemporalAddress, wanted: WantedSchedule[]): Promise<ScheduleChanges> {
  const { client, connection } = lazyClient(temporal);
  try {
    return await connection.withDeadline(Date.now() + 20_000, () => ensureSchedules(client, wanted));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('unavailable', `the schedules could not be set: ${reason}`, {
      advice: 'Look whether Temporal answers, and whether its user may write schedules in this namespace.',
      cause: error,
    });
  } finally {
    await connection.close();
  }
}

function inWords(changes: ScheduleChanges): string {
  const said = Object.entries(changes).flatMap(([what, ids]: [string, string[]]) =>
    ids.length === 0 ? [] : [`${what} ${ids.join(', ')}`],
  );
  return said.length === 0 ? 'The schedules are as they are to be.' : `Schedules: ${said.join('; ')}.`;
}
