import type { Config } from './config.ts';

/** The database by its address: DATABASE_URL, else what muster.yaml refers to; undefined: embedded. */
export async function databaseUrl(
  config: Pick<Config, 'database'> | undefined,
  secret: (reference: string) => Promise<string>,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (env['DATABASE_URL']) return env['DATABASE_URL'];
  return config?.database === undefined ? undefined : secret(config.database);
}
