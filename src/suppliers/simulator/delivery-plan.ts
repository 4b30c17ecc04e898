import { gzipSync } from 'node:zlib';
import type { AnswerHeaders, DeliveryStep } from './delivery-step.ts';
import { numberArgument, type Misbehaviour } from './misbehaviour.ts';
import type { RenderedAnswer, SimulatedEvent } from './rendered-answer.ts';

/** Before the first byte of an answer. */
const FIRST_TOKEN: DeliveryStep = { kind: 'generate', tokens: 0 };
const DRIP_BYTES = 7;
const GZIP_PIECE_BYTES = 512;
const FLOOD_HEADERS = 200;

export interface DeliveryPlanOptions {
  readonly answer: RenderedAnswer;
  readonly stream: boolean;
  /** Output tokens of the whole answer. */
  readonly tokens: number;
  readonly headers: AnswerHeaders;
  readonly misbehaviour: Misbehaviour | undefined;
}

/** The steps that deliver an answer, with what goes wrong on the way. */
export function planDelivery(options: DeliveryPlanOptions): DeliveryStep[] {
  const { answer, stream, tokens, misbehaviour } = options;
  const sends = stream
    ? answer.events.map((event) => sendEvent(event, misbehaviour))
    : [send(Buffer.from(bodyText(answer, misbehaviour)), 0)];
  const plan: Plan = {
    headers: {
      'content-type': stream ? 'text/event-stream; charset=utf-8' : 'application/json',
      ...options.headers,
    },
    before: stream ? [FIRST_TOKEN] : [{ kind: 'generate', tokens }],
    body: sends,
    // A length promises an end that a misbehaviour may not keep.
    lengthKnown: !stream && misbehaviour === undefined,
  };
  return stepsOf(misbehaviour ? misbehaveOnTheWay(plan, misbehaviour) : plan);
}

interface Plan {
  readonly headers: AnswerHeaders;
  readonly before: readonly DeliveryStep[];
  readonly body: readonly DeliveryStep[];
  readonly lengthKnown: boolean;
}

function stepsOf(plan: Plan): DeliveryStep[] {
  const length = plan.body.reduce(
    (sum, step) => sum + (step.kind === 'send' ? step.bytes.length : 0),
    0,
  );
  const headers = plan.lengthKnown
    ? { ...plan.headers, 'content-length': `${length}` }
    : plan.headers;
  return [...plan.before, { kind: 'head', status: 200, headers }, ...plan.body];
}

function send(bytes: Buffer, tokens: number): DeliveryStep & { kind: 'send' } {
  return { kind: 'send', bytes, tokens };
}

function sendEvent(event: SimulatedEvent, misbehaviour: Misbehaviour | undefined): DeliveryStep {
  const data = typeof event.data === 'string' ? event.data : JSON.stringify(event.data);
  const line = misbehaviour?.name === 'crlf' ? '\r\n' : '\n';
  const comment = misbehaviour?.name === 'comments' ? `: simulated keep-alive${line}${line}` : '';
  const name = event.name === undefined ? '' : `event: ${event.name}${line}`;
  return send(Buffer.from(`${comment}${name}data: ${data}${line}${line}`), event.tokens);
}

function bodyText(answer: RenderedAnswer, misbehaviour: Misbehaviour | undefined): string {
  const text = JSON.stringify(answer.body);
  if (misbehaviour?.name === 'malformed-json') return text.slice(0, -3);
  if (misbehaviour?.name === 'trailing-data') return `${text}\n{"trailing":"data"}`;
  return text;
}

function misbehaveOnTheWay(plan: Plan, misbehaviour: Misbehaviour): Plan {
  const pause: DeliveryStep = {
    kind: 'pause',
    ms: numberArgument(misbehaviour, Number.POSITIVE_INFINITY),
  };
  switch (misbehaviour.name) {
    case 'split-utf8':
      return { ...plan, body: plan.body.flatMap((step) => split(step, insideCharacter)) };
    case 'split-event':
      return { ...plan, body: plan.body.flatMap((step) => split(step, insideEvent)) };
    case 'cut-utf8':
      return { ...plan, body: cut(plan.body, insideCharacter) };
    case 'cut-event':
      return { ...plan, body: cut(plan.body, insideEvent) };
    case 'empty-body':
      return { ...plan, body: [] };
    case 'wrong-content-type':
      return { ...plan, headers: { ...plan.headers, 'content-type': 'text/html; charset=utf-8' } };
    case 'header-flood':
      return {
        ...plan,
        headers: { ...plan.headers, ...flood(numberArgument(misbehaviour, FLOOD_HEADERS)) },
      };
    case 'gzip':
      return {
        ...plan,
        headers: { ...plan.headers, 'content-encoding': 'gzip' },
        body: gzipped(plan.body),
      };
    case 'reset-before-headers':
      return { ...plan, before: [...plan.before, { kind: 'reset' }] };
    case 'reset-after-headers':
      return { ...plan, body: [{ kind: 'pause', ms: 0 }, { kind: 'reset' }] };
    case 'reset-mid-stream':
      return { ...plan, body: [...half(plan.body), { kind: 'pause', ms: 0 }, { kind: 'reset' }] };
    case 'silence-before-headers':
      return { ...plan, before: [...plan.before, pause] };
    case 'silence-after-headers':
      return { ...plan, body: [pause, ...plan.body] };
    case 'silence-mid-stream': {
      const first = half(plan.body);
      return { ...plan, body: [...first, pause, ...rest(plan.body)] };
    }
    case 'slow-drip':
      return {
        ...plan,
        body: plan.body.flatMap((step) => drip(step, numberArgument(misbehaviour, 20))),
      };
    default:
      return plan;
  }
}

/** The first half of the sends; of a single send, the first half of its bytes. */
function half(body: readonly DeliveryStep[]): DeliveryStep[] {
  const only = body[0];
  if (body.length === 1 && only?.kind === 'send')
    return [send(only.bytes.subarray(0, only.bytes.length >> 1), only.tokens)];
  return body.slice(0, Math.ceil(body.length / 2));
}

function rest(body: readonly DeliveryStep[]): DeliveryStep[] {
  const only = body[0];
  if (body.length === 1 && only?.kind === 'send')
    return [send(only.bytes.subarray(only.bytes.length >> 1), 0)];
  return body.slice(Math.ceil(body.length / 2));
}

/** Where to break a send's bytes; `undefined` to leave it whole. */
type Break = (bytes: Buffer) => number | undefined;

const insideCharacter: Break = (bytes) => {
  const at = bytes.findIndex((byte) => byte >= 0xc0);
  return at < 0 ? undefined : at + 1;
};

const insideEvent: Break = (bytes) =>
  bytes.length < 2 ? undefined : Math.floor(bytes.length * 0.6);

function split(step: DeliveryStep, breakAt: Break): DeliveryStep[] {
  const at = step.kind === 'send' ? breakAt(step.bytes) : undefined;
  if (step.kind !== 'send' || at === undefined) return [step];
  return [
    send(step.bytes.subarray(0, at), 0),
    { kind: 'pause', ms: 0 },
    send(step.bytes.subarray(at), step.tokens),
    { kind: 'pause', ms: 0 },
  ];
}

/** Ends at a break in the second half, or at the last one before it, so that something was sent. */
function cut(body: readonly DeliveryStep[], breakAt: Break): DeliveryStep[] {
  const breaks = body.flatMap((step, index) => {
    const at = step.kind === 'send' ? breakAt(step.bytes) : undefined;
    return at === undefined ? [] : [{ index, at }];
  });
  const place = breaks.find(({ index }) => index >= body.length / 2) ?? breaks.at(-1);
  const last = place && body[place.index];
  if (!place || last?.kind !== 'send') return half(body);
  return [...body.slice(0, place.index), send(last.bytes.subarray(0, place.at), last.tokens)];
}

function drip(step: DeliveryStep, ms: number): DeliveryStep[] {
  if (step.kind !== 'send') return [step];
  const steps: DeliveryStep[] = [];
  for (let at = 0; at < step.bytes.length; at += DRIP_BYTES) {
    const piece = step.bytes.subarray(at, at + DRIP_BYTES);
    steps.push(send(piece, at === 0 ? step.tokens : 0), { kind: 'pause', ms });
  }
  return steps;
}

/** One gzip stream over all, in pieces that carry the tokens of their share. */
function gzipped(body: readonly DeliveryStep[]): DeliveryStep[] {
  const sends = body.filter((step) => step.kind === 'send');
  const bytes = gzipSync(Buffer.concat(sends.map((step) => step.bytes)));
  let tokens = sends.reduce((sum, step) => sum + step.tokens, 0);
  const pieces = Math.ceil(bytes.length / GZIP_PIECE_BYTES);
  const share = Math.ceil(tokens / pieces);
  return Array.from({ length: pieces }, (_, index) => {
    const taken = Math.min(share, tokens);
    tokens -= taken;
    return send(bytes.subarray(index * GZIP_PIECE_BYTES, (index + 1) * GZIP_PIECE_BYTES), taken);
  });
}

function flood(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`x-simulated-flood-${index}`, 'x'.repeat(100)]),
  );
}
