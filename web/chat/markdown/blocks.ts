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
  /** How many blocks need not be read again, and where the rest begins. */
  #kept = 0;
  #from = 0;

  of(source: string): readonly Block[] {
    const text = source.includes('\r') ? source.replaceAll(/\r\n?/g, '\n') : source;
    if (text === this.#text) return this.#blocks;
    if (!text.startsWith(this.#text)) {
      this.#kept = 0;
      this.#from = 0;
    }
    this.#text = text;
    const kept = this.#blocks.slice(0, this.#kept);
    const read = blocksIn(text.slice(this.#from), this.#from);
    this.#blocks = [...kept, ...read.blocks];
    this.#kept = kept.length + read.kept;
    this.#from = read.from;
    return this.#blocks;
  }
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
