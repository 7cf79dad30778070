import { perProcess } from "./per-process.ts";

/** Warnings already given, so that each is given once. */
export const warningsGiven = perProcess("warnings-given", () => new Set<string>());

/** Tells the operator once per `topic` and process. A warning, not a log line: it reaches stderr in every app, once. */
export function warnOnce(topic: string, message: string): void {
  const given = warningsGiven();
  if (given.has(topic)) return;
  given.add(topic);
  process.emitWarning(message, { type: "QuotelWarning", code: topic });
}
