import { DomainError } from '#base/domain-error.ts';
import { authenticate } from './authenticate.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayRuntime } from './gateway-runtime.ts';

const ASK_AGAIN_MS = 1_000;

/** `GET /v1/receipts/{request id}`: what a request of the caller's own took and what paid for it. */
export async function serveReceipt(
  { deps, settler }: GatewayRuntime,
  exchange: Exchange,
  requestId: string,
): Promise<void> {
  const caller = await authenticate(exchange, deps.authenticate);
  // An answer goes out before its settlement is durable; whoever has it may ask what it took.
  await settler.booked(requestId);
  const receipt = await deps.receipt?.(caller, requestId);
  if (receipt === undefined)
    throw new DomainError('not_found', 'There is no such request.', { field: 'request_id' });
  if (receipt === 'running')
    throw new DomainError('conflict', 'This request has not ended yet; ask again.', {
      field: 'request_id',
      retryable: true,
      retryAfterMs: ASK_AGAIN_MS,
    });
  exchange.answerJson(200, {}, receipt);
}
