import { Command } from 'commander';
import { hostOf, portOf } from '../home/ports.ts';
import { createReceiver } from '../receiver/receiver.ts';
import { secretResolver } from '../secrets.ts';
import { endOrder } from '../teardown.ts';
import { lazyClient, temporalFromEnvironment } from '../temporal-connection.ts';
import type { Cli } from './cli.ts';
import { listenForMachines, processRegistry } from './machine-port.ts';
import { serve } from './serve.ts';
import { configOf, settingsOf } from './settings.ts';

/** `muster receiver`: events in; needs Temporal alone. */
export function receiverCommand(cli: Cli): Command {
  return new Command('receiver')
    .description('run the receiver alone: events in, on MUSTER_PORT; needs Temporal and no database')
    .action(async (_options, command: Command) => {
      const config = configOf(settingsOf(cli, command));
      await serve(cli, 'the receiver', async ({ log, teardown }) => {
        const { client, connection } = lazyClient(temporalFromEnvironment(cli.env));
        teardown.add(endOrder.connections, 'the connection to Temporal', () => connection.close());
        const registry = processRegistry();
        const secret = secretResolver(config.folder, cli.env);
        const receiver = createReceiver({ config, secret, client, log, registry });
        const listening = await receiver.listen({
          port: portOf(cli.env, 'MUSTER_PORT', 8080),
          host: hostOf(cli.env),
          setting: 'MUSTER_PORT',
        });
        teardown.add(endOrder.http, 'the receiver', () => listening.close());
        log.info({ url: listening.url, sources: Object.keys(config.sources) }, 'the receiver listens');
        await listenForMachines({ env: cli.env, registry, ready: async () => undefined, log, teardown });
        return {};
      });
    });
}
