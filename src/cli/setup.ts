import { Command } from 'commander';
import { databaseUrl } from '../database-url.ts';
import { migrate } from '../directory/connect.ts';
import { Failure } from '../model/failure.ts';
import { secretResolver } from '../secrets.ts';
import { temporalFromEnvironment } from '../temporal-connection.ts';
import { registerSearchAttributes } from '../temporal-setup.ts';
import type { Cli } from './cli.ts';
import { configOf, settingsOf } from './settings.ts';

/** `muster setup`: brings Temporal's namespace and the database up to what this version needs; running it again changes nothing. */
export function setupCommand(cli: Cli): Command {
  return new Command('setup')
    .description('register the search attributes with Temporal and bring the database up to date; safe to repeat')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const config = configOf(settings);
      const url = await databaseUrl(config, secretResolver(config.folder, cli.env), cli.env);
      if (url === undefined) {
        throw new Failure('misconfigured', 'no database is named', {
          advice: 'Set DATABASE_URL. The embedded stack of `muster start` sets itself up and needs no `muster setup`.',
        });
      }
      await migrate({ url });
      const temporal = temporalFromEnvironment(cli.env);
      const added = await registerSearchAttributes(temporal);
      const { namespace } = temporal;
      if (settings.json) cli.out(JSON.stringify({ database: 'up to date', namespace, searchAttributesAdded: added }));
      else {
        cli.out('The database is up to date.');
        cli.out(
          added.length === 0
            ? `The Temporal namespace "${namespace}" has all search attributes.`
            : `Added to the Temporal namespace "${namespace}": ${added.join(', ')}.`,
        );
      }
    });
}
