import { DomainError } from '#base/domain-error.ts';
import { cliContext, type CliContext } from './context.ts';
import { processOutput } from './output.ts';

export type CommandOptions = Readonly<Record<string, unknown>>;
export type CommandWork = (
  context: CliContext,
  args: readonly string[],
  options: CommandOptions,
) => Promise<number | void>;

/** Wraps a command's work for commander: context in, errors as one clear line, exit code out. */
export interface CommandSetup {
  run(work: CommandWork): (...parameters: unknown[]) => Promise<void>;
}

/**
 * @param exit told the exit code: 0, or 1 where the work failed, or what it returned.
 */
export function commandSetup(
  globals: () => { json?: boolean },
  exit: (code: number) => void,
): CommandSetup {
  return {
    run:
      (work) =>
      async (...parameters) => {
        // commander passes the arguments (several of one name as a list), then the options, then the command itself
        const args = parameters.slice(0, -2).flat().map(String);
        const options = parameters.at(-2) as CommandOptions;
        const json = globals().json ?? false;
        const output = processOutput(json);
        try {
          exit((await work(cliContext(output), args, options)) ?? 0);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          const { code, message, field } = error;
          process.stderr.write(
            json
              ? `${JSON.stringify({ error: { code, message, field: field ?? null } })}\n`
              : `${message}\n`,
          );
          exit(1);
        }
      },
  };
}
