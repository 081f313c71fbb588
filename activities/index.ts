import { beginAccess, finishAccess } from './access.ts';
import type { MusterActivities, TargetActivities } from './activities.ts';
import { admitEvent, findPerson } from './admit-event.ts';
import { approvalIsDue, takeAnswer } from './answers.ts';
import { applyChanges } from './apply-changes.ts';
import { spreadCertification } from './certifications.ts';
import { closeAccess, confirmClosed } from './close-access.ts';
import { comeDue, letGo } from './come-due.ts';
import { tellConfidentially } from './confidential.ts';
import { decideEvent } from './decide-event.ts';
import { deliverEvent } from './deliver-event.ts';
import type { Dependencies } from './dependencies.ts';
import { beginEnd, finishEnd, finishPending } from './ends.ts';
import {
  openExceptions,
  parkEvent,
  resolveByHand,
  resolveExceptions,
  settleParked,
  takeUpAgain,
} from './exceptions.ts';
import { openTicket } from './open-ticket.ts';
import { readOrder, withdrawTicket } from './order-tickets.ts';
import { beginOrder, finishOrder, noteOrder } from './orders.ts';
import { verifyProof } from './proof.ts';
import { noteUnread, readAtSource } from './read-at-source.ts';
import { releaseOne } from './release.ts';
import { releaseHeld } from './release-held.ts';
import { restoreAccess } from './restore-access.ts';
import { seeAccess } from './see-access.ts';
import { sendMessages } from './send-message.ts';
import { takeSignal } from './signals.ts';
import { answerSource, giveUpAnswer } from './source-answers.ts';
import { withHealth } from './target-health.ts';
import { viewOf } from './view.ts';

/** Muster's own activities, for the worker on the queue `muster`. */
export function createMusterActivities(dependencies: Dependencies): MusterActivities {
  return {
    admitEvent: (request) => admitEvent(dependencies, request),
    findPerson: (request) => findPerson(dependencies, request),
    parkEvent: (request) => parkEvent(dependencies, request),
    settleParked: (request) => settleParked(dependencies, request),
    spreadCertification: (request) => spreadCertification(dependencies, request),
    readAtSource: (request) => readAtSource(dependencies, request),
    noteUnread: (request) => noteUnread(dependencies, request),
    deliverEvent: (request) => deliverEvent(dependencies, request),
    openPerson: (request) => dependencies.store.transaction((tx) => viewOf(tx, dependencies.timing, request.person)),
    decideEvent: (request) => decideEvent(dependencies, request),
    beginEnd: (request) => beginEnd(dependencies, request),
    comeDue: (request) => comeDue(dependencies, request),
    beginAccess: (request) => beginAccess(dependencies, request),
    finishAccess: (request) => finishAccess(dependencies, request),
    letGo: (request) => letGo(dependencies, request),
    decideApproval: (request) => takeAnswer(dependencies, request),
    dueApproval: (request) => approvalIsDue(dependencies, request),
    tellConfidentially: (request) => tellConfidentially(dependencies, request),
    beginOrder: (request) => beginOrder(dependencies, request),
    noteOrder: (request) => noteOrder(dependencies, request),
    finishOrder: (request) => finishOrder(dependencies, request),
    answerSource: (request) => answerSource(dependencies, request),
    giveUpAnswer: (request) => giveUpAnswer(dependencies, request),
    takeSignal: (request) => takeSignal(dependencies, request),
    finishEnd: (request) => finishEnd(dependencies, request),
    finishPending: (request) => finishPending(dependencies, request),
    openExceptions: (request) => openExceptions(dependencies, request),
    resolveExceptions: (request) => resolveExceptions(dependencies, request),
    releaseOne: (request) => releaseOne(dependencies, request),
    takeUpAgain: (request) => takeUpAgain(dependencies, request),
    resolveByHand: (request) => resolveByHand(dependencies, request),
    releaseHeld: (request) => releaseHeld(dependencies, request),
    verifyProof: (request) => verifyProof(dependencies, request),
  };
}

/** The activities of one target, for the worker on its own queue. A target that answers nobody is rested, and looked after one call at a time. */
export function createTargetActivities(dependencies: Dependencies): TargetActivities {
  const around = <T>(target: string, work: () => Promise<T>) => withHealth(dependencies, target, work);
  return {
    closeAccess: (work) => around(work.change.target, () => closeAccess(dependencies, work)),
    applyChanges: (work) => around(work.step.target, () => applyChanges(dependencies, work)),
    sendMessages: (work) => around(work.step.target, () => sendMessages(dependencies, work)),
    seeAccess: (work) => around(work.target, () => seeAccess(dependencies, work)),
    openTicket: (work) => around(work.change.target, () => openTicket(dependencies, work)),
    restoreAccess: (work) => around(work.change.target, () => restoreAccess(dependencies, work)),
    readOrder: (work) => around(work.change.target, () => readOrder(dependencies, work)),
    withdrawTicket: (work) => around(work.change.target, () => withdrawTicket(dependencies, work)),
    confirmClosed: (work) => around(work.change.target, () => confirmClosed(dependencies, work)),
  };
}
