import type { HighlighterCore, ThemedToken } from 'shiki/core';
import type { CodeToken, HighlightAnswer, HighlightRequest } from './highlight.ts';

const LANGUAGES: Readonly<Record<string, () => Promise<unknown>>> = {
  bash: () => import('shiki/langs/bash.mjs'),
  c: () => import('shiki/langs/c.mjs'),
  cpp: () => import('shiki/langs/cpp.mjs'),
  csharp: () => import('shiki/langs/csharp.mjs'),
  css: () => import('shiki/langs/css.mjs'),
  diff: () => import('shiki/langs/diff.mjs'),
  go: () => import('shiki/langs/go.mjs'),
  html: () => import('shiki/langs/html.mjs'),
  java: () => import('shiki/langs/java.mjs'),
  javascript: () => import('shiki/langs/javascript.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  kotlin: () => import('shiki/langs/kotlin.mjs'),
  markdown: () => import('shiki/langs/markdown.mjs'),
  php: () => import('shiki/langs/php.mjs'),
  python: () => import('shiki/langs/python.mjs'),
  ruby: () => import('shiki/langs/ruby.mjs'),
  rust: () => import('shiki/langs/rust.mjs'),
  sql: () => import('shiki/langs/sql.mjs'),
  swift: () => import('shiki/langs/swift.mjs'),
  toml: () => import('shiki/langs/toml.mjs'),
  tsx: () => import('shiki/langs/tsx.mjs'),
  typescript: () => import('shiki/langs/typescript.mjs'),
  xml: () => import('shiki/langs/xml.mjs'),
  yaml: () => import('shiki/langs/yaml.mjs'),
};

const ALIASES: Readonly<Record<string, string>> = {
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  'c++': 'cpp',
  cs: 'csharp',
  'c#': 'csharp',
  golang: 'go',
  js: 'javascript',
  jsx: 'tsx',
  ts: 'typescript',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  kt: 'kotlin',
  md: 'markdown',
  yml: 'yaml',
  postgresql: 'sql',
  svg: 'xml',
};

/** Longer code is shown plain: colouring it would hold the page up. */
const CHARACTERS_MAX = 20_000;

/** The first line compiles the grammar: with the usual half second its rest stays in one colour. */
const LINE_MS_MAX = 10_000;

let loading: Promise<HighlighterCore> | undefined;

/** The coloured lines of a program; `undefined` where the language is not known. */
async function linesOf(
  code: string,
  language: string,
): Promise<readonly (readonly ThemedToken[])[] | undefined> {
  const asked =
    language
      .trim()
      .toLowerCase()
      .split(/[\s,{]/)[0] ?? '';
  const name = ALIASES[asked] ?? asked;
  const load = LANGUAGES[name];
  if (!load || code.length > CHARACTERS_MAX) return undefined;
  loading ??= highlighter();
  const [core, grammar] = await Promise.all([loading, load()]);
  if (!core.getLoadedLanguages().includes(name))
    await core.loadLanguage((grammar as { default: never }).default);
  return core.codeToTokens(code, {
    lang: name,
    theme: 'breakeven',
    tokenizeTimeLimit: LINE_MS_MAX,
  }).tokens;
}

async function highlighter(): Promise<HighlighterCore> {
  const [{ createHighlighterCore }, { createJavaScriptRegexEngine }] = await Promise.all([
    import('shiki/core'),
    import('shiki/engine/javascript'),
  ]);
  const colour = (name: string): string => `var(--code-${name})`;
  return createHighlighterCore({
    engine: createJavaScriptRegexEngine({ forgiving: true }),
    langs: [],
    themes: [
      {
        name: 'breakeven',
        type: 'light',
        fg: colour('plain'),
        bg: 'transparent',
        settings: [
          { settings: { foreground: colour('plain') } },
          { scope: ['comment'], settings: { foreground: colour('comment') } },
          {
            scope: ['keyword', 'storage', 'entity.name.tag'],
            settings: { foreground: colour('keyword') },
          },
          { scope: ['string', 'markup.inserted'], settings: { foreground: colour('string') } },
          { scope: ['constant', 'support.constant'], settings: { foreground: colour('number') } },
          {
            scope: [
              'entity.name.function',
              'support.function',
              'entity.other.attribute-name',
              'entity.name.type',
            ],
            settings: { foreground: colour('name') },
          },
        ],
      },
    ],
  });
}

/** The colours of a line, one after another: each is an element of the page, space needs none of its own. */
function pieces(line: readonly ThemedToken[]): readonly CodeToken[] {
  const found: CodeToken[] = [];
  for (const { content, color = '' } of line) {
    const last = found.at(-1);
    if (last && (last.color === color || content.trim() === ''))
      found[found.length - 1] = { content: last.content + content, color: last.color };
    else found.push({ content, color });
  }
  return found;
}

// A grammar takes longer than a frame to compile, so none is compiled where the page is drawn.
addEventListener('message', ({ data }: MessageEvent<HighlightRequest>) => {
  const { id, code, language } = data;
  linesOf(code, language)
    .catch(() => undefined)
    .then((lines) => {
      postMessage({ id, lines: lines?.map(pieces) } satisfies HighlightAnswer);
    })
    .catch(() => undefined);
});
