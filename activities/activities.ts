import type { IdentityEvent, Settlement } from '../src/model/event.ts';
import type { BegunOrder, OrderEnd, OrderState, OrderWork } from '../src/model/order.ts';
import type {
  AccessDecision,
  Admission,
  BegunAccess,
  BegunEnd,
  ChangeResult,
  ChangeWork,
  Confirmation,
  Decision,
  EventRequest,
  ExceptionRequest,
  Match,
  PersonView,
  Reading,
  Sight,
  StepWork,
} from '../src/model/work.ts';

/** Muster's own activities, on the queue `muster`: short transactions on the directory and the ledger, and messages to Temporal. */
export interface MusterActivities {
  /** Enters the event in the ledger, once, and finds whose it is. */
  admitEvent(request: EventRequest): Promise<Admission>;
  /** Looks for the person again; a source of record's `hired` makes one. */
  findPerson(request: EventRequest): Promise<Match>;
  /** Opens the exception of an event that cannot go on by itself, and says what it waits for. */
  parkEvent(request: EventRequest & { exception: ExceptionRequest }): Promise<void>;
  /** Writes down what a person decided about a parked event: attached, retried or dropped. */
  settleParked(
    request: EventRequest & { settlement?: Settlement; action: string; by: string; reason: string },
  ): Promise<void>;
  /** Reads a certification back at its source, and sends on what concerns whom: one event for each person. */
  spreadCertification(request: EventRequest): Promise<Settlement>;
  /** Asks the event's own source about the worker, and writes down what it says; `after` the person has the event, a contradiction alerts. */
  readAtSource(
    request: EventRequest & { person: string; reading: Reading },
  ): Promise<{ enteredAt?: string; contradicted?: string }>;
  /** The source could not be asked: why is evidence, and the event goes on. */
  noteUnread(request: EventRequest & { person: string; reading: Reading; reason: string }): Promise<void>;
  /** Hands the event to its person, whose workflow is started if none is open. Safe to repeat: its update id is the event's key. */
  deliverEvent(request: { event: IdentityEvent; person: string; priority: number }): Promise<void>;

  /** The person as the directory has them now. */
  openPerson(request: { person: string; workflowId: string }): Promise<PersonView>;
  /** Decides what an event means for this person, commits it, and tells the event's workflow where that is final. */
  decideEvent(request: { person: string; event: IdentityEvent; now: string; workflowId: string }): Promise<Decision>;
  /** Begins an end whose time has come, or goes on with one that a lost run had begun. Always planned anew. */
  beginEnd(request: { person: string; pending: string; now: string; workflowId: string }): Promise<Decision>;
  /** A start, a leave or a change has come to its day. */
  comeDue(request: { person: string; pending: string; now: string; workflowId: string }): Promise<PersonView>;
  /** Begins to bring access in line, for all rows of the timeline that are due. `seen`: the targets that were read; null: none was asked. */
  beginAccess(request: {
    person: string;
    pending: string[];
    seen: string[] | null;
    now: string;
    workflowId: string;
  }): Promise<AccessDecision>;
  /** Every target has confirmed: takes the rows off the timeline and tells their events. */
  finishAccess(request: { person: string; access: BegunAccess; now: string; workflowId: string }): Promise<PersonView>;
  /** A safeguard's hold was released or rejected: what it kept of this person goes on, or is off. */
  letGo(request: { person: string; hold: string }): Promise<PersonView>;
  /** Lets one person go on out of a hold, or rejects what it keeps of them; their workflow is told by `released`. */
  releaseOne(request: {
    person: string;
    hold: string;
    decision: 'release' | 'reject';
    by: string;
    reason: string;
    now: string;
  }): Promise<{ said: string } | { refused: string }>;
  /** Somebody decides about an approval; says what came of it. */
  decideApproval(request: {
    person: string;
    approval: string;
    decision: 'approve' | 'refuse';
    comment?: string;
    by: string;
    now: string;
    workflowId: string;
  }): Promise<{ view: PersonView; said: string; refused?: string }>;
  /** An approval's reminder, its next step, or its end. */
  dueApproval(request: { person: string; pending: string; now: string; workflowId: string }): Promise<PersonView>;
  /** What an order to people who serve a system by hand needs now. */
  beginOrder(request: {
    person: string;
    pending: string;
    now: string;
    workflowId: string;
  }): Promise<{ view: PersonView; order?: BegunOrder }>;
  /** An order's ticket is open. */
  noteOrder(request: {
    person: string;
    pending: string;
    number: string;
    now: string;
    workflowId: string;
  }): Promise<PersonView>;
  /** An order is over: what it gave is recorded, its event and its source are told. */
  finishOrder(request: {
    person: string;
    pending: string;
    end: OrderEnd;
    number: string;
    now: string;
    workflowId: string;
  }): Promise<PersonView>;
  /** Tells a source that asked what was decided. */
  answerSource(request: { person: string; pending: string; now: string; workflowId: string }): Promise<PersonView>;
  /** A source could not be told before its deadline: somebody must know. */
  giveUpAnswer(request: { person: string; pending: string; now: string; workflowId: string }): Promise<PersonView>;
  /** Tells whoever may know of an end that is confidential; what it says is rendered here and is in no history. */
  tellConfidentially(request: {
    person: string;
    pending: string;
    now: string;
    workflowId: string;
  }): Promise<PersonView>;
  /** An order that somebody gave by signal, as an event: started like any other, or refused with a line that says why. */
  takeSignal(request: {
    person: string;
    signal: string;
    /** The how manieth of that name in this run, from 0: whose it was stands in the run's history. */
    nth: number;
    payload: unknown;
    id: string;
    now: string;
    workflowId: string;
    runId: string;
  }): Promise<{ event: string } | { refused: string }>;
  /** Every target has confirmed: writes `Terminated`, the evidence and the outcome, and tells the event's workflow. */
  finishEnd(request: { person: string; end: BegunEnd; now: string; workflowId: string }): Promise<PersonView>;
  /** A pending change is done: removes it from the timeline. */
  finishPending(request: {
    person: string;
    pending: string;
    now: string;
    workflowId: string;
    step: string;
    kind: string;
    data: Record<string, unknown>;
  }): Promise<PersonView>;
  /** Opens exceptions; those already there stay as they are. */
  openExceptions(request: {
    person: string;
    requests: ExceptionRequest[];
    now: string;
    workflowId: string;
    owner: string;
  }): Promise<PersonView>;
  /** What was skipped until today is taken up again. */
  takeUpAgain(request: { person: string; exception: string; now: string }): Promise<PersonView>;
  /** Closes exceptions whose cause is gone. */
  resolveExceptions(request: {
    person: string;
    ids: string[];
    action: string;
    by: string;
    reason: string;
    now: string;
    workflowId: string;
  }): Promise<PersonView>;
  /** A person has dealt with what was asked or held: closes the exception, and settles the event it held. */
  resolveByHand(request: {
    person: string;
    exception: string;
    action: 'done' | 'drop';
    by: string;
    reason: string;
    now: string;
    workflowId: string;
  }): Promise<PersonView>;
  /** Security lets an event go on that was held for somebody to agree to: it is decided as the event it was. */
  releaseHeld(request: {
    person: string;
    exception: string;
    by: string;
    reason: string;
    now: string;
    workflowId: string;
  }): Promise<Decision & { refused?: string }>;
  /** Checks that the API vouches for who says this (an HMAC over workflow, item, action, actor and nonce). */
  verifyProof(request: {
    workflowId: string;
    item: string;
    action: string;
    by: string;
    nonce: string;
    mac: string;
  }): Promise<boolean>;
}

/** The activities of one target, on that target's own queue. */
export interface TargetActivities {
  /** Closes every account the person has there, against every way in, and reads each back. */
  closeAccess(work: ChangeWork): Promise<ChangeResult>;
  /** Brings accounts back to what was recorded before an event took it, and reads them back. */
  restoreAccess(work: ChangeWork): Promise<ChangeResult>;
  /** Makes the changes of one step at one target, and reads them back. */
  applyChanges(work: StepWork): Promise<ChangeResult>;
  /** Sends the messages of one step. */
  sendMessages(work: StepWork): Promise<ChangeResult>;
  /** Reads what the target holds of a person into the directory. */
  seeAccess(work: { person: string; event: string; target: string; now: string; workflowId: string }): Promise<Sight>;
  /** Opens a ticket, found by its correlation id if a lost answer already made it. */
  openTicket(work: ChangeWork): Promise<ChangeResult>;
  /** What has become of an order, by its ticket. */
  readOrder(work: OrderWork): Promise<OrderState>;
  /** Takes an order back, unless it is done. */
  withdrawTicket(work: OrderWork): Promise<OrderState>;
  /** Reads all accounts of the person there once more. */
  confirmClosed(work: Omit<ChangeWork, 'epoch'>): Promise<Confirmation>;
}
