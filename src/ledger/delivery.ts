import { and, asc, eq } from 'drizzle-orm';
import type { Session } from '../directory/session.ts';
import type { Transaction } from '../directory/store.ts';
import { personEvent, waiting } from './schema.ts';

/** Reads and writes events that wait for their person, and what people made of theirs. */
export function delivery(
  session: Session,
): Pick<Transaction, 'addWaiting' | 'waitingFor' | 'removeWaiting' | 'personEvent' | 'putPersonEvent'> {
  return {
    addWaiting: (row) =>
      session.run(async (database) => {
        await database.insert(waiting).values(row).onConflictDoNothing({ target: waiting.event });
      }),

    waitingFor: (source, subject) =>
      session.run((database) =>
        database
          .select()
          .from(waiting)
          .where(and(eq(waiting.source, source), eq(waiting.subject, subject)))
          .orderBy(asc(waiting.since), asc(waiting.event)),
      ),

    removeWaiting: (event) =>
      session.run(async (database) => {
        await database.delete(waiting).where(eq(waiting.event, event));
      }),

    personEvent: (person, event) =>
      session.run(async (database) => {
        const [found] = await database
          .select({ outcome: personEvent.outcome, reason: personEvent.reason })
          .from(personEvent)
          .where(and(eq(personEvent.person, person), eq(personEvent.event, event)));
        if (found === undefined) return undefined;
        const { outcome, reason } = found;
        return reason === null ? { outcome } : { outcome, reason };
      }),

    putPersonEvent: (person, event, outcome, reason, at) =>
      session.run(async (database) => {
        const row = { outcome, reason: reason ?? null, at };
        await database
          .insert(personEvent)
          .values({ person, event, ...row })
          .onConflictDoUpdate({ target: [personEvent.person, personEvent.event], set: row });
      }),
  };
}
