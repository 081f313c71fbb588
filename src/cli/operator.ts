import { Command } from 'commander';
import { openSharedStore, proofKey } from '../assembly.ts';
import type { Planning } from '../dry-run/dry-run.ts';
import { hostOf, portOf } from '../home/ports.ts';
import { createOperator } from '../operator/operator.ts';
import { secretResolver } from '../secrets.ts';
import { connectTargets } from '../targets/connect.ts';
import { endOrder } from '../teardown.ts';
import { lazyClient, temporalFromEnvironment } from '../temporal-connection.ts';
import type { Cli } from './cli.ts';
import { processRegistry } from './machine-port.ts';
import { serve } from './serve.ts';
import { configOf, policyOf, settingsOf } from './settings.ts';

/** `muster operator`: the API and the page. */
export function operatorCommand(cli: Cli): Command {
  return new Command('operator')
    .description('run the operator API and its page alone, on MUSTER_OPERATOR_PORT; needs Temporal and DATABASE_URL')
    .addHelpText('after', '\nTEMPORAL_UI_URL is where its links to workflows lead.')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const config = configOf(settings);
      await serve(cli, 'the operator API', async ({ log, teardown }) => {
        const secret = secretResolver(config.folder, cli.env);
        const store = await openSharedStore({ config, secret, teardown, env: cli.env });
        const temporal = temporalFromEnvironment(cli.env);
        const { client, connection } = lazyClient(temporal);
        teardown.add(endOrder.connections, 'the connection to Temporal', () => connection.close());
        let made: Planning | undefined;
        const planning = () => {
          made ??= {
            ...{ store, log, policy: policyOf(settings), sources: config.sources, live: false },
            // Only for what each of them can do: their secrets are the worker's.
            targets: connectTargets(config, secret),
          };
          return made;
        };
        const ui = cli.env['TEMPORAL_UI_URL'];
        const operator = createOperator({
          ...{ config, secret, store, client, log, registry: processRegistry() },
          ...{ proofKey: () => proofKey(config, secret), planning },
          ...(ui ? { temporalUi: { url: ui, namespace: temporal.namespace } } : {}),
        });
        const listening = await operator.listen({
          port: portOf(cli.env, 'MUSTER_OPERATOR_PORT', 8081),
          host: hostOf(cli.env),
          setting: 'MUSTER_OPERATOR_PORT',
        });
        teardown.add(endOrder.http, 'the operator API', () => listening.close());
        log.info({ url: listening.url }, 'the operator API listens');
        return {};
      });
    });
}
