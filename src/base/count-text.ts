/** A figure and what it counts, in English: `1 request`, `1,204 requests`. */
export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
