import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accessClaims } from './access-claims.ts';
import { accountClaims } from './account-claims.ts';
import { type Bench, decoyOf, openBench } from './bench.ts';
import { faultClaims } from './fault-claims.ts';
import { lifecycleClaims } from './lifecycle-claims.ts';
import { suiteTools, type TargetSuite } from './suite-tools.ts';

export type { TargetSuite } from './suite-tools.ts';

/** What must be true of every target, whatever it can do: check, find, each ability twice, read back, undo, then the faults. */
export function targetSuite(suite: TargetSuite): void {
  describe(`${suite.definition.title}, as every target`, () => {
    let bench: Bench;
    const tools = suiteTools(suite, () => bench);
    beforeAll(async () => {
      bench = await openBench(suite, [tools.person, decoyOf(tools.person)]);
    });
    afterAll(async () => {
      await bench?.close();
    });
    afterEach(async () => {
      await bench.reset();
    });

    test('check logs on and says what it saw', async () => {
      expect(await bench.connect().check(bench.context())).not.toBe('');
      expect(await bench.operations()).toEqual([]);
    });
    accountClaims(tools);
    lifecycleClaims(tools);
    accessClaims(tools);
    faultClaims(tools);
  });
}
