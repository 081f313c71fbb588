import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import type { DecideMessage } from '../src/model/approval.ts';
import type { ReleaseMessage } from '../src/model/hold.ts';
import type { ResolveMessage } from '../src/model/messages.ts';
import { records } from './muster-activities.ts';

/** A resolution with the name of who gave it: the operator the API vouches for, or nobody in particular. */
export type Resolution = ResolveMessage & { by: string };

/** Update validator: synchronous, says exactly what is wrong, leaves no trace in the history when it refuses. */
export function checkResolution(message: ResolveMessage, allowed: readonly ResolveMessage['action'][]): void {
  if (!allowed.includes(message?.action)) refuse(`"action" must be one of ${allowed.join(', ')}`);
  if (message.action === 'retry') return;
  if (message.proof === undefined || message.by === undefined) {
    refuse(
      `"${message.action}" is taken only through Muster's API or CLI, which vouch for who says it; from here only "retry" works`,
    );
  }
  if (!message.reason) refuse(`"${message.action}" needs a "reason"`);
  if (message.action === 'attach' && !message.person) refuse('"attach" needs the "person" it belongs to');
}

/** Update validator of `decide`. */
export function checkDecision(message: DecideMessage): void {
  if (message?.decision !== 'approve' && message?.decision !== 'refuse') refuse('"decision" must be approve or refuse');
  if (!message.approval) refuse('"approval" must say which');
  if (message.proof === undefined || message.by === undefined) {
    refuse('decisions are taken only through Muster’s API, CLI or Slack, which vouch for who decides');
  }
}

/** Update validator of `release`. */
export function checkRelease(message: ReleaseMessage): void {
  if (message?.decision !== 'release' && message?.decision !== 'reject') refuse('"decision" must be release or reject');
  if (!message.hold) refuse('"hold" must say which');
  if (!message.reason) refuse('a release needs a "reason"');
  if (message.proof === undefined || message.by === undefined) {
    refuse('holds are released only through Muster’s API or CLI, which vouch for who does it');
  }
}

/** Who says it: checked by its proof. Without one only `retry` comes this far, and its author is unverified. */
export async function vouchedFor(
  message: Pick<ResolveMessage, 'by' | 'proof'>,
  item: string,
  action: string,
): Promise<string> {
  if (message.proof === undefined || message.by === undefined) return 'unverified';
  const { workflowId } = workflowInfo();
  const genuine = await records.verifyProof({
    workflowId,
    item,
    action,
    by: message.by,
    ...message.proof,
  });
  if (!genuine) refuse('the proof of who says this does not hold; send it through the API again');
  return message.by;
}

/** Answers an update with a refusal; the workflow goes on as if nobody had asked. */
export function refuse(problem: string): never {
  throw ApplicationFailure.create({ message: problem, type: 'refused', nonRetryable: true });
}
