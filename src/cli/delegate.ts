import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { endOfDay, isDate, startOfDay } from '../model/time.ts';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { settingsOf } from './settings.ts';

const delegationSchema = z.object({
  approver: z.string(),
  delegate: z.string(),
  from: z.string(),
  until: z.string(),
  by: z.string(),
});

/** `muster delegate APPROVER DELEGATE --until`, and `muster delegate` to see who decides for whom. */
export function delegateCommand(cli: Cli): Command {
  return new Command('delegate')
    .description('let somebody decide for an approver who is away; without names: list who does')
    .argument('[approver]', 'who is away: a worker id, an e-mail or any other name')
    .argument('[delegate]', 'who decides for them')
    .option('--from <moment>', 'the first day, or an instant with its offset (default: now)')
    .option('--until <moment>', 'the last day, or an instant with its offset; "now" ends it')
    .addHelpText(
      'after',
      `
Days are those of this machine's time zone. Nobody makes themselves an approver: somebody else must say so.

Examples:
  muster delegate GT-41007 GT-48291 --from 2026-07-01 --until 2026-07-14
  muster delegate GT-41007 GT-48291 --until now`,
    )
    .action(async (approver: string | undefined, delegate: string | undefined, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { from, until } = z
        .object({ from: z.string().optional(), until: z.string().optional() })
        .parse(command.opts());
      if (approver !== undefined && delegate === undefined)
        throw new Failure('misconfigured', 'say who decides for them');
      if (approver !== undefined && until === undefined) throw new Failure('misconfigured', 'say how long: --until');
      const body =
        approver === undefined || until === undefined
          ? undefined
          : {
              ...{ approver, delegate, until: momentOf(until, endOfDay) },
              ...(from === undefined ? {} : { from: momentOf(from, startOfDay) }),
            };
      const running = await requireRunning(settings);
      const answer = await askApi(running, '/api/delegations', body);
      if (settings.json) cli.out(JSON.stringify(answer));
      else if (body !== undefined) cli.out(inWords(delegationSchema.parse(answer)));
      else {
        const { items } = z.object({ items: z.array(delegationSchema) }).parse(answer);
        cli.out(items.length === 0 ? 'Nobody decides for anybody.' : items.map(inWords).join('\n'));
      }
    });
}

function momentOf(text: string, ofDay: (date: string, zone: string) => number): string {
  if (text === 'now') return new Date().toISOString();
  if (isDate(text)) return new Date(ofDay(text, Intl.DateTimeFormat().resolvedOptions().timeZone)).toISOString();
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return text;
  throw new Failure('misconfigured', `"${text}" is neither a day such as 2026-07-01 nor an instant with its offset`);
}

function inWords({ approver, delegate, from, until, by }: z.infer<typeof delegationSchema>): string {
  return `${delegate} decides for ${approver} from ${from} until ${until} (said by ${by})`;
}
