import { type Connection, isGrpcServiceError } from '@temporalio/client';
import { Command } from 'commander';
import { databaseUrl } from '../database-url.ts';
import { migrate } from '../directory/connect.ts';
import { Failure } from '../model/failure.ts';
import { searchAttributes } from '../model/messages.ts';
import { secretResolver } from '../secrets.ts';
import { lazyClient, type TemporalAddress, temporalFromEnvironment } from '../temporal-connection.ts';
import { prepareNamespace } from '../temporal-namespace.ts';
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

// PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED: how Temporal Cloud answers a namespace's own users.
const notOurs = new Set([7, 12, 16]);

async function registerSearchAttributes(temporal: TemporalAddress): Promise<string[]> {
  const { connection } = lazyClient(temporal);
  try {
    return await connection.withDeadline(Date.now() + 20_000, () => prepare(connection, temporal));
  } finally {
    await connection.close();
  }
}

async function prepare(connection: Connection, { namespace, options }: TemporalAddress): Promise<string[]> {
  try {
    return await prepareNamespace(connection, namespace);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (isGrpcServiceError(error) && notOurs.has(Number(error.code))) {
      const list = Object.entries(searchAttributes).map(([name, type]) => `${name} (${type})`);
      throw new Failure('refused', `Temporal lets nobody register search attributes for "${namespace}" this way`, {
        advice: `Add them in Temporal Cloud's page of the namespace, or with tcld: ${list.join(', ')}.`,
        cause: error,
      });
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('unavailable', `Temporal at ${options.address} does not answer: ${reason}`, { cause: error });
  }
}
