/** Why somebody must look. */
export const exceptionKinds = [
  'deadline-missed',
  'deadline-near',
  'step-failed',
  'unknown-person',
  'ambiguous-person',
  'conflicting-event',
  'protected-person',
  'workflow-failed',
  'event-stuck',
  'needs-decision',
  'handover',
  'held',
  'approval',
  'separation-of-duties',
  'order-overdue',
  'drift',
  'missing-events',
  'silent-source',
  'queue-unpolled',
  'database-lost',
  'alert-failed',
] as const;
export type ExceptionKind = (typeof exceptionKinds)[number];

/** The step under which an event is held for security to release: then it is applied as the event it was. */
export const releaseStep = (event: string): string => `${event}/to-release`;
/** Is what this exception holds there to be released? */
export const isToRelease = (exception: string): boolean => /\/to-release(#\d+)?$/.test(exception);

/** The step under which somebody is told that an event's own source says otherwise, while the event goes on. */
export const contradictedStep = (event: string): string => `${event}/contradicted`;
/** Does it stand beside an event that goes on, so that nothing becomes of the event when it is resolved? */
export const isBeside = (exception: string): boolean => /\/contradicted(#\d+)?$/.test(exception);

/** What stands for the alert of an exception that could be told nowhere but in the log. */
export const alertInLog = 'log';

/** Something a person must see to. It stays open until it is resolved; the alert goes out within 60 s of `openedAt`. */
export interface OpenException {
  /** `<workflow id>/<step>`: opening it twice opens it once. */
  id: string;
  kind: ExceptionKind;
  person?: string;
  event?: string;
  target?: string;
  workflowId: string;
  /** For the reader at 3 a.m.: what is wrong, what was tried, what to do. */
  reason: string;
  /** What the reason lists, by ids. */
  about?: string[];
  owner: string;
  openedAt: string;
  dueAt: string;
}
