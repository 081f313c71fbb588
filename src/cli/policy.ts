import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { applyCommand, progressCommand, stopPolicyCommand } from './policy-apply.ts';
import { checkCommand } from './policy-check.ts';
import { planCommand } from './policy-plan.ts';

/** `muster policy`: check a policy, see whom it touches, bring everybody in line with it. */
export function policyCommand(cli: Cli): Command {
  return new Command('policy')
    .description('check a policy, see whom it would touch and how, and bring everybody in line with it')
    .addCommand(checkCommand(cli))
    .addCommand(planCommand(cli))
    .addCommand(applyCommand(cli))
    .addCommand(stopPolicyCommand(cli))
    .addCommand(progressCommand(cli));
}
