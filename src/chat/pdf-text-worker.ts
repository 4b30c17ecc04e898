import { parentPort, workerData } from 'node:worker_threads';
import { getDocumentProxy } from 'unpdf';
import type { PdfReading } from './pdf-text.ts';

/** Reads the text of one PDF, page by page, and ends. */
const { content, pagesMax, charactersMax } = workerData as {
  readonly content: Uint8Array;
  readonly pagesMax: number;
  readonly charactersMax: number;
};

async function read(): Promise<PdfReading> {
  const pdf = await getDocumentProxy(content, { stopAtErrors: false });
  if (pdf.numPages > pagesMax) return { problem: 'too_long' };
  const pages: string[] = [];
  let length = 0;
  for (let number = 1; number <= pdf.numPages; number++) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const text = items
      .map((item) => ('str' in item ? `${item.str}${item.hasEOL ? '\n' : ''}` : ''))
      .join('')
      .trim();
    page.cleanup();
    length += text.length;
    if (length > charactersMax) return { problem: 'too_long' };
    if (text !== '') pages.push(`[Page ${number}]\n${text}`);
  }
  return pages.length === 0 ? { problem: 'no_text' } : { text: pages.join('\n\n') };
}

const reading = await read().catch((error: unknown): PdfReading => {
  const name = error instanceof Error ? error.name : '';
  return { problem: name === 'PasswordException' ? 'locked' : 'broken' };
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
parentPort?.postMessage(reading);
