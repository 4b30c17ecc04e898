import { meteringOf, usageOfFixture } from './fixtures/read-fixture.ts';
import type { UsageFixture } from './fixtures/usage-fixture.ts';
import type { MeteredPart } from './metering.ts';
import { USAGE_UNITS } from './usage.ts';

/** Marks the part of docs/exactness.md that is made from the fixtures. */
const EXACTNESS_BEGIN = '<!-- metering: begin, made by src/metering/exactness-table.ts -->';
const EXACTNESS_END = '<!-- metering: end -->';

/** The table of vendor shapes and traps with what was expected and what the decoders read. */
export function exactnessTable(fixtures: readonly UsageFixture[]): string {
  const rows = fixtures.map((fixture) => {
    const expected = printed(usageOfFixture(fixture));
    const got = printed(meteringOf(fixture)?.parts);
    const form = fixture.stream === undefined ? 'body' : 'stream';
    return row([
      fixture.vendor,
      `${fixture.trap} (${form})`,
      fixture.source,
      expected,
      got === expected ? 'the same' : `**${got}**`,
    ]);
  });
  return [
    row(['shape', 'trap', 'source', 'expected', 'got']),
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** A document with the table between its marks brought up to date. */
export function withExactnessTable(document: string, table: string): string {
  const begin = document.indexOf(EXACTNESS_BEGIN);
  const end = document.indexOf(EXACTNESS_END);
  if (begin === -1 || end < begin) throw new Error('docs/exactness.md has lost its marks');
  return `${document.slice(0, begin)}${EXACTNESS_BEGIN}\n\n${table}\n\n${document.slice(end)}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** `gpt-5.4 @priority: input 19, output 10`; parts are joined by semicolons, requests are left out. */
function printed(parts: readonly MeteredPart[] | undefined): string {
  if (parts === undefined) return 'no usage';
  return parts
    .map(({ model, serviceTier, usage }) => {
      const units = USAGE_UNITS.filter((unit) => unit !== 'requests' && usage[unit] > 0).map(
        (unit) => `${unit} ${usage[unit]}`,
      );
      return `${model ?? 'no model'}${serviceTier === undefined ? '' : ` @${serviceTier}`}: ${units.join(', ') || 'nothing'}`;
    })
    .join('; ');
}
