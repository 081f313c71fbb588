import { Command, Option } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { settingsOf } from './settings.ts';

const actions = ['retry', 'done', 'drop', 'release', 'attach', 'skip'] as const;

const optionsSchema = z.object({
  action: z.enum(actions),
  reason: z.string().optional(),
  person: z.string().optional(),
  until: z.string().optional(),
});
type Options = z.infer<typeof optionsSchema>;

const resolvedSchema = z.object({
  said: z.string(),
  exception: z.looseObject({ id: z.string(), resolvedAt: z.string().optional() }),
});

/** `muster exceptions resolve ID`: the operator API tells whatever waits for it, and vouches for who says it. */
export function resolveCommand(cli: Cli): Command {
  return new Command('resolve')
    .description('say what is to become of one')
    .argument('<id>', 'the exception, as `muster exceptions` shows it in parentheses')
    .addOption(new Option('--action <action>', 'what to do').choices([...actions]).makeOptionMandatory())
    .option('--reason <words>', 'why; it stays in the ledger (not needed for retry)')
    .option('--person <id>', 'for attach: whose the event is; a worker id, an e-mail or any other name')
    .option('--until <date>', 'for skip: when it comes back, within 30 days')
    .addHelpText(
      'after',
      `
Actions:
  retry   try it again now
  done    it is settled, by hand; what waits for a target is tried again, and closes when the target confirms
  drop    nothing is to come of the event that waits
  release the event is applied as it came: security's word for what nobody vouched for, or for somebody who left for cause
  attach  the event that nobody was found for is about --person
  skip    a step at a target is left undone until --until: two people say so, each with a reason, and it comes back then
What the watch and the checks found (watch/…, delivery-check/…, reconcile/…) is closed by done alone. Whoever caused an event resolves nothing that came of it.

Examples:
  muster exceptions resolve person:GT-48291/workday:42/close:salesforce/step-failed --action retry
  muster exceptions resolve event:workday:43/unknown-person --action attach --person GT-48291 --reason "an old number"
  muster exceptions resolve person:GT-48291/workday:42/close:salesforce/step-failed --action skip --until 2026-01-31 --reason "their outage"

Exit codes: 0 the workflow took it (what it waits for may take longer), 1 refused, unknown or resolved already,
2 wrong usage, 3 Muster, Temporal or its workers are out of reach.`,
    )
    .action(async (id: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const body = bodyOf(optionsSchema.parse(command.opts()));
      const running = await requireRunning(settings);
      const answer = await askApi(running, `/api/exceptions/${encodeURIComponent(id)}`, body);
      if (settings.json) {
        cli.out(JSON.stringify(answer));
        return;
      }
      const { said, exception } = resolvedSchema.parse(answer);
      cli.out(said);
      cli.out(exception.resolvedAt === undefined ? 'It is still open.' : `Resolved at ${exception.resolvedAt}.`);
    });
}

function bodyOf({ action, reason, person, until }: Options): Record<string, string> {
  if (action !== 'retry' && !reason?.trim()) throw new Failure('misconfigured', `say why: ${action} needs --reason`);
  if (action === 'attach' && !person) throw new Failure('misconfigured', 'say whose it is: attach needs --person');
  if (action !== 'attach' && person !== undefined) throw new Failure('misconfigured', '--person is for attach alone');
  if (action === 'skip' && !until) throw new Failure('misconfigured', 'say until when: skip needs --until');
  if (action !== 'skip' && until !== undefined) throw new Failure('misconfigured', '--until is for skip alone');
  return {
    action,
    ...(reason === undefined ? {} : { reason }),
    ...(person === undefined ? {} : { person }),
    ...(until === undefined ? {} : { until }),
  };
}
