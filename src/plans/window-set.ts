import { unreachable } from '#base/assert.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import type { CompiledGate } from './compile.ts';
import { CalendarWindow, CycleWindow, SessionWindow } from './fixed-window.ts';
import { RollingWindow } from './rolling-window.ts';
import { WINDOW_KINDS, type WindowCounter } from './window-counter.ts';

/**
 * The windows of one counter row. The first ones belong to the gates of the plan in force, in the
 * order of its program (see {@link WindowSet.bind}); behind them stand windows of gates that an
 * earlier plan had, so that holds can end in them and a return to that plan finds its counts.
 */
export class WindowSet {
  readonly windows: WindowCounter[] = [];
  #boundTo: readonly CompiledGate[] | undefined;

  /**
   * Puts the windows of these gates first, making those that are missing. Cheap where nothing changed.
   * @returns true where these were not the gates in force before.
   */
  bind(gates: readonly CompiledGate[]): boolean {
    if (this.#boundTo === gates) return false;
    for (let slot = 0; slot < gates.length; slot++) {
      const gate = gates[slot];
      if (gate === undefined) continue;
      const window = this.find(gate.key) ?? newWindow(gate);
      // The quantum follows the limit, which may differ between two versions of one gate.
      if (window instanceof RollingWindow) window.quantumMs = gate.quantumMs;
      const found = this.windows.indexOf(window);
      if (found >= 0) this.windows.splice(found, 1);
      this.windows.splice(slot, 0, window);
    }
    this.#boundTo = gates;
    return true;
  }

  find(key: number): WindowCounter | undefined {
    for (const window of this.windows) if (window.key === key) return window;
    return undefined;
  }

  /** Drops windows of earlier plans that count nothing any more. */
  prune(gatesInForce: number, nowMs: number): void {
    for (let i = this.windows.length - 1; i >= gatesInForce; i--) {
      if ((this.windows[i]?.emptyAtMs() ?? 0) <= nowMs) this.windows.splice(i, 1);
    }
  }

  copyFrom(other: WindowSet): void {
    const count = other.windows.length;
    if (this.windows.length > count) this.windows.length = count;
    for (let i = 0; i < count; i++) {
      const theirs = other.windows[i];
      const mine = this.windows[i];
      if (theirs === undefined) continue;
      if (mine !== undefined && mine.key === theirs.key) mine.copyFrom(theirs);
      else this.windows[i] = theirs.clone();
    }
    this.#boundTo = other.#boundTo;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.windows.length);
    for (const window of this.windows) {
      writer.varint(WINDOW_KINDS.indexOf(window.kind));
      writer.varint(window.key);
      window.write(writer);
    }
  }

  read(reader: ByteReader): void {
    this.windows.length = 0;
    this.#boundTo = undefined;
    const count = reader.varint();
    for (let i = 0; i < count; i++) this.windows.push(readWindow(reader));
  }
}

function newWindow(gate: CompiledGate): WindowCounter {
  const { window } = gate;
  switch (window.kind) {
    case 'rolling':
      return new RollingWindow(gate.key, window.seconds * 1000, gate.quantumMs);
    case 'session':
      return new SessionWindow(gate.key, window.seconds * 1000);
    case 'calendar':
      return new CalendarWindow(gate.key, window.unit);
    case 'cycle':
      return new CycleWindow(gate.key);
    default:
      return unreachable(window);
  }
}

function readWindow(reader: ByteReader): WindowCounter {
  const kind = WINDOW_KINDS[reader.varint()];
  const key = reader.varint();
  switch (kind) {
    case 'rolling':
      return RollingWindow.read(key, reader);
    case 'session':
      return SessionWindow.read(key, reader);
    case 'calendar':
      return CalendarWindow.read(key, reader);
    case 'cycle':
      return CycleWindow.read(key, reader);
    default:
      throw new RangeError('the encoded state holds a window of unknown kind');
  }
}
