import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Workers of tests say only what is wrong. Once for each process, before the first connection. */
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});
