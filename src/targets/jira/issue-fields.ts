import { Failure } from '../../model/failure.ts';
import type { TicketRequest } from '../target.ts';
import { documentOf } from './adf.ts';
import { labelOf } from './find-issue.ts';
import { type FieldForm, freeField, type IssueKind } from './settings.ts';

/** The fields of a new issue, in Jira's form. */
export function issueFields(request: TicketRequest, kind: IssueKind): Record<string, unknown> {
  const { correlationId, title, body, urgency, fields = {} } = request;
  const priority = urgency === undefined ? undefined : kind.priorities[urgency];
  const filled = Object.entries(fields).map(([name, value]) => [
    freeField(name),
    inForm(name, value, kind.forms[name] ?? 'text'),
  ]);
  return {
    ...(priority === undefined ? {} : { priority: { name: priority } }),
    ...kind.fields,
    ...Object.fromEntries(filled),
    project: { key: kind.project },
    issuetype: typeOf(kind.issueType),
    summary: summaryOf(title),
    description: documentOf(body),
    labels: ['muster', labelOf(correlationId), ...kind.labels],
  };
}

/** An issue type by its name, or by its id where the name differs from language to language. */
export const typeOf = (type: string): { id: string } | { name: string } =>
  /^\d+$/.test(type) ? { id: type } : { name: type };

/** A summary is one line of 255 characters at most. */
export function summaryOf(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 255 ? line : `${line.slice(0, 254)}…`;
}

function inForm(field: string, value: string, form: FieldForm): unknown {
  switch (form) {
    case 'text':
      return value;
    case 'paragraph':
      return documentOf(value);
    case 'number':
      return numberIn(field, value);
    case 'option':
      return { value };
    case 'options':
      return value.split(',').map((each) => ({ value: each.trim() }));
    case 'named':
      return { name: value };
    case 'user':
      return { accountId: value };
  }
}

function numberIn(field: string, value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) return number;
  throw new Failure('misconfigured', `Jira: policy.yaml fills the field "${field}" with what is no number`);
}
