import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batch, type BatchOptions } from '../../src/directory/batch.ts';
import { Failure } from '../../src/model/failure.ts';

/** Statements that answer when they are told to; `asked` is what each was asked. */
function statements(options: Partial<BatchOptions<string>> = {}) {
  const asked: string[][] = [];
  const open: { answer: (answers?: string[]) => void; fail: (error: unknown) => void }[] = [];
  const batch = new Batch<string, string>(
    (questions) => {
      asked.push(questions);
      return new Promise((resolve, reject) => {
        open.push({ answer: (answers = questions.map((each) => `${each}!`)) => resolve(answers), fail: reject });
      });
    },
    { width: 1, most: 100, ...options },
  );
  const next = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const one = open.shift();
    if (one === undefined) throw new Error('no statement is under way');
    return one;
  };
  return { batch, asked, next };
}

describe('a batch', () => {
  it('asks at once where nothing is under way, and together what was asked meanwhile', async () => {
    const { batch, asked, next } = statements();
    const answers = Promise.all(['a', 'b', 'c'].map((each) => batch.ask(each)));
    expect(asked).toEqual([['a']]);
    (await next()).answer();
    (await next()).answer();
    expect(await answers).toEqual(['a!', 'b!', 'c!']);
    expect(asked).toEqual([['a'], ['b', 'c']]);
  });

  it('runs as many statements at once as it may, none larger than it may be', async () => {
    const { batch, asked, next } = statements({ width: 2, most: 2 });
    const answers = Promise.all(['a', 'b', 'c', 'd', 'e'].map((each) => batch.ask(each)));
    expect(asked).toEqual([['a'], ['b']]);
    for (let count = 0; count < 4; count += 1) (await next()).answer();
    expect(await answers).toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
    expect(asked).toEqual([['a'], ['b'], ['c', 'd'], ['e']]);
  });

  it('asks two of the same key one after the other, in their order', async () => {
    const { batch, asked, next } = statements({ keys: (question) => [question.slice(0, 1)] });
    const answers = Promise.all(['x', 'a1', 'a2', 'b1', 'a3'].map((each) => batch.ask(each)));
    for (let count = 0; count < 4; count += 1) (await next()).answer();
    await answers;
    expect(asked).toEqual([['x'], ['a1', 'b1'], ['a2'], ['a3']]);
  });

  it('lets nobody pay for another: after a fault each is asked alone', async () => {
    const { batch, asked, next } = statements();
    const first = batch.ask('first');
    const answers = Promise.allSettled(['good', 'bad', 'fine'].map((each) => batch.ask(each)));
    (await next()).answer();
    await first;
    (await next()).fail(new Failure('conflict', 'bad'));
    (await next()).answer();
    const fault = new Failure('conflict', 'bad');
    (await next()).fail(fault);
    (await next()).answer();
    expect(await answers).toEqual([
      { status: 'fulfilled', value: 'good!' },
      { status: 'rejected', reason: fault },
      { status: 'fulfilled', value: 'fine!' },
    ]);
    expect(asked).toEqual([['first'], ['good', 'bad', 'fine'], ['good'], ['bad'], ['fine']]);
  });

  it('tells all at once that the database is gone, and asks again when it is asked again', async () => {
    const { batch, asked, next } = statements();
    const first = batch.ask('first');
    const both = Promise.allSettled([batch.ask('a'), batch.ask('b')]);
    const gone = new Failure('unavailable', 'gone');
    (await next()).answer();
    await first;
    (await next()).fail(gone);
    expect(await both).toEqual([
      { status: 'rejected', reason: gone },
      { status: 'rejected', reason: gone },
    ]);
    const again = batch.ask('a');
    (await next()).answer();
    expect(await again).toBe('a!');
    expect(asked).toEqual([['first'], ['a', 'b'], ['a']]);
  });

  it('answers every question once with its own answer, whatever comes when', async () => {
    const question = fc.record({ key: fc.integer({ min: 0, max: 3 }), pause: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(question, { maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (questions, width, most) => {
          let running = 0;
          const batch = new Batch<{ key: number; index: number }, number>(
            async (asked) => {
              running += 1;
              expect(running).toBeLessThanOrEqual(width);
              expect(asked.length).toBeLessThanOrEqual(most);
              expect(new Set(asked.map(({ key }) => key)).size).toBe(asked.length);
              await new Promise((resolve) => setImmediate(resolve));
              running -= 1;
              return asked.map(({ index }) => index);
            },
            { width, most, keys: ({ key }) => [String(key)] },
          );
          const answers: Promise<number>[] = [];
          for (const [index, { key, pause }] of questions.entries()) {
            answers.push(batch.ask({ key, index }));
            for (let wait = 0; wait < pause; wait += 1) await new Promise((resolve) => setImmediate(resolve));
          }
          expect(await Promise.all(answers)).toEqual(questions.map((_, index) => index));
        },
      ),
      { numRuns: 60 },
    );
  });
});
