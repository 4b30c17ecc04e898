/** Elements whose content nobody reads. */
const UNREAD =
  /<(script|style|noscript|svg|template|iframe|nav|footer|header|form)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;
const BREAKS = /<\/?(p|div|section|article|li|ul|ol|h[1-6]|br|tr|table|blockquote|pre)\b[^>]*>/gi;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
};

/** The words of a page, for a model to read: no markup, no scripts, at most so many characters. */
export function pageText(html: string, charactersMax: number): string {
  const main = /<(main|article)\b[^>]*>([\s\S]*?)<\/\1\s*>/i.exec(html)?.[2];
  const source = main !== undefined && main.length > 500 ? main : html;
  return source
    .replaceAll(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replaceAll(UNREAD, ' ')
    .replaceAll(BREAKS, '\n')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,8}));/gi, decoded)
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{2,}/g, '\n')
    .trim()
    .slice(0, charactersMax);
}

function decoded(whole: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
