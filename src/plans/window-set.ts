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
  /** As long as it has windows and no longer: of a list that grows, most is room to grow. */
  windows: readonly WindowCounter[] = [];
  #boundTo: readonly CompiledGate[] | undefined;

  /**
   * Puts the windows of these gates first, making those that are missing. Cheap where nothing changed.
   * @returns true where these were not the gates in force before.
   */
  bind(gates: readonly CompiledGate[]): boolean {
    if (this.#boundTo === gates) return false;
    const bound = gates.map((gate) => {
      const window = this.find(gate.key) ?? newWindow(gate);
      // The quantum follows the limit, which may differ between two versions of one gate.
      if (window instanceof RollingWindow) window.quantumMs = gate.quantumMs;
      return window;
    });
    this.windows = bound.concat(this.windows.filter((window) => !bound.includes(window)));
    this.#boundTo = gates;
    return true;
  }

  find(key: number): WindowCounter | undefined {
    for (const window of this.windows) if (window.key === key) return window;
    return undefined;
  }

  /** Drops windows of earlier plans that count nothing any more. */
  prune(gatesInForce: number, nowMs: number): void {
    this.windows = this.windows
      .slice(0, gatesInForce)
      .concat(this.windows.slice(gatesInForce).filter((window) => window.emptyAtMs() > nowMs));
  }

  copyFrom(other: WindowSet): void {
    if (this.#hasKeysOf(other)) {
      for (let i = 0; i < this.windows.length; i++) {
        const theirs = other.windows[i];
        if (theirs !== undefined) this.windows[i]?.copyFrom(theirs);
      }
    } else this.windows = other.windows.map((theirs) => theirs.clone());
    this.#boundTo = other.#boundTo;
  }

  #hasKeysOf(other: WindowSet): boolean {
    if (this.windows.length !== other.windows.length) return false;
    for (let i = 0; i < this.windows.length; i++)
      if (this.windows[i]?.key !== other.windows[i]?.key) return false;
    return true;
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
    this.#boundTo = undefined;
    this.windows = Array.from({ length: reader.varint() }, () => readWindow(reader));
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
