import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import type { Cli } from './cli.ts';
import { endingOf, exitCodes } from './exit.ts';
import { packageFolder } from './settings.ts';

/** In the order of the help. Each is loaded when it is asked for: the whole stack takes a second to load. */
const commands: Record<string, (cli: Cli) => Promise<Command>> = {
  demo: async (cli) => (await import('./demo.ts')).demoCommand(cli),
  start: async (cli) => (await import('./start.ts')).startCommand(cli),
  receiver: async (cli) => (await import('./receiver.ts')).receiverCommand(cli),
  worker: async (cli) => (await import('./worker.ts')).workerCommand(cli),
  operator: async (cli) => (await import('./operator.ts')).operatorCommand(cli),
  watch: async (cli) => (await import('./watch.ts')).watchCommand(cli),
  setup: async (cli) => (await import('./setup.ts')).setupCommand(cli),
  doctor: async (cli) => (await import('./doctor.ts')).doctorCommand(cli),
  hire: async (cli) => (await import('./hire.ts')).hireCommand(cli),
  people: async (cli) => (await import('./people.ts')).peopleCommand(cli),
  exceptions: async (cli) => (await import('./exceptions.ts')).exceptionsCommand(cli),
  targets: async (cli) => (await import('./targets.ts')).targetsCommand(cli),
  holds: async (cli) => (await import('./holds.ts')).holdsCommand(cli),
  stop: async (cli) => (await import('./stop.ts')).stopCommand(cli),
  go: async (cli) => (await import('./stop.ts')).goCommand(cli),
  approvals: async (cli) => (await import('./approvals.ts')).approvalsCommand(cli),
  delegate: async (cli) => (await import('./delegate.ts')).delegateCommand(cli),
  accounts: async (cli) => (await import('./accounts.ts')).accountsCommand(cli),
  policy: async (cli) => (await import('./policy.ts')).policyCommand(cli),
  drift: async (cli) => (await import('./drift.ts')).driftCommand(cli),
  plan: async (cli) => (await import('./plan.ts')).planCommand(cli),
  send: async (cli) => (await import('./send.ts')).sendCommand(cli),
  terminate: async (cli) => (await import('./terminate.ts')).terminateCommand(cli),
  undo: async (cli) => (await import('./undo.ts')).undoCommand(cli),
  privileges: async (cli) => (await import('./privileges.ts')).privilegesCommand(cli),
  'legal-hold': async (cli) => (await import('./legal-hold.ts')).legalHoldCommand(cli),
};

/** Runs one command line (without `node` and the script) and says what to exit with. Never throws. */
export async function run(args: string[], cli: Cli): Promise<number> {
  try {
    await (await program(args, cli)).parseAsync(args, { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const debug = (cli.env['MUSTER_DEBUG'] ?? '') !== '';
    const ending = endingOf(error, { json: args.includes('--json'), debug });
    if (ending.text !== '') cli.err(ending.text);
    return ending.code;
  }
}

async function program(args: string[], cli: Cli): Promise<Command> {
  const root = new Command('muster')
    .description('Event-driven identity lifecycle orchestration: every system agrees, and can prove it.')
    .version(versionOf(), '-v, --version', 'print the version')
    .option('--home <folder>', 'where the embedded stack keeps everything (MUSTER_HOME, default .muster)')
    .option('--config <file>', 'muster.yaml: sources, targets, operators (MUSTER_CONFIG, default ./muster.yaml)')
    .option(
      '--policy <file>',
      'policy.yaml: who gets what, and what an end does (MUSTER_POLICY, default ./policy.yaml)',
    )
    .option('--as <operator>', 'ask in the name of another operator (MUSTER_OPERATOR, default operator-1)')
    .option('--json', 'print JSON, for scripts')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showHelpAfterError('(`muster help` lists what there is)')
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something it needs is out of reach.
Production: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, … as Temporal's environment configuration
names them, and DATABASE_URL. MUSTER_DEBUG=1 shows where an error came from.`,
    );
  const asked = Object.entries(commands).filter(([name]) => args.includes(name));
  const wanted = asked.length > 0 ? asked : Object.entries(commands);
  const loaded = await Promise.all(wanted.map(([, load]) => load(cli)));
  for (const command of loaded) root.addCommand(command);
  for (const command of [root, ...loaded, ...loaded.flatMap((each) => each.commands)]) settle(command, cli);
  return root;
}

/** Faults of usage come back as exceptions, and everything printed goes through `cli`. */
function settle(command: Command, cli: Cli): void {
  command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => cli.out(text.trimEnd()),
      writeErr: (text) => cli.err(text.trimEnd()),
    });
}

function versionOf(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
