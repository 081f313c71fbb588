import { Failure } from '../model/failure.ts';

/** One statement for many: the answers in the order of the questions. */
type Run<Q, A> = (questions: Q[]) => Promise<A[]>;

interface Waits<Q, A> {
  question: Q;
  resolve: (answer: A) => void;
  reject: (error: unknown) => void;
}

export interface BatchOptions<Q> {
  /** Statements under way at once; what is asked meanwhile waits for the next. */
  width: number;
  /** Questions in one statement at most. */
  most: number;
  /** Two questions of the same key are not asked in one statement. */
  keys?: (question: Q) => string[];
}

/**
 * Asks together what is asked while an earlier statement runs. Alone, a question waits for nobody; in a burst a hundred cost
 * one round trip. Each statement begins after its last question was asked, so no answer is older than its question.
 */
export class Batch<Q, A> {
  readonly #run: Run<Q, A>;
  readonly #options: BatchOptions<Q>;
  #waiting: Waits<Q, A>[] = [];
  #running = 0;

  constructor(run: Run<Q, A>, options: BatchOptions<Q>) {
    this.#run = run;
    this.#options = options;
  }

  ask(question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running >= this.#options.width || this.#waiting.length === 0) return;
    const batch = this.#take();
    this.#running += 1;
    void this.#answer(batch).finally(() => {
      this.#running -= 1;
      this.#next();
    });
  }

  /** The first ones, without those that another of the same key comes before. */
  #take(): Waits<Q, A>[] {
    const { most, keys = () => [] } = this.#options;
    const taken: Waits<Q, A>[] = [];
    const left: Waits<Q, A>[] = [];
    const seen = new Set<string>();
    for (const one of this.#waiting) {
      const its = keys(one.question);
      const fits = taken.length < most && !its.some((key) => seen.has(key));
      for (const key of its) seen.add(key);
      (fits ? taken : left).push(one);
    }
    this.#waiting = left;
    return taken;
  }

  async #answer(batch: Waits<Q, A>[]): Promise<void> {
    try {
      const answers = await this.#run(batch.map(({ question }) => question));
      if (answers.length !== batch.length) throw new Error(`${batch.length} questions had ${answers.length} answers`);
      for (const [index, answer] of answers.entries()) batch[index]?.resolve(answer);
    } catch (error) {
      const isGone = error instanceof Failure && error.code === 'unavailable';
      if (batch.length === 1 || isGone) for (const { reject } of batch) reject(error);
      // What is wrong with one is no fault of the others.
      else await Promise.all(batch.map((one) => this.#answer([one])));
    }
  }
}
