/** So many refused requests of one customer wait at once; more are lost, as their senders give up. */
const WAITING_MAX = 256;

/** Refused requests that come again when their gate opens, the soonest first. */
export class RetryQueue {
  readonly #dueMs: number[] = [];
  readonly #events: number[] = [];
  /** When the event that {@link due} returned last was due. */
  dueMs = 0;

  /** When the next one comes again; infinite where none waits. */
  get nextDueMs(): number {
    return this.#dueMs[0] ?? Infinity;
  }

  clear(): void {
    this.#dueMs.length = 0;
    this.#events.length = 0;
  }

  get waiting(): readonly number[] {
    return this.#events;
  }

  /** Events lie elsewhere now. */
  move(moved: ReadonlyMap<number, number>): void {
    for (const [i, event] of this.#events.entries()) this.#events[i] = moved.get(event) ?? event;
  }

  push(dueMs: number, event: number): void {
    if (this.#dueMs.length >= WAITING_MAX) return;
    let at = this.#dueMs.length;
    while (at > 0 && (this.#dueMs[at - 1] ?? 0) > dueMs) at--;
    this.#dueMs.splice(at, 0, dueMs);
    this.#events.splice(at, 0, event);
  }

  /** Takes the next event that is due before an instant; −1 where there is none. */
  due(beforeMs: number): number {
    const first = this.#dueMs[0];
    if (first === undefined || first >= beforeMs) return -1;
    this.dueMs = first;
    this.#dueMs.shift();
    return this.#events.shift() ?? -1;
  }
}
