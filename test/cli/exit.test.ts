import { describe, expect, it } from 'vitest';
import { EndWith, endingOf } from '../../src/cli/exit.ts';
import { Failure } from '../../src/model/failure.ts';

const plain = { json: false, debug: false };

describe('what a failed command ends with', () => {
  it('3 when something is out of reach, 2 when it was asked for wrongly, 1 otherwise', () => {
    const codes = (['unavailable', 'timeout', 'throttled', 'misconfigured', 'refused', 'not-found'] as const).map(
      (code) => endingOf(new Failure(code, 'no'), plain).code,
    );
    expect(codes).toEqual([3, 3, 3, 2, 1, 1]);
    expect(endingOf(new Error('a bug'), plain)).toEqual({ code: 1, text: 'muster: a bug' });
    expect(endingOf(new EndWith(3), plain)).toEqual({ code: 3, text: '' });
  });

  it('words say what to do; a script gets the same as JSON', () => {
    const failure = new Failure('unavailable', 'nobody is there', { advice: 'Start it.' });
    expect(endingOf(failure, plain).text).toBe('muster: nobody is there\nStart it.');
    expect(JSON.parse(endingOf(failure, { json: true, debug: false }).text)).toEqual({
      error: { code: 'unavailable', message: 'nobody is there', advice: 'Start it.' },
    });
  });

  it('a stack is shown to whoever asks for it alone, with what caused it', () => {
    const failure = new Failure('unavailable', 'nobody is there', { cause: new Error('ECONNREFUSED') });
    expect(endingOf(failure, plain).text).not.toContain('at ');
    expect(endingOf(failure, { json: false, debug: true }).text).toMatch(
      /nobody is there[\s\S]*caused by Error: ECONNREFUSED/,
    );
  });
});
