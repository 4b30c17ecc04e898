import { createHash } from 'node:crypto';
import { seededRandom, type Random } from '#base/random.ts';
import type { PromptCounts } from './prompt-cache.ts';
import type { SimulatedCall, SimulatedTool } from './simulated-call.ts';
import { composeText } from './simulated-text.ts';
import { simulatedArguments } from './simulated-arguments.ts';
import { splitTokens } from './simulated-tokens.ts';

/** Why an answer ended. */
export type SimulatedFinish = 'stop' | 'length' | 'tool';

export interface SimulatedToolCall {
  readonly name: string;
  /** The arguments' JSON text, as its tokens. */
  readonly argumentTokens: readonly string[];
}

export interface SimulatedChoice {
  /** Hidden thinking, as its tokens. */
  readonly reasoningTokens: readonly string[];
  readonly textTokens: readonly string[];
  readonly toolCall: SimulatedToolCall | undefined;
  readonly finish: SimulatedFinish;
}

/** The truth about one answer: what is delivered and what is billed for it. */
export interface SimulatedUsage extends PromptCounts {
  /** All output tokens, reasoning included, of all choices. */
  readonly output: number;
  readonly reasoning: number;
}

export interface SimulatedAnswer {
  readonly choices: readonly SimulatedChoice[];
  readonly usage: SimulatedUsage;
}

/** Output of conversations, Azure 2023: median 129 tokens, p90 424, which a log-normal of this σ meets. */
const OUTPUT_TOKENS_MEDIAN = 129;
const OUTPUT_SIGMA = 0.93;
const OUTPUT_TOKENS_MAX = 4096;
/** Reasoning per visible token: a median of three, sometimes forty. */
const REASONING_RATIO_MEDIAN = 3;
const REASONING_SIGMA = 0.8;
const REASONING_TOKENS_MAX = 32_768;
/** Beside its arguments a tool call costs its name and framing. */
const TOOL_CALL_TOKENS = 4;

/**
 * Answers a call. The choices are a pure function of seed, model and prompt; the prompt's counts
 * come from the cache.
 */
export function answerCall(
  call: SimulatedCall,
  prompt: PromptCounts,
  seed: number,
): SimulatedAnswer {
  if (call.embedding) return { choices: [], usage: { ...prompt, output: 0, reasoning: 0 } };
  const choices = Array.from({ length: call.choices }, (_, index) =>
    answerChoice(call, randomOf(call, seed, index)),
  );
  return {
    choices,
    usage: {
      ...prompt,
      output: choices.reduce((sum, choice) => sum + outputTokensOf(choice), 0),
      reasoning: choices.reduce((sum, choice) => sum + choice.reasoningTokens.length, 0),
    },
  };
}

/** Everything that a choice is billed for. */
export function outputTokensOf(choice: SimulatedChoice): number {
  const tool = choice.toolCall ? choice.toolCall.argumentTokens.length + TOOL_CALL_TOKENS : 0;
  return choice.reasoningTokens.length + choice.textTokens.length + tool;
}

function answerChoice(call: SimulatedCall, random: Random): SimulatedChoice {
  const max = call.outputTokensMax ?? Number.POSITIVE_INFINITY;
  const tool = toolToCall(call);
  const wanted = wantedTokens(call, random);
  const reasoning = Math.min(wanted.reasoning, max);
  const reasoningTokens = composeText(random, reasoning);
  if (tool !== undefined && call.dictated.outputTokens === undefined) {
    const argumentTokens = splitTokens(simulatedArguments(tool.parameters, random));
    if (reasoning + argumentTokens.length + TOOL_CALL_TOKENS <= max)
      return {
        reasoningTokens,
        textTokens: [],
        toolCall: { name: tool.name, argumentTokens },
        finish: 'tool',
      };
  }
  const visible = Math.min(wanted.visible, max - reasoning);
  return {
    reasoningTokens,
    textTokens: composeText(random, visible),
    toolCall: undefined,
    finish: reasoning + visible < wanted.reasoning + wanted.visible ? 'length' : 'stop',
  };
}

function wantedTokens(call: SimulatedCall, random: Random): { visible: number; reasoning: number } {
  const drawn = Math.min(OUTPUT_TOKENS_MAX, logNormal(random, OUTPUT_TOKENS_MEDIAN, OUTPUT_SIGMA));
  const thinks = call.thinking || call.model.includes('reasoning');
  const ratio = thinks ? logNormal(random, REASONING_RATIO_MEDIAN, REASONING_SIGMA) : 0;
  const total = call.dictated.outputTokens;
  if (total !== undefined) {
    const share = Math.floor((total * ratio) / (1 + ratio));
    const reasoning = Math.min(call.dictated.reasoningTokens ?? share, total);
    return { visible: total - reasoning, reasoning };
  }
  return {
    visible: drawn,
    reasoning:
      call.dictated.reasoningTokens ?? Math.min(REASONING_TOKENS_MAX, Math.round(drawn * ratio)),
  };
}

/** A whole number, at least one. */
function logNormal(random: Random, median: number, sigma: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  const normal = radius * Math.cos(2 * Math.PI * random.next());
  return Math.max(1, Math.round(median * Math.exp(sigma * normal)));
}

/**
 * The tool that the model calls: the one that the caller forces, else the first that the last user
 * message names. After a tool's result it answers in text, so that loops of tool calls end.
 */
function toolToCall(call: SimulatedCall): SimulatedTool | undefined {
  const { tools, toolChoice } = call;
  if (toolChoice === 'none') return undefined;
  if (typeof toolChoice === 'object') return tools.find((tool) => tool.name === toolChoice.name);
  if (call.afterToolResult) return undefined;
  const mentioned = tools.find((tool) => call.lastUserText.includes(tool.name));
  return mentioned ?? (toolChoice === 'required' ? tools[0] : undefined);
}

function randomOf(call: SimulatedCall, seed: number, choice: number): Random {
  const hash = createHash('sha256').update(`${seed}\0${choice}\0${call.model}`);
  for (const part of call.prompt) hash.update('\0').update(part.text);
  return seededRandom(hash.digest().readUIntBE(0, 6));
}
