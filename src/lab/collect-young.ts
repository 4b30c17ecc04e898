import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: ((options: { readonly type: 'minor' }) => void) | undefined;

/**
 * Collects young garbage now. What a wrapper keeps alive outside of V8's heap is freed with it, and V8
 * does not know how much that is: chunks of DuckDB are small objects that hold hundreds of kilobytes.
 */
export function collectYoung(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as typeof collect;
  }
  collect?.({ type: 'minor' });
}
