import { Command, CommanderError } from 'commander';
import { commandSetup } from './command-setup.ts';
import { bookCommands } from './commands/books.ts';
import { customerCommands } from './commands/customers.ts';
import { labCommands } from './commands/lab.ts';
import { offerCommands } from './commands/offer.ts';
import { operatorCommands } from './commands/operators.ts';
import { serverCommands } from './commands/server.ts';
import { trafficCommands } from './commands/traffic.ts';

/** The whole command line, without running it: for `--help`, the docs and their test. */
export function cliProgram(exit: (code: number) => void): Command {
  const program = new Command('breakeven')
    .description('Run a chat and API service that cannot lose money unseen.')
    .option('--json', 'print JSON instead of text')
    .exitOverride()
    .showHelpAfterError('(add --help for what is possible)');
  const setup = commandSetup(() => program.opts<{ json?: boolean }>(), exit);
  for (const add of [
    serverCommands,
    offerCommands,
    customerCommands,
    operatorCommands,
    trafficCommands,
    labCommands,
    bookCommands,
  ]) {
    add(program, setup);
  }
  return program;
}

/** Runs a command line. @returns the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = cliProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(hoistJson(args), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  return exitCode;
}

/** `--json` may stand anywhere; commander knows it before the command only. */
function hoistJson(args: readonly string[]): string[] {
  return args.includes('--json')
    ? ['--json', ...args.filter((arg) => arg !== '--json')]
    : [...args];
}
