import { type Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { Failure } from './model/failure.ts';
import { searchAttributes } from './model/messages.ts';

const alreadyExists = 6;
const unimplemented = 12;
const day = 86_400_000;

// Temporal's `IndexedValueType`; the enum itself cannot be imported from an ES module by name.
const typeNumbers = { KEYWORD: 2, DATETIME: 6, KEYWORD_LIST: 7 } as const;

/** What a namespace lacks of Muster's search attributes, and which have another type there. */
export interface SearchAttributeGap {
  missing: string[];
  /** In words: `MusterPerson`. */
  wrongType: string[];
}

/** Compares a namespace's search attributes with those that Muster's workflows set. */
export async function searchAttributeGap(connection: Connection, namespace: string): Promise<SearchAttributeGap> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const names = Object.entries(searchAttributes);
  return {
    missing: names.filter(([name]) => customAttributes?.[name] == null).map(([name]) => name),
    wrongType: names
      .filter(([name, type]) => customAttributes?.[name] != null && customAttributes[name] !== typeNumbers[type])
      .map(([name]) => name),
  };
}

/**
 * Makes a namespace fit for Muster's workflows; running it again changes nothing. Says which search attributes it added.
 * `create` makes the namespace itself where it is missing; `retentionDays` is for how long Temporal remembers closed workflows.
 */
export async function prepareNamespace(
  connection: Connection,
  namespace: string,
  options: { create?: boolean; retentionDays?: number } = {},
): Promise<string[]> {
  const retention = msToTs((options.retentionDays ?? 1) * day);
  if (options.create === true) {
    await tolerating(alreadyExists, () =>
      connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention }),
    );
  }
  if (options.retentionDays !== undefined) {
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: retention },
    });
  }
  const added = await addSearchAttributes(connection, namespace);
  // A frontend reads search attributes from a cache: until it sees them, starting a workflow with one is refused.
  for (let look = 0; added.length > 0 && look < 100; look += 1) {
    const gap = await tolerating(unimplemented, () => searchAttributeGap(connection, namespace));
    if (gap === undefined || gap.missing.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return added;
}

async function addSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  // The time-skipping test server takes them without being able to list them.
  const gap = await tolerating(unimplemented, () => searchAttributeGap(connection, namespace));
  if (gap !== undefined && gap.wrongType.length > 0) {
    throw new Failure(
      'misconfigured',
      `the Temporal namespace "${namespace}" has search attributes of another type: ${gap.wrongType.join(', ')}`,
      {
        advice:
          'Remove them with `temporal operator search-attribute remove --name NAME`, then run `muster setup` again.',
      },
    );
  }
  const missing = Object.entries(searchAttributes).filter(([name]) => gap === undefined || gap.missing.includes(name));
  if (missing.length === 0) return [];
  await tolerating(alreadyExists, () =>
    connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, typeNumbers[type]])),
    }),
  );
  return missing.map(([name]) => name);
}

async function tolerating<T>(code: number, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === code) return undefined;
    throw error;
  }
}
