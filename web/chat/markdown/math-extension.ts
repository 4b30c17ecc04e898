import type { TokenizerExtension } from 'marked';

interface Form {
  readonly name: string;
  readonly level: 'block' | 'inline';
  readonly start: RegExp;
  readonly rule: RegExp;
}

const FORMS: readonly Form[] = [
  {
    name: 'mathBlock',
    level: 'block',
    start: /\$\$|\\\[/,
    rule: /^ {0,3}(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n|$)/,
  },
  {
    name: 'mathInline',
    level: 'inline',
    start: /\$|\\\(/,
    // A dollar before a digit's space is money, not mathematics: "$5 and $7".
    rule: /^(?:\$\$([^\n]+?)\$\$|\\\(([^\n]+?)\\\)|\$(?!\s)((?:[^$\\\n]|\\[^\n])+?)(?<!\s)\$(?!\d))/,
  },
];

/** Formulas in dollars or backslashed brackets; drawn later, by whoever has the typesetter. */
export const mathExtension: TokenizerExtension[] = FORMS.map((form) => ({
  name: form.name,
  level: form.level,
  start: (text: string) => {
    const at = text.search(form.start);
    return at < 0 ? undefined : at;
  },
  tokenizer(text: string) {
    const match = form.rule.exec(text);
    if (!match) return undefined;
    const formula = match.slice(1).find((each) => each !== undefined) ?? '';
    return { type: form.name, raw: match[0], text: formula.trim() };
  },
}));
