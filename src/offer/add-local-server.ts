import { parseDocument } from 'yaml';

/** A server on this machine with what it serves. */
export interface ServerToAdd {
  readonly port: number;
  readonly name: string;
  readonly url: string;
  readonly models: readonly string[];
  /** The day from which its prices hold, such as `2026-11-30`. */
  readonly day: string;
}

/** What a local model is taken for until somebody says better; a request beyond it is refused, not cut. */
const CONTEXT_TOKENS = 32_768;
const OUTPUT_TOKENS = 8_192;
const OUTPUT_P99 = 1_500;
/** Models that give vectors, or judge texts, answer no chat. */
const NO_CHAT = /embed|rerank|bge-|minilm/i;

/**
 * Adds a server of this machine to a breakeven.yaml: a supplier, its chat models in the class `standard`,
 * and a price of $0, which is written down since an unknown price is refused. Comments and all else in the
 * document stay. A model whose name is taken is offered as `local/NAME`.
 * @returns the document, and the names under which its models are offered
 */
export function addLocalServer(
  document: string,
  { port, name, url, models, day }: ServerToAdd,
): { readonly document: string; readonly models: readonly string[] } {
  const yaml = parseDocument(document);
  const supplier = `local-${port}`;
  yaml.setIn(['suppliers', supplier], { name, protocol: 'openai-compatible', url });
  const chat = models.filter((model) => !NO_CHAT.test(model));
  const offered = chat.map((model) => {
    const taken = yaml.getIn(['models', model, 'routes', 0, 'supplier']);
    const as = taken === undefined || taken === supplier ? model : `local/${model}`;
    yaml.setIn(
      ['models', as],
      yaml.createNode({
        name: model,
        class: 'standard',
        context: CONTEXT_TOKENS,
        output: OUTPUT_TOKENS,
        p99: OUTPUT_P99,
        routes: [{ supplier, model }],
      }),
    );
    return as;
  });
  const free = { input: '$0', input_cached: '$0', output: '$0' };
  yaml.setIn(
    ['prices', supplier],
    yaml.createNode({
      source: 'a server on this machine: no token is paid for',
      effective: day,
      models: Object.fromEntries(chat.map((model) => [model, free])),
    }),
  );
  return { document: yaml.toString({ lineWidth: 0 }), models: offered };
}
