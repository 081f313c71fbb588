import type { PendingChange } from '../model/person.ts';

/** What will happen, in words. */
export function pendingInWords({ kind, data, date }: PendingChange): string {
  if (typeof data['hold'] === 'string') return `${whatOf(kind, data, date)}, kept by a safeguard (${data['hold']})`;
  if (typeof data['heldSince'] === 'string') return `${whatOf(kind, data, date)}, looked at again`;
  return whatOf(kind, data, date);
}

function whatOf(kind: PendingChange['kind'], data: PendingChange['data'], date: string | undefined): string {
  const { action, tell, transition } = data;
  switch (kind) {
    case 'start':
      return `they start${onDay(date)}`;
    case 'end':
      return `all access ends${data['contract'] === true ? ' with the contract' : ''}${onDay(date)}`;
    case 'leave':
      return `a leave begins or ends${onDay(date)}`;
    case 'change':
      return Array.isArray(data['facts']) ? `changes: ${data['facts'].map(String).join(', ')}` : 'decided again';
    case 'access':
      return transition === 'hired' ? 'access before the start' : 'access is planned anew';
    case 'grace':
      return 'what was kept or given for a time is over: access is planned anew';
    case 'reminder':
      if (tell === 'contractEnd') return `reminder that the contract ends on ${String(data['date'])}`;
      return tell === 'privilegeEnds' ? `reminder that a privilege ends: ${String(data['what'])}` : 'somebody is told';
    case 'approval':
      return 'the next reminder, or the end, of a question';
    case 'order':
      return 'an order to a team is looked after';
    case 'later':
      return (typeof action === 'string' ? laterSteps[action] : undefined) ?? 'a step of the days after';
    default:
      return 'a source that asked is told what was decided';
  }
}

const onDay = (date: string | undefined): string => (date === undefined ? '' : ` on ${date}`);

const laterSteps: Readonly<Record<string, string>> = {
  readAgain: 'all targets are read once more',
  handOverMailbox: 'the mailbox goes to the manager',
  removeLicences: 'licences are taken away',
  deleteAccounts: 'accounts are deleted',
  credential: 'the first credential is made and handed over',
};
