import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodes } from '../../src/cli/exit.ts';
import { HttpProblem } from '../../src/http/problem.ts';
import { failureCodes, failureHandling } from '../../src/model/failure.ts';
import { firstCells, rows } from './markdown.ts';

const page = 'docs/errors.md';

/** Every status that the code refuses a request with, as it stands in the source. */
function statusesRefusedWith(): Set<number> {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const found = new Set<number>();
  for (const file of files) {
    const text = readFileSync(join('src', file), 'utf8');
    for (const [, status] of text.matchAll(/new HttpProblem\((\d{3})\b/g)) found.add(Number(status));
    // Connections that never became a request, and what a source's reading of a body may answer.
    for (const [, statuses = ''] of text.matchAll(/(?:brokenStatus[^=]*= \{|ok: false; status:)([^;}]+)[;}]/g)) {
      for (const [status] of statuses.matchAll(/\b[45]\d\d\b/g)) found.add(Number(status));
    }
  }
  return found;
}

describe('docs/errors.md', () => {
  it('lists every failure code, once, in the order of the code', () => {
    expect(firstCells(page, 'Failure codes')).toEqual([...failureCodes]);
  });

  it('says of each failure code how it is tried again', () => {
    const words = { retry: 'soon', slow: 'slowly', never: 'never' } as const;
    const said = rows(page, 'Failure codes').map(([code = '', , again = '']) => [
      code.replaceAll('`', ''),
      again.split(',')[0],
    ]);
    expect(said).toEqual(failureCodes.map((code) => [code, words[failureHandling[code]]]));
  });

  it('says of each failure code what to do', () => {
    for (const [code = '', , , advice = ''] of rows(page, 'Failure codes')) expect(advice, code).toMatch(/\w{3}/);
  });

  it('says which codes end a command with 2 and with 3', () => {
    const ending = (exit: number) => failureCodes.filter((code) => exitCodeOf(code) === exit);
    const sentence = /ends with 3 for (.*?), with 2 for (.*?), and/s.exec(readFileSync(page, 'utf8'));
    const named = (text = '') => [...text.matchAll(/`([\w-]+)`/g)].map(([, code]) => code).sort();
    expect({ outOfReach: named(sentence?.[1]), usage: named(sentence?.[2]) }).toEqual({
      outOfReach: ending(exitCodes.outOfReach).sort(),
      usage: ending(exitCodes.usage).sort(),
    });
  });

  it('lists every problem type that a request is refused with, with its status', () => {
    const said = rows(page, 'Problem types').map(([type = '', status]) => [type.replaceAll('`', ''), Number(status)]);
    const statuses = [...statusesRefusedWith()].sort((one, other) => one - other);
    expect(statuses).toContain(408);
    expect(statuses).toContain(415);
    expect(said).toEqual(statuses.map((status) => [new HttpProblem(status).body()['type'], status]));
  });
});
