/**
 * Groups what a list that grows holds. A group that has not changed is the same array as before, so that a
 * list of any length costs no more to go through than its last group.
 */
export class Groups<Item> {
  readonly #size: number;
  #groups: readonly (readonly Item[])[] = [];

  /** @param size items of a group; only the last may have fewer */
  constructor(size: number) {
    this.#size = size;
  }

  of(items: readonly Item[]): readonly (readonly Item[])[] {
    const groups: (readonly Item[])[] = [];
    for (let at = 0; at < items.length; at += this.#size) {
      const before = this.#groups[groups.length];
      const size = Math.min(this.#size, items.length - at);
      const isSame =
        before?.length === size && before.every((item, index) => item === items[at + index]);
      groups.push(isSame ? before : items.slice(at, at + size));
    }
    this.#groups = groups;
    return groups;
  }
}
