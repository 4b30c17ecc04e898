import { m } from '../../paraglide/messages.js';
import { Button } from '../../ui/parts.tsx';
import { ASSUMPTIONS, type Assumption, assumedText, type Behaviour } from './assumption-list.ts';

/** Numbers as they are typed, so that half a number can stand in a field. */
export type Typed = Readonly<Record<Assumption['name'], string>> & { readonly reacts: boolean };

export function typedOf(behaviour: Behaviour): Typed {
  const numbers = ASSUMPTIONS.map(({ name, isShare }) => [
    name,
    String(isShare ? Math.round(behaviour[name] * 1000) / 10 : behaviour[name]),
  ]);
  return { reacts: behaviour.reacts, ...(Object.fromEntries(numbers) as Omit<Typed, 'reacts'>) };
}

/** @returns `undefined` where something is no number, or out of its bounds */
export function behaviourOf(typed: Typed): Behaviour | undefined {
  const numbers = ASSUMPTIONS.map((each) => [each.name, numberIn(each, typed)] as const);
  if (numbers.some(([, value]) => value === undefined)) return undefined;
  return { reacts: typed.reacts, ...(Object.fromEntries(numbers) as Omit<Behaviour, 'reacts'>) };
}

function numberIn({ name, min, max, isShare }: Assumption, typed: Typed): number | undefined {
  const text = typed[name].trim();
  const value = Number(text) / (isShare ? 100 : 1);
  return text !== '' && value >= min && value <= max ? value : undefined;
}

/** All that is assumed of people, each with what it means and where its default is from. */
export function Assumptions({
  typed,
  defaults,
  onChange,
}: {
  readonly typed: Typed;
  readonly defaults: Behaviour;
  readonly onChange: (typed: Typed) => void;
}) {
  const changed = ASSUMPTIONS.filter(
    (each) => numberIn(each, typed) !== defaults[each.name],
  ).length;
  const count = changed + Number(typed.reacts !== defaults.reacts);
  return (
    <details className="lab-assumed">
      <summary>
        {m.lab_assumptions()}
        <span className="faint">
          {count === 0 ? m.lab_as_defaults() : m.lab_as_changed({ count: String(count) })}
        </span>
      </summary>
      <label className="lab-reacts">
        <input
          type="checkbox"
          checked={typed.reacts}
          onChange={(event) => onChange({ ...typed, reacts: event.target.checked })}
        />{' '}
        {m.lab_reacts()}
      </label>
      <div className="lab-assumptions">
        {ASSUMPTIONS.map((each) => (
          <OneAssumption
            key={each.name}
            assumption={each}
            value={typed[each.name]}
            isWrong={numberIn(each, typed) === undefined}
            standard={defaults[each.name]}
            isOff={!typed.reacts}
            onChange={(value) => onChange({ ...typed, [each.name]: value })}
          />
        ))}
      </div>
      {count > 0 && <Button onClick={() => onChange(typedOf(defaults))}>{m.lab_as_reset()}</Button>}
    </details>
  );
}

function OneAssumption({
  assumption,
  value,
  isWrong,
  standard,
  isOff,
  onChange,
}: {
  readonly assumption: Assumption;
  readonly value: string;
  readonly isWrong: boolean;
  readonly standard: number;
  readonly isOff: boolean;
  readonly onChange: (value: string) => void;
}) {
  const { name, label, meaning, source, isShare, min, max } = assumption;
  const id = `assumed-${name}`;
  return (
    <div className="lab-assumption">
      <label htmlFor={id}>{isShare ? m.lab_as_percent({ label: label() }) : label()}</label>
      <input
        id={id}
        className="input"
        inputMode="decimal"
        value={value}
        disabled={isOff}
        aria-invalid={isWrong || undefined}
        aria-describedby={`${id}-note`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-note`}>
        {isWrong
          ? m.lab_as_between({
              min: assumedText(assumption, min),
              max: assumedText(assumption, max),
            })
          : meaning()}
        {m.ui_gap()}
        <span className="faint">
          {m.lab_as_default({ value: assumedText(assumption, standard) })}
          {m.ui_gap()}
          {source()}
        </span>
      </p>
    </div>
  );
}

/** What a result assumed, beside its figures; what is not the default stands out. */
export function Assumed({
  behaviour,
  defaults,
}: {
  readonly behaviour: Behaviour;
  readonly defaults: Behaviour;
}) {
  if (!behaviour.reacts) return <p className="lab-assumed-line">{m.lab_as_nobody_reacts()}</p>;
  return (
    <dl className="lab-assumed-line" aria-label={m.lab_assumptions()}>
      {ASSUMPTIONS.map((each) => {
        const isOther = behaviour[each.name] !== defaults[each.name];
        return (
          <div key={each.name} title={each.meaning()}>
            <dt>{each.label()}</dt>
            <dd className={isOther ? 'lab-other' : undefined}>
              {assumedText(each, behaviour[each.name])}
              {isOther && (
                <span className="faint">
                  {' '}
                  {m.lab_as_default({ value: assumedText(each, defaults[each.name]) })}
                </span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
