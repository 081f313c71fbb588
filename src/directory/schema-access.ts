import { sql } from 'drizzle-orm';
import { boolean, index, integer, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Grant } from '../model/grant.ts';
import { document, instant, key, muster, words } from './columns.ts';
import { person } from './schema.ts';

const owner = () =>
  key()
    .notNull()
    .references(() => person.id);

/** Access that somebody has beside what the policy's rules give: requested, adopted, kept for a while, or as an exception. */
export const grant = muster.table(
  'entitlement_grant',
  {
    person: owner(),
    target: key().notNull(),
    entitlement: key().notNull(),
    origin: text().$type<Grant['origin']>().notNull(),
    until: instant(),
    event: key().notNull(),
    because: words().notNull(),
    privileged: boolean().notNull().default(false),
    approval: key(),
    at: instant().notNull(),
  },
  (table) => [
    primaryKey({
      name: 'entitlement_grant_pkey',
      columns: [table.person, table.target, table.entitlement, table.origin],
    }),
    index('entitlement_grant_until').on(table.until),
  ],
);

/** Logins and addresses, reserved for all targets at once and never given to somebody else while they are kept. */
export const reservedName = muster.table(
  'reserved_name',
  {
    /** `login`, `email`. */
    kind: key().notNull(),
    /** In lower case. */
    value: key().notNull(),
    person: owner(),
    /** The name in use; the others are aliases or were theirs before. */
    current: boolean().notNull(),
    at: instant().notNull(),
    /** When its holder left: it may be given again after policy's quarantine. */
    releasedAt: instant('released_at'),
  },
  (table) => [
    primaryKey({ name: 'reserved_name_pkey', columns: [table.kind, table.value] }),
    index('reserved_name_person').on(table.person),
  ],
);

/** Legal holds, lifted ones too. */
export const legalHold = muster.table(
  'legal_hold',
  {
    id: key().primaryKey(),
    person: owner(),
    case: words().notNull(),
    by: text().notNull(),
    at: instant().notNull(),
    /** Two people lift one. */
    liftAskedBy: text('lift_asked_by'),
    liftedBy: text('lifted_by'),
    liftedAt: instant('lifted_at'),
  },
  (table) => [index('legal_hold_person').on(table.person)],
);

/** Who decides for whom while they are away. */
export const delegation = muster.table(
  'delegation',
  {
    /** Person ids. */
    approver: key().notNull(),
    delegate: key().notNull(),
    from: instant().notNull(),
    until: instant().notNull(),
    by: text().notNull(),
  },
  (table) => [primaryKey({ name: 'delegation_pkey', columns: [table.approver, table.from] })],
);

/** How a target has been answering, for everybody who would call it. */
export const targetHealth = muster.table('target_health', {
  target: key().primaryKey(),
  failures: integer().notNull().default(0),
  since: instant(),
  code: text(),
  message: words(),
  /** Until then only one call at a time goes there, to see whether it is back. */
  restUntil: instant('rest_until'),
  lastGoodAt: instant('last_good_at'),
  updatedAt: instant('updated_at').notNull().default(sql`now()`),
});

/** A changed policy on its way to everybody. */
export const propagation = muster.table('propagation', {
  id: key().primaryKey(),
  policy: text().notNull(),
  before: text(),
  state: text().$type<'running' | 'stopped' | 'finished'>().notNull(),
  by: text().notNull(),
  startedAt: instant('started_at').notNull(),
  endedAt: instant('ended_at'),
  /** The last person looked at: the batch after it is next. */
  cursor: key(),
  looked: integer().notNull().default(0),
  changed: integer().notNull().default(0),
  data: document().$type<Record<string, unknown>>().notNull(),
});
