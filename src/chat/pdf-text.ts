import { Worker } from 'node:worker_threads';
import { DomainError } from '#base/domain-error.ts';

/** What came of reading a PDF. */
export type PdfReading =
  | { readonly text: string }
  | { readonly problem: 'too_long' | 'no_text' | 'locked' | 'broken' };

const PAGES_MAX = 500;
const CHARACTERS_MAX = 400_000;
const TIMEOUT_MS = 20_000;
const MEMORY_MB = 256;

const PROBLEMS: Readonly<Record<Exclude<PdfReading, { text: string }>['problem'], string>> = {
  too_long: `A PDF may have at most ${PAGES_MAX} pages and ${CHARACTERS_MAX / 1000},000 characters of text.`,
  no_text: 'This PDF has no text in it; it may be a scan. Attach its pages as pictures.',
  locked: 'This PDF is locked with a password.',
  broken: 'This PDF cannot be read.',
};

/** Whether a file is a PDF by its content: the mark may stand behind a little else (ISO 32000, 7.5.2). */
export function isPdf(content: Buffer): boolean {
  return content.subarray(0, 1024).includes('%PDF-');
}

/**
 * The text of a PDF with the number of each page. It is read in a thread of its own with little memory and
 * little time, since a file from outside may be made to take much of both; nothing in it is run.
 * @throws DomainError `invalid_request` where it has no text, is locked, broken, too long or too slow
 */
export async function pdfText(content: Buffer): Promise<string> {
  const worker = new Worker(new URL('./pdf-text-worker.ts', import.meta.url), {
    workerData: {
      content: new Uint8Array(content),
      pagesMax: PAGES_MAX,
      charactersMax: CHARACTERS_MAX,
    },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    // What the reader has to say of a broken file is nobody's business.
    stdout: true,
    stderr: true,
    env: {},
  });
  const timer = setTimeout(() => void worker.terminate(), TIMEOUT_MS);
  const reading = await new Promise<PdfReading>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', () => resolve({ problem: 'broken' }));
    worker.once('exit', () => resolve({ problem: 'broken' }));
  });
  clearTimeout(timer);
  void worker.terminate();
  if ('text' in reading) return reading.text;
  throw new DomainError('invalid_request', PROBLEMS[reading.problem], { field: 'file' });
}
