import { jsonWithBigints } from '#base/json.ts';

/** A JSON document, part by part: some fields, then one that is a list of any length. */
export async function* jsonDocument(
  fields: object,
  list: { readonly name: string; readonly pages: AsyncIterable<readonly unknown[]> },
): AsyncGenerator<string> {
  yield `${jsonWithBigints(fields).slice(0, -1)},${JSON.stringify(list.name)}:[`;
  let separator = '';
  for await (const rows of list.pages) {
    if (rows.length === 0) continue;
    yield separator + jsonWithBigints(rows).slice(1, -1);
    separator = ',';
  }
  yield ']}';
}
