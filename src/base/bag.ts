/** What a {@link Bag} holds: it remembers its own place. */
export interface BagItem {
  /** Kept by the bag. */
  place: number;
}

/**
 * Things that come and go many thousand times a second, in no order; adding and removing takes
 * constant time.
 *
 * A `Set` will not do there: its table is replaced again and again, and each replaced one goes on
 * referring to its members and to its successor. Once one of them has grown old, the collector of young
 * garbage keeps all that follow, with everything that they refer to: of each request in flight, all.
 */
export class Bag<Item extends BagItem> implements Iterable<Item> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** Does nothing where the item is not in here. */
  remove(item: Item): void {
    if (this.#items[item.place] !== item) return;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[item.place] = last;
    last.place = item.place;
  }

  /** All items there are at this moment, whatever is removed meanwhile. */
  [Symbol.iterator](): Iterator<Item> {
    return [...this.#items][Symbol.iterator]();
  }
}
