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
 * are kept as they were, the same objects, so that what draws them need not look. The text as a whole is
 * never put together: at twenty times a second its copies would be most of what there is to clean up.
 */
export class GrowingBlocks {
  #texts: readonly string[] = [];
  #blocks: readonly Block[] = [];
  /** How many blocks need not be read again, where the rest begins, and the rest. */
  #kept = 0;
  #from = 0;
  #rest = '';
  /** Whether a line has ended in the first half of a carriage return with its line feed. */
  #isHalfEnd = false;

  /** Characters that have been read. */
  get length(): number {
    return this.#texts.reduce((sum, { length }) => sum + length, 0);
  }

  /** @param texts which together are the text; those that have not changed are best the same strings */
  of(texts: readonly string[]): readonly Block[] {
    let more = growth(this.#texts, texts);
    this.#texts = texts;
    if (more === '') return this.#blocks;
    if (more === undefined) {
      this.#kept = 0;
      this.#from = 0;
      this.#rest = '';
      this.#isHalfEnd = false;
      more = texts.join('');
    }
    const text = this.#rest + this.#unified(more);
    const kept = this.#blocks.slice(0, this.#kept);
    const read = blocksIn(text, this.#from);
    this.#blocks = [...kept, ...read.blocks];
    this.#kept = kept.length + read.kept;
    this.#rest = text.slice(read.from - this.#from);
    this.#from = read.from;
    return this.#blocks;
  }

  /** The same lines, whichever way they end. */
  #unified(more: string): string {
    const text = this.#isHalfEnd && more.startsWith('\n') ? more.slice(1) : more;
    this.#isHalfEnd = more.endsWith('\r');
    return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
  }
}

/** What a text is more than it was; `undefined` where it is another. */
function growth(before: readonly string[], now: readonly string[]): string | undefined {
  const at = before.length - 1;
  const last = before[at] ?? '';
  const there = now[at] ?? '';
  if (there.startsWith(last) && before.every((text, index) => index === at || text === now[index]))
    return at < 0 ? now.join('') : there.slice(last.length) + now.slice(at + 1).join('');
  const whole = now.join('');
  const known = before.join('');
  return whole.startsWith(known) ? whole.slice(known.length) : undefined;
}

interface ReadBlocks {
  readonly blocks: readonly Block[];
  /** Blocks at the beginning that more text cannot change. */
  readonly kept: number;
  /** Where the first block begins that it can. */
  readonly from: number;
}

function blocksIn(text: string, start: number): ReadBlocks {
  const tokens: TokensList | Token[] = marked.lexer(text);
  const blocks: Block[] = [];
  let at = start;
  let from = start;
  let kept = 0;
  let isExact = true;
  for (const token of tokens) {
    const { raw } = token;
    if (token.type !== 'space' && token.type !== 'def') {
      if (isExact) {
        kept = blocks.length;
        from = at;
      }
      blocks.push({ at, raw, token, isOpen: isOpenCode(token) });
    }
    // A token's text is now and then not the source's (tabs of lists are widened): past such a one
    // nobody knows where the next begins, so it is read again with all that follows.
    isExact &&= isSame(text, at - start, raw);
    at += raw.length;
  }
  return { blocks, kept, from };
}

/** Whether a token's text stands there, whatever kind of space its spaces are. */
function isSame(text: string, at: number, raw: string): boolean {
  if (text.startsWith(raw, at)) return true;
  const there = text.slice(at, at + raw.length);
  return there.length === raw.length && there.replaceAll(/\s/g, ' ') === raw.replaceAll(/\s/g, ' ');
}

function isOpenCode(token: Token): boolean {
  if (token.type !== 'code' || !/^ {0,3}(```|~~~)/.test(token.raw)) return false;
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(token.raw)?.[1] ?? '```';
  return !new RegExp(`\\n {0,3}${fence}[\`~]* *\\n*$`).test(token.raw);
}
