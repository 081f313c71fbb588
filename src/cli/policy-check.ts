import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { placedFaults } from '../config.ts';
import { Failure } from '../model/failure.ts';
import { parsePolicy } from '../policy/load.ts';
import { unknownReferences } from '../policy/references.ts';
import { secretResolver } from '../secrets.ts';
import { surroundingsOf } from '../surroundings.ts';
import { connectTargets } from '../targets/connect.ts';
import { findRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { EndWith, exitCodes } from './exit.ts';
import { configOf, type Settings, settingsOf } from './settings.ts';

/** `muster policy check [FILE]`: faults of the file itself, and names in it that muster.yaml does not have. */
export function checkCommand(cli: Cli): Command {
  return new Command('check')
    .description('find faults in a policy, with line and column')
    .argument('[file]', 'instead of the policy in force')
    .addHelpText(
      'after',
      `
The file itself is checked (format, conditions, templates, zones), and then against muster.yaml: targets that it lacks or
that cannot do what is asked of them; groups, approvals, rules, sources and operators that are not there.
Ends with 1 where there is a fault.`,
    )
    .action(async (file: string | undefined, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const path = file === undefined ? settings.policy : resolve(cli.folder, file);
      const { hash, faults, against } = await examine(cli, settings, path);
      if (settings.json) cli.out(JSON.stringify({ file: path, ...(hash === undefined ? {} : { hash }), faults }));
      else if (faults.length > 0) for (const fault of faults) cli.out(fault);
      else cli.out(`${path} is right (${hash}), ${against}.`);
      if (faults.length > 0) throw new EndWith(exitCodes.failed);
    });
}

interface Examined {
  hash?: string;
  faults: string[];
  against: string;
}

async function examine(cli: Cli, settings: Settings, path: string): Promise<Examined> {
  if (!existsSync(path)) throw new Failure('misconfigured', `${path} does not exist`);
  const text = readFileSync(path, 'utf8');
  const running = await findRunning(settings);
  try {
    const policy = parsePolicy(text, path);
    const config = configHere(settings, running?.home);
    if (config === undefined)
      return { hash: policy.hash, faults: [], against: 'and there is no muster.yaml to hold it against' };
    const targets = connectTargets(config, secretResolver(config.folder, cli.env));
    try {
      const unknown = unknownReferences(policy, surroundingsOf(config, targets));
      return {
        hash: policy.hash,
        faults: placedFaults(text, path, unknown),
        against: 'and names nothing that muster.yaml lacks',
      };
    } finally {
      await Promise.all([...targets.values()].map(({ target }) => target.close?.()));
    }
  } catch (error) {
    // What parsing finds is what this command is for; what is wrong with muster.yaml is said in its own name.
    if (error instanceof Failure && error.code === 'misconfigured' && error.message.startsWith(path)) {
      return { faults: error.message.split('\n'), against: '' };
    }
    throw error;
  }
}

function configHere(settings: Settings, home: string | undefined) {
  try {
    return configOf(settings, home);
  } catch (error) {
    if (settings.config === undefined && error instanceof Failure && error.message === 'there is no muster.yaml')
      return undefined;
    throw error;
  }
}
