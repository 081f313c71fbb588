import type { EventType, IdentityEvent } from './event.ts';
import { priorities } from './messages.ts';
import type { Person } from './person.ts';

const byType: Readonly<Record<EventType, number>> = {
  'session-risk': priorities.security,
  'risk-cleared': priorities.security,
  'legal-hold-placed': priorities.security,
  'legal-hold-lifted': priorities.security,
  terminated: priorities.termination,
  'contract-end-changed': priorities.change,
  'termination-rescinded': priorities.change,
  'hire-cancelled': priorities.change,
  converted: priorities.change,
  transferred: priorities.change,
  'department-changed': priorities.change,
  'attributes-changed': priorities.change,
  'leave-started': priorities.change,
  'leave-ended': priorities.change,
  'privilege-granted': priorities.change,
  'privilege-revoked': priorities.change,
  'access-requested': priorities.change,
  'access-decided': priorities.change,
  'certification-signed-off': priorities.change,
  'policy-violated': priorities.change,
  'identity-deleted': priorities.change,
  'undo-requested': priorities.change,
  hired: priorities.hire,
  rehired: priorities.hire,
  'start-date-changed': priorities.hire,
  'provisioning-completed': priorities.bulk,
  'policy-changed': priorities.bulk,
  'drift-found': priorities.bulk,
};

/** Temporal's priority key for the work an event causes; 1 overtakes everything. `person` may be unknown yet. */
export function priorityOf(event: Pick<IdentityEvent, 'type' | 'data'>, person?: Pick<Person, 'privileged'>): number {
  const urgent = event.data.category === 'forCause' || person?.privileged === true;
  return event.type === 'terminated' && urgent ? priorities.security : byType[event.type];
}
