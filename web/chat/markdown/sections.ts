import type { Block } from './blocks.ts';

/** So many blocks are drawn, or left out of sight, together. */
const BLOCKS = 16;

/**
 * Groups the blocks of a text that grows. A group that has not changed is the same array as before, so
 * that a page of any length costs no more to go through than its last group.
 */
export class Sections {
  #groups: readonly (readonly Block[])[] = [];

  of(blocks: readonly Block[]): readonly (readonly Block[])[] {
    const groups: (readonly Block[])[] = [];
    for (let at = 0; at < blocks.length; at += BLOCKS) {
      const before = this.#groups[groups.length];
      const size = Math.min(BLOCKS, blocks.length - at);
      const isSame =
        before?.length === size && before.every((block, index) => block === blocks[at + index]);
      groups.push(isSame ? before : blocks.slice(at, at + size));
    }
    this.#groups = groups;
    return groups;
  }
}
