import yoctoSpinner, { type Spinner } from 'yocto-spinner';
import type { Cli } from './cli.ts';

/** Lines on standard output, with a spinner below them while something is under way, where a terminal can show one. */
export interface Progress {
  /** What is under way now. */
  doing(text: string): void;
  /** A line that stays. */
  say(line: string): void;
  /** Nothing is under way any more. */
  rest(): void;
}

/** Without a terminal every word is a plain line, what is under way included. */
export function progressOf(cli: Cli): Progress {
  if (!cli.terminal) {
    return { doing: (text) => cli.out(`… ${text}`), say: (line) => cli.out(line), rest: () => undefined };
  }
  // Signals are the command's own to deal with: it has servers to end.
  const spinner: Spinner = yoctoSpinner({ stream: process.stderr, handleSignals: false });
  return {
    doing(text) {
      spinner.text = text;
      if (!spinner.isSpinning) spinner.start();
    },
    say(line) {
      const spinning = spinner.isSpinning;
      spinner.stop();
      cli.out(line);
      if (spinning) spinner.start();
    },
    rest: () => void spinner.stop(),
  };
}
