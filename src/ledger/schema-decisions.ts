import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, text } from 'drizzle-orm/pg-core';
import { document, instant, key, muster, words } from '../directory/columns.ts';
import type { Approval } from '../model/approval.ts';
import type { Hold, Reservation } from '../model/hold.ts';

/** What somebody was asked to agree to, and what they said. */
export const approval = muster.table(
  'approval',
  {
    id: key().primaryKey(),
    person: key().notNull(),
    event: key().notNull(),
    /** Hash of what is asked: another plan is another question. */
    hash: text().notNull(),
    state: text().$type<Approval['state']>().notNull(),
    openedAt: instant('opened_at').notNull(),
    /** When this step's time is up. */
    dueAt: instant('due_at').notNull(),
    step: integer().notNull(),
    /** Person ids and operator ids who may decide now. */
    approvers: text().array().notNull(),
    data: document().$type<Approval['data']>().notNull(),
    decidedAt: instant('decided_at'),
    decidedBy: text('decided_by'),
    comment: words(),
  },
  (table) => [
    index('approval_person').on(table.person),
    index('approval_open').on(table.dueAt).where(sql`${table.state} = 'open'`),
  ],
);

/** Each person and event that a safeguard counts, reserved in the transaction that begins the change. */
export const reservation = muster.table(
  'reservation',
  {
    person: key().notNull(),
    event: key().notNull(),
    kind: text().$type<Reservation['kind']>().notNull(),
    source: key().notNull(),
    at: instant().notNull(),
    state: text().$type<Reservation['state']>().notNull(),
    hold: key(),
    data: document().$type<Reservation['data']>().notNull(),
  },
  (table) => [
    primaryKey({ name: 'reservation_pkey', columns: [table.person, table.event, table.kind] }),
    index('reservation_at').on(table.kind, table.at),
    index('reservation_hold').on(table.hold),
  ],
);

/** Changes above a safeguard's limit, kept until somebody releases or rejects them. */
export const hold = muster.table(
  'hold',
  {
    id: key().primaryKey(),
    kind: text().$type<Hold['kind']>().notNull(),
    reason: words().notNull(),
    state: text().$type<Hold['state']>().notNull(),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at'),
    data: document().$type<Hold['data']>().notNull(),
  },
  (table) => [index('hold_open').on(table.kind).where(sql`${table.state} = 'open'`)],
);

/** Each place an alert went to. */
export const alert = muster.table(
  'alert',
  {
    exception: key().notNull(),
    /** `incident`, `channel`, `mail`, with its address: `channel:#identity-security`. */
    route: key().notNull(),
    target: key().notNull(),
    reference: words(),
    sentAt: instant('sent_at').notNull(),
    times: integer().notNull().default(1),
    closedAt: instant('closed_at'),
  },
  (table) => [
    primaryKey({ name: 'alert_pkey', columns: [table.exception, table.route] }),
    index('alert_open').on(table.exception, table.route).where(sql`${table.closedAt} IS NULL`),
  ],
);
