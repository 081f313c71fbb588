import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { type AdoptionState, adoptionStateShape } from '../operator/adoptions.ts';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { progressOf } from './progress.ts';
import { settingsOf } from './settings.ts';

type Adoption = NonNullable<AdoptionState['adoption']>;

/** `muster accounts adopt TARGET`. */
export function accountsCommand(cli: Cli): Command {
  return new Command('accounts').description('accounts that targets have already').addCommand(adoptCommand(cli));
}

function adoptCommand(cli: Cli): Command {
  return new Command('adopt')
    .description('read a target in full and record whose its accounts are, and what access goes beyond policy')
    .argument('<target>', 'as muster.yaml names it')
    .option('--dry-run', 'say what would be recorded, and record nothing')
    .addHelpText(
      'after',
      `
The target is only read. Accounts are matched by worker id, then by e-mail; what fits two people is left alone. Access that
no rule gives stays as "adopted", until it is certified away or a move removes it. Doing it again changes nothing.`,
    )
    .action(async (target: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { dryRun } = z.object({ dryRun: z.boolean().default(false) }).parse(command.opts());
      const running = await requireRunning(settings);
      const progress = progressOf(settings.json ? { ...cli, out: () => undefined } : cli);
      progress.doing(`reading ${target}`);
      try {
        let state = adoptionStateShape.parse(await askApi(running, '/api/accounts/adopt', { target, dryRun }));
        // Each answer waits for the end itself, for some seconds.
        while (state.state === 'running') {
          state = adoptionStateShape.parse(await askApi(running, `/api/accounts/adopt/${encodeURIComponent(target)}`));
        }
        progress.rest();
        const { adoption, reason = 'it gave no reason' } = state;
        if (adoption === undefined) throw new Failure('refused', `${target} could not be adopted: ${reason}`);
        if (settings.json) cli.out(JSON.stringify(adoption));
        else for (const line of inWords(adoption)) cli.out(line);
      } finally {
        progress.rest();
      }
    });
}

function inWords(adoption: Adoption): string[] {
  const { target, dryRun, accounts, matched, recorded, grants, ambiguous, orphans, privileged } = adoption;
  const would = dryRun ? 'would be recorded' : 'recorded';
  return [
    `${target}: ${accounts} accounts, ${matched} belong to somebody; ${recorded} ${would}, with ${grants} adopted entitlements.`,
    ...section('ambiguous, left alone', ambiguous, ({ account, people }) => `${account}: ${people.join(' or ')}`),
    ...section('belong to nobody', orphans, ({ account, kind, status }) => `${account} (${kind}, ${status})`),
    ...section('privileged', privileged, ({ account, kind, person = 'nobody’s' }) => `${account} (${kind}) ${person}`),
  ];
}

function section<T>(
  title: string,
  { count, items }: { count: number; items: T[] },
  line: (item: T) => string,
): string[] {
  if (count === 0) return [];
  const more = count > items.length ? [`    … and ${count - items.length} more`] : [];
  return [`  ${count} ${title}:`, ...items.map((item) => `    ${line(item)}`), ...more];
}
