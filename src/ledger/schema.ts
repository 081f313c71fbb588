import { type SQL, sql } from 'drizzle-orm';
import { type AnyPgColumn, bigint, check, index, primaryKey, smallint, text, unique } from 'drizzle-orm/pg-core';
import { document, instant, key, muster, verbatim, words } from '../directory/columns.ts';
import { person } from '../directory/schema.ts';
import type { IdentityEvent } from '../model/event.ts';
import { eventOutcomes } from '../model/event.ts';
import type { Evidence } from '../model/evidence.ts';
import { alertInLog, exceptionKinds } from '../model/exception.ts';

const inserted = () => bigint('seq', { mode: 'number' }).notNull().generatedAlwaysAsIdentity();

/** Every event that arrived, for longer than Temporal remembers it. */
export const arrival = muster.table(
  'arrival',
  {
    key: key().primaryKey(),
    event: verbatim().$type<IdentityEvent>().notNull(),
    source: key().notNull(),
    type: key().notNull(),
    workflowId: key('workflow_id').notNull(),
    firstRunId: key('first_run_id').notNull(),
    person: key(),
    outcome: text({ enum: eventOutcomes }),
    reason: words(),
    receivedAt: instant('received_at').notNull(),
    settledAt: instant('settled_at'),
    seq: inserted(),
  },
  (table) => [
    unique('arrival_seq').on(table.seq),
    index('arrival_person').on(table.person),
    index('arrival_open').on(table.receivedAt).where(sql`${table.settledAt} IS NULL`),
  ],
);

/** Events that found nobody, so that whoever creates the person can wake them. */
export const waiting = muster.table(
  'waiting',
  {
    event: key().primaryKey(),
    source: key().notNull(),
    subject: key().notNull(),
    type: key().notNull(),
    workflowId: key('workflow_id').notNull(),
    since: instant().notNull(),
  },
  (table) => [index('waiting_subject').on(table.source, table.subject)],
);

/** What a person made of an event: deduplication across runs. */
export const personEvent = muster.table(
  'person_event',
  {
    person: key()
      .notNull()
      .references(() => person.id),
    event: key().notNull(),
    outcome: text({ enum: eventOutcomes }).notNull(),
    reason: words(),
    at: instant().notNull(),
  },
  (table) => [primaryKey({ name: 'person_event_pkey', columns: [table.person, table.event] })],
);

/** An alert went out and was not closed yet. One that is in the log alone has nothing to close. */
export function alertUnclosed({ alert, alertClosedAt }: Record<'alert' | 'alertClosedAt', AnyPgColumn>): SQL {
  return sql`${alert} <> ${sql.raw(`'${alertInLog}'`)} AND ${alertClosedAt} IS NULL`;
}

/** What somebody must see to. */
export const exception = muster.table(
  'exception',
  {
    id: key().primaryKey(),
    kind: text({ enum: exceptionKinds }).notNull(),
    person: key(),
    event: key(),
    target: key(),
    workflowId: key('workflow_id').notNull(),
    reason: words().notNull(),
    /** What the reason lists, by ids: so that what joins it and what is seen to can be told. */
    about: text().array(),
    owner: text().notNull(),
    openedAt: instant('opened_at').notNull(),
    dueAt: instant('due_at').notNull(),
    alertedAt: instant('alerted_at'),
    alert: words(),
    resolvedAt: instant('resolved_at'),
    resolution: document().$type<{ action: string; by: string; reason: string }>(),
    alertClosedAt: instant('alert_closed_at'),
    /** Somebody has it: its alert is not repeated any more. */
    takenBy: text('taken_by'),
    takenAt: instant('taken_at'),
    /** A step that was skipped comes back then. */
    until: instant(),
    /** The first of the two who skip it. */
    skipAskedBy: text('skip_asked_by'),
  },
  (table) => [
    index('exception_due').on(table.dueAt, table.id),
    index('exception_person').on(table.person),
    index('exception_owner').on(table.owner).where(sql`${table.resolvedAt} IS NULL`),
    index('exception_until').on(table.until),
    index('exception_unalerted').on(table.openedAt).where(sql`${table.alertedAt} IS NULL`),
    index('exception_alert_unclosed').on(table.dueAt, table.id).where(alertUnclosed(table)),
  ],
);

/** Append-only: a trigger refuses every change but the sealer's one setting of `position` and `hash`, and every removal. */
export const evidence = muster.table(
  'evidence',
  {
    /** The order of insertion. A lower one may be committed later, so the chain has an order of its own. */
    seq: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    workflowId: key('workflow_id').notNull(),
    step: key().notNull(),
    kind: key().notNull(),
    person: key(),
    event: key(),
    target: key(),
    at: instant().notNull(),
    data: document().$type<Evidence['data']>().notNull(),
    recordedAt: instant('recorded_at').notNull().default(sql`clock_timestamp()`),
    position: bigint({ mode: 'number' }),
    hash: text(),
  },
  (table) => [
    unique('evidence_once').on(table.workflowId, table.step, table.kind),
    unique('evidence_position').on(table.position),
    check('evidence_sealed_whole', sql`(${table.position} IS NULL) = (${table.hash} IS NULL)`),
    index('evidence_unsealed').on(table.seq).where(sql`${table.position} IS NULL`),
    index('evidence_person').on(table.person, table.seq),
    index('evidence_event').on(table.event, table.seq),
  ],
);

/** One row: where the chain ends. Without it the newest rows could be taken away unseen. */
export const chain = muster.table(
  'chain',
  {
    id: smallint().primaryKey(),
    position: bigint({ mode: 'number' }).notNull(),
    hash: text().notNull(),
  },
  (table) => [check('chain_is_one', sql`${table.id} = 1`)],
);

/** What was there before a destructive change, so that a retry does not note what the first attempt left. */
export const beforeState = muster.table(
  'before_state',
  {
    event: key().notNull(),
    target: key().notNull(),
    account: key().notNull(),
    state: verbatim().notNull(),
    at: instant().notNull(),
  },
  (table) => [primaryKey({ name: 'before_state_pkey', columns: [table.event, table.target, table.account] })],
);
