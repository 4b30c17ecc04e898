import type { Session } from '../../src/http/shapes/session.ts';

/** An error that the server told: a stable code, words, and facts. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;

  constructor(status: number, code: string, message: string, facts: ApiError['facts'] = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}

/** Whatever was thrown, as an error of a call. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'internal', String(error));
}

interface ErrorBody {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    /** The field of the request that it is about. */
    readonly param?: string | null;
    readonly facts?: ApiError['facts'];
  };
}

/** Calls the server. @throws ApiError; code `offline` where it was not reached */
export async function api<Result>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object | Blob,
  signal?: AbortSignal,
): Promise<Result> {
  let answer: Response;
  try {
    const csrf = method === 'GET' ? undefined : await csrfToken();
    answer = await fetch(`/api${path}`, {
      method,
      credentials: 'same-origin',
      headers: {
        ...(body && !(body instanceof Blob) && { 'content-type': 'application/json' }),
        ...(csrf && { 'x-csrf-token': csrf }),
      },
      ...(body && { body: body instanceof Blob ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(0, 'offline', 'The server was not reached.');
  }
  // Another tab may have signed in anew: then the token is another.
  if (answer.status === 403) known = undefined;
  if (!answer.ok) throw await errorOf(answer);
  return (await answer.json()) as Result;
}

export async function errorOf(answer: Response): Promise<ApiError> {
  const body = (await answer.json().catch(() => ({}))) as ErrorBody;
  const field = body.error?.param;
  return new ApiError(
    answer.status,
    body.error?.code ?? 'internal',
    body.error?.message ?? answer.statusText,
    { ...(field && { field }), ...body.error?.facts },
  );
}

type Known = Partial<Pick<Session, 'csrf' | 'operator'>>;
let known: Promise<Known> | undefined;

/** Who is here, asked once; nothing where the server was not reached. */
export function whoIsHere(): Promise<Known> {
  known ??= fetch('/api/session', { credentials: 'same-origin' })
    .then((answer): Promise<Known> => (answer.ok ? answer.json() : Promise.resolve({})))
    .catch(() => {
      known = undefined;
      return {};
    });
  return known;
}

/** What the server gave this session to send back with every write. */
export async function csrfToken(): Promise<string | undefined> {
  return (await whoIsHere()).csrf ?? undefined;
}
