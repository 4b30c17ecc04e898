import { numberArgument, type Misbehaviour } from './misbehaviour.ts';
import type { SimulatedFault } from './rendered-answer.ts';
import { SimulatedRefusal } from './simulated-call.ts';

/** What a storm of refusals asks its callers to wait. */
const RETRY_AFTER_MS = 20;

/** An answer without an answer: an error, or a redirect, whose body says nothing. */
export interface RefusalAnswer {
  readonly status: number;
  readonly fault: SimulatedFault | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the misbehaviours answer that refuse before anything is generated. */
export function scriptedRefusal(misbehaviour: Misbehaviour): RefusalAnswer | undefined {
  switch (misbehaviour.name) {
    case 'status': {
      const status = numberArgument(misbehaviour, 500);
      const retry = status === 429 || status === 503 || status === 529;
      return {
        status,
        fault: simulatedFault(status, misbehaviour.detail),
        headers: retry
          ? {
              'retry-after': `${Math.ceil(RETRY_AFTER_MS / 1000)}`,
              'retry-after-ms': `${RETRY_AFTER_MS}`,
            }
          : {},
      };
    }
    case 'error-200':
      return { status: 200, fault: simulatedFault(500, undefined), headers: {} };
    case 'redirect':
      return { status: 307, fault: undefined, headers: { location: '/redirected/v1' } };
    default:
      return undefined;
  }
}

function simulatedFault(status: number, code: string | undefined): SimulatedFault {
  return {
    status,
    message: `Simulated failure with status ${status}.`,
    type: status === 429 ? 'requests' : status >= 500 ? 'server_error' : 'invalid_request_error',
    param: null,
    code: code ?? (status === 429 ? 'rate_limit_exceeded' : null),
  };
}

/** The answer to a call that cannot be served; what is no refusal is the simulator's own failure. */
export function refusalAnswer(error: unknown): RefusalAnswer {
  const refusal =
    error instanceof SimulatedRefusal
      ? error
      : new SimulatedRefusal(500, `simulator: ${String(error)}`);
  const { status, message, param, code } = refusal;
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  return { status, fault: { status, message, type, param, code }, headers: {} };
}
