import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { type Config, loadConfig } from '../config.ts';
import { Failure } from '../model/failure.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/schema.ts';
import type { Cli } from './cli.ts';

const optionsSchema = z.object({
  home: z.string().optional(),
  config: z.string().optional(),
  policy: z.string().optional(),
  as: z.string().optional(),
  json: z.boolean().default(false),
});

/** Where things are, from options, environment and what lies in the folder, in this order. */
export interface Settings {
  /** Absolute. */
  home: string;
  /** Undefined: there is no muster.yaml, and the embedded stack takes the demo configuration. */
  config: string | undefined;
  policy: string;
  /** The operator in whose name a running Muster is asked; the file below its `secrets` that has the token. */
  as: string;
  json: boolean;
}

/** The settings of the command that was called. */
export function settingsOf(cli: Cli, command: Command): Settings {
  const options = optionsSchema.parse(command.optsWithGlobals());
  const from = (option: string | undefined, name: string) => option ?? (cli.env[name] || undefined);
  const at = (path: string) => resolve(cli.folder, path);
  const home = at(from(options.home, 'MUSTER_HOME') ?? '.muster');
  const config = from(options.config, 'MUSTER_CONFIG');
  const policy = from(options.policy, 'MUSTER_POLICY');
  return {
    home,
    config: config === undefined ? firstThere([at('muster.yaml')]) : at(config),
    policy:
      policy === undefined ? (firstThere([at('policy.yaml')]) ?? join(packageFolder(), 'policy.yaml')) : at(policy),
    as: plainName(from(options.as, 'MUSTER_OPERATOR') ?? 'operator-1'),
    json: options.json,
  };
}

/** It becomes a part of a path. */
function plainName(operator: string): string {
  if (/^\w[\w.-]*$/.test(operator)) return operator;
  throw new Failure('misconfigured', `--as: "${operator}" is no operator's name; they are plain, such as operator-2`);
}

/** The configuration; without a muster.yaml the one that a `muster start` or `muster demo` left in its home. */
export function configOf(settings: Settings, home = settings.home): Config {
  const path = settings.config ?? firstThere([join(home, 'muster.yaml')]);
  if (path === undefined) {
    throw new Failure('misconfigured', 'there is no muster.yaml', {
      advice: 'Name one by --config or MUSTER_CONFIG, or try `muster demo`, which needs none.',
    });
  }
  return loadConfig(path);
}

/** The policy of the settings. */
export function policyOf(settings: Settings): Policy {
  return loadPolicy(settings.policy);
}

/** Muster's own folder, whether run from `src` or from `dist`. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Failure('misconfigured', 'this copy of Muster has no package.json');
    folder = above;
  }
  return folder;
}

function firstThere(paths: string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}
