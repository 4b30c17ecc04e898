/** Where the gateway speaks to the operator; pino fits. Never keys, prompts or money. */
export interface GatewayLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Where the gateway counts; every call must be cheap and must not throw. */
export interface GatewayObserver {
  requestEnded(facts: {
    readonly surface: string;
    readonly status: number;
    readonly ms: number;
    readonly streamed: boolean;
  }): void;
  attemptEnded(facts: {
    readonly route: string;
    readonly outcome: string;
    readonly ms: number;
  }): void;
  settled(facts: {
    readonly outcome: string;
    readonly estimated: boolean;
    readonly deferred: boolean;
  }): void;
}

export const NO_OBSERVER: GatewayObserver = Object.freeze({
  requestEnded() {},
  attemptEnded() {},
  settled() {},
});
