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
  /** Taller in truth than drawn: shown with a cut. */
  readonly isCut: boolean;
}

export interface WaterlineLayout {
  readonly blocks: readonly Block[];
  /** Pixels per nano-dollar. */
  readonly scale: number;
  readonly lineY: number;
  readonly height: number;
  /** On which side of the line its own label stands, at the right edge: where neither a block nor its words are in its way. */
  readonly isLabelBelow: boolean;
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
/** Room that the line's own label takes at the right edge. */
const LINE_LABEL = { width: 72, height: 22 };
/** A plan more than this many times as high as any other would press all others flat: it is cut. */
const OUTLIER = 3;
const CUT_AT = 1.6;

/**
 * Lays plans out on the line. Widths are in proportion to subscribers and heights to the margin of one, so
 * that an area is money. Each plan has a slot at least wide enough for its words; blocks keep their
 * proportion within it, and labels never overlap. One plan that towers over all others is cut, and says so.
 */
export function layOut(plans: readonly Floater[], room: WaterlineRoom): WaterlineLayout {
  const most = cutAt(plans);
  const drawn = plans.map(({ margin }) => Math.min(most, Math.max(-most, margin)));
  const rise = Math.max(0, ...drawn);
  const fall = Math.max(0, ...drawn.map((margin) => -margin));
  const scale = rise + fall === 0 ? 0 : room.plotHeight / (rise + fall);
  const above = Math.max(SIDE_MIN, rise * scale);
  const below = Math.max(SIDE_MIN, fall * scale);
  const perSubscriber = widthPerSubscriber(plans, room);
  let x = 0;
  const blocks = plans.map(({ id, subscribers, margin }, index) => {
    const width = Math.max(BLOCK_WIDTH_MIN, subscribers * perSubscriber);
    const slotWidth = Math.max(width, room.slotWidthMin);
    const block = {
      id,
      slotX: x,
      slotWidth,
      x,
      width,
      height: (drawn[index] ?? 0) * scale,
      isCut: Math.abs(margin) > most,
    };
    x += slotWidth + room.gap;
    return block;
  });
  return {
    blocks,
    scale,
    lineY: room.labelHeight + above,
    height: room.labelHeight * 2 + above + below,
    isLabelBelow:
      !blocks.some((block) => block.height < 0 && isInTheWay(block, room.width)) ||
      blocks.some((block) => block.height >= 0 && isInTheWay(block, room.width)),
  };
}

/** Whether a block, or its words where it is too flat to keep them away, stands where the line's label would. */
function isInTheWay({ x, slotX, slotWidth, width, height }: Block, roomWidth: number): boolean {
  const end = Math.abs(height) > LINE_LABEL.height ? x + width : slotX + slotWidth;
  return end > roomWidth - LINE_LABEL.width;
}

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

/** The height above which a block is cut; no bound where none stands out. */
function cutAt(plans: readonly Floater[]): number {
  const [first = 0, second = 0] = plans
    .map(({ margin }) => Math.abs(margin))
    .toSorted((a, b) => b - a);
  return second > 0 && first > second * OUTLIER ? second * CUT_AT : Number.POSITIVE_INFINITY;
}
