import { Command } from 'commander';
import type { Config } from '../config.ts';
import type { FailureCode } from '../model/failure.ts';
import { failureCodes } from '../model/failure.ts';
import type { Policy } from '../policy/schema.ts';
import { wantedSchedules } from '../schedules.ts';
import { secretResolver } from '../secrets.ts';
import { temporalAt, temporalFromEnvironment } from '../temporal-connection.ts';
import { findRunning, type Running, request } from './api.ts';
import {
  checkDatabase,
  checkOperators,
  checkReferences,
  checkSources,
  checkTargets,
  checkTemporal,
  type Finding,
  find,
} from './checks.ts';
import type { Cli } from './cli.ts';
import { EndWith, exitCodeOf, exitCodes } from './exit.ts';
import { configOf, policyOf, type Settings, settingsOf } from './settings.ts';

/** `muster doctor`: looks at every connection, says what is missing and what to do. */
export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .description('check every connection: Temporal, database, sources, targets, policy; say what is missing')
    .addHelpText(
      'after',
      '\nEnds with 3 when something that is needed is out of reach, with 1 when something is wrong.',
    )
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const findings = await examine(cli, settings);
      if (settings.json) cli.out(JSON.stringify({ items: findings }));
      else for (const finding of findings) printFinding(cli, finding);
      const codes = findings.filter((finding) => finding.status === 'failed').map(codeOf);
      if (codes.includes(exitCodes.outOfReach)) throw new EndWith(exitCodes.outOfReach);
      if (codes.length > 0) throw new EndWith(exitCodes.failed);
    });
}

async function examine(cli: Cli, settings: Settings): Promise<Finding[]> {
  const running = await findRunning(settings);
  let config: Config | undefined;
  const reading = await find('configuration', async () => {
    config = configOf(settings, running?.home);
    return `${settings.config ?? `muster.yaml in ${running?.home ?? settings.home}`} is right`;
  });
  let rules: Policy | undefined;
  const policy = await find('policy', async () => {
    rules = policyOf(settings);
    return `${settings.policy} is right (${rules.hash})`;
  });
  const folder = config?.folder ?? settings.home;
  const secret = secretResolver(folder, cli.env);
  const elsewhere = running === undefined || Boolean(cli.env['TEMPORAL_ADDRESS']);
  const temporal = elsewhere ? temporalFromEnvironment(cli.env) : temporalAt(running.ready.temporal.address);
  // Without a configuration there is still something to say about what it would stand on.
  const { targets = {} } = config ?? {};
  const rest = await Promise.all([
    checkTemporal(
      temporal,
      Object.keys(targets),
      rules === undefined || config === undefined ? undefined : wantedSchedules(rules, config),
    ),
    checkDatabase(config, secret, cli.env),
    ...(rules === undefined || config === undefined ? [] : [checkReferences(config, rules, secret)]),
    ...(running === undefined ? [] : [checkRunning(running)]),
    ...(config === undefined
      ? []
      : [...checkSources(config, secret), ...checkOperators(config, secret), checkTargets(config, secret)]),
  ]);
  return [reading, policy, ...rest.flat()];
}

/** The running stack's own word on whether it is ready. */
function checkRunning({ ready }: Running): Promise<Finding[]> {
  const part = (check: string, address: string) =>
    find(check, async () => {
      const { status } = await request(new URL('/readyz', address), {});
      if (status === 200) return `${address} is ready`;
      return { status: 'failed', says: `${address} says it is not ready (${status})`, code: 'unavailable' };
    });
  return Promise.all([part('receiver', ready.receiver), part('operator API', ready.operator)]);
}

function printFinding(cli: Cli, { check, status, says, advice }: Finding): void {
  const sign = { ok: 'ok  ', warning: 'WARN', failed: 'FAIL' }[status];
  cli.out(`${sign}  ${check}: ${says.replaceAll('\n', '\n        ')}`);
  if (advice !== undefined) cli.out(`        ${advice}`);
}

function codeOf({ code }: Finding): number {
  const known = failureCodes.find((each): each is FailureCode => each === code);
  // A fault that the configuration holds is no wrong use of this command: finding it is what it is for.
  return known !== undefined && exitCodeOf(known) === exitCodes.outOfReach ? exitCodes.outOfReach : exitCodes.failed;
}
