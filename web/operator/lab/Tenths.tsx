import { countRough } from '../../ui/figures.ts';

/** Ten bars, one for each tenth of the billing period, each with its figure; nothing where all are none. */
export function Tenths({
  counts,
  label,
}: {
  readonly counts: readonly number[];
  readonly label: string;
}) {
  const most = Math.max(...counts);
  if (most === 0) return null;
  return (
    <figure className="lab-tenths">
      <figcaption>{label}</figcaption>
      <ol>
        {counts.map((each, index) => (
          <li key={index}>
            <span className="lab-tenth" style={{ height: `${Math.round((56 * each) / most)}px` }} />
            <span className="tabular">{countRough(each)}</span>
          </li>
        ))}
      </ol>
    </figure>
  );
}
