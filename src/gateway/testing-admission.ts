import { DomainError } from '#base/domain-error.ts';
import { addNano, type NanoUsd, nanoUsd, subtractNano } from '#base/money.ts';
import type {
  Admission,
  Admitted,
  DecisionEvidence,
  HoldRef,
  Measurement,
  Refused,
  Settled,
  Subject,
} from '#admission/admission.ts';
import type { Amounts, DecisionRequest } from '#plans/decision.ts';

/** One call of the fake, as it came. */
export type AdmissionCall =
  | {
      readonly call: 'admit';
      readonly request: DecisionRequest;
      readonly evidence: DecisionEvidence;
    }
  | { readonly call: 'extend'; readonly hold: HoldRef; readonly upTo: Amounts }
  | { readonly call: 'settle'; readonly hold: HoldRef; readonly measurement: Measurement }
  | { readonly call: 'void'; readonly hold: HoldRef; readonly reason: string };

/** An admission in memory for unit tests: one balance, no gates. Holds end exactly once, or it throws. */
export class TestingAdmission implements Admission {
  readonly calls: AdmissionCall[] = [];
  readonly open = new Map<string, NanoUsd>();
  balanceNanoUsd: NanoUsd;
  /** Set to make the store unreachable. */
  isDown = false;
  /** Called before each answer; a test may wait or change the world here. */
  before: (call: AdmissionCall) => Promise<void> | void = () => undefined;
  /** Overrides the verdict of the next admissions. */
  refusal: Omit<Refused, 'verdict'> | undefined;

  constructor(balanceNanoUsd: number = 1_000_000_000_000) {
    this.balanceNanoUsd = nanoUsd(balanceNanoUsd);
  }

  async admit(
    subject: Subject,
    request: DecisionRequest,
    evidence: DecisionEvidence,
  ): Promise<Admitted | Refused> {
    await this.#answer({ call: 'admit', request, evidence });
    const shared = { gates: [], remainingNanoUsd: this.#remaining() };
    if (this.refusal) return { verdict: 'refused', ...this.refusal };
    const at = request.candidates.findIndex((each) => each.available);
    const candidate = request.candidates[at];
    if (candidate === undefined)
      return { verdict: 'refused', reason: 'capacity', availableClasses: [], ...shared };
    const { chargeNanoUsd } = candidate.quote;
    if (chargeNanoUsd > this.#remaining())
      return { verdict: 'refused', reason: 'funds', availableClasses: [], ...shared };
    this.open.set(request.requestId, chargeNanoUsd);
    const { book, customerId } = subject;
    const hold = { book, customerId, requestId: request.requestId, admittedAtMs: request.atMs };
    return {
      verdict: 'admitted',
      hold,
      className: candidate.className,
      candidate: at,
      slow: false,
      heldChargeNanoUsd: chargeNanoUsd,
      heldCreditsNanoUsd: chargeNanoUsd,
      mode: 'metered',
      hasFareCap: false,
      gates: [],
      remainingNanoUsd: this.#remaining(),
    };
  }

  /** Whether what was used outlives the process before it is booked. */
  hasJournal = true;

  measured(hold: HoldRef): boolean {
    this.#held(hold);
    return this.hasJournal;
  }

  hurry(): void {}

  /** Requests that went out, in order. */
  readonly sent: string[] = [];

  sending(hold: HoldRef): void {
    this.#held(hold);
    this.sent.push(hold.requestId);
  }

  async extend(hold: HoldRef, upTo: Amounts): Promise<boolean> {
    await this.#answer({ call: 'extend', hold, upTo });
    const held = this.#held(hold);
    if (upTo.chargeNanoUsd - held > this.#remaining()) return false;
    this.open.set(hold.requestId, upTo.chargeNanoUsd);
    return true;
  }

  async settle(hold: HoldRef, measurement: Measurement): Promise<Settled> {
    await this.#answer({ call: 'settle', hold, measurement });
    const held = this.#held(hold);
    this.open.delete(hold.requestId);
    const { chargeNanoUsd, costNanoUsd } = measurement.actual;
    this.balanceNanoUsd = subtractNano(this.balanceNanoUsd, chargeNanoUsd);
    const overrunNanoUsd = nanoUsd(Math.max(0, chargeNanoUsd - held));
    return {
      chargeNanoUsd,
      costNanoUsd,
      overrunNanoUsd,
      remainingNanoUsd: this.#remaining(),
      repeated: false,
    };
  }

  async void(hold: HoldRef, reason: string): Promise<void> {
    await this.#answer({ call: 'void', hold, reason });
    this.#held(hold);
    this.open.delete(hold.requestId);
  }

  /** The measurements that were booked, in order. */
  get settled(): readonly Measurement[] {
    return this.calls.flatMap((each) => (each.call === 'settle' ? [each.measurement] : []));
  }

  of<Name extends AdmissionCall['call']>(
    name: Name,
  ): readonly Extract<AdmissionCall, { call: Name }>[] {
    return this.calls.filter((each) => each.call === name) as Extract<
      AdmissionCall,
      { call: Name }
    >[];
  }

  async #answer(call: AdmissionCall): Promise<void> {
    await this.before(call);
    if (this.isDown)
      throw new DomainError('store_unavailable', 'The store does not answer.', {
        retryAfterMs: 1_000,
      });
    this.calls.push(call);
  }

  #held(hold: HoldRef): NanoUsd {
    const held = this.open.get(hold.requestId);
    if (held === undefined) throw new Error(`hold ${hold.requestId} is not open`);
    return held;
  }

  #remaining(): NanoUsd {
    let held = nanoUsd(0);
    for (const amount of this.open.values()) held = addNano(held, amount);
    return subtractNano(this.balanceNanoUsd, held);
  }
}
