import type { SimulatedUsage } from './simulated-answer.ts';
import type { SimulatedCall } from './simulated-call.ts';
import { numberArgument, type Misbehaviour } from './misbehaviour.ts';
import type { RenderedAnswer, SimulatedEvent, SimulatedWire } from './rendered-answer.ts';

type Json = Readonly<Record<string, unknown>>;

const HUGE_BYTES = 1024 * 1024;
/** No model has made this many tokens in one answer. */
const ABSURD_TOKENS = 9_007_199_254_740_991;

export interface MisbehaveContext {
  readonly wire: SimulatedWire;
  readonly call: SimulatedCall;
  readonly usage: SimulatedUsage;
}

/** Applies what can go wrong with the content of an answer; byte and connection faults come later. */
export function misbehaveInContent(
  answer: RenderedAnswer,
  misbehaviour: Misbehaviour,
  context: MisbehaveContext,
): RenderedAnswer {
  const each = (change: (json: Json) => Json): RenderedAnswer => ({
    body: change(answer.body),
    events: answer.events.map((event) =>
      typeof event.data === 'string' ? event : { ...event, data: change(event.data) },
    ),
  });
  const events = (list: readonly SimulatedEvent[]): RenderedAnswer => ({ ...answer, events: list });
  switch (misbehaviour.name) {
    case 'no-usage':
      return withoutUsageEvents(
        each((json) => withUsage(json, () => undefined)),
        context.call,
      );
    case 'usage-negative':
      return each((json) => withUsage(json, (usage) => mapCounts(usage, (count) => -count)));
    case 'usage-absurd':
      return each((json) => withUsage(json, (usage) => mapCounts(usage, () => ABSURD_TOKENS)));
    case 'usage-twice':
      return events(answer.events.flatMap((it) => (it.part === 'usage' ? [it, once(it)] : [it])));
    case 'usage-cumulative':
      return events(cumulative(answer.events, context));
    case 'duplicate-events':
      return events(answer.events.flatMap((it) => (it.part === 'delta' ? [it, once(it)] : [it])));
    case 'other-model':
      return each((json) => withModel(json, misbehaviour.argument ?? 'sim-other'));
    case 'error-mid-stream':
      return events([...firstHalf(answer.events), errorEvent(context)]);
    case 'malformed-json':
      return events(malformed(answer.events));
    case 'missing-done':
      return events(answer.events.slice(0, -1));
    case 'trailing-data':
      return events([
        ...answer.events,
        ...answer.events
          .filter((it) => it.part === 'delta')
          .slice(-1)
          .map(once),
      ]);
    case 'huge-event':
      return huge(answer, numberArgument(misbehaviour, HUGE_BYTES));
    default:
      return answer;
  }
}

/** The same event again, for which the model has made nothing new. */
function once(event: SimulatedEvent): SimulatedEvent {
  return { ...event, tokens: 0 };
}

function firstHalf(events: readonly SimulatedEvent[]): SimulatedEvent[] {
  return events.slice(0, Math.ceil(events.length / 2));
}

/** Usage stands at the top, or inside Anthropic's `message`, or inside the Responses' `response`. */
function withUsage(json: Json, change: (usage: Json) => Json | undefined): Json {
  const copy: Record<string, unknown> = { ...json };
  for (const holder of ['message', 'response'])
    if (isJson(copy[holder])) copy[holder] = withUsage(copy[holder], change);
  if (!isJson(copy['usage'])) return copy;
  const usage = change(copy['usage']);
  if (usage === undefined) delete copy['usage'];
  else copy['usage'] = usage;
  return copy;
}

/** A chat stream's usage chunk holds nothing else. */
function withoutUsageEvents(answer: RenderedAnswer, call: SimulatedCall): RenderedAnswer {
  if (call.surface !== 'chat') return answer;
  return { ...answer, events: answer.events.filter((event) => event.part !== 'usage') };
}

function withModel(json: Json, model: string): Json {
  const copy: Record<string, unknown> = { ...json };
  for (const holder of ['message', 'response'])
    if (isJson(copy[holder])) copy[holder] = withModel(copy[holder], model);
  if (typeof copy['model'] === 'string') copy['model'] = model;
  return copy;
}

function mapCounts(json: Json, change: (count: number) => number): Json {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      if (typeof value === 'number') return [name, change(value)];
      return [name, isJson(value) ? mapCounts(value, change) : value];
    }),
  );
}

function cumulative(
  events: readonly SimulatedEvent[],
  { wire, call, usage }: MisbehaveContext,
): SimulatedEvent[] {
  let output = 0;
  return events.map((event) => {
    output += event.tokens;
    if (event.part !== 'delta' || typeof event.data === 'string') return event;
    const soFar = { ...usage, output, reasoning: Math.min(output, usage.reasoning) };
    return { ...event, data: { ...event.data, usage: wire.usage(soFar, call) } };
  });
}

function errorEvent({ wire, call }: MisbehaveContext): SimulatedEvent {
  const error = wire.error({
    status: 500,
    message: 'Simulated: the server had an error while processing your request.',
    type: 'server_error',
    param: null,
    code: 'server_error',
  });
  if (call.surface === 'chat') return { name: undefined, data: error, tokens: 0, part: 'end' };
  const data = call.surface === 'messages' ? error : { ...(error['error'] as Json), type: 'error' };
  return { name: 'error', data, tokens: 0, part: 'end' };
}

function malformed(events: readonly SimulatedEvent[]): SimulatedEvent[] {
  const middle = Math.floor(events.length / 2);
  return events.map((event, index) => {
    if (index !== middle || typeof event.data === 'string') return event;
    return { ...event, data: JSON.stringify(event.data).slice(0, -3) };
  });
}

/** Pads with a field that no client knows, so that the content stays what it is. */
function huge(answer: RenderedAnswer, bytes: number): RenderedAnswer {
  const padding = { simulated_padding: 'x'.repeat(bytes) };
  const first = answer.events.findIndex((event) => event.part === 'delta');
  return {
    body: { ...answer.body, ...padding },
    events: answer.events.map((event, index) =>
      index === first && typeof event.data !== 'string'
        ? { ...event, data: { ...event.data, ...padding } }
        : event,
    ),
  };
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
