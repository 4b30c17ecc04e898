import type { PlanLine } from '../../src/http/shapes/overview.ts';
import { m } from '../paraglide/messages.js';
import { count, numberOf, percent, usd, usdShort } from '../ui/figures.ts';
import { goTo } from '../ui/place.ts';
import { useWidth } from '../ui/use-width.ts';
import { useView } from './view.ts';
import { type Block, layOut } from './waterline-layout.ts';

const NARROW = 640;

/** A plan of price zero spends to win people, and is not sold at a loss; one that earns by use is sold. */
export const isGift = ({ priceNanoUsd, billing }: PlanLine): boolean =>
  numberOf(priceNanoUsd) === 0 && billing === 'included';

/**
 * The waterline: each plan a block as wide as it has subscribers and as high as the margin of one, so that
 * its area is what it earns. What loses money hangs below the line.
 */
export function Waterline({ plans }: { readonly plans: readonly PlanLine[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const view = useView();
  const shown = plans.filter(({ subscribers }) => subscribers.now > 0);
  const isNarrow = width < NARROW;
  const layout = layOut(
    shown.map((line) => ({
      id: line.plan,
      subscribers: line.subscribers.now,
      margin: numberOf(line.marginPerSubscriberNanoUsd.now),
    })),
    {
      width,
      plotHeight: isNarrow ? 190 : 250,
      labelHeight: isNarrow ? 62 : 66,
      slotWidthMin: isNarrow ? Math.min(62, width / Math.max(1, shown.length) - 4) : 118,
      gap: isNarrow ? 4 : 12,
    },
  );
  const { lineY, height } = layout;
  return (
    <figure className="waterline-figure" ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} role="group" aria-label={m.op_waterline_alt()}>
          <rect className="water" x={0} y={lineY} width={width} height={height - lineY} />
          {layout.blocks.map((block) => {
            const line = shown.find(({ plan }) => plan === block.id);
            return (
              line && (
                <PlanBlock
                  key={block.id}
                  line={line}
                  block={block}
                  lineY={lineY}
                  isNarrow={isNarrow}
                  onOpen={() => goTo(view.at(`/plans/${encodeURIComponent(line.plan)}`))}
                />
              )
            );
          })}
          <line className="waterline" x1={0} x2={width} y1={lineY} y2={lineY} />
          <text
            className="line-label"
            x={width}
            y={layout.isLabelBelow ? lineY + 15 : lineY - 6}
            textAnchor="end"
          >
            {m.op_break_even()}
          </text>
        </svg>
      )}
      <figcaption>
        {m.op_waterline_caption()}
        {layout.blocks.some(({ isCut }) => isCut) && m.ui_gap() + m.op_waterline_cut()}
      </figcaption>
      <div className="visually-hidden">
        <table>
          <caption>{m.op_waterline_alt()}</caption>
          <thead>
            <tr>
              <th>{m.op_plan()}</th>
              <th>{m.op_subscribers()}</th>
              <th>{m.op_margin_each()}</th>
              <th>{m.op_margin()}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((line) => (
              <tr key={line.plan}>
                <td>
                  <a href={view.at(`/plans/${encodeURIComponent(line.plan)}`)} tabIndex={-1}>
                    {line.displayName}
                  </a>
                </td>
                <td>{count(line.subscribers.now)}</td>
                <td>{usd(line.marginPerSubscriberNanoUsd.now)}</td>
                <td>{usd(line.marginNanoUsd.now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function PlanBlock({
  line,
  block,
  lineY,
  isNarrow,
  onOpen,
}: {
  readonly line: PlanLine;
  readonly block: Block;
  readonly lineY: number;
  readonly isNarrow: boolean;
  readonly onOpen: () => void;
}) {
  const isBelow = block.height < 0;
  const size = Math.max(1.5, Math.abs(block.height));
  const edge = isBelow ? lineY + size : lineY - size;
  const each = numberOf(line.marginPerSubscriberNanoUsd.now);
  const kind = isGift(line) ? 'block-gift' : isBelow ? 'block-under' : 'block-over';
  const lines = isNarrow
    ? [...wrapped(line.displayName, block.slotWidth), usdShort(each)]
    : [
        line.displayName,
        m.op_each({ amount: usd(each) }),
        isGift(line)
          ? m.op_block_gift({ subscribers: count(line.subscribers.now) })
          : isBelow || line.waterline.belowCount > 0
            ? m.op_block_below({
                subscribers: count(line.subscribers.now),
                share: percent(line.waterline.belowShare),
              })
            : m.op_block_floats({ subscribers: count(line.subscribers.now) }),
      ];
  const names = isNarrow ? lines.length - 1 : 1;
  const classOf = (index: number): string =>
    index < names ? 'block-name' : index === names ? 'block-amount' : 'block-note';
  const cutY = isBelow ? edge - 24 : edge + 24;
  const first = isBelow ? edge + 17 : edge - 8 - (lines.length - 1) * 17;
  return (
    <g
      className={`block ${kind}`}
      role="link"
      tabIndex={0}
      onClick={onOpen}
      onKeyDown={(event) => event.key === 'Enter' && onOpen()}
    >
      <rect
        className="block-reach"
        x={block.slotX}
        y={Math.min(lineY, isBelow ? lineY : first - 14)}
        width={block.slotWidth}
        height={size + lines.length * 17 + 14}
      />
      <rect
        className="block-body"
        x={block.x}
        y={isBelow ? lineY : edge}
        width={block.width}
        height={size}
      />
      {block.isCut && (
        <path
          className="block-cut"
          d={`M${block.x - 5},${cutY + 4}l${block.width + 10},-8m0,6l${-block.width - 10},8`}
        />
      )}
      {lines.map((text, index) => (
        <text key={text} className={classOf(index)} x={block.x} y={first + index * 17}>
          {text}
        </text>
      ))}
    </g>
  );
}

const CHARACTER_PX = 7.6;

/** A name over as many lines as its words need in a narrow slot. */
function wrapped(name: string, width: number): readonly string[] {
  const most = Math.max(4, Math.floor(width / CHARACTER_PX));
  const lines: string[] = [];
  for (const word of name.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
