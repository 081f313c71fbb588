import type { Approval, DecideMessage } from '../model/approval.ts';
import { decideUpdate, personWorkflowId } from '../model/messages.ts';
import { proofOf, updatePerson, updateProblem } from './person-update.ts';
import type { ResolutionsOptions } from './resolutions.ts';

/** Tells a person's workflow what an approver decides, and vouches for who decides. */
export class Decisions {
  readonly #options: ResolutionsOptions;

  constructor(options: ResolutionsOptions) {
    this.#options = options;
  }

  /** Gives the workflow's answer. Throws 409 in the workflow's own words where it refuses, 503 where nobody answers in time. */
  async tell(
    approval: Pick<Approval, 'id' | 'person'>,
    decision: Pick<DecideMessage, 'decision' | 'comment'>,
    by: string,
  ): Promise<string> {
    const { client: given, proofKey, answerMs } = this.#options;
    const workflowId = personWorkflowId(approval.person);
    const proof = await proofOf({ workflowId, item: approval.id, action: decision.decision, by }, proofKey);
    const message: DecideMessage = { ...decision, approval: approval.id, by, proof };
    try {
      const client = typeof given === 'function' ? await given() : given;
      return await client.withDeadline(Date.now() + answerMs, () =>
        updatePerson(client, approval.person, decideUpdate, message),
      );
    } catch (error) {
      throw updateProblem(error, workflowId, answerMs, 'the approval is decided');
    }
  }
}
