import { DomainError } from '#base/domain-error.ts';
import { authenticate } from './authenticate.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayRuntime } from './gateway-runtime.ts';

/** `GET /v1/receipts/{request id}`: what a request of the caller's own took and what paid for it. */
export async function serveReceipt(
  { deps }: GatewayRuntime,
  exchange: Exchange,
  requestId: string,
): Promise<void> {
  const caller = await authenticate(exchange, deps.authenticate);
  const receipt = await deps.receipt?.(caller, requestId);
  if (receipt === undefined)
    throw new DomainError('not_found', 'There is no such request.', { field: 'request_id' });
  exchange.answerJson(200, {}, receipt);
}
