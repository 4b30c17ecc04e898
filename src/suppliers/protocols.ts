import type { UsageDialect } from '#metering/metering.ts';
import { ANTHROPIC } from './anthropic.ts';
import { GEMINI } from './gemini.ts';
import { OPENAI } from './openai.ts';
import {
  DEEPSEEK,
  GROQ,
  MISTRAL,
  OPENAI_COMPATIBLE,
  PERPLEXITY,
  XAI,
} from './openai-compatible.ts';
import { SIMULATOR } from './simulator.ts';
import type { SupplierProtocol } from './supplier-protocol.ts';

const PROTOCOLS: ReadonlyMap<string, SupplierProtocol> = new Map(
  [
    OPENAI,
    ANTHROPIC,
    GEMINI,
    DEEPSEEK,
    GROQ,
    MISTRAL,
    PERPLEXITY,
    XAI,
    OPENAI_COMPATIBLE,
    SIMULATOR,
  ].map((protocol) => [protocol.name, protocol]),
);

export const PROTOCOL_NAMES: readonly string[] = Object.freeze([...PROTOCOLS.keys()]);

/** Vendors with OpenAI's wire are told apart by how their usage reads. */
const BY_DIALECT: Readonly<Partial<Record<UsageDialect, SupplierProtocol>>> = {
  deepseek: DEEPSEEK,
  groq: GROQ,
  mistral: MISTRAL,
  perplexity: PERPLEXITY,
  'xai-chat': XAI,
  'openai-compatible': OPENAI_COMPATIBLE,
};

/** The protocol of that name, refined by a usage dialect; `undefined` where there is none. */
export function protocolOf(name: string, dialect?: UsageDialect): SupplierProtocol | undefined {
  const isOpen = name === 'openai' || name === 'openai-compatible';
  const refined = isOpen && dialect !== undefined ? BY_DIALECT[dialect] : undefined;
  return refined ?? PROTOCOLS.get(name);
}
