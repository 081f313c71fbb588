import type { Logger } from 'pino';
import { makeLog } from '../log.ts';
import { Teardown } from '../teardown.ts';
import type { Cli } from './cli.ts';

/** What a part of Muster that runs until it is told to stop is built with. */
export interface Serving {
  log: Logger;
  teardown: Teardown;
}

/**
 * Runs a part until a signal, or until `lost` says that it cannot go on, which is thrown; ends it in good order either way.
 * `start` builds it and registers with `teardown` whatever must be ended.
 */
export async function serve(
  cli: Cli,
  name: string,
  start: (serving: Serving) => Promise<{ lost?: Promise<unknown> }>,
): Promise<void> {
  const log = makeLog(cli.env);
  const teardown = new Teardown();
  const stopped = cli.stopped();
  try {
    const { lost } = await start({ log, teardown });
    log.info(`${name} is ready`);
    const signal = await Promise.race([stopped, ...(lost === undefined ? [] : [lost.then(() => 'its end')])]);
    log.info(`${name} stops at ${signal}`);
  } finally {
    await teardown.run(log);
  }
}
