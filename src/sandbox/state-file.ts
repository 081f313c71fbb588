import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Failure } from '../model/failure.ts';

const savedSchema = z.strictObject({
  version: z.literal(1),
  targets: z.record(z.string(), z.unknown()),
  calls: z.array(
    z.strictObject({
      target: z.string(),
      operation: z.string(),
      at: z.string(),
      worker: z.string().exactOptional(),
      subject: z.string().exactOptional(),
    }),
  ),
});

/** What the sandbox keeps over a restart. Faults are not kept: a restarted sandbox is well. */
export type Saved = Omit<z.infer<typeof savedSchema>, 'version'>;

/** Keeps the sandbox's state in one file that is whole at every moment, whenever the process is killed. */
export class StateFile {
  readonly #path: string;
  readonly #state: () => Saved;
  #timer: NodeJS.Timeout | undefined;
  #notBefore = 0;

  constructor(path: string, state: () => Saved) {
    this.#path = path;
    this.#state = state;
  }

  read(): Saved | undefined {
    if (!existsSync(this.#path)) return undefined;
    try {
      return savedSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
    } catch (error) {
      throw new Failure('misconfigured', `the sandbox's state in ${this.#path} cannot be read`, {
        cause: error,
        advice: 'Delete the file: the sandbox then starts with fresh accounts.',
      });
    }
  }

  /** Writes soon: right after the call that changed something, but for at most a tenth of the time when there are many. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, this.#notBefore - performance.now()));
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const begin = performance.now();
    mkdirSync(dirname(this.#path), { recursive: true });
    // A rename replaces the file in one step, so a kill leaves the old one or the new one and never a part.
    writeFileSync(`${this.#path}.next`, JSON.stringify({ version: 1, ...this.#state() }));
    renameSync(`${this.#path}.next`, this.#path);
    const end = performance.now();
    this.#notBefore = end + 9 * (end - begin);
  }
}
