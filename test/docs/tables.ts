import type { Command } from 'commander';
import { cliProgram } from '#src/cli/cli.ts';
import { API_ROUTES } from '#http/api.ts';
import { policyText } from '#http/route.ts';

/** Every command of the command line, with its options, as `docs/cli.md` lists them. */
export function cliTable(): string {
  const lines = ['| command | what it does | options |', '|---|---|---|'];
  const walk = (command: Command, path: string): void => {
    for (const child of command.commands) {
      const name = `${path} ${child.name()}`.trim();
      if (child.commands.length > 0) {
        walk(child, name);
        continue;
      }
      const args = child.registeredArguments.map((argument) =>
        argument.required ? ` ${argument.name()}` : ` [${argument.name()}]`,
      );
      const options = child.options.map((option) => {
        const words = option.description || option.long?.slice(2) || '';
        const fallback =
          option.defaultValue === undefined ? '' : ` (default ${String(option.defaultValue)})`;
        return `\`${option.flags}\` ${words}${fallback}`.trim();
      });
      lines.push(
        `| \`${name}${args.join('')}\` | ${child.description()} | ${options.join('; ') || '–'} |`,
      );
    }
  };
  walk(
    cliProgram(() => undefined),
    '',
  );
  return lines.join('\n');
}

/** Every route below `/api`, as `docs/api.md` lists them. */
export function apiTable(): string {
  return [
    '| route | who may | what it does |',
    '|---|---|---|',
    ...API_ROUTES.map(
      ({ method, path, policy, summary }) =>
        `| \`${method} /api${path}\` | ${policyText(policy)} | ${summary} |`,
    ),
  ].join('\n');
}
