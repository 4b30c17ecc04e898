/**
 * OpenAI's duration text, as in `x-ratelimit-reset-requests`: `12ms`, `1s`, `1.5s`, `6m0s`, `1h0m0s`.
 * Milliseconds below a second, rounded up so that a client never comes early.
 */
export function openAiDuration(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms));
  if (whole < 1000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor((whole % 3_600_000) / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
