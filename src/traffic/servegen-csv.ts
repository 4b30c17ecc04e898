import { closeSync, openSync, writeSync } from 'node:fs';
import { SIMULATED_MODELS } from './demo-request.ts';
import { readServegen } from './servegen-clients.ts';
import {
  type ServegenOptions,
  servegenRequests,
  servegenSubscribers,
} from './servegen-population.ts';

/** Dollars a token of the simulated models in the starter price book; a test holds them to it. */
export const SIMULATED_PRICES: ServegenOptions['prices'] = {
  fast: { input: 0.15e-6, output: 0.6e-6 },
  standard: { input: 2.5e-6, output: 10e-6 },
  reasoning: { input: 10e-6, output: 40e-6 },
};

const BUFFER_CHARACTERS = 1 << 20;

/**
 * Writes the requests of subscribers who are made of ServeGen's clients, as a file to import.
 * @returns how many requests there are, and how many subscribers sent none
 * @throws DomainError as {@link readServegen}
 */
export function writeServegenCsv(
  directory: string,
  file: string,
  options: Omit<ServegenOptions, 'prices'>,
  onProgress: (subscribers: number) => void,
): { readonly requests: number; readonly silent: number } {
  const subscribers = servegenSubscribers(readServegen(directory), {
    ...options,
    prices: SIMULATED_PRICES,
  });
  const out = openSync(file, 'w');
  let text = 'time,customer,model,input,output,reasoning\n';
  let requests = 0;
  let silent = 0;
  try {
    for (const [index, subscriber] of subscribers.entries()) {
      const before = requests;
      for (const each of servegenRequests(subscriber, index, options)) {
        requests++;
        text += `${each.atMs},${subscriber.name},${SIMULATED_MODELS[each.className]},${each.input},${each.output},${each.reasoning}\n`;
        if (text.length < BUFFER_CHARACTERS) continue;
        writeSync(out, text);
        text = '';
      }
      if (requests === before) silent++;
      onProgress(index + 1);
    }
    writeSync(out, text);
  } finally {
    closeSync(out);
  }
  return { requests, silent };
}
