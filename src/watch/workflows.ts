import type { WorkflowExecutionInfo } from '@temporalio/client';
import { workflowTypes } from '../model/messages.ts';
import { close, type Found, raise } from './found.ts';
import type { Watching } from './watching.ts';

const ours = `WorkflowType IN ("${Object.values(workflowTypes).join('","')}")`;
const wedgedPrefix = 'watch/wedged/';

/** Finds workflows that ended and should not have. */
export async function findFailedWorkflows({ client, store, policy, clock }: Watching): Promise<void> {
  const since = new Date(clock() - 24 * 3_600_000).toISOString();
  const query = `${ours} AND ExecutionStatus IN ("Failed","Terminated","TimedOut","Canceled") AND CloseTime > "${since}"`;
  for await (const info of client.workflow.list({ query })) {
    const found: Found = {
      id: `watch/${info.workflowId}/${info.runId}`,
      kind: 'workflow-failed',
      workflowId: info.workflowId,
      reason: `${info.workflowId} ended ${info.status.name.toLowerCase()} and should not have. ${whatNow(info)}`,
      ...aboutWhom(info.workflowId),
    };
    await raise(store, policy.exceptions, found, new Date(clock()).toISOString());
  }
}

/** Finds workflows whose code fails again and again, and closes what was found of those that go on. */
export async function findWedgedWorkflows({ client, store, policy, clock }: Watching): Promise<void> {
  const at = new Date(clock()).toISOString();
  const wedged = new Set<string>();
  const query = `${ours} AND ExecutionStatus = "Running" AND TemporalReportedProblems IS NOT NULL`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const id = `${wedgedPrefix}${workflowId}/${runId}`;
    wedged.add(id);
    const found: Found = {
      id,
      kind: 'workflow-failed',
      workflowId,
      reason: `The code of ${workflowId} fails again and again, and it does not go on. Its history shows the error. A worker with mended code takes it up where it is; nothing is lost, and nothing is done meanwhile.`,
      ...aboutWhom(workflowId),
    };
    await raise(store, policy.exceptions, found, at);
  }
  const filter = { open: true, kind: 'workflow-failed' };
  const { items } = await store.read((reader) => reader.exceptions(filter, { limit: 500 }));
  for (const exception of items) {
    if (!exception.id.startsWith(wedgedPrefix) || wedged.has(exception.id)) continue;
    await close(store, exception, 'it goes on, or has ended', at);
  }
}

function whatNow(info: WorkflowExecutionInfo): string {
  return info.workflowId.startsWith('person:')
    ? 'Whatever was under way is taken up again from the directory; look at its history to see who or what ended it.'
    : `Its event is kept in the ledger. Look at the history, mend the cause, and reset it: temporal workflow reset --workflow-id '${info.workflowId}' --type FirstWorkflowTask --reason mended`;
}

function aboutWhom(workflowId: string): { person?: string; event?: string } {
  if (workflowId.startsWith('person:')) return { person: workflowId.slice('person:'.length) };
  if (workflowId.startsWith('event:')) return { event: workflowId.slice('event:'.length) };
  return {};
}
