/** What a built script imports at once, as the builder writes it: `from"./name.js"`, `import"./name.js"`. */
const IMPORT = /\b(?:from|import)\s?["']\.\/([\w.-]+\.js)["']/g;

/**
 * A `Link` header that has a script and all that it imports loaded beside the page's own scripts; else the
 * browser learns of them only when these have come and run, a round trip or two later.
 *
 * @param entry the script's address
 * @param sourceOf the text of a script of the same folder, `undefined` where there is none
 * @param isNamed whether the page names a script itself
 */
export function preloadHeader(
  entry: string,
  sourceOf: (path: string) => string | undefined,
  isNamed: (path: string) => boolean,
): string {
  const found = new Set([entry]);
  const folder = entry.slice(0, entry.lastIndexOf('/') + 1);
  // What is added while it is gone through is gone through as well.
  for (const path of found) {
    for (const [, name = ''] of sourceOf(path)?.matchAll(IMPORT) ?? [])
      if (!isNamed(folder + name)) found.add(folder + name);
  }
  return [...found].map((path) => `<${path}>; rel=modulepreload`).join(', ');
}
