import { processCli } from './cli/cli.ts';
import { run } from './cli/program.ts';

process.exitCode = await run(process.argv.slice(2), processCli());
// Whatever a library keeps open, nothing of ours is left to be done.
setTimeout(() => process.exit(), 2_000).unref();
