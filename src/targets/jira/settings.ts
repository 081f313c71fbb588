import { z } from 'zod';
import { Failure } from '../../model/failure.ts';
import { httpUrl, secretReference } from '../setting-types.ts';

/** Fields that Muster writes itself. */
const own = new Set(['project', 'issuetype', 'parent', 'summary', 'description', 'labels']);
const isFree = (field: string): boolean => !own.has(field);

const fieldName = z
  .string()
  .regex(/^[a-z]\w*$/i, 'must be the id of a field: duedate, customfield_10042')
  .refine(isFree, `must be none of ${[...own].join(', ')}: Muster writes these`);

/** How a field wants its value: Jira takes a choice as an object, and several lines of text as a document. */
const fieldForm = z.enum(['text', 'paragraph', 'number', 'option', 'options', 'named', 'user']);
export type FieldForm = z.infer<typeof fieldForm>;

const issueKind = z.strictObject({
  /** The project's key: `OFF`. */
  project: z.string().regex(/^[A-Z][A-Z0-9_]+$/, 'must be the key of a project, in capitals'),
  /** By name as the project has it, or by id. */
  issueType: z.string().min(1).default('Task'),
  subtaskType: z.string().min(1).default('Sub-task'),
  /** The transition that closes, by name. Needed where more than one leads to a status that is done. */
  doneTransition: z.string().min(1).exactOptional(),
  /** Names of statuses and resolutions that are done and mean that it was not: such a ticket has failed. */
  failedWhen: z.array(z.string()).default(['Cancelled', 'Canceled', 'Declined', 'Rejected', "Won't Do", "Won't Fix"]),
  /** Names of priorities by urgency. Absent: the project's default. */
  priorities: z.strictObject({ high: z.string(), medium: z.string(), low: z.string() }).partial().default({}),
  /** Labels on every issue and sub-task, beside Muster's own. */
  labels: z.array(z.string().regex(/^\S+$/, 'a label holds no spaces')).default([]),
  /** Set on every issue as they are here, in Jira's own form: `components: [{ name: IT }]`. */
  fields: z.record(fieldName, z.json()).default({}),
  /** Set on every sub-task as they are here. */
  subtaskFields: z.record(fieldName, z.json()).default({}),
  /** How the fields that a policy fills want their values. Absent: text. */
  forms: z.record(fieldName, fieldForm).default({}),
});
/** Where and how tickets of one kind are kept. */
export type IssueKind = z.infer<typeof issueKind>;

/** What `muster.yaml` says about a Jira Cloud site; the README lists it for people. */
export const settingsSchema = z.strictObject({
  /** `https://globaltech.atlassian.net`, or `https://api.atlassian.com/ex/jira/<cloud id>` for a token with scopes. */
  baseUrl: httpUrl,
  login: z.strictObject({ email: z.string().min(1), token: secretReference }),
  /** PEM of the authority that signed the certificate, where it is not a public one. */
  ca: z.string().exactOptional(),
  kinds: z
    .record(z.string().min(1), issueKind)
    .refine((kinds) => Object.keys(kinds).length > 0, 'names no kind of ticket'),
  /** Milliseconds for connecting, headers and body each. */
  timeoutMs: z.int().positive().default(10_000),
});

export type Settings = z.infer<typeof settingsSchema>;

/** What the settings say of a kind; one that nobody set up is a fault of muster.yaml or policy.yaml. */
export function kindOf({ kinds }: Settings, kind: string): IssueKind {
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found !== undefined) return found;
  throw new Failure('misconfigured', `Jira: no project is set for tickets of the kind "${kind}"`, {
    advice: `Set it under "kinds" in the target's settings; it has ${Object.keys(kinds).join(', ')}.`,
  });
}

/** A field that a policy may fill; the others are Muster's own. */
export function freeField(field: string): string {
  if (fieldName.safeParse(field).success) return field;
  throw new Failure('misconfigured', `Jira: policy.yaml fills the field "${field}", which is none of its own`, {
    advice: `A field is named by its id (duedate, customfield_10042), and is none of ${[...own].join(', ')}.`,
  });
}
