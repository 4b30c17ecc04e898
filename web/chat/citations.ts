import type { Source } from '#chat/part.ts';

/** A mark as answers carry it: `[3]`, `[1, 2]`, `【3】`. */
const MARK = /(?:\[|【)(\d{1,2}(?:\s*[,，]\s*\d{1,2})*)(?:\]|】)/g;
/** Where `[1]` is no citation, or is one already. */
const ELSEWHERE = 'pre, code, a, .math, .cite';
const BLOCKS = 'p, li, td, th, blockquote, h1, h2, h3, h4, h5, h6, .block';
const HIGHLIGHT = 'cited';

/**
 * Makes the marks of a finished answer what they stand for: a number that opens its source, with a card
 * that names it while the number is pointed at or focused, and the sentence that leans on it marked
 * meanwhile. Marks of sources that there are none of stay text.
 */
export function linkCitations(root: HTMLElement, sources: readonly Source[]): void {
  const byNumber = new Map(sources.map((source) => [source.index, source]));
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node instanceof Text && !node.parentElement?.closest(ELSEWHERE)) texts.push(node);
  for (const text of texts) {
    const marks = [...text.data.matchAll(MARK)];
    // From the last on: what stands before keeps its place.
    for (const mark of marks.toReversed()) {
      const cited = (mark[1] ?? '').split(/[,，]/).map((number) => byNumber.get(Number(number)));
      if (cited.some((source) => source === undefined)) continue;
      const rest = text.splitText(mark.index);
      rest.deleteData(0, mark[0].length);
      for (const source of cited) if (source) rest.before(numberOf(source));
    }
  }
}

function numberOf(source: Source): HTMLElement {
  const mark = document.createElement('sup');
  mark.className = 'cite';
  const link = document.createElement('a');
  if (/^https?:/i.test(source.url)) link.href = source.url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow';
  // The text stays what it was, also for whoever copies it; the card is drawn from these.
  link.textContent = `[${source.index}]`;
  link.dataset['title'] = source.title;
  link.dataset['host'] = URL.canParse(source.url) ? new URL(source.url).hostname : '';
  link.setAttribute('aria-label', [link.textContent, source.title, link.dataset['host']].join(' '));
  mark.append(link);
  const show = (): void => {
    placeCard(link);
    highlight(mark);
  };
  const hide = (): void => {
    sectionOf(link)?.style.removeProperty('content-visibility');
    CSS.highlights?.delete(HIGHLIGHT);
  };
  link.addEventListener('mouseenter', show);
  link.addEventListener('focus', show);
  link.addEventListener('mouseleave', hide);
  link.addEventListener('blur', hide);
  return mark;
}

/** As wide as the card may be; see `.cite` in styles/citations.css. */
const CARD_WIDTH = 320;
/** What the card and the page's head above the conversation may take. */
const ROOM_ABOVE = 150;
const MARGIN = 16;

const sectionOf = (link: HTMLElement): HTMLElement | null => link.closest('.prose-section');

/**
 * Keeps the card in the window: moved to the left at its right edge, below the number at its top; and
 * lets it reach out of its section, which the browser cuts off at its edges to draw less.
 */
function placeCard(link: HTMLElement): void {
  const { left, top } = link.getBoundingClientRect();
  const width = Math.min(CARD_WIDTH, innerWidth * 0.7);
  link.style.setProperty('--card-left', `${Math.min(0, innerWidth - MARGIN - width - left)}px`);
  link.classList.toggle('cite-below', top < ROOM_ABOVE);
  sectionOf(link)?.style.setProperty('content-visibility', 'visible');
}

/** Marks the sentence before a number, where the browser can without changing the text. */
function highlight(mark: HTMLElement): void {
  const block = mark.closest(BLOCKS);
  if (!block || !('highlights' in CSS)) return;
  const texts: Text[] = [];
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (mark.contains(node)) break;
    if (node instanceof Text && !node.parentElement?.closest('.cite')) texts.push(node);
  }
  const range = document.createRange();
  range.setEndBefore(mark);
  range.setStart(block, 0);
  for (const [index, text] of texts.toReversed().entries()) {
    // The stop right before the number ends the sentence that is meant.
    const before = index === 0 ? text.data.replace(/[\s.!?。！？]+$/, '') : text.data;
    const at = Math.max(
      ...['. ', '! ', '? ', '。', '！', '？'].map((stop) => before.lastIndexOf(stop)),
    );
    if (at < 0) continue;
    range.setStart(text, at + 1);
    break;
  }
  CSS.highlights.set(HIGHLIGHT, new Highlight(range));
}
