/**
 * Puts values into their places: row `i` of the next rows of a day belongs at `places[from + i]`. Each pair
 * of types has a function of its own, so that each is compiled for those types alone.
 */
export interface Places {
  readonly places: Uint32Array;
  readonly from: number;
  readonly count: number;
}

export function integersToDoubles(
  column: Float64Array,
  { places, from, count }: Places,
  items: Uint32Array,
  base: number,
): void {
  for (let i = 0; i < count; i++) column[places[from + i] ?? 0] = (items[i] ?? 0) + base;
}

export function doublesToDoubles(
  column: Float64Array,
  { places, from, count }: Places,
  items: Float64Array,
): void {
  for (let i = 0; i < count; i++) column[places[from + i] ?? 0] = items[i] ?? 0;
}

export function integersToIntegers(
  column: Uint32Array,
  { places, from, count }: Places,
  items: Uint32Array,
  base: number,
): void {
  for (let i = 0; i < count; i++) column[places[from + i] ?? 0] = ((items[i] ?? 0) + base) | 0;
}

/** Through a table: `items` are places in it, once a base is added. */
export function lookedUp(
  column: Uint32Array,
  { places, from, count }: Places,
  items: Uint32Array,
  base: number,
  table: Uint32Array,
): void {
  for (let i = 0; i < count; i++)
    column[places[from + i] ?? 0] = table[(items[i] ?? 0) + base] ?? 0;
}

export function kindsToBytes(
  column: Uint8Array,
  { places, from, count }: Places,
  kinds: Uint32Array,
  table: Uint8Array,
): void {
  for (let i = 0; i < count; i++) column[places[from + i] ?? 0] = table[kinds[i] ?? 0] ?? 0;
}

export function kindsToShorts(
  column: Uint16Array,
  { places, from, count }: Places,
  kinds: Uint32Array,
  table: Uint16Array,
): void {
  for (let i = 0; i < count; i++) column[places[from + i] ?? 0] = table[kinds[i] ?? 0] ?? 0;
}

export function kindsToIntegers(
  column: Uint32Array,
  { places, from, count }: Places,
  kinds: Uint32Array,
  table: Uint32Array,
): void {
  for (let i = 0; i < count; i++) column[places[from + i] ?? 0] = table[kinds[i] ?? 0] ?? 0;
}

/** Adds to a column what another has in the same places. */
export function addDoubles(
  column: Float64Array,
  { places, from, count }: Places,
  other: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    const place = places[from + i] ?? 0;
    column[place] = (column[place] ?? 0) + (other[place] ?? 0);
  }
}

export function addIntegers(
  column: Uint32Array,
  { places, from, count }: Places,
  other: Uint32Array,
): void {
  for (let i = 0; i < count; i++) {
    const place = places[from + i] ?? 0;
    column[place] = (column[place] ?? 0) + (other[place] ?? 0);
  }
}
