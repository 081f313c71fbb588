import { Command } from 'commander';
import { connectAllTargets, openSharedStore, startWatching } from '../assembly.ts';
import { secretResolver } from '../secrets.ts';
import { endOrder } from '../teardown.ts';
import { lazyClient, temporalFromEnvironment } from '../temporal-connection.ts';
import type { Cli } from './cli.ts';
import { listenForMachines, processRegistry } from './machine-port.ts';
import { serve } from './serve.ts';
import { configOf, policyOf, settingsOf } from './settings.ts';

/** `muster watch`: alarms must not live in what may be dead. */
export function watchCommand(cli: Cli): Command {
  return new Command('watch')
    .description(
      'run the watch alone: finds what is stuck, failed or lost, and alerts; needs Temporal and DATABASE_URL',
    )
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const config = configOf(settings);
      const policy = policyOf(settings);
      await serve(cli, 'the watch', async ({ log, teardown }) => {
        const secret = secretResolver(config.folder, cli.env);
        const store = await openSharedStore({ config, secret, teardown, env: cli.env });
        const foundation = { config, policy, store, secret, log, teardown };
        const targets = connectAllTargets(foundation);
        const { client, connection } = lazyClient(temporalFromEnvironment(cli.env));
        teardown.add(endOrder.connections, 'the connection to Temporal', () => connection.close());
        startWatching(foundation, targets, client);
        await listenForMachines({
          env: cli.env,
          registry: processRegistry(),
          ready: () => store.ping(),
          log,
          teardown,
        });
        return {};
      });
    });
}
