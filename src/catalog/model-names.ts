/**
 * Which entry of a supplier's price list a model name in a response means.
 * - `exact`: this name.
 * - `dated`: this name, a dash and a date (`-2025-08-07`, `-20250807`): a vendor's snapshot of the model.
 * - `prefix`: any name that starts so; how some vendors version their models. A model's own name as a
 *   prefix takes in what is added to it, but no other version (`claude-sonnet-5` is not `-5-5`).
 */
export interface NameRule {
  readonly kind: 'exact' | 'dated' | 'prefix';
  readonly text: string;
  /** The model that the price is kept under. */
  readonly model: string;
}

const DATE_SUFFIX = /^(.+)-(?:20\d{2}-\d{2}-\d{2}|20\d{6})$/;
/** After a model's own name: a number of one or two digits, as versions are counted. */
const NEXT_VERSION = /^[-.]\d{1,2}(?!\d)/;
/** Gemini answers with `models/…`, Bedrock and OpenAI-compatible servers do not. */
const NAME_PREFIX = 'models/';

/**
 * Resolves the model names of one supplier. The most specific rule wins: exact, then dated, then the
 * longest prefix; so a snapshot with a price of its own keeps it.
 * Of two rules for one text the later counts.
 */
export class ModelNames {
  readonly #exact = new Map<string, string>();
  readonly #dated = new Map<string, string>();
  readonly #prefixes: readonly (readonly [text: string, model: string])[];

  /** Every priced model goes by its own name and by that with a date; `rules` add to this. */
  constructor(models: Iterable<string>, rules: Iterable<NameRule>) {
    const prefixes = new Map<string, string>();
    for (const rule of rules) {
      const text = rule.text.toLowerCase();
      if (rule.kind === 'exact') this.#exact.set(text, rule.model);
      else if (rule.kind === 'dated') this.#dated.set(text, rule.model);
      else prefixes.set(text, rule.model);
    }
    for (const model of models) {
      this.#exact.set(model.toLowerCase(), model);
      if (!this.#dated.has(model.toLowerCase())) this.#dated.set(model.toLowerCase(), model);
    }
    this.#prefixes = [...prefixes].toSorted(([a], [b]) => b.length - a.length);
  }

  resolve(name: string): string | undefined {
    const lower = name.toLowerCase();
    const text = lower.startsWith(NAME_PREFIX) ? lower.slice(NAME_PREFIX.length) : lower;
    const exact = this.#exact.get(text);
    if (exact !== undefined) return exact;
    const undated = DATE_SUFFIX.exec(text)?.[1];
    const dated =
      undated === undefined ? undefined : (this.#dated.get(undated) ?? this.#exact.get(undated));
    if (dated !== undefined) return dated;
    return this.#prefixes.find(([prefix, model]) => startsWith(text, prefix, model))?.[1];
  }
}

function startsWith(text: string, prefix: string, model: string): boolean {
  if (!text.startsWith(prefix)) return false;
  return prefix !== model.toLowerCase() || !NEXT_VERSION.test(text.slice(prefix.length));
}
