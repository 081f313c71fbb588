/** What commands touch of the world outside; tests hand in their own. */
export interface Cli {
  env: NodeJS.ProcessEnv;
  /** The folder that relative paths and `./muster.yaml` are looked for in. */
  folder: string;
  /** One line, or several, on standard output: what was asked for. */
  out(text: string): void;
  /** The same on standard error: progress and faults. */
  err(text: string): void;
  /** Standard output is a terminal that can show a spinner. */
  terminal: boolean;
  /** Milliseconds to wait for what comes of an order. Default 60 s. */
  patienceMs?: number;
  /** Resolves with the signal's name when somebody wants this process to end. */
  stopped(): Promise<string>;
}

/** The real one. */
export function processCli(): Cli {
  return {
    env: process.env,
    folder: process.cwd(),
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    terminal: process.stdout.isTTY === true && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined,
    stopped,
  };
}

let signalled: Promise<string> | undefined;

/** One handler for the whole process: a second Ctrl-C while it is being stopped ends it at once. */
function stopped(): Promise<string> {
  signalled ??= new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
  return signalled;
}
