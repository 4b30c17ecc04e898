import { m } from '../paraglide/messages.js';
import { goTo, usePlace } from '../ui/place.ts';
import { queryOf } from '../ui/remote.ts';

/** What narrows a table by the address: each can be taken off. */
export function FilterChips({
  names,
  text = (_, value) => value,
}: {
  /** Of fields of the query. */
  readonly names: readonly string[];
  readonly text?: (name: string, value: string) => string;
}) {
  const { path, query } = usePlace();
  const fields = Object.fromEntries(query);
  return names.map((name) => {
    const value = fields[name];
    if (!value) return null;
    const shown = text(name, value);
    return (
      <button
        key={name}
        type="button"
        className="chip"
        aria-label={m.op_filter_off({ name: shown })}
        onClick={() => goTo(`${path}${queryOf({ ...fields, [name]: undefined })}`, 'replace')}
      >
        {shown} <span aria-hidden="true">×</span>
      </button>
    );
  });
}
