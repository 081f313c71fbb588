import { type Connection, isGrpcServiceError } from '@temporalio/client';
import { Failure } from './model/failure.ts';
import { searchAttributes } from './model/messages.ts';
import { lazyClient, type TemporalAddress } from './temporal-connection.ts';
import { prepareNamespace } from './temporal-namespace.ts';

// PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED: how Temporal Cloud answers a namespace's own users.
const notOurs = new Set([7, 12, 16]);

/** Adds what a namespace lacks of Muster's search attributes, and says what that was. Throws `refused` where only its owner may. */
export async function registerSearchAttributes(temporal: TemporalAddress): Promise<string[]> {
  const { connection } = lazyClient(temporal);
  try {
    return await connection.withDeadline(Date.now() + 20_000, () => prepare(connection, temporal));
  } finally {
    await connection.close();
  }
}

async function prepare(connection: Connection, { namespace, options }: TemporalAddress): Promise<string[]> {
  try {
    return await prepareNamespace(connection, namespace);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (isGrpcServiceError(error) && notOurs.has(Number(error.code))) {
      const list = Object.entries(searchAttributes).map(([name, type]) => `${name} (${type})`);
      throw new Failure('refused', `Temporal lets nobody register search attributes for "${namespace}" this way`, {
        advice: `Add them in Temporal Cloud's page of the namespace, or with tcld: ${list.join(', ')}.`,
        cause: error,
      });
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('unavailable', `Temporal at ${options.address} does not answer: ${reason}`, { cause: error });
  }
}
