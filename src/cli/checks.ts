import type { Connection } from '@temporalio/client';
import type { Authentication, Config } from '../config.ts';
import { databaseUrl } from '../database-url.ts';
import { openStore } from '../directory/connect.ts';
import { Failure } from '../model/failure.ts';
import { musterQueue, targetQueue } from '../model/messages.ts';
import { refuseUnknownReferences } from '../policy/references.ts';
import type { Policy } from '../policy/schema.ts';
import { receivingSources } from '../receiver/receiving-source.ts';
import { slackKind, slackSources } from '../receiver/slack-desk.ts';
import { scheduleFaults, type WantedSchedule } from '../schedules.ts';
import { surroundingsOf } from '../surroundings.ts';
import { abilitiesOf, connectTargets } from '../targets/connect.ts';
import { lazyClient, type TemporalAddress } from '../temporal-connection.ts';
import { searchAttributeGap } from '../temporal-namespace.ts';

/** One thing that was looked at. */
export interface Finding {
  /** `target salesforce`, `search attributes`, … */
  check: string;
  status: 'ok' | 'warning' | 'failed';
  says: string;
  advice?: string;
  /** What kind of failure it was, for the exit code. */
  code?: string;
}

/** Runs a check; whatever it throws becomes its finding. */
export async function find(check: string, look: () => Promise<string | Omit<Finding, 'check'>>): Promise<Finding> {
  try {
    const seen = await look();
    return { check, ...(typeof seen === 'string' ? { status: 'ok', says: seen } : seen) };
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Failure)) return { check, status: 'failed', says };
    const { code, advice } = error;
    return { check, status: 'failed', says, code, ...(advice === undefined ? {} : { advice }) };
  }
}

type Secret = (reference: string) => Promise<string>;

/** Every source: kind, settings, and secrets that can be read. */
export function checkSources(config: Config, secret: Secret): Promise<Finding>[] {
  return [
    find('sources', async () => {
      const length = receivingSources(config).length + slackSources(config).length;
      if (length === 0) return { status: 'warning', says: 'muster.yaml names none, so no event can come in' };
      return `${length} named, their kinds and settings are right`;
    }),
    ...Object.entries(config.sources).map(([name, source]) =>
      find(`source ${name}`, async () => {
        for (const way of source.authentication) for (const reference of secretsOf(way)) await secret(reference);
        for (const name of ['signingSecret', 'callbackKey']) {
          const reference = source.settings[name];
          if (typeof reference === 'string') await secret(reference);
        }
        if (source.kind === slackKind) return "clicks of approvers, proved by Slack's signature";
        const open = source.authentication.find((way) => way.type === 'none');
        if (open !== undefined) {
          return { status: 'warning', says: `takes events from anybody: ${open.reason}`, advice: 'Give it a secret.' };
        }
        return `authenticated by ${source.authentication.map((way) => way.type).join(' or ')}, mode ${source.mode}`;
      }),
    ),
  ];
}

function secretsOf(way: Authentication): string[] {
  if (way.type === 'standard-webhooks') return way.secrets;
  if (way.type === 'bearer') return way.tokens;
  return way.type === 'basic' ? [way.password] : [];
}

/** Operators' tokens and the key of the proofs. */
export function checkOperators(config: Config, secret: Secret): Promise<Finding>[] {
  return [
    find('operators', async () => {
      for (const operator of config.operators) await secret(operator.token);
      for (const key of [config.proofKey, config.birthDateKey]) if (key !== undefined) await secret(key);
      const lacks = [
        ...(config.operators.length < 2 ? ['a second operator, without whom nothing can be approved or skipped'] : []),
        ...(config.proofKey === undefined ? ['proofKey, without which operators decide nothing'] : []),
      ];
      if (lacks.length > 0) return { status: 'warning', says: `muster.yaml lacks ${lacks.join(', and ')}` };
      return `${config.operators.length} with tokens that can be read`;
    }),
  ];
}

/** Every target logs on and makes one harmless read. */
export async function checkTargets(config: Config, secret: Secret): Promise<Finding[]> {
  const connecting = await find('targets', async () => {
    const { size } = connectTargets(config, secret);
    return size === 0
      ? { status: 'warning', says: 'muster.yaml names none' }
      : `${size} named, their settings are right`;
  });
  if (connecting.status === 'failed') return [connecting];
  const targets = connectTargets(config, secret);
  const looks = [...targets.values()].map(({ name, entry, target }) =>
    find(`target ${name}`, async () => {
      try {
        const context = {
          signal: AbortSignal.timeout(20_000),
          beforeChange: () => Promise.reject(new Failure('refused', 'a check changes nothing')),
          now: new Date().toISOString(),
          key: `doctor/${name}`,
        };
        const said = await target.check(context);
        return `${said} (${abilitiesOf(target).join(', ')}; mode ${entry.mode})`;
      } finally {
        await target.close?.();
      }
    }),
  );
  return [connecting, ...(await Promise.all(looks))];
}

/** Everything that the policy names is there, and can do what it is to do. */
export function checkReferences(config: Config, policy: Policy, secret: Secret): Promise<Finding> {
  return find("the policy's names", async () => {
    const targets = connectTargets(config, secret);
    try {
      refuseUnknownReferences(policy, surroundingsOf(config, targets));
      return 'targets, groups, approvals, sources and operators that it names are there';
    } finally {
      await Promise.all([...targets.values()].map(({ target }) => target.close?.()));
    }
  });
}

/** PostgreSQL, where one is named. */
export function checkDatabase(config: Config | undefined, secret: Secret, env: NodeJS.ProcessEnv): Promise<Finding> {
  return find('database', async () => {
    const url = await databaseUrl(config, secret, env);
    if (url === undefined) return 'embedded below the home folder; `muster start` alone opens it';
    const store = await openStore({ url, migrate: false });
    try {
      await store.ping();
      return 'PostgreSQL answers and has this version’s tables';
    } finally {
      await store.close();
    }
  });
}

/** Temporal's namespace, its search attributes and schedules, and somebody at work on every queue. */
export async function checkTemporal(
  temporal: TemporalAddress,
  targets: string[],
  wanted: readonly WantedSchedule[] | undefined,
): Promise<Finding[]> {
  const { client, connection } = lazyClient(temporal);
  const { namespace, options } = temporal;
  try {
    const answering = await find('temporal', async () => {
      await ask(connection, options.address, () => connection.workflowService.describeNamespace({ namespace }));
      return `${options.address} answers and has the namespace "${namespace}"`;
    });
    if (answering.status === 'failed') return [answering];
    const attributes = find('search attributes', async () => {
      const gap = await ask(connection, options.address, () => searchAttributeGap(connection, namespace));
      const advice = 'Run `muster setup`.';
      if (gap.missing.length > 0) return { status: 'failed', says: `missing: ${gap.missing.join(', ')}`, advice };
      if (gap.wrongType.length > 0) return { status: 'failed', says: `of a wrong type: ${gap.wrongType.join(', ')}` };
      return 'all are registered';
    });
    const workers = find('workers', async () => {
      const queues = [musterQueue, ...targets.map(targetQueue)];
      const idle: string[] = [];
      for (const queue of queues) {
        const { pollers } = await ask(connection, options.address, () =>
          connection.workflowService.describeTaskQueue({
            namespace,
            taskQueue: { name: queue },
            // TASK_QUEUE_TYPE_WORKFLOW 1, TASK_QUEUE_TYPE_ACTIVITY 2
            taskQueueType: queue === musterQueue ? 1 : 2,
          }),
        );
        if ((pollers ?? []).length === 0) idle.push(queue);
      }
      if (idle.length === 0) return `at work on ${queues.length} task queues`;
      const advice = 'Start one with `muster worker` (or `muster start`).';
      return { status: 'warning', says: `nobody is at work on ${idle.join(', ')}`, advice };
    });
    const scheduled = find('schedules', async () => {
      if (wanted === undefined)
        return { status: 'warning', says: 'without configuration and policy nobody knows which' };
      const faults = await ask(connection, options.address, () => scheduleFaults(client, wanted));
      if (faults.length === 0) return `${wanted.map(({ id }) => id).join(', ')} are as they are to be`;
      const advice = 'Run `muster setup`; a paused one is let go with `temporal schedule toggle --unpause`.';
      return { status: 'failed', says: faults.join('; '), advice };
    });
    return [answering, await attributes, await scheduled, await workers];
  } finally {
    await connection.close();
  }
}

async function ask<T>(connection: Connection, address: string, call: () => Promise<T>): Promise<T> {
  try {
    return await connection.withDeadline(Date.now() + 5_000, call);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('unavailable', `Temporal at ${address} does not answer: ${reason}`, {
      advice: 'Start it, or set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, …) to where it is.',
      cause: error,
    });
  }
}
