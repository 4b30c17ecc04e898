/** What a model can take and give. */
export const MODALITIES = ['text', 'image', 'audio', 'video', 'embedding'] as const;
export type ModelModality = (typeof MODALITIES)[number];

/** A model as customers see it. */
export interface Model {
  /** The public name, such as `gpt-5`; what clients send. */
  readonly name: string;
  /** Other names that clients may send. */
  readonly aliases: readonly string[];
  readonly displayName: string;
  /** The class by which plans speak of it: `fast`, `standard`, `reasoning`, … */
  readonly className: string;
  /** Input and output together. */
  readonly contextTokensMax: number;
  readonly outputTokensMax: number;
  /** The 99th percentile of output tokens: what a stream holds before it extends. */
  readonly outputTokensP99: number;
  readonly inputModalities: readonly ModelModality[];
  readonly outputModalities: readonly ModelModality[];
  readonly enabled: boolean;
}

/** One way to serve a model. */
export interface Route {
  /** {@link Model.name} */
  readonly model: string;
  /** Supplier.id */
  readonly supplier: string;
  /** The supplier's own name for it. */
  readonly upstreamModel: string;
  /** Lower numbers are tried first. */
  readonly priority: number;
  /** Share among routes of equal priority. */
  readonly weight: number;
  /** Until the first byte of an answer. */
  readonly firstByteTimeoutMs: number;
  /** Between two reads of a stream. */
  readonly idleTimeoutMs: number;
  readonly enabled: boolean;
}
