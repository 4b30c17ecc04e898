import type { Command } from 'commander';
import { DomainError, type ErrorCode } from '#base/domain-error.ts';
import { presentError } from '#gateway/wire/wire-error.ts';
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

/** What goes out for an error code, as `docs/errors.md` lists it before its words. */
export function errorRow(code: ErrorCode): string {
  const error = new DomainError(code, 'any');
  const openai = presentError(error, 'openai');
  const anthropic = presentError(error, 'anthropic');
  const wire = openai.body as { error: { type: string; code: string } };
  const { type } = (anthropic.body as { error: { type: string } }).error;
  const retry = openai.headers['x-should-retry'] === 'false' ? 'no' : 'yes';
  return [
    `| \`${code}\``,
    String(openai.status),
    `\`${wire.error.type}\`, \`${wire.error.code}\``,
    `\`${type}\``,
    retry,
  ].join(' | ');
}
