import type { Meter as MeterShape } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { moment, percent } from '../ui/figures.ts';
import { limitText } from './PlanPage.tsx';

/** How full a gate is and when it opens again. */
export function Meter({ meter }: { readonly meter: MeterShape }) {
  return (
    <li className="meter">
      <span className="meter-name">
        <code>{meter.gate}</code> <span className="faint">{meter.window}</span>
      </span>
      <span className="meter-bar" aria-hidden="true">
        <svg viewBox="0 0 100 4" preserveAspectRatio="none">
          <rect className="meter-fill" width={Math.min(100, meter.fill * 100)} height={4} />
        </svg>
      </span>
      <span className="meter-text">
        {m.op_meter({
          used: limitText(meter.unit, meter.used),
          limit: limitText(meter.unit, meter.limit),
          share: percent(meter.fill),
        })}
        {meter.resetsAtMs !== null && (
          <span className="faint"> {m.op_meter_resets({ at: moment(meter.resetsAtMs) })}</span>
        )}
      </span>
    </li>
  );
}
