import { readConfig, type Config } from '#src/config.ts';
import { ControlClient } from './control-client.ts';
import type { Output } from './output.ts';

/** What every command is given. */
export interface CliContext {
  readonly config: Config;
  readonly output: Output;
}

/** Runs `work` with a client of the running server. */
export async function withControl<T>(
  context: CliContext,
  work: (client: ControlClient) => Promise<T>,
): Promise<T> {
  await using client = new ControlClient(context.config.dataDir);
  return await work(client);
}

/** Makes a context from the environment and the `--json` flag. */
export function cliContext(output: Output): CliContext {
  return { config: readConfig(), output };
}

/** Prints a result: as JSON where asked for, else as `text` says. */
export function present<T>(context: CliContext, result: T, text: (result: T) => string): void {
  context.output.line(context.output.json ? JSON.stringify(result, undefined, 2) : text(result));
}
