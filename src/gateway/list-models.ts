import { DomainError } from '#base/domain-error.ts';
import { authenticate } from './authenticate.ts';
import type { Exchange } from './exchange.ts';
import type { GatewayRuntime } from './gateway-runtime.ts';
import type { ListedModel } from './model-directory.ts';

/** `GET /v1/models` and `GET /v1/models/{name}`, in the shape of the client that asks. */
export async function listModels(
  { deps }: GatewayRuntime,
  exchange: Exchange,
  name: string | undefined,
): Promise<void> {
  const caller = await authenticate(exchange, deps.authenticate);
  const models = deps.models.list(caller.subject);
  const shape = exchange.format === 'anthropic' ? anthropicModel : openAiModel;
  if (name !== undefined) {
    const found = models.find((model) => model.name === name);
    if (found === undefined)
      throw new DomainError(
        'model_not_found',
        `There is no model named \`${name.slice(0, 256)}\` here.`,
        { field: 'model' },
      );
    exchange.answerJson(200, {}, shape(found));
    return;
  }
  const data = models.map(shape);
  const page =
    exchange.format === 'anthropic'
      ? {
          data,
          has_more: false,
          first_id: models[0]?.name ?? null,
          last_id: models.at(-1)?.name ?? null,
        }
      : { object: 'list', data };
  exchange.answerJson(200, {}, page);
}

function openAiModel({ name, createdAtMs, ownedBy }: ListedModel): object {
  return { id: name, object: 'model', created: Math.floor(createdAtMs / 1_000), owned_by: ownedBy };
}

function anthropicModel({ name, displayName, createdAtMs }: ListedModel): object {
  return {
    type: 'model',
    id: name,
    display_name: displayName,
    created_at: new Date(createdAtMs).toISOString(),
  };
}
