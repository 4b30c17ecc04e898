import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';

/** One supplier's claims for one of its models on one UTC day; money in nano-dollars. */
export interface ClaimSums {
  readonly book: Book;
  readonly day: string;
  readonly supplier: string;
  readonly model: string;
  /** Answers that came with a claim. */
  readonly answers: number;
  /** Those whose claim is not what was booked. */
  readonly apart: number;
  readonly claimed: bigint;
  readonly booked: bigint;
}

/** Adds to what is known of these days, all of it or nothing. */
export async function addClaims(pool: Pool, sums: readonly ClaimSums[]): Promise<void> {
  if (sums.length === 0) return;
  await pool.query(
    `INSERT INTO supplier_claim AS known (book, day, supplier, model, answers, apart, claimed, booked)
     SELECT * FROM unnest($1::book[], $2::date[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
                          $7::bigint[], $8::bigint[])
     ON CONFLICT (book, day, supplier, model) DO UPDATE
        SET answers = known.answers + excluded.answers, apart = known.apart + excluded.apart,
            claimed = known.claimed + excluded.claimed, booked = known.booked + excluded.booked`,
    [
      sums.map(({ book }) => book),
      sums.map(({ day }) => day),
      sums.map(({ supplier }) => supplier),
      sums.map(({ model }) => model),
      sums.map(({ answers }) => answers),
      sums.map(({ apart }) => apart),
      sums.map(({ claimed }) => String(claimed)),
      sums.map(({ booked }) => String(booked)),
    ],
  );
}

/** The claims of a period, `toDay` excluded, by supplier and model. */
export async function readClaims(
  pool: Pool,
  period: { readonly book: Book; readonly fromDay: string; readonly toDay: string },
): Promise<readonly Omit<ClaimSums, 'book' | 'day'>[]> {
  const { rows } = await pool.query<{
    supplier: string;
    model: string;
    answers: string;
    apart: string;
    claimed: string;
    booked: string;
  }>(
    `SELECT supplier, model, sum(answers) AS answers, sum(apart) AS apart, sum(claimed) AS claimed,
            sum(booked) AS booked
       FROM supplier_claim WHERE book = $1 AND day >= $2 AND day < $3
      GROUP BY supplier, model ORDER BY supplier, model`,
    [period.book, period.fromDay, period.toDay],
  );
  return rows.map(({ supplier, model, answers, apart, claimed, booked }) => ({
    supplier,
    model,
    answers: Number(answers),
    apart: Number(apart),
    claimed: BigInt(claimed),
    booked: BigInt(booked),
  }));
}
