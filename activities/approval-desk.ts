import type { Transaction } from '../src/directory/store.ts';
import type { Approval, Told } from '../src/model/approval.ts';
import { personWorkflowId } from '../src/model/messages.ts';
import type { Person } from '../src/model/person.ts';
import {
  type ApprovalStep,
  type AskedNow,
  type Looking,
  nextReminder,
  stepsOf,
  tellOf,
  whomToAsk,
  whomToAskLast,
} from './approvers.ts';
import type { Dependencies } from './dependencies.ts';
import { raise } from './exceptions.ts';

/** An approval as it is now, and whom to tell of it. */
export interface ApprovalChange {
  approval: Approval;
  tell: Told[];
}

/** Who decided where no person did. */
export const nobody = 'muster';

/** An approval's place on its person's timeline. */
export const pendingId = (approval: string): string => `approval:${approval}`;

interface OnTheDesk {
  tx: Transaction;
  dependencies: Dependencies;
  /** Whom it concerns. */
  person: Person;
  approval: Approval;
  now: string;
  workflowId?: string;
}

/** One approval and its next change, in a transaction that has it locked. */
export class ApprovalDesk {
  readonly #on: OnTheDesk;

  constructor(on: OnTheDesk) {
    this.#on = on;
  }

  /** Puts a step to whoever is to be asked. */
  async ask(step: number, kind: string): Promise<ApprovalChange> {
    const asked = await whomToAsk(this.looking(), this.#steps()[step]);
    return this.#at({ ...this.#on.approval, step }).#put(asked, kind);
  }

  /** A yes: the next step is asked, and after the last it is approved. */
  async agree(by: string, comment: string | undefined): Promise<ApprovalChange> {
    const { approval, now } = this.#on;
    const { step, data } = approval;
    if (step + 1 >= this.#steps().length) return this.close('approved', by, comment);
    const words = comment === undefined ? {} : { comment };
    const said = [...data.said, { step, by, decision: 'approve' as const, at: now, ...words }];
    await this.#write('approval-step-approved', { by });
    return this.#at({ ...approval, data: { ...data, said } }).ask(step + 1, 'approval-asked');
  }

  /** Nobody answered: the fallback group is asked, once; after it, it is a no. */
  async timeIsUp(): Promise<ApprovalChange> {
    const asked = this.#on.approval.data.fallback ? undefined : await whomToAskLast(this.looking());
    if (asked === undefined) return this.close('expired', nobody, 'nobody answered in time');
    return this.#put(asked, 'approval-escalated');
  }

  async remind(): Promise<ApprovalChange> {
    const { approval, dependencies } = this.#on;
    const step = this.#steps()[approval.step];
    const { remindAt: _, ...data } = approval.data;
    const remindAt = await nextReminder(this.looking(), step, approval);
    const reminders = data.reminders + 1;
    await this.#write('approval-reminded', { reminders }, `/${reminders}`);
    return this.#save(
      { ...approval, data: { ...data, reminders, ...(remindAt === undefined ? {} : { remindAt }) } },
      { to: tellOf(dependencies.policy, step, approval.approvers), kind: 'reminder' },
    );
  }

  /** Without somebody who leaves: those who were asked with them have the time they had, others have their own. */
  async handOn(leaver: string): Promise<ApprovalChange> {
    const { approval, now } = this.#on;
    const { data, approvers, dueAt } = approval;
    const looking = this.looking(leaver);
    const asked = data.fallback ? await whomToAskLast(looking) : await whomToAsk(looking, this.#steps()[approval.step]);
    const goesOn = asked?.fallback === data.fallback && asked.approvers.some((each) => approvers.includes(each));
    if (asked === undefined || !goesOn) return this.#put(asked, 'approval-handed-on', `/${now}`);
    const tell = asked.approvers.filter((each) => !approvers.includes(each));
    const remindAt = data.remindAt === undefined ? {} : { remindAt: data.remindAt };
    const kept = { approvers: asked.approvers, fallback: data.fallback, dueAt, tell, ...remindAt };
    return this.#put(kept, 'approval-handed-on', `/${now}`);
  }

  /** It is decided. Who asked is told, or else whom it concerns. */
  async close(state: 'approved' | 'refused' | 'expired', by: string, comment?: string): Promise<ApprovalChange> {
    const { approval, now } = this.#on;
    const { remindAt: _, ...data } = approval.data;
    await this.#write(`approval-${state}`, { by });
    const words = comment === undefined ? {} : { comment };
    return this.#save(
      { ...approval, state, decidedAt: now, decidedBy: by, data, ...words },
      { to: [data.requestedBy ?? approval.person], kind: 'decided' },
    );
  }

  /** Nothing is to be decided any more: who was asked is told. */
  async void(): Promise<ApprovalChange> {
    const { approval, now } = this.#on;
    const { remindAt: _, ...data } = approval.data;
    await this.#write('approval-void', {});
    return this.#save(
      { ...approval, state: 'void', decidedAt: now, data },
      { to: approval.approvers, kind: 'decided' },
    );
  }

  async putPending({ id, dueAt, data, event, person }: Approval = this.#on.approval): Promise<void> {
    const due = { id: pendingId(id), kind: 'approval' as const, dueAt: data.remindAt ?? dueAt };
    await this.#on.tx.putPending(person, { ...due, event, confidential: false, data: { approval: id } });
  }

  looking(without?: string): Looking {
    const { tx, dependencies, person, approval, now } = this.#on;
    const { requestedBy } = approval.data;
    return {
      ...{ tx, policy: dependencies.policy, person, now },
      ...(requestedBy === undefined ? {} : { requestedBy }),
      ...(without === undefined ? {} : { without }),
    };
  }

  #steps(): ApprovalStep[] {
    return stepsOf(this.#on.dependencies.policy, this.#on.approval.data);
  }

  #at(approval: Approval): ApprovalDesk {
    return new ApprovalDesk({ ...this.#on, approval });
  }

  async #put(asked: AskedNow | undefined, kind: string, suffix = ''): Promise<ApprovalChange> {
    if (asked === undefined) return this.#refuse();
    const { approval } = this.#on;
    const { approvers, fallback, dueAt, remindAt, tell } = asked;
    await this.#write(kind, { approvers, fallback, dueAt }, suffix);
    const { remindAt: _, ...rest } = approval.data;
    const data = { ...rest, fallback, ...(remindAt === undefined ? {} : { remindAt }) };
    return this.#save({ ...approval, approvers, dueAt, data }, { to: tell, kind: 'asked' });
  }

  /** Nobody may say yes. That is never a yes, and somebody must know why it is a no. */
  async #refuse(): Promise<ApprovalChange> {
    const { tx, dependencies, approval, now } = this.#on;
    const { id, event, person, step, data } = approval;
    const asks = `policy.yaml asks (approvals.rules.${data.rule})`;
    const reason = `approval ${id} is refused: nobody is left to ask at step ${step + 1}. See whom ${asks}, and that approvals.fallback names a group with somebody in it who may decide; then send the event again.`;
    const request = { step: `${id}/approval`, kind: 'approval' as const, event, person, reason };
    await raise(tx, dependencies, { request, workflowId: this.#workflowId(), now });
    return this.#at({ ...approval, approvers: [] }).close('refused', nobody, 'nobody is left to ask');
  }

  /** Writes the approval, and the moment that the timeline must know. */
  async #save(approval: Approval, tell: Told): Promise<ApprovalChange> {
    const { tx, now } = this.#on;
    const saved: Approval = { ...approval, data: { ...approval.data, told: { at: now, ...tell } } };
    const { id, person, event: _event, hash: _hash, openedAt: _openedAt, ...change } = saved;
    await tx.updateApproval(id, change);
    if (saved.state === 'open') await this.putPending(saved);
    else await tx.removePending(person, pendingId(id));
    return { approval: saved, tell: tell.to.length === 0 ? [] : [tell] };
  }

  async #write(kind: string, data: Record<string, unknown>, suffix = ''): Promise<void> {
    const { tx, approval, now } = this.#on;
    const { id, step, person, event } = approval;
    const piece = { workflowId: this.#workflowId(), step: `${id}/${step}${suffix}`, kind, person, event, at: now };
    await tx.addEvidence([{ ...piece, data: { approval: id, step, rule: approval.data.rule, ...data } }]);
  }

  #workflowId(): string {
    return this.#on.workflowId ?? personWorkflowId(this.#on.approval.person);
  }
}
