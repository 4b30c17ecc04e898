import { Marked, type Token, type TokensList } from 'marked';
import { mathExtension } from './math-extension.ts';

/** A piece of a document that is laid out on its own: a paragraph, a list, a table, a code block. */
export interface Block {
  /** Where it begins in the text; with `raw`, what it is known by. */
  readonly at: number;
  readonly raw: string;
  readonly token: Token;
  /** Code that has no end yet. */
  readonly isOpen: boolean;
}

const marked = new Marked({ gfm: true, breaks: false, async: false });
marked.use({ extensions: mathExtension });

/**
 * The blocks of a text that grows. Only the last block is read again when more comes; all before it
 * are kept as they were, the same objects, so that what draws them need not look.
 */
export class GrowingBlocks {
  #text = '';
  #blocks: readonly Block[] = [];

  of(text: string): readonly Block[] {
    if (text === this.#text) return this.#blocks;
    const grew = text.startsWith(this.#text) && this.#blocks.length > 0;
    const last = grew ? this.#blocks.at(-1) : undefined;
    const kept = last ? this.#blocks.slice(0, -1) : [];
    const from = last?.at ?? 0;
    this.#text = text;
    this.#blocks = [...kept, ...blocksIn(text.slice(from), from)];
    return this.#blocks;
  }
}

function blocksIn(text: string, from: number): readonly Block[] {
  const tokens: TokensList | Token[] = marked.lexer(text);
  const blocks: Block[] = [];
  let at = from;
  for (const token of tokens) {
    if (token.type !== 'space' && token.type !== 'def')
      blocks.push({ at, raw: token.raw, token, isOpen: isOpenCode(token) });
    at += token.raw.length;
  }
  return blocks;
}

function isOpenCode(token: Token): boolean {
  if (token.type !== 'code' || !/^ {0,3}(```|~~~)/.test(token.raw)) return false;
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(token.raw)?.[1] ?? '```';
  return !new RegExp(`\\n {0,3}${fence}[\`~]* *\\n*$`).test(token.raw);
}

/** The HTML of a block, not yet cleaned. */
export function htmlOf(token: Token): string {
  return marked.parser([token]);
}

marked.use({
  renderer: {
    // Loading a picture tells its server who reads, and when: that is the reader's to decide.
    image({ href, text }) {
      return `<button type="button" class="remote-image" data-src="${escaped(href)}">${escaped(text || href)}</button>`;
    },
    code({ text, lang }) {
      return `<pre><code data-language="${escaped(lang ?? '')}">${escaped(text)}</code></pre>`;
    },
    // HTML of an answer is shown as what it is: text.
    html({ text }) {
      return escaped(text);
    },
    checkbox({ checked }) {
      return `<span class="task" role="img" aria-label="${checked ? '✓' : '○'}">${checked ? '☑' : '☐'}</span> `;
    },
  },
});

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
