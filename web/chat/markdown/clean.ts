import DOMPurify from 'dompurify';

const purifier = DOMPurify(window);
purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A') return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
});

/**
 * What of a block may stand in the page: words, tables, lists, links to the web. No scripts, no
 * styles, no forms, no frames, nothing that loads anything.
 */
export function clean(html: string): string {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: [
      'a',
      'b',
      'blockquote',
      'br',
      'button',
      'code',
      'del',
      'div',
      'em',
      'h1',
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
      'hr',
      'i',
      'li',
      'ol',
      'p',
      'pre',
      's',
      'span',
      'strong',
      'sub',
      'sup',
      'table',
      'tbody',
      'td',
      'th',
      'thead',
      'tr',
      'ul',
    ],
    ALLOWED_ATTR: [
      'align',
      'aria-label',
      'class',
      'data-display',
      'data-formula',
      'data-language',
      'data-src',
      'href',
      'role',
      'start',
      'title',
      'type',
    ],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
    // None of these is an address that is ever followed; without this they are checked as if they were.
    ADD_URI_SAFE_ATTR: [
      'align',
      'aria-label',
      'data-display',
      'data-formula',
      'data-language',
      'data-src',
      'start',
      'type',
    ],
    ALLOW_DATA_ATTR: false,
  });
}
