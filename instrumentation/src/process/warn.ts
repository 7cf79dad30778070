import { runtime } from "./runtime.ts";

/** Tells the operator once per `topic` and process. A warning, not a log line: it reaches stderr in every app, once. */
export function warnOnce(topic: string, message: string): void {
  const { warned } = runtime();
  if (warned.has(topic)) return;
  warned.add(topic);
  process.emitWarning(message, { type: "QuotelWarning", code: topic });
}
