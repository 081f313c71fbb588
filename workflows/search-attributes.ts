import { defineSearchAttributeKey } from '@temporalio/common';

/** The search attributes of `src/model/messages.ts`, as workflow code sets them. */
export const attributes = {
  person: defineSearchAttributeKey('MusterPerson', 'KEYWORD'),
  state: defineSearchAttributeKey('MusterState', 'KEYWORD'),
  event: defineSearchAttributeKey('MusterEvent', 'KEYWORD'),
  process: defineSearchAttributeKey('MusterProcess', 'KEYWORD'),
  outcome: defineSearchAttributeKey('MusterOutcome', 'KEYWORD'),
  waitingFor: defineSearchAttributeKey('MusterWaitingFor', 'KEYWORD_LIST'),
  targets: defineSearchAttributeKey('MusterTargets', 'KEYWORD_LIST'),
  due: defineSearchAttributeKey('MusterDue', 'DATETIME'),
};
