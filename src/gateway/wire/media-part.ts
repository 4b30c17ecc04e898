import type { FactsDraft, MediaPart } from './request-facts.ts';
import { malformed, type Path } from './json-shape.ts';

/**
 * Adds a part that is given as an address: a `data:` URL (inline) or `http(s):` (the supplier fetches it).
 * @throws DomainError `invalid_request` on any other scheme (`file:`, `gs:`…), which a supplier might
 *   read with rights of its own.
 */
export function addMediaUrl(
  facts: FactsDraft,
  kind: MediaPart['kind'],
  url: string,
  detail: string | undefined,
  path: Path,
): void {
  if (startsWithScheme(url, 'data:')) {
    const comma = url.indexOf(',');
    if (comma < 0) throw malformed(path, 'a data: URL with a comma before its data');
    addInline(facts, kind, url.length - comma - 1, detail);
  } else if (startsWithScheme(url, 'https:') || startsWithScheme(url, 'http:')) {
    facts.media.push({ kind, source: 'remote', bytes: 0, detail });
  } else {
    throw malformed(path, 'an http(s): or data: URL');
  }
}

/** Adds a part whose base64 text stands in the body. Base64 is ASCII: its length is its bytes. */
export function addInline(
  facts: FactsDraft,
  kind: MediaPart['kind'],
  base64Length: number,
  detail: string | undefined,
): void {
  facts.media.push({ kind, source: 'inline', bytes: Math.ceil((base64Length * 3) / 4), detail });
  facts.textBytes = Math.max(0, facts.textBytes - base64Length);
}

function startsWithScheme(url: string, scheme: string): boolean {
  return url.slice(0, scheme.length).toLowerCase() === scheme;
}
