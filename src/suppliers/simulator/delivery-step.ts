/** How an answer goes out on the wire, step by step; the answer ends after the last one. */
export type DeliveryStep =
  | {
      readonly kind: 'head';
      readonly status: number;
      readonly headers: AnswerHeaders;
    }
  /** Time in which the model makes tokens that no byte shows yet. */
  | { readonly kind: 'generate'; readonly tokens: number }
  | { readonly kind: 'send'; readonly bytes: Buffer; readonly tokens: number }
  /** Nothing happens; `Infinity` until the caller goes away. What was sent before is flushed. */
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'reset' };

/** What an answer says in its head beside its type. */
export type AnswerHeaders = Readonly<Record<string, string>>;
