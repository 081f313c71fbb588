import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { askApi, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { reachDirectory } from './directory.ts';
import { settingsOf } from './settings.ts';

const filterSchema = z.object({
  all: z.boolean().default(false),
  person: z.string().optional(),
  approver: z.string().optional(),
});

const approvalSchema = z.looseObject({
  id: z.string(),
  person: z.string(),
  rule: z.string(),
  state: z.string(),
  summary: z.array(z.string()),
  approvers: z.array(z.string()),
  said: z.array(z.looseObject({ by: z.string() })),
  dueAt: z.string(),
  requestedBy: z.string().optional(),
  decidedAt: z.string().optional(),
  decidedBy: z.string().optional(),
  comment: z.string().optional(),
});
type Approval = z.infer<typeof approvalSchema>;
const pageSchema = z.object({ items: z.array(approvalSchema), next: z.string().optional() });
const decidedSchema = z.object({ said: z.string(), approval: approvalSchema });

/** `muster approvals`, `muster approvals approve ID` and `muster approvals refuse ID`. */
export function approvalsCommand(cli: Cli): Command {
  return new Command('approvals')
    .description('what people are asked to agree to: list it, approve it, refuse it')
    .addCommand(listCommand(cli), { isDefault: true })
    .addCommand(decideCommand(cli, 'approve'))
    .addCommand(decideCommand(cli, 'refuse'));
}

function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list the open ones, by the time they are due')
    .option('--all', 'those that are over, too')
    .option('--person <id>', 'that concern one person')
    .option('--approver <id>', 'that one person or operator is asked about')
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { all, person, approver } = filterSchema.parse(command.opts());
      const filter = { ...(person === undefined ? {} : { person }), ...(approver === undefined ? {} : { approver }) };
      const items = await reachDirectory(cli, settings, {
        api: (running) =>
          everyPage((page) =>
            askApi(
              running,
              `/api/approvals?${new URLSearchParams({ ...filter, ...page, limit: '200', open: all ? 'all' : 'true' })}`,
            ),
          ),
        store: async (store) => {
          const { shownApproval } = await import('../operator/approval-shapes.ts');
          return everyPage(async (page) => {
            const which = { ...filter, ...(all ? {} : { open: true }) };
            const found = await store.read((reader) => reader.approvals(which, { ...page, limit: 200 }));
            return { ...found, items: found.items.map(shownApproval) };
          });
        },
      });
      if (settings.json) cli.out(JSON.stringify({ items }));
      else if (items.length === 0) cli.out(all ? 'No approvals.' : 'No open approvals.');
      else for (const approval of items) cli.out(inWords(approval));
    });
}

function decideCommand(cli: Cli, decision: 'approve' | 'refuse'): Command {
  const why = decision === 'approve' ? 'why; it stays with the approval' : 'why; it stays with the approval (required)';
  return new Command(decision)
    .description(decision === 'approve' ? 'say yes to one' : 'say no to one')
    .argument('<id>', 'the approval, as `muster approvals` shows it in parentheses')
    .option('--comment <words>', why)
    .addHelpText(
      'after',
      `
Nobody decides what concerns them or what they asked for, nor what they are not asked about; it takes the role approver.

Exit codes: 0 it counts, 1 refused, unknown or decided already, 2 wrong usage, 3 Muster, Temporal or its workers are
out of reach.`,
    )
    .action(async (id: string, _options, command: Command) => {
      const settings = settingsOf(cli, command);
      const { comment } = z.object({ comment: z.string().optional() }).parse(command.opts());
      if (decision === 'refuse' && !comment?.trim()) {
        throw new Failure('misconfigured', 'say why: refuse needs --comment');
      }
      const running = await requireRunning(settings);
      const body = { decision, ...(comment === undefined ? {} : { comment }) };
      const answer = await askApi(running, `/api/approvals/${encodeURIComponent(id)}`, body);
      if (settings.json) {
        cli.out(JSON.stringify(answer));
        return;
      }
      const { said, approval } = decidedSchema.parse(answer);
      cli.out(said);
      if (approval.state === 'open') cli.out(`Asked now: ${approval.approvers.join(', ')}, until ${approval.dueAt}.`);
    });
}

async function everyPage(read: (page: { cursor?: string }) => Promise<unknown>): Promise<Approval[]> {
  const items: Approval[] = [];
  let cursor: string | undefined;
  do {
    const page = pageSchema.parse(await read(cursor === undefined ? {} : { cursor }));
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return items;
}

function inWords(approval: Approval): string {
  const { id, person, rule, state, summary, approvers, said, dueAt, requestedBy } = approval;
  const { decidedAt, decidedBy = 'nobody', comment } = approval;
  const agreed = said.length === 0 ? '' : `, agreed by ${said.map(({ by }) => by).join(', ')}`;
  const now =
    state === 'open'
      ? `asked ${approvers.join(', ')}, due ${dueAt}${agreed}`
      : `${state}${decidedAt === undefined ? '' : ` ${decidedAt}`} by ${decidedBy}${comment === undefined ? '' : `: ${comment}`}`;
  return [
    `${rule}: ${person}${requestedBy === undefined ? '' : `, asked for by ${requestedBy}`}  (${id})`,
    ...summary.map((line) => `  ${line}`),
    `  ${now}`,
  ].join('\n');
}
