import pg from 'pg';
import { until } from './line.ts';
import type { Stack } from './stack.ts';

/** Keeps the moment between a target's answer and its record open: whoever writes such a record waits. */
export interface HeldRecords {
  /** Resolves when the records of this many targets wait to be written. */
  waiting(targets: number): Promise<void>;
  /** Those that wait never come to be written; others pass from now on. */
  lose(): Promise<void>;
}

/** Holds the records that targets have confirmed, by a lock in the database that their insert must wait for. */
export async function holdRecords({ postgres }: Stack): Promise<HeldRecords> {
  const database = new pg.Client(postgres.url);
  await database.connect();
  await database.query(`
    CREATE FUNCTION wait_for_release() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(4711, hashtext(NEW.target)); RETURN NEW; END $$;
    CREATE TRIGGER held_record BEFORE INSERT ON muster.evidence FOR EACH ROW
      WHEN (NEW.kind IN ('access-closed', 'ticket-opened')) EXECUTE FUNCTION wait_for_release();
    SELECT pg_advisory_lock(4711, hashtext(target)) FROM unnest(ARRAY[
      'active-directory', 'aws-iam', 'cyberark', 'github', 'salesforce', 'servicenow']) AS target;`);
  const waiting = "locktype = 'advisory' AND classid = 4711 AND NOT granted";
  const found = async () => {
    const { rows } = await database.query<{ targets: string }>(
      `SELECT count(DISTINCT objid) AS targets FROM pg_locks WHERE ${waiting}`,
    );
    return Number(rows[0]?.targets);
  };
  return {
    async waiting(targets) {
      await until(async () => (await found()) === targets, `the records of ${targets} targets to wait`);
    },
    async lose() {
      await database.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE ${waiting}`);
      await until(async () => (await found()) === 0, 'the records to be lost');
      await database.query('DROP TRIGGER held_record ON muster.evidence; DROP FUNCTION wait_for_release();');
      await database.end();
    },
  };
}
