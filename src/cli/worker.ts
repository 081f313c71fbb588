import { Command } from 'commander';
import { connectAllTargets, openSharedStore, startWork } from '../assembly.ts';
import { Failure } from '../model/failure.ts';
import { secretResolver } from '../secrets.ts';
import { installRuntime, temporalFromEnvironment } from '../temporal-connection.ts';
import type { Cli } from './cli.ts';
import { listenForMachines, processRegistry } from './machine-port.ts';
import { serve } from './serve.ts';
import { configOf, policyOf, settingsOf } from './settings.ts';

/** `muster worker`: workflows, activities and the sealer of evidence. */
export function workerCommand(cli: Cli): Command {
  return new Command('worker')
    .description('run the workers alone: workflows, targets and evidence; needs Temporal and DATABASE_URL')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const config = configOf(settings);
      const policy = policyOf(settings);
      await serve(cli, 'the worker', async ({ log, teardown }) => {
        installRuntime(log);
        const secret = secretResolver(config.folder, cli.env);
        const store = await openSharedStore({ config, secret, teardown, env: cli.env });
        const foundation = { config, policy, store, secret, log, teardown };
        const targets = connectAllTargets(foundation);
        const workers = await startWork(foundation, targets, temporalFromEnvironment(cli.env));
        const ready = async () => {
          if (!workers.ready()) throw new Failure('unavailable', 'not all workers are running');
          await store.ping();
        };
        await listenForMachines({ env: cli.env, registry: processRegistry(), ready, log, teardown });
        return { lost: workers.run };
      });
    });
}
