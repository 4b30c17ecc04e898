import { z } from 'zod';

/**
 * What the console's and the customers' answers are made of. Shapes import nothing but zod, so that the
 * web application can `import type` them: a change here that breaks a page does not compile.
 */

/** Integer nano-dollars; decimal text where the sum may pass the safe integers. `BigInt()` and `Number()` read both. */
export const nano = z.union([z.int(), z.string().regex(/^-?\d+$/)]);
export type Nano = z.infer<typeof nano>;

/** Milliseconds since 1970. */
export const instant = z.int();

/** A UTC day, `2026-11-27`. */
export const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

export const book = z.enum(['live', 'test', 'demo']);
export type BookName = z.infer<typeof book>;

/** One figure now and in the period before, which is as long and ends where this one begins. */
export const compared = z.object({ now: nano, before: nano });
export type Compared = z.infer<typeof compared>;
export const comparedCount = z.object({ now: z.int(), before: z.int() });

/** The days that every figure of an answer obeys; `toDay` is exclusive. */
export const period = z.object({
  fromDay: day,
  toDay: day,
  beforeFromDay: day,
  beforeToDay: day,
});
export type Period = z.infer<typeof period>;

/** A page of a table. With `?format=csv` the same rows come as a file. */
export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({
    rows: z.array(row),
    /** Of all pages; `null` where counting them all would cost more than it tells. */
    total: z.int().nullable(),
    /** Give it back as `after` for the next page; `null` on the last one. */
    next: z.string().nullable(),
  });
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly total: number | null;
  readonly next: string | null;
}

/** An error of any route. `code` is stable; `param` names the field at fault. */
export const apiError = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    facts: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .optional(),
  }),
});
export type ApiError = z.infer<typeof apiError>;
