import { ByteReader, ByteWriter } from './bytes.ts';
import { WindowSet } from './window-set.ts';

const FORMAT = 1;
const writer = new ByteWriter();

/** The counters of one member or one API key: a row of its own, written only where it changed. */
export class ScopeState {
  /** Row version, kept by admission. */
  version = 0;
  readonly windows = new WindowSet();

  copyFrom(other: ScopeState): void {
    this.version = other.version;
    this.windows.copyFrom(other.windows);
  }

  clone(): ScopeState {
    const copy = new ScopeState();
    copy.copyFrom(this);
    return copy;
  }

  encode(): Buffer {
    writer.clear();
    writer.varint(FORMAT);
    this.windows.write(writer);
    return writer.take();
  }

  /** @throws RangeError on bytes that {@link encode} did not write. */
  static decode(version: number, ring: Uint8Array): ScopeState {
    const state = new ScopeState();
    const reader = new ByteReader(ring);
    if (reader.varint() !== FORMAT) throw new RangeError('counters of an unknown format');
    state.windows.read(reader);
    reader.end();
    state.version = version;
    return state;
  }
}
