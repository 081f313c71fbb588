import { workflowInfo } from '@temporalio/workflow';
import type { AdoptInput, Adoption } from '../src/model/checks.ts';
import { fullRead } from './full-read.ts';
import { now } from './muster-activities.ts';

/** Takes over what a target holds already: reads it in full and records whose it is. Nothing is changed there. */
export async function adopt(input: AdoptInput): Promise<Adoption> {
  const { workflowId } = workflowInfo();
  const at = now();
  const summary = `${input.dryRun ? 'see what adopting would record of' : 'adopt what is in'} ${input.target}`;
  const { adoptAccounts } = fullRead(input.target, summary);
  return adoptAccounts({ ...input, workflowId, run: at.replace(/\W|\.\d+/g, ''), now: at });
}
