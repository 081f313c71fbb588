import pg from 'pg';
import type { Stack } from './stack.ts';

/**
 * Keeps the moment between a target's answer and its record open: what a target has confirmed cannot be written down, until
 * the function that comes back is called.
 */
export async function loseRecords({ postgres }: Stack): Promise<() => Promise<void>> {
  const database = new pg.Client(postgres.url);
  // Its server may be stopped while a test goes on.
  database.on('error', () => {});
  await database.connect();
  await database.query(`
    CREATE FUNCTION lose_record() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = 'serialization_failure'; END $$;
    CREATE TRIGGER lost_record BEFORE INSERT ON muster.evidence FOR EACH ROW
      WHEN (NEW.kind IN ('access-closed', 'ticket-opened')) EXECUTE FUNCTION lose_record();`);
  return async () => {
    await database.query('DROP TRIGGER lost_record ON muster.evidence; DROP FUNCTION lose_record();');
    await database.end();
  };
}
