import { Failure } from './model/failure.ts';
import { type RunningTemporal, startTemporal, type TemporalServerOptions } from './temporal-server.ts';

/** Tries at starting it again in a row, before the whole stack is given up. */
const attempts = 5;

/**
 * Starts the embedded server as `startTemporal` does, and starts it again on the same ports and the same database whenever it
 * ends by itself: workers and clients find it again without being told. `lost` rejects only when it cannot be started any more.
 */
export async function superviseTemporal(options: TemporalServerOptions): Promise<RunningTemporal> {
  const first = await startTemporal(options);
  // Somebody else's server, by TEMPORAL_ADDRESS, is theirs to look after.
  if (first.ui === undefined) return first;
  let current = first;
  let restarting: Promise<RunningTemporal> | undefined;
  let stopping = false;
  const again: TemporalServerOptions = { ...options, ...portsOf(first) };

  async function watchOver(): Promise<never> {
    for (;;) {
      await current.lost.catch((error: unknown) => {
        if (!stopping) options.log.error({ error: String(error) }, 'the Temporal server is started again');
      });
      if (stopping) return new Promise<never>(() => undefined);
      restarting = restart();
      current = await restarting;
    }
  }

  async function restart(): Promise<RunningTemporal> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await startTemporal(again);
      } catch (error) {
        options.log.error({ error: String(error), attempt }, 'the Temporal server could not be started again');
        if (stopping || attempt === attempts) throw error;
        await new Promise((resolve) => setTimeout(resolve, attempt * 500));
      }
    }
  }

  const lost = watchOver();
  lost.catch(() => undefined);
  return {
    ...first,
    lost,
    async stop() {
      stopping = true;
      // One that is just coming up again must not outlive us.
      const newest = await restarting?.catch(() => undefined);
      await (newest ?? current).stop();
    },
  };
}

/** The ports that were taken, so that a restart is found where the first one was. */
function portsOf({ address, ui }: RunningTemporal): { port: number; uiPort: number } {
  const portIn = (url: string) => {
    const port = Number(/:(\d+)$/.exec(url)?.[1]);
    if (Number.isNaN(port)) throw new Failure('protocol', `${url} has no port`);
    return port;
  };
  return { port: portIn(address), uiPort: ui === undefined ? 0 : portIn(ui) };
}
