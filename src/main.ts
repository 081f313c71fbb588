import { processCli } from './cli/cli.ts';
import { run } from './cli/program.ts';

// `muster … | head` closes our output while we write: that is its reader's wish and no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), processCli());
// Whatever a library keeps open, nothing of ours is left to be done.
setTimeout(() => process.exit(), 2_000).unref();
