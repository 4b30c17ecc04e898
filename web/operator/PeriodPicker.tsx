import { useState } from 'react';
import { m } from '../paraglide/messages.js';
import { addDays, daysText } from '../ui/figures.ts';
import { Button } from '../ui/parts.tsx';
import { type Preset, presets, useView } from './view.ts';

const NAMES: Readonly<Record<Preset['key'], () => string>> = {
  today: m.op_period_today,
  week: m.op_period_week,
  month: m.op_period_month,
  quarter: m.op_period_quarter,
  calendar: m.op_period_calendar,
};

/** The days that every figure on the page obeys. */
export function PeriodPicker() {
  const view = useView();
  const usual = presets();
  const standard = usual.find(({ key }) => key === 'month');
  const from = view.from ?? standard?.from ?? '';
  const to = view.to ?? standard?.to ?? '';
  const chosen = usual.find((preset) => preset.from === from && preset.to === to);
  const [isOwn, setOwn] = useState(false);
  const [first, setFirst] = useState(from);
  const [last, setLast] = useState(addDays(to, -1));
  return (
    <div className="period-picker">
      <label className="visually-hidden" htmlFor="period">
        {m.op_period()}
      </label>
      <select
        id="period"
        className="input input-small"
        value={isOwn ? 'own' : (chosen?.key ?? 'own')}
        onChange={(event) => {
          const preset = usual.find(({ key }) => key === event.target.value);
          setOwn(!preset);
          if (preset) view.change({ from: preset.from, to: preset.to });
        }}
      >
        {usual.map((preset) => (
          <option key={preset.key} value={preset.key}>
            {NAMES[preset.key]()}
          </option>
        ))}
        <option value="own">{chosen ? m.op_period_own() : daysText(from, to)}</option>
      </select>
      {isOwn && (
        <form
          className="period-own"
          onSubmit={(event) => {
            event.preventDefault();
            if (first > last) return;
            setOwn(false);
            view.change({ from: first, to: addDays(last, 1) });
          }}
        >
          <input
            className="input input-small"
            type="date"
            aria-label={m.op_period_from()}
            value={first}
            onChange={(event) => setFirst(event.target.value)}
          />
          <input
            className="input input-small"
            type="date"
            aria-label={m.op_period_to()}
            value={last}
            min={first}
            onChange={(event) => setLast(event.target.value)}
          />
          <Button type="submit" disabled={first === '' || last === '' || first > last}>
            {m.op_period_show()}
          </Button>
        </form>
      )}
    </div>
  );
}
