import { type Id, type IdKind, uuidOf } from '#base/id.ts';

const REMEMBERED_MAX = 50_000;
const known = new Map<Id<IdKind>, string>();

/** The uuid of an id that comes again and again (customers, keys, versions), remembered. */
export function uuidText(id: Id<IdKind>): string {
  const found = known.get(id);
  if (found !== undefined) return found;
  const uuid = uuidOf(id);
  if (known.size >= REMEMBERED_MAX) known.clear();
  known.set(id, uuid);
  return uuid;
}
