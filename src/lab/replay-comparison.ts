import type { DecisionOut, SettleOut } from '#plans/decision-out.ts';
import { PAYER, type Stretch, VERDICT } from '#plans/stretch.ts';
import { METRIC } from './metrics.ts';
import { addTo, type ReplayPlace } from './replay-place.ts';
import { type EventColumns, EVIDENCE, FALLBACKS, NO_GATE, NONE, REASONS } from './tape.ts';

/** Compares what the kernel says with what the books have: the proof under every result. */
export class ReplayComparison {
  readonly #event: EventColumns;
  readonly #place: ReplayPlace;

  constructor(event: EventColumns, place: ReplayPlace) {
    this.#event = event;
    this.#place = place;
  }

  decision(i: number, out: DecisionOut): void {
    const event = this.#event;
    const place = this.#place;
    const { program } = place;
    const evidence = event.evidence[i] ?? 0;
    if (evidence === EVIDENCE.superseded || evidence === EVIDENCE.partial) place.isBlurred = true;
    if (this.#isUnseenVerdict(i)) place.isBlurred = true;
    if (place.isBlurred) return addTo(place.row, METRIC.uncomparable, 1);
    const isAdmitted = out.verdict === 'admitted';
    const served = isAdmitted ? (program.classes[out.classIndex] ?? NONE) : NONE;
    const gate = out.gate < 0 ? NO_GATE : (program.gates[out.gate] ?? NO_GATE);
    const isSame =
      served === event.classServed[i] &&
      gate === (event.gate[i] ?? NO_GATE) &&
      out.fallback === FALLBACKS[event.fallback[i] ?? 0] &&
      out.slow === (event.slow[i] === 1) &&
      (isAdmitted
        ? out.heldChargeNanoUsd === event.held[i]
        : out.reason === REASONS[event.reason[i] ?? 0]);
    addTo(place.row, METRIC.compared, 1);
    if (!isSame) addTo(place.row, METRIC.differingDecisions, 1);
  }

  /**
   * True where a gate over everyone may have had a part in stopping a request and the record does not
   * say: it names one gate, and how much room another one had for which class is known to nobody.
   */
  #isUnseenVerdict(i: number): boolean {
    const { program, gates } = this.#place.program;
    const { everyoneGates } = program;
    const [gate] = everyoneGates;
    if (gate === undefined) return false;
    const event = this.#event;
    const isRefused = event.classServed[i] === NONE && (event.reason[i] ?? 0) <= 1;
    if (!isRefused && event.fallback[i] !== 1) return false;
    if (everyoneGates.length > 1 || gate.whenFull === 'fallback') return true;
    return gate.whenFull !== 'refuse' && gates[gate.index] !== event.gate[i];
  }

  /**
   * The same of those events of a stretch that the class asked for serves; none is superseded or partial.
   * @param first the event that the stretch begins with; of it, those `from` to before `to` are compared
   */
  stretch(first: number, stretch: Stretch, from: number, to: number, fromMs: number): void {
    const event = this.#event;
    const place = this.#place;
    const { program } = place;
    const { gate, held, paid, payer, slow } = stretch;
    const metric = place.isBlurred ? METRIC.uncomparable : METRIC.compared;
    let count = 0;
    let decisions = 0;
    let charges = 0;
    for (let j = from; j < to; j++) {
      const i = first + j;
      if (stretch.verdict[j] !== VERDICT.served || (stretch.atMs[j] ?? 0) < fromMs) continue;
      count++;
      if (place.isBlurred) continue;
      const because = gate[j] ?? -1;
      const who = payer[j];
      const own = paid[j] ?? 0;
      if (
        program.classes[stretch.served[j] ?? 0] !== event.classServed[i] ||
        (because < 0 ? NO_GATE : (program.gates[because] ?? NO_GATE)) !== event.gate[i] ||
        event.fallback[i] !== 0 ||
        slow[j] !== event.slow[i] ||
        held[j] !== event.held[i]
      )
        decisions++;
      if (
        own !== event.charge[i] ||
        (who === PAYER.allowance ? own : 0) !== event.paidAllowance[i] ||
        (who === PAYER.promotional ? own : 0) !== event.paidPromotional[i] ||
        (who === PAYER.bought ? own : 0) !== event.paidBought[i] ||
        (who === PAYER.overage ? own : 0) !== event.paidOverage[i] ||
        event.overrun[i] !== 0
      )
        charges++;
    }
    addTo(place.row, metric, count);
    addTo(place.row, METRIC.differingDecisions, decisions);
    addTo(place.row, METRIC.differingCharges, charges);
  }

  charge(i: number, out: SettleOut): void {
    if (this.#place.isBlurred) return;
    const event = this.#event;
    const isSame =
      out.chargeNanoUsd === event.charge[i] &&
      out.allowanceNanoUsd === event.paidAllowance[i] &&
      out.promotionalNanoUsd === event.paidPromotional[i] &&
      out.boughtNanoUsd === event.paidBought[i] &&
      out.overageNanoUsd === event.paidOverage[i] &&
      out.overrunNanoUsd === event.overrun[i];
    if (!isSame) addTo(this.#place.row, METRIC.differingCharges, 1);
  }
}
