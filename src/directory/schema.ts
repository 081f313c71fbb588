import { sql } from 'drizzle-orm';
import { bigint, boolean, date, index, integer, primaryKey, text } from 'drizzle-orm/pg-core';
import type { FactSource } from '../model/grant.ts';
import type { Account, Engagement, Identifier, PendingChange, PersonAttributes, Protection } from '../model/person.ts';
import { personStates } from '../model/person.ts';
import { document, instant, key, muster, words } from './columns.ts';

const inserted = () => bigint('seq', { mode: 'number' }).generatedAlwaysAsIdentity();

/** One row for each human being, whatever they are employed as. */
export const person = muster.table(
  'person',
  {
    id: key().primaryKey(),
    name: words().notNull(),
    state: text({ enum: personStates }).notNull(),
    epoch: integer().notNull().default(0),
    privileged: boolean().notNull(),
    protection: text().$type<Protection>(),
    attributes: document().$type<PersonAttributes>().notNull(),
    /** Who said what last, fact by fact. */
    facts: document().$type<Record<string, FactSource>>().notNull().default({}),
    /** Raised by every write to the row. */
    revision: integer().notNull().default(1),
    createdAt: instant('created_at').notNull().default(sql`now()`),
    updatedAt: instant('updated_at').notNull().default(sql`now()`),
  },
  (table) => [
    index('person_state').on(table.state),
    index('person_manager').on(sql`(${table.attributes}->>'managerId')`),
    index('person_email').on(sql`lower(${table.attributes}->>'email')`),
  ],
);

/** Names of people at systems. An e-mail address is the same in any case, so it is looked up in lower case. */
export const identifier = muster.table(
  'identifier',
  {
    person: key()
      .notNull()
      .references(() => person.id),
    source: key().notNull(),
    type: key().$type<Identifier['type']>().notNull(),
    value: key().notNull(),
    lookup: key().notNull().generatedAlwaysAs(sql`CASE WHEN "type" = 'email' THEN lower("value") ELSE "value" END`),
    seq: inserted(),
  },
  (table) => [
    primaryKey({ name: 'identifier_pkey', columns: [table.source, table.type, table.lookup] }),
    index('identifier_person').on(table.person),
    index('identifier_lookup').on(table.lookup),
  ],
);

/** Employments, past ones too. */
export const engagement = muster.table(
  'engagement',
  {
    person: key()
      .notNull()
      .references(() => person.id),
    id: key().notNull(),
    source: key().notNull(),
    workerId: key('worker_id').notNull(),
    wid: key(),
    workerType: text('worker_type').notNull(),
    startDate: date('start_date', { mode: 'string' }).notNull(),
    endDate: date('end_date', { mode: 'string' }),
    lastDayOfWork: date('last_day_of_work', { mode: 'string' }),
    managerId: key('manager_id'),
    location: text(),
    primary: boolean().notNull(),
    /** How it ended: the event and its entry moment, the category, whether a rehire is welcome. */
    end: document().$type<NonNullable<Engagement['end']>>(),
    seq: inserted(),
  },
  (table) => [
    primaryKey({ name: 'engagement_pkey', columns: [table.person, table.id] }),
    index('engagement_manager').on(table.managerId),
  ],
);

/** Accounts by each target's own stable id. */
export const account = muster.table(
  'account',
  {
    target: key().notNull(),
    id: key().notNull(),
    name: words().notNull(),
    kind: text().$type<Account['kind']>().notNull(),
    owner: key()
      .notNull()
      .references(() => person.id),
    origin: text().$type<Account['origin']>().notNull(),
    status: text().$type<Account['status']>().notNull(),
    managedBy: text('managed_by'),
    entitlements: text().array().notNull(),
    /** When the target itself was last read. */
    seenAt: instant('seen_at'),
    updatedAt: instant('updated_at').notNull().default(sql`now()`),
  },
  (table) => [
    primaryKey({ name: 'account_pkey', columns: [table.target, table.id] }),
    index('account_owner').on(table.owner),
    index('account_name').on(sql`lower(${table.name})`),
  ],
);

/** The timeline: what will happen to whom on which date. A workflow that was lost is started again from here. */
export const pending = muster.table(
  'pending',
  {
    person: key()
      .notNull()
      .references(() => person.id),
    id: key().notNull(),
    kind: text().$type<PendingChange['kind']>().notNull(),
    dueAt: instant('due_at').notNull(),
    date: date({ mode: 'string' }),
    zone: text(),
    event: key().notNull(),
    confidential: boolean().notNull(),
    data: document().$type<PendingChange['data']>().notNull(),
  },
  (table) => [
    primaryKey({ name: 'pending_pkey', columns: [table.person, table.id] }),
    index('pending_due').on(table.dueAt),
  ],
);

/** Stops in force: `all`, `source:<name>`, `target:<name>`. */
export const stop = muster.table('stop', {
  scope: key().primaryKey(),
  by: text().notNull(),
  reason: words().notNull(),
  at: instant().notNull(),
});
