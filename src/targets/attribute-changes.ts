import { z } from 'zod';
import type { AccountAttributes } from './target.ts';

const textNames = ['firstName', 'lastName', 'department', 'jobTitle', 'location', 'startDate'] as const;
type TextName = (typeof textNames)[number];

/** A setting: attributes, by Muster's names, that another system writes; `update` leaves them alone. */
export const managedAttributes = z.array(z.enum([...textNames, 'managerId'])).default([]);
export type ManagedAttributes = z.infer<typeof managedAttributes>;

/** Where a target keeps what, and what stands there now. */
export interface AttributeHolder {
  /** The target's field for each attribute that it keeps as text. */
  fields: Readonly<Partial<Record<TextName, string>>>;
  /** The field that shows first and last name together, where there is one. */
  displayName?: string;
  held(field: string): string | null | undefined;
  managed: ManagedAttributes;
}

/**
 * The target's fields that differ from what is wanted, with their new values; null empties one. A display name that was
 * made of the old first and last name follows them; one that somebody chose stays.
 */
export function changesOf(attributes: AccountAttributes, holder: AttributeHolder): Record<string, string | null> {
  const { fields, displayName, managed } = holder;
  const held = (field: string | undefined) => (field === undefined ? '' : (holder.held(field) ?? ''));
  const changes = new Map<string, string>();
  for (const name of textNames) {
    const [field, wanted] = [fields[name], attributes[name]];
    if (field === undefined || wanted === undefined || managed.includes(name)) continue;
    if ((wanted ?? '') !== held(field)) changes.set(field, wanted ?? '');
  }
  const nameBy = (of: (field: string | undefined) => string) => `${of(fields.firstName)} ${of(fields.lastName)}`.trim();
  const before = nameBy(held);
  const after = nameBy((field) => changes.get(field ?? '') ?? held(field));
  if (displayName !== undefined && after !== before && held(displayName) === before) changes.set(displayName, after);
  return Object.fromEntries([...changes].map(([field, value]) => [field, value === '' ? null : value]));
}

/** The worker id of the manager who is wanted, null for none; undefined where that is not to be written. */
export const managerWanted = (attributes: AccountAttributes, managed: ManagedAttributes): string | null | undefined =>
  managed.includes('managerId') ? undefined : attributes.managerId;
