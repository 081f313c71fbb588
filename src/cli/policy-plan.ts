import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';
import { policyPlanShape, type ShownPolicyPlan } from '../operator/policy-shapes.ts';
import { askApi, type Running, requireRunning } from './api.ts';
import type { Cli } from './cli.ts';
import { settingsOf } from './settings.ts';

const optionsSchema = z.object({
  new: z.string().optional(),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'must be a whole number')
    .transform(Number)
    .default(20),
});

/** `muster policy plan`: whom a policy would touch, and how. */
export function planCommand(cli: Cli): Command {
  return new Command('plan')
    .description('name each person whom the policy would touch, and how; nothing is changed')
    .option('--new <file>', 'plan under this policy instead of the one in force')
    .option('--limit <number>', 'name so many people at most', '20')
    .addHelpText(
      'after',
      `
Everybody is planned from what the directory knows; what targets hold besides is read when the policy is applied.

Examples:
  muster policy plan --new policy.yaml     what a change would come to
  muster policy plan --limit 100000 --json everything, for scripts`,
    )
    .action(async (_options, command: Command) => {
      const settings = settingsOf(cli, command);
      const options = optionsSchema.parse(command.opts());
      const text = options.new === undefined ? undefined : textOf(resolve(cli.folder, options.new));
      const plan = await planned(await requireRunning(settings), text, options.limit);
      if (settings.json) cli.out(JSON.stringify(plan));
      else for (const line of planInWords(plan)) cli.out(line);
    });
}

/** Asks for a plan of everybody, page by page, until so many are named. */
export async function planned(running: Running, text: string | undefined, limit: number): Promise<ShownPolicyPlan> {
  let plan: ShownPolicyPlan | undefined;
  do {
    const left = limit - (plan?.items.length ?? 0);
    const page: ShownPolicyPlan = policyPlanShape.parse(
      await askApi(running, '/api/policy/plan', {
        ...(text === undefined ? {} : { policy: text }),
        ...(plan?.next === undefined ? {} : { cursor: plan.next }),
        limit: Math.min(500, left),
      }),
    );
    const { next: _, ...before } = plan ?? page;
    plan = {
      ...before,
      items: [...(plan?.items ?? []), ...page.items],
      ...(page.next === undefined ? {} : { next: page.next }),
    };
  } while (plan.next !== undefined && plan.items.length < limit);
  return plan;
}

/** The plan as people read it. */
export function planInWords({ policy, inForce, summary, items }: ShownPolicyPlan): string[] {
  const lines = [`policy ${policy}${policy === inForce ? ' (in force)' : `, instead of ${inForce}`}`];
  if (summary !== undefined) lines.push(...numbersInWords(summary));
  for (const { person, name, changes, asks, stopped } of items) {
    lines.push(`${person}  ${name}`);
    for (const { summary: what, because, mode } of changes) {
      lines.push(`    ${mode === 'enforce' ? '' : `(${mode}) `}${what}: ${because}`);
    }
    lines.push(...asks.map((ask) => `    asks first: ${ask}`), ...stopped.map((reason) => `    stopped: ${reason}`));
  }
  const more = (summary?.touched ?? items.length) - items.length;
  return more > 0 ? [...lines, `… and ${more} more`] : lines;
}

function numbersInWords(summary: NonNullable<ShownPolicyPlan['summary']>): string[] {
  const { looked, touched, grants, revokes, targets, rules, asks, stopped, safeguards } = summary;
  const lines = [`${touched} of ${looked} people would be touched: ${grants} grants, ${revokes} revokes.`];
  for (const { target, mode, action, people } of targets) {
    lines.push(
      `  ${target}: ${action} for ${people}${mode === 'enforce' ? '' : ` (mode ${mode}: not done by itself)`}`,
    );
  }
  for (const { rule, gains, loses } of rules) lines.push(`  ${rule}: ${gains} gain by it, ${loses} lose`);
  if (asks > 0) lines.push(`  ${asks} approvals would be asked for first`);
  if (stopped > 0) lines.push(`  ${stopped} changes would be stopped by separation of duties`);
  const { removals, limit, held } = safeguards;
  if (held > 0)
    lines.push(`  ${removals} people would lose something; policy's limit is ${limit}: about ${held} would be held`);
  return lines;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure('misconfigured', `${path} cannot be read`, { cause: error });
  }
}
