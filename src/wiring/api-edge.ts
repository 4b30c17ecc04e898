import { DomainError } from '#base/domain-error.ts';
import { presentError } from '#gateway/wire/wire-error.ts';
import type { ApiDeps } from '#http/api.ts';
import type { Logger } from 'pino';

/** An error of `/api`: shaped as on `/v1`, but always under our own stable code. */
export function presentApiError(error: unknown, log: Logger): ReturnType<ApiDeps['presentError']> {
  const { status, headers, body } = presentError(error, 'openai');
  if (status === 500) log.error({ err: error }, 'the API failed by a fault of ours');
  const shown = (body as { error: { code: string } }).error;
  const code = error instanceof DomainError && status !== 500 ? error.code : shown.code;
  return { status, headers, body: { error: { ...shown, code } } };
}
