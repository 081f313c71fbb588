import type { TicketRequest } from '../target.ts';

/** The body with its checklist below it: ServiceNow's tickets have no sub-tasks of their own. */
export function bodyWith({ body, checklist = [] }: TicketRequest): string {
  const lines = checklist.map((line, index) => `${index + 1}. ${line}`).join('\n');
  return [body, lines].filter((part) => part !== '').join('\n\n');
}
