import { createHash } from 'node:crypto';
import { seededRandom } from '#base/random.ts';
import { openAiError, promptTokensOf, type SimulatedWire } from './rendered-answer.ts';

/** OpenAI's embeddings: a unit vector per input, the same for the same text. Never a stream. */
export const embeddingsWire: SimulatedWire = {
  render({ call, answer }) {
    const { inputs, dimensions, encoding } = call.embedding ?? {
      inputs: [],
      dimensions: 0,
      encoding: 'float',
    };
    const data = inputs.map((input, index) => {
      const vector = embed(call.model, input, dimensions);
      const embedding =
        encoding === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
      return { object: 'embedding', index, embedding };
    });
    const usage = embeddingsWire.usage(answer.usage, call);
    return { body: { object: 'list', data, model: call.model, usage }, events: [] };
  },
  usage(usage) {
    const tokens = promptTokensOf(usage);
    return { prompt_tokens: tokens, total_tokens: tokens };
  },
  error: openAiError,
};

function embed(model: string, text: string, dimensions: number): Float32Array {
  const digest = createHash('sha256').update(`${model}\0${text}`).digest();
  const random = seededRandom(digest.readUIntBE(0, 6));
  const vector = Float32Array.from({ length: dimensions }, () => random.next() - 0.5);
  const length = Math.hypot(...vector) || 1;
  return vector.map((each) => each / length);
}
