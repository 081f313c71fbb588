import { WorkflowClient } from '@temporalio/client';
import type { Store, Transaction } from '../directory/store.ts';
import type { Evidence } from '../model/evidence.ts';
import type { OpenException } from '../model/exception.ts';
import { Failure } from '../model/failure.ts';

/** What would have been written for people to see. */
export interface Noted {
  evidence: Evidence[];
  exceptions: OpenException[];
}

/** A store inside a transaction that never comes to its end. */
export interface DryStore {
  store: Store;
  tx: Transaction;
  noted: Noted;
}

/** Taken back: everything that was written in it. */
class TakenBack extends Error {}

/**
 * Runs `work` on a store whose every write is in one transaction, and takes that back, whatever comes of it. Activities that
 * begin transactions of their own work in this one.
 */
export async function takenBack<T>(real: Store, work: (dry: DryStore) => Promise<T>): Promise<T> {
  let done: { result: T } | undefined;
  try {
    await real.transaction(async (tx) => {
      done = { result: await work(dryStore(real, tx)) };
      throw new TakenBack();
    });
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error;
  }
  if (done === undefined) throw new Failure('protocol', 'a dry run came to no result');
  return done.result;
}

function dryStore(real: Store, open: Transaction): DryStore {
  const noted: Noted = { evidence: [], exceptions: [] };
  const tx: Transaction = {
    ...open,
    addEvidence: async (pieces) => void noted.evidence.push(...pieces),
    async openException(exception) {
      const opened = await open.openException(exception);
      if (opened) noted.exceptions.push(exception);
      return opened;
    },
  };
  const store: Store = {
    ...real,
    transaction: (work) => work(tx),
    read: (work) => work(tx),
    async write({ accounts = [], evidence }) {
      for (const account of accounts) await tx.putAccount(account);
      await tx.addEvidence(evidence);
    },
  };
  return { store, tx, noted };
}

/** A client whose signals go nowhere: nobody is told of what has not happened. */
export const silentWorkflows = (): WorkflowClient =>
  new WorkflowClient({ interceptors: [{ signal: async () => undefined }] });
