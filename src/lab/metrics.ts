/** What a replay adds up for each segment, by column. Money is nano-dollars. */
export const METRICS = [
  /** Decisions; what was retried counts once. */
  'requests',
  'served',
  'refused',
  /** Served by another class because a gate was full. */
  'fellBack',
  'slowed',
  /** Requests that credits, or overage, paid for. */
  'creditPaid',
  'overagePaid',
  'cost',
  'paidAllowance',
  'paidPromotional',
  'paidBought',
  'paidOverage',
  'subscription',
  'breakage',
  'refunded',
  'overrun',
  /** Requests that the books refused, and of those what is served now: demand that was never seen. */
  'refusedBefore',
  'unseenServed',
  'unseenCost',
  'unseenRevenue',
  /** Of `unseenServed`, those of a class that nobody was ever served: their use stays unknown. */
  'unknownDemand',
  /** Served as asked in the books, and now refused, fallen back or slowed. */
  'newlyRefused',
  'newlyFellBack',
  'newlySlowed',
  /** Refused or fallen back in the books, and served as asked now. */
  'freed',
  /** Served by another class than in the books: their cost is derived from the recorded use. */
  'derived',
  'derivedCost',
  /** Served with complete evidence, and what that cost. */
  'evident',
  'evidentCost',
  'retried',
  /** For the oracle: compared with the books, and what differs. */
  'compared',
  'uncomparable',
  'differingDecisions',
  'differingCharges',
  /** What the refused requests would have been charged by the tariff: what their senders lose. */
  'refusedValue',
  'servedValue',
  /** Requests that met a limit, by tenth of the billing period. */
  'limited0',
  'limited1',
  'limited2',
  'limited3',
  'limited4',
  'limited5',
  'limited6',
  'limited7',
  'limited8',
  'limited9',
] as const;

export type Metric = (typeof METRICS)[number];
export const METRIC_COUNT = METRICS.length;
export const PERIOD_PARTS = 10;

/** The column of a metric. */
export const METRIC = Object.freeze(
  Object.fromEntries(METRICS.map((metric, index) => [metric, index])),
) as Readonly<Record<Metric, number>>;

/** The figures of one segment. */
export function metricOf(matrix: Float64Array, row: number, metric: Metric): number {
  return matrix[row * METRIC_COUNT + METRIC[metric]] ?? 0;
}

/** What a segment's customer pays, as revenue knows it. */
export function billOf(matrix: Float64Array, row: number): number {
  return (
    metricOf(matrix, row, 'subscription') +
    metricOf(matrix, row, 'paidBought') +
    metricOf(matrix, row, 'paidOverage')
  );
}

/** Subscription, usage that was paid for, and credits that expired, less what was given back. */
export function revenueOf(matrix: Float64Array, row: number): number {
  return (
    billOf(matrix, row) + metricOf(matrix, row, 'breakage') - metricOf(matrix, row, 'refunded')
  );
}
