import {
  isGrpcDeadlineError,
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { z } from 'zod';
import { HttpProblem } from '../http/problem.ts';
import { type AdoptInput, type Adoption, adoptWorkflowId } from '../model/checks.ts';
import { musterQueue, priorities, workflowTypes } from '../model/messages.ts';
import { accountKinds } from '../model/person.ts';

const list = <T extends z.ZodType>(item: T) => z.strictObject({ count: z.int(), items: z.array(item) });

/** What taking over a target's accounts came to; of long lists the first 500. */
export const adoptionShape = z.strictObject({
  target: z.string(),
  dryRun: z.boolean(),
  accounts: z.int(),
  matched: z.int(),
  recorded: z.int(),
  grants: z.int(),
  ambiguous: list(z.strictObject({ account: z.string(), people: z.array(z.string()) })),
  orphans: list(z.strictObject({ account: z.string(), kind: z.enum(accountKinds), status: z.string() })),
  privileged: list(
    z.strictObject({ account: z.string(), kind: z.enum(accountKinds), person: z.string().exactOptional() }),
  ),
});

/** Where an adoption stands. */
export const adoptionStateShape = z.strictObject({
  state: z.enum(['running', 'done', 'failed']),
  workflowId: z.string(),
  adoption: adoptionShape.exactOptional(),
  /** Why it failed. */
  reason: z.string().exactOptional(),
});
export type AdoptionState = z.infer<typeof adoptionStateShape>;

type Adopt = (input: AdoptInput) => Promise<Adoption>;

/** Begins to adopt a target. Throws 409 where that is under way. */
export async function beginAdoption(workflows: WorkflowClient, input: AdoptInput): Promise<void> {
  const workflowId = adoptWorkflowId(input.target);
  try {
    await workflows.start<Adopt>(workflowTypes.adopt, {
      ...{ workflowId, taskQueue: musterQueue, args: [input] },
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      priority: { priorityKey: priorities.bulk },
      staticSummary: `${input.dryRun ? 'see what could be adopted' : 'adopt accounts'} in ${input.target}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new HttpProblem(409, `the accounts of ${input.target} are being read for adoption already`);
  }
}

/** How it stands, after waiting a while for its end. Throws 404 where none was begun, or long ago. */
export async function adoptionState(workflows: WorkflowClient, target: string, waitMs: number): Promise<AdoptionState> {
  const workflowId = adoptWorkflowId(target);
  const handle = workflows.getHandle<Adopt>(workflowId);
  try {
    const result = await workflows.connection.withDeadline(Date.now() + waitMs, () => handle.result());
    return { state: 'done', workflowId, adoption: adoptionShape.parse(result) };
  } catch (error) {
    if (isGrpcDeadlineError(error)) return { state: 'running', workflowId };
    if (error instanceof WorkflowNotFoundError) throw new HttpProblem(404, `nobody has begun to adopt ${target}`);
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { state: 'failed', workflowId, reason: reasonOf(error) };
  }
}

function reasonOf(error: WorkflowFailedError): string {
  let innermost: Error = error;
  while (innermost.cause instanceof Error) innermost = innermost.cause;
  return innermost.message;
}
