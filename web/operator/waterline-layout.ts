/** What the waterline draws of a plan. */
export interface Floater {
  readonly id: string;
  readonly subscribers: number;
  /** Of one subscriber, in nano-dollars. */
  readonly margin: number;
}

export interface Block {
  readonly id: string;
  /** Where the plan's labels begin, and how much room they have. */
  readonly slotX: number;
  readonly slotWidth: number;
  readonly x: number;
  readonly width: number;
  /** Pixels above the line; below it where negative. */
  readonly height: number;
}

export interface WaterlineLayout {
  readonly blocks: readonly Block[];
  /** Where a margin stands on the root scale, in pixels from the top. */
  readonly yOf: (margin: number) => number;
  readonly lineY: number;
  readonly height: number;
}

export interface WaterlineRoom {
  readonly width: number;
  readonly plotHeight: number;
  /** Room for labels over the highest block and under the deepest. */
  readonly labelHeight: number;
  readonly slotWidthMin: number;
  readonly gap: number;
}

const BLOCK_WIDTH_MIN = 3;
const SIDE_MIN = 28;

/**
 * Lays plans out on the line. Widths are in proportion to subscribers, heights to the root of the margin of
 * one: prices lie factors of ten apart, and in proportion the dearest plan would hide all others and a
 * loss with them. Each plan has a slot at least wide enough for its words; blocks keep their
 * proportion within it, and labels never overlap.
 */
export function layOut(plans: readonly Floater[], room: WaterlineRoom): WaterlineLayout {
  const rise = Math.max(0, ...plans.map(({ margin }) => root(margin)));
  const fall = Math.max(0, ...plans.map(({ margin }) => -root(margin)));
  const scale = rise + fall === 0 ? 0 : room.plotHeight / (rise + fall);
  const above = Math.max(SIDE_MIN, rise * scale);
  const below = Math.max(SIDE_MIN, fall * scale);
  const perSubscriber = widthPerSubscriber(plans, room);
  let x = 0;
  const blocks = plans.map(({ id, subscribers, margin }) => {
    const width = Math.max(BLOCK_WIDTH_MIN, subscribers * perSubscriber);
    const slotWidth = Math.max(width, room.slotWidthMin);
    const block = { id, slotX: x, slotWidth, x, width, height: root(margin) * scale };
    x += slotWidth + room.gap;
    return block;
  });
  const lineY = room.labelHeight + above;
  return {
    blocks,
    yOf: (margin) => lineY - root(margin) * scale,
    lineY,
    height: room.labelHeight * 2 + above + below,
  };
}

const root = (margin: number): number => Math.sign(margin) * Math.sqrt(Math.abs(margin));

/** The largest width of one subscriber at which all slots fit. */
function widthPerSubscriber(plans: readonly Floater[], room: WaterlineRoom): number {
  const free = room.width - room.gap * (plans.length - 1);
  const most = Math.max(1, ...plans.map(({ subscribers }) => subscribers));
  let low = 0;
  let high = free / most;
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    const needed = plans.reduce(
      (sum, { subscribers }) => sum + Math.max(room.slotWidthMin, subscribers * middle),
      0,
    );
    if (needed <= free) low = middle;
    else high = middle;
  }
  return low;
}
